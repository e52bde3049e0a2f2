"""How a model takes pictures that are a little different."""

from dataclasses import dataclass
from typing import Any, cast

from core.charts.robustness import RobustnessLine
from core.jobs.payloads import RobustnessPayload
from core.services.about_model import AboutModel
from core.store.runs import RunRecord
from core.types import RunId, RunKind, RunState

__all__ = ["FEWEST", "MIDDLE", "Robustness", "RobustnessView"]

FEWEST = 20
"""Test pictures below which there is no verdict."""
Ends = tuple[float, float] | None
MIDDLE = 3
"""The strength that a verdict is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessView:
    """A finished test: its lines, and how much changes.

    `numbers`        the answers are numbers: lines are typical errors, and `flips` and `changed` how far numbers move
    `changed`        title -> shares of changed answers at strengths 0 to 5
    `changed_ends`   title -> their 95% intervals; None where one is not known
    `flips`          share of answers that a shift by one pixel changes; `flips_between` its interval, if known
    `moved`          title -> by how many grades they move on average; empty for other tasks
    """

    pictures: int
    numbers: bool
    moved: dict[str, tuple[float, ...]]
    lines: tuple[RobustnessLine, ...]
    changed: dict[str, tuple[float, ...]]
    changed_ends: dict[str, tuple[Ends, ...]]
    flips: float
    flips_between: Ends

    @property
    def weakest(self) -> RobustnessLine:
        """What hurts most at the middle strength, MIDDLE."""
        worst = max if self.numbers else min
        return worst(self.lines, key=lambda item: item.right[MIDDLE])


class Robustness(AboutModel):
    """Robustness tests of trained models."""

    kind = RunKind.ROBUSTNESS

    def start(self, model: RunId) -> RunId:
        """Queue a test, or find the one that waits or runs. Raises NotFound, BadInput without a model."""
        return self._start(model, RobustnessPayload(model=model), name="Robustness", purpose="test")

    def view(self, run: RunRecord) -> RobustnessView | None:
        """What a test found; None while it is not done."""
        if run.state is not RunState.DONE or run.result is None:
            return None
        result = cast(dict[str, Any], run.result)  # written by core.tasks.robustness
        kinds = {item["kind"]: item for item in result["kinds"]}
        return RobustnessView(
            pictures=result["pictures"],
            numbers=bool(result.get("numbers")),
            moved={item["title"]: tuple(item["moved"]) for item in result["kinds"] if _moves(item)},
            lines=tuple(_line(item, 1 if result.get("numbers") else 100) for item in result["kinds"]),
            changed={item["title"]: tuple(item["changed"]) for item in result["kinds"]},
            changed_ends={item["title"]: _ends(item) for item in result["kinds"]},
            flips=kinds["shift"]["changed"][1],
            flips_between=_ends(kinds["shift"])[1],
        )


def _ends(item: dict[str, Any]) -> tuple[Ends, ...]:
    """Tests of earlier versions did not keep them, and of too few pictures there is none."""
    found = item.get("changed_interval", [None] * len(item["changed"]))
    return tuple(None if ends is None else (ends[0], ends[1]) for ends in found)


def _moves(item: dict[str, Any]) -> bool:
    """Whether grades were counted; tests of earlier versions did not."""
    return item.get("moved", [None])[0] is not None


def _line(item: dict[str, Any], scale: int) -> RobustnessLine:
    intervals = [] if None in item["interval"] else item["interval"]  # too few pictures, cases or groups for one
    return RobustnessLine(
        title=item["title"],
        right=tuple(scale * value for value in item["right"]),
        low=tuple(scale * ends[0] for ends in intervals),
        high=tuple(scale * ends[1] for ends in intervals),
        words=tuple(item["strengths"]),
    )
