"""Maps of a project's pictures: drawn by a job, coloured by what is known of the pictures now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core.charts.picture_map import Heap, Places
from core.errors import BadInput
from core.jobs.payloads import MapPayload
from core.media.layouts import read_layouts
from core.services.base import Service
from core.services.behind import badness
from core.store import current, images, predictions, projects, runs
from core.store.current import CurrentImage
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.projects import ProjectView
from core.store.runs import RunRecord
from core.store.scoring import usable
from core.types import ImageId, ProjectId, RunId, RunKind, RunState, Split, Task

__all__ = ["COLOURINGS", "LAYOUTS", "CurrentImage", "Heap", "MapView", "Maps", "Places"]

GREY, RIGHT, LEARNT, WRONG = "#9AA5A0", "#56B4E9", "#B9C4BF", "#D55E00"
SPLITS = {Split.TRAIN: "#0072B2", Split.VALIDATION: "#E69F00", Split.TEST: "#009E73"}
LAYOUTS = {"umap": "Neighbours", "directions": "Main directions"}
"""Ways to lay pictures out, the better one to look at first, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """A finished map with its pictures as they are now; those deleted since are left out.

    `since` is how many joined the project after it was asked for. `layouts` holds for each way the places (n, 2) of the
    `pictures`. `total` is how many pictures the project had;
    with `sample` some of them were drawn by lot. `said` is what the map's model said of the pictures of its
    dataset version, `share` which share of all variance the
    main directions show.
    """

    run_id: RunId
    project: ProjectView
    model: RunId | None
    features: str
    at: datetime | None
    total: int
    sample: bool
    since: int
    share: float
    pictures: tuple[CurrentImage, ...]
    layouts: dict[str, Places]
    said: dict[ImageId, PredictionRecord]

    def colourings(self) -> list[str]:
        """The ways in which this map can be coloured."""
        return [name for name in COLOURINGS if name != "error" or self.said]


class Maps(Service):
    """Maps of pictures."""

    def start(self, project_id: ProjectId, model: RunId | None = None) -> RunId:
        """Queue a map, or find the one that waits or runs. Raises NotFound, BadInput for a run without a model."""
        with reading(self.engine) as session:
            projects.read_project(session, project_id)
            if model is not None and predictions.read_card(session, model) is None:
                raise BadInput(f"Run {model} has no model to see by.", hint="Choose a training that is done.")
        last = self.latest(project_id, model)
        if last is not None and not last.state.ended:
            return last.id
        return self.queue.enqueue(MapPayload(model=model), project_id=project_id, name="Map", parent_id=model)

    def latest(self, project_id: ProjectId, model: RunId | None = None) -> RunRecord | None:
        """The newest map as that model sees the pictures, in whatever state."""
        with reading(self.engine) as session:
            found = runs.list_runs(session, project_id=project_id, kinds=[RunKind.MAP])
        return next((run for run in found if run.parent_id == model), None)

    def view(self, run: RunRecord) -> MapView | None:
        """The map; None while it is not done, or when its file was deleted."""
        if run.state is not RunState.DONE or run.result is None or run.project_id is None:
            return None
        try:
            ids, layouts = read_layouts(self.settings.map_file(run.id))
        except (OSError, ValueError):
            return None
        model = None if run.parent_id is None else RunId(run.parent_id)
        with reading(self.engine) as session:
            project = projects.read_project(session, run.project_id)
            now = current.read_current(session, [ImageId(number) for number in ids.tolist()])
            joined = images.list_since(session, run.project_id, run.created_at)
            said = _said(predictions.read_numbered(session, model).values(), project.task) if model else {}
        alive = [position for position, number in enumerate(ids.tolist()) if ImageId(number) in now]
        return MapView(
            run_id=run.id,
            project=project,
            model=model,
            features=str(run.result["features"]),
            at=run.finished_at,
            total=int(str(run.result["pictures"])),
            sample=run.result["shown"] != run.result["pictures"],
            since=len(set(joined) - set(ids.tolist())),
            share=float(str(run.result["share"])),
            pictures=tuple(now[ImageId(int(ids[position]))] for position in alive),
            layouts={name: places[alive] for name, places in layouts.items()},
            said=said,
        )


def _said(records: Iterable[PredictionRecord], task: Task) -> dict[ImageId, PredictionRecord]:
    return {item.image_id: item for item in usable(task, list(records)) if item.image_id is not None}


def by_class(view: MapView) -> list[Heap]:
    """A heap per class, or per set of classes that occurs; numbers as they are; those without a label behind."""
    if view.project.task is Task.REGRESSION:
        return _by_number(view, [image.number for image in view.pictures], "no label")
    known = view.project.all_classes
    kinds = {image.classes for image in view.pictures if image.classes}
    order = sorted(kinds, key=lambda kind: (len(kind), [known[item].position for item in kind]))
    names = {kind: " and ".join(known[item].name for item in kind) for kind in order}
    colours = {names[kind]: known[kind[0]].colour if len(kind) == 1 else "" for kind in order}
    return _heaps([names.get(image.classes, "no label") for image in view.pictures], {"no label": GREY} | colours)


def by_split(view: MapView) -> list[Heap]:
    """A heap per split."""
    words = [image.split.value if image.split else "no split yet" for image in view.pictures]
    return _heaps(words, {"no split yet": GREY} | {split.value: colour for split, colour in SPLITS.items()})


def by_error(view: MapView) -> list[Heap]:
    """What the model named wrongly, on top; of numbers how far it was off."""
    found = [view.said.get(image.id) for image in view.pictures]
    if view.project.task is Task.REGRESSION:
        return _by_number(view, [None if item is None else badness(item) for item in found], "not judged")
    words = ["not judged" if item is None else _verdict(item) for item in found]
    return _heaps(words, {"not judged": GREY, "right, but learnt from": LEARNT, "right": RIGHT, "wrong": WRONG})


COLOURINGS: dict[str, tuple[str, Callable[[MapView], list[Heap]]]] = {
    "class": ("Class", by_class),
    "split": ("Split", by_split),
    "error": ("Right or wrong", by_error),
}
"""Ways to colour a map: in words, and how."""


def _verdict(item: PredictionRecord) -> str:
    return "wrong" if item.right is False else "right, but learnt from" if item.split is Split.TRAIN else "right"


def _heaps(words: list[str], colours: dict[str, str]) -> list[Heap]:
    """Heaps in the order of `colours`, which is from the back to the front."""
    kinds = np.array(words)
    found = ((name, colour, np.flatnonzero(kinds == name)) for name, colour in colours.items())
    return [Heap(name=name, colour=colour, positions=own) for name, colour, own in found if len(own)]


def _by_number(view: MapView, numbers: list[float | None], without: str) -> list[Heap]:
    known = np.array([number is not None for number in numbers], bool)
    values = np.array([number for number in numbers if number is not None], np.float64)
    rest = Heap(name=without, colour=GREY, positions=np.flatnonzero(~known))
    unit = view.project.unit
    found = Heap(name=unit or "number", colour="", positions=np.flatnonzero(known), values=values)
    return [item for item in (rest, found) if len(item.positions)]
