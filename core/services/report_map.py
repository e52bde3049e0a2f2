"""The map of the pictures for a report: those of the dataset version, coloured by label and by right or wrong."""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.exchange.report import Dots, PictureMap
from core.services.maps import GREY, LAYOUTS, LEARNT, RIGHT, WRONG, MapView
from core.store.predictions import PredictionRecord
from core.store.versions import VersionItem, VersionRecord
from core.types import ImageId, JsonObject, Split, Task

MOST = 4000
"""Points that are drawn; of more pictures a part, drawn by lot."""
SEVERAL = "several classes"
SHADES = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
"""From small to large numbers."""
OTHERS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
"""For classes without a colour of their own."""
VERDICTS = {"learnt from": LEARNT, "right": RIGHT, "wrong": WRONG}


def report_map(
    view: MapView, result: JsonObject, version: VersionRecord, said: Mapping[ImageId, PredictionRecord]
) -> PictureMap | None:
    """The map as it was drawn; None where none of the version's pictures is on it."""
    layout = next(name for name in LAYOUTS if name in view.layouts)
    places = {image.id: place for image, place in zip(view.pictures, view.layouts[layout].tolist(), strict=True)}
    found = [item for item in version.items if item.image_id in places]
    order = np.random.default_rng(0).permutation(len(found))[:MOST]
    items = [found[index] for index in sorted(order.tolist())]
    if not items:
        return None

    def heaps(words: Callable[[VersionItem], str], colours: Mapping[str, str]) -> list[Dots]:
        named = [(words(item), places[item.image_id]) for item in items]
        own = {name: [place for word, place in named if word == name] for name in colours}
        return [
            Dots(name, colours[name], [x for x, _ in points], [y for _, y in points])
            for name, points in own.items() if points
        ]  # fmt: skip

    numbers = version.task is Task.REGRESSION
    by_label = heaps(*(_by_number(items) if numbers else _by_class(version)))
    judged = any(item.image_id in said for item in items)
    return PictureMap(
        result=result,
        layout=layout,
        drawn=len(items),
        own=view.model is not None,
        by_label=by_label,
        by_verdict=heaps(lambda item: _verdict(item, said), VERDICTS) if judged and not numbers else [],
    )


def _by_class(version: VersionRecord) -> tuple[Callable[[VersionItem], str], dict[str, str]]:
    names = version.class_names
    colours = {
        name: str(known.get("colour") or OTHERS[index % len(OTHERS)])
        for index, (name, known) in enumerate(zip(names, version.classes, strict=True))
    }

    def words(item: VersionItem) -> str:
        return names[item.targets[0]] if len(item.targets) == 1 else SEVERAL if item.targets else "none"

    return words, {"none": GREY, SEVERAL: "#6b5b95"} | colours


def _by_number(items: Sequence[VersionItem]) -> tuple[Callable[[VersionItem], str], dict[str, str]]:
    """Fifths of the numbers."""
    edges = np.quantile([item.number or 0.0 for item in items], np.linspace(0, 1, len(SHADES) + 1))
    names = [f"{low:.3g} to {high:.3g}" for low, high in itertools.pairwise(edges.tolist())]

    def words(item: VersionItem) -> str:
        return names[min(int(np.searchsorted(edges[1:-1], item.number or 0.0, "right")), len(names) - 1)]

    return words, dict(zip(names, SHADES, strict=True))


def _verdict(item: VersionItem, said: Mapping[ImageId, PredictionRecord]) -> str:
    record = said.get(item.image_id)
    if record is None or record.split is Split.TRAIN:
        return "learnt from"
    return "wrong" if record.right is False else "right"
