"""The order of many classes."""

import itertools

import numpy as np

from core.evaluation.seriation import alike_together


def test_classes_that_are_taken_for_each_other_stand_side_by_side() -> None:
    cells = np.diag([10] * 6)
    for row, column in [(0, 3), (3, 5), (1, 4), (4, 2)]:
        cells[row, column] = 4
    order = alike_together(cells.tolist())
    assert order in {(0, 3, 5, 1, 4, 2), (0, 3, 5, 2, 4, 1), (5, 3, 0, 1, 4, 2), (5, 3, 0, 2, 4, 1),
                     (1, 4, 2, 0, 3, 5), (1, 4, 2, 5, 3, 0), (2, 4, 1, 5, 3, 0), (2, 4, 1, 0, 3, 5)}  # fmt: skip
    assert order[0] < order[-1], "of the two ends, it begins with the earlier class"


def test_a_chain_of_classes_is_put_into_its_order_whatever_way_it_came() -> None:
    chain = np.array([[10 if a == b else 5 if abs(a - b) == 1 else 2 if abs(a - b) == 2 else 0 for b in range(5)]
                      for a in range(5)])  # fmt: skip
    for mixed in itertools.permutations(range(5)):
        order = alike_together(chain[np.ix_(mixed, mixed)].tolist())
        found = [mixed[k] for k in order]
        assert found in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])


def test_shares_count_so_that_a_large_class_does_not_draw_all_others_to_it() -> None:
    cells = [[1000, 0, 0, 0], [0, 10, 0, 5], [10, 0, 1000, 0], [0, 5, 0, 10]]
    order = alike_together(cells)
    assert abs(order.index(1) - order.index(3)) == 1


def test_without_confusion_and_with_two_classes_the_order_stays() -> None:
    assert alike_together(np.diag([3, 4, 5, 0]).tolist()) == (0, 1, 2, 3)
    assert alike_together([[5, 2], [1, 4]]) == (0, 1)


def test_of_three_classes_the_two_that_are_taken_for_each_other_stand_side_by_side() -> None:
    order = alike_together([[10, 0, 5], [0, 10, 0], [5, 0, 10]])
    assert order in ((0, 2, 1), (1, 2, 0), (1, 0, 2))
