"""How far the people who label agree, and on which pictures they do not."""

from dataclasses import dataclass

from core.evaluation import Interval, triple
from core.evaluation.agreement import index_text, verdict
from core.labels import LabelValue
from core.services.base import Service
from core.store import agreement, current, projects
from core.store.agreement import PairView, SaidTwice
from core.store.current import CurrentImage
from core.store.db import reading
from core.store.projects import ProjectView
from core.types import JsonObject, JsonValue, ProjectId

__all__ = ["Agreement", "AgreementView", "Disagreement", "PairView", "index_text"]


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
        return verdict(self.alpha)


class Agreement(Service):
    """Agreement between people."""

    def read(self, project_id: ProjectId) -> AgreementView | None:
        """How far people agree; None while no picture was labelled by two. Raises NotFound."""
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
            said = agreement.list_said_twice(session, project_id, project.meant)
            waiting = [item for item in said if item.differ and not item.settled]
            now = current.read_current(session, [item.image_id for item in waiting])
        if not said:
            return None
        grades = {known: item.position for known, item in project.all_classes.items()}
        found = agreement.measure(project.task, said, [(item.id, item.name) for item in project.classes], grades)
        return AgreementView(
            people=found.people,
            pictures=found.pictures,
            alpha=found.alpha,
            classes=found.classes,
            pairs=found.pairs,
            open=tuple(
                Disagreement(
                    image=now[item.image_id],
                    said=tuple((name, _words(project, value)) for name, value in item.words.items()),
                )
                for item in sorted(waiting, key=lambda item: -_spread(item))
            ),
            settled=found.settled,
        )

    def to_json(self, project_id: ProjectId) -> JsonObject | None:
        """The same as JSON."""
        view = self.read(project_id)
        if view is None:
            return None
        return {
            "people": [*view.people],
            "pictures": view.pictures,
            "alpha": triple(view.alpha),
            "classes": {name: triple(value) for name, value in view.classes},
            "pairs": [
                {"people": [*item.people], "pictures": item.pictures, "same": item.same, "kappa": triple(item.kappa)}
                for item in view.pairs
            ],
            "disagreements": [{"name": item.image.name, "said": dict[str, JsonValue](item.said)} for item in view.open],
            "settled": view.settled,
        }


def _spread(item: SaidTwice) -> float:
    numbers = [value.number for value in item.words.values() if value.number is not None]
    return max(numbers) - min(numbers) if numbers else len({value.classes for value in item.words.values()})


def _words(project: ProjectView, value: LabelValue) -> str:
    if value.number is not None:
        return f"{value.number:g}"
    return " and ".join(project.all_classes[item].name for item in value.classes) or "none"
