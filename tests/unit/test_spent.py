"""What a training spent is counted over all its attempts."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.parts.run_status import took
from core.services.training import RunRecord
from core.tasks import spent as spent_module
from core.tasks.spent import Spent, summed
from core.training import save_decisions


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, to be set by hand."""
    now = [0.0]
    monkeypatch.setattr(spent_module.time, "perf_counter", lambda: now[0])
    return now


def test_an_attempt_that_goes_on_counts_what_was_spent_before(tmp_path: Path, clock: list[float]) -> None:
    first = Spent(tmp_path)
    with first.phase("decode"):
        clock[0] = 3.0
    first.first_step(4.0)
    with pytest.raises(KeyboardInterrupt), first.phase("fit"):
        clock[0] = 10.0
        raise KeyboardInterrupt
    second = Spent(tmp_path)
    with second.phase("decode"):
        clock[0] = 11.0
    second.first_step(90.0)
    with second.phase("fit"):
        clock[0] = 31.0
    assert second.seconds == {"decode": 4.0, "first_step": 4.0, "fit": 27.0}
    assert Spent(tmp_path).seconds == second.seconds


def test_a_kill_forgets_little_of_a_long_phase(tmp_path: Path, clock: list[float]) -> None:
    killed = Spent(tmp_path)
    with killed.phase("fit"):
        for now in (4.0, 12.0, 15.0):  # the last few seconds are lost with it
            clock[0] = now
            killed.tick()
        assert Spent(tmp_path).seconds == {"fit": 12.0}


def test_a_full_disk_costs_the_times_and_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.training.checkpoint.write_file", full)
    spent = Spent(tmp_path)
    with spent.phase("fit"):
        pass
    assert list(spent.seconds) == ["fit"]


def test_what_is_no_time_counts_as_none(tmp_path: Path) -> None:
    save_decisions(tmp_path, {"timings": [1, 2]})
    assert Spent(tmp_path).seconds == {}


def test_parts_are_added_up_and_the_first_step_is_that_of_the_first() -> None:
    assert summed([{"fit": 1.5, "first_step": 2.0}, {"fit": 2.0, "first_step": 9.0}]) == {"fit": 3.5, "first_step": 2.0}


def test_the_page_tells_the_work_and_not_the_days_between_two_attempts() -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    known = {**dict.fromkeys(RunRecord.__dataclass_fields__), "started_at": began, "attempts": 1}
    once = RunRecord(**{**known, "finished_at": began + timedelta(days=2)})  # type: ignore[arg-type]
    assert took(once) == "took 48 h 0 min"
    again = dataclasses.replace(once, attempts=3)
    assert took(again) == "48 h 0 min from its first start to its end, in 3 attempts"
    assert took(dataclasses.replace(again, worked_s=600.0)) == "took 10 min in 3 attempts"
    assert took(dataclasses.replace(once, finished_at=None)) == ""
    before = once.started_at - timedelta(hours=1) if once.started_at else None
    assert took(dataclasses.replace(once, finished_at=before)) == "", "the clock was set back"
