"""How far the people who label agree, and on which pictures they do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.evaluation import Interval
from core.evaluation.agreement import Level, Values, alpha, pairs, per_class
from core.labels import LabelValue
from core.services.base import Service
from core.store import agreement, current, projects
from core.store.agreement import SaidTwice
from core.store.current import CurrentImage
from core.store.db import reading
from core.store.projects import ProjectView
from core.types import JsonObject, JsonValue, ProjectId, Task
from core.words import count

__all__ = ["Agreement", "AgreementView", "Disagreement", "PairView", "index_text"]

GOOD, FAIR = 0.8, 0.67
"""Krippendorff asks for the first, and for the second at least."""
LEVELS: dict[Task, Level] = {
    Task.SINGLE: "nominal", Task.MULTI: "nominal", Task.ORDINAL: "ordinal", Task.REGRESSION: "interval",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Two people: the pictures both labelled, the share on which they agree, and Cohen's kappa if there are enough."""

    people: tuple[str, str]
    pictures: int
    same: float
    kappa: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A picture of which people said different things: name and words of each."""

    image: CurrentImage
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """`pictures` that two people or more labelled. `alpha` is None with fewer than 10, or where nothing varies.

    `open` are the pictures they differ on and nobody has looked at again; `settled` is how many somebody has.
    """

    people: tuple[str, ...]
    pictures: int
    alpha: Interval | None
    classes: tuple[tuple[str, Interval | None], ...]
    pairs: tuple[PairView, ...]
    open: tuple[Disagreement, ...]
    settled: int

    @property
    def verdict(self) -> str:
        """What alpha means, in one sentence or two."""
        value = self.alpha
        if value is None:
            return "Too few to tell how far they agree: at least 10, of more than one class, are needed."
        words = (
            "They agree well"
            if value.low >= GOOD
            else "They agree well enough for careful use"
            if value.low >= FAIR
            else "How far they agree is not clear yet"
            if value.high >= GOOD
            else "They do not agree well, and no model can be better than the labels it is judged by. A guideline helps"
        )
        return f"{words} (alpha {index_text(value)})."

    @property
    def sentences(self) -> list[str]:
        """The whole of it in words."""
        labelled = count(self.pictures, "picture was", "pictures were")
        return [
            f"{labelled} labelled by two or more of {', '.join(self.people)}. {self.verdict}",
            *(
                f"{' and '.join(pair.people)}: the same answer on {pair.same:.0%} of {count(pair.pictures, 'picture')} "
                f"(Cohen's kappa {index_text(pair.kappa)})."
                for pair in self.pairs
            ),
            f"They differed on {len(self.open) + self.settled:,}; {self.settled:,} of these were looked at again.",
        ]


class Agreement(Service):
    """Agreement between people."""

    def read(self, project_id: ProjectId) -> AgreementView | None:
        """How far people agree; None while no picture was labelled by two. Raises NotFound."""
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
            said = agreement.list_said_twice(session, project)
            differing = [item for item in said if _differ(item)]
            waiting = [item for item in differing if not item.settled]
            now = current.read_current(session, [item.image_id for item in waiting])
        if not said:
            return None
        people = tuple(sorted({name for item in said for name in item.words}))
        values = _values(project, said, people)
        level = LEVELS[project.task]
        return AgreementView(
            people=people,
            pictures=len(said),
            alpha=alpha(values, level),
            classes=_classes(project, said, people),
            pairs=tuple(
                PairView(people=(people[item.first], people[item.second]), pictures=item.pictures, same=item.same,
                         kappa=item.kappa)
                for item in pairs(values, level)
            ),
            open=tuple(
                Disagreement(
                    image=now[item.image_id],
                    said=tuple((name, _words(project, value)) for name, value in item.words.items()),
                )
                for item in sorted(waiting, key=lambda item: -_spread(item))
            ),
            settled=len(differing) - len(waiting),
        )  # fmt: skip

    def to_json(self, project_id: ProjectId) -> JsonObject | None:
        """The same as JSON."""
        view = self.read(project_id)
        if view is None:
            return None
        return {
            "people": [*view.people],
            "pictures": view.pictures,
            "alpha": _ends(view.alpha),
            "classes": {name: _ends(value) for name, value in view.classes},
            "pairs": [
                {"people": [*item.people], "pictures": item.pictures, "same": item.same, "kappa": _ends(item.kappa)}
                for item in view.pairs
            ],
            "disagreements": [{"name": item.image.name, "said": dict[str, JsonValue](item.said)} for item in view.open],
            "settled": view.settled,
        }


def index_text(value: Interval | None) -> str:
    """An index of agreement with its interval."""
    return "too few" if value is None else f"{value.value:.2f} ({value.low:.2f} to {value.high:.2f})"


def _values(project: ProjectView, said: Sequence[SaidTwice], people: Sequence[str]) -> Values:
    """(N, A) numbers, positions of grades in their order, or codes of classes and sets of them."""
    kinds: dict[tuple[int, ...], int] = {}
    found = np.full((len(said), len(people)), np.nan)
    for row, item in enumerate(said):
        for column, name in enumerate(people):
            value = item.words.get(name)
            if value is None:
                continue
            if value.number is not None:
                found[row, column] = value.number
            elif project.task is Task.ORDINAL:
                found[row, column] = project.all_classes[value.classes[0]].position
            else:
                found[row, column] = kinds.setdefault(tuple(sorted(value.classes)), len(kinds))
    return found


def _classes(
    project: ProjectView, said: Sequence[SaidTwice], people: Sequence[str]
) -> tuple[tuple[str, Interval | None], ...]:
    found = []
    for known in project.classes if project.task is not Task.REGRESSION else ():
        there = np.array(
            [[float(known.id in item.words[name].classes) if name in item.words else np.nan for name in people]
             for item in said]
        )  # fmt: skip
        if np.nansum(there):
            found.append((known.name, per_class(there, [1])[1]))
    return tuple(found)


def _differ(item: SaidTwice) -> bool:
    return len({(tuple(sorted(value.classes)), value.number) for value in item.words.values()}) > 1


def _spread(item: SaidTwice) -> float:
    numbers = [value.number for value in item.words.values() if value.number is not None]
    return max(numbers) - min(numbers) if numbers else len({value.classes for value in item.words.values()})


def _words(project: ProjectView, value: LabelValue) -> str:
    if value.number is not None:
        return f"{value.number:g}"
    return " and ".join(project.all_classes[item].name for item in value.classes) or "none"


def _ends(item: Interval | None) -> JsonValue:
    return None if item is None else [item.value, item.low, item.high]
