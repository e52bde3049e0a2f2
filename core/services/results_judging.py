"""Whether a run's answers can be relied on: promises, decisions, when not to answer, and where it is weaker."""

from core.evaluation.abstaining import Answered, Basis, Usual
from core.evaluation.conformal import LISTED, Kept
from core.evaluation.decision import Benefit, Decided, Use, cheapest
from core.evaluation.slices import Slice
from core.services.base import Service
from core.services.behind import BehindView, behind
from core.store import facts
from core.store.db import reading
from core.store.deciding import Decision, choices, make_decision, usual_choice
from core.store.judges import REASONS, Abstaining, abstaining
from core.store.promises import COVERAGE, By, Promise, PromiseLine, check_promise, fit_promise
from core.store.sides import read_sides
from core.store.weak_spots import WeakSpots, weak_spots
from core.types import ImageId, RunId, Split, Task

__all__ = [
    "COVERAGE",
    "LISTED",
    "REASONS",
    "Abstaining",
    "Answered",
    "Basis",
    "Benefit",
    "By",
    "Decided",
    "Decision",
    "Judging",
    "Kept",
    "Promise",
    "PromiseLine",
    "Slice",
    "Use",
    "Usual",
    "WeakSpots",
    "cheapest",
    "choices",
]


class Judging(Service):
    """Judgements of trainings and external tests, all recomputed from their stored predictions.

    Limits come from the model's validation pictures; what they are worth is told by the test pictures.
    Everything raises NotFound, and NotEnoughImages while there are no predictions.
    """

    def promise(
        self, run_id: RunId, coverage: float = COVERAGE, by: By = "all"
    ) -> tuple[Promise, tuple[PromiseLine, ...]]:
        """What can be promised, and whether it was kept; no lines where too few pictures speak for it."""
        with reading(self.engine) as session:
            sides = read_sides(session, run_id)
        promise = fit_promise(sides.fitted, coverage, by)
        return promise, check_promise(promise, sides.checked)

    def abstaining(self, run_id: RunId, coverage: float = COVERAGE, by: By = "all") -> Abstaining:
        """When the model should not answer, and what that gains."""
        with reading(self.engine) as session:
            sides = read_sides(session, run_id)
        return abstaining(sides, fit_promise(sides.fitted, coverage, by))

    def basis(self, run_id: RunId) -> Basis:
        """Which pictures set its limits, and which are judged by them."""
        with reading(self.engine) as session:
            return read_sides(session, run_id).basis

    def decision(self, run_id: RunId, choice: int, use: Use) -> Decision:
        """What acting on a class (a position in `choices`) comes to."""
        with reading(self.engine) as session:
            sides = read_sides(session, run_id)
        return make_decision(sides, choice, use)

    def usual_choice(self, run_id: RunId) -> int:
        """What a decision is about first (a position in `choices`, of which there must be one)."""
        with reading(self.engine) as session:
            return usual_choice(read_sides(session, run_id))

    def commonness(self, run_id: RunId, choice: int) -> float:
        """How common what is decided about is among the validation pictures, for a first guess."""
        return self.decision(run_id, choice, Use(prevalence=0.5, miss=1)).usual

    def weak_spots(self, run_id: RunId, split: Split = Split.TEST) -> WeakSpots:
        """Where the model is weaker."""
        with reading(self.engine) as session:
            side = read_sides(session, run_id, split).checked
            known = facts.read_facts(session, [item.image_id for item in side.records if item.image_id is not None])
        return weak_spots(side, known)

    def behind(self, run_id: RunId, images: tuple[ImageId, ...], split: Split = Split.TEST) -> list[BehindView]:
        """These images of a split, the wrongly named ones first."""
        with reading(self.engine) as session:
            side = read_sides(session, run_id, split).checked
            wanted = set(images)
            chosen = [index for index, item in enumerate(side.records) if item.image_id in wanted]
            if side.task is Task.REGRESSION:
                chosen.sort(key=lambda index: -side.off[index])
            else:
                chosen.sort(key=lambda index: bool(side.right[index]))
            return behind(session, side.version, [side.records[index] for index in chosen])
