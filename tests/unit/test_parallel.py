"""Working on many files by threads."""

import threading

from core.media.parallel import in_batches


def test_results_keep_their_order_and_the_last_batch_may_be_smaller() -> None:
    assert list(in_batches(range(7), lambda item: item * 2, 3)) == [[0, 2, 4], [6, 8, 10], [12]]
    assert list(in_batches([], str, 3)) == []


def test_no_more_than_two_batches_are_in_memory_at_a_time() -> None:
    begun, lock = [0], threading.Lock()

    def work(item: int) -> int:
        with lock:
            begun[0] += 1
        return item

    for number, _batch in enumerate(in_batches(range(100), work, 4)):
        assert begun[0] <= 4 * (number + 2)
