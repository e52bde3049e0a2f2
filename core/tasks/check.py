"""The check of a project's data: duplicates, leaks, short cuts, bad pictures, and labels that look wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.checks.facts import FileFacts, as_numbers
from core.checks.leaks import leaks, unit_name
from core.checks.looks import Look, look_at
from core.checks.near import near_duplicates, spare_copies
from core.checks.probe import BASIS, CLEAR, GIVEN_AWAY, LEAST_PICTURES, LEAST_UNITS, enough, probe
from core.checks.quality import FEWEST, flaws
from core.errors import BadInput, GraftError
from core.jobs.context import JobContext
from core.media import BlobStore, open_rgb
from core.media.parallel import in_batches
from core.store import checks, projects
from core.store.checks import CheckedImage
from core.store.db import reading
from core.store.decisions import read_decisions
from core.store.projects import ProjectView
from core.store.snapshot import sealed
from core.tasks.check_labels import check_labels
from core.tasks.check_parts import find_parts
from core.tasks.doubts import doubted, validated_answers
from core.types import JsonObject, JsonValue, Split, Task
from core.words import count

MOST = 500
"""Findings of one kind that are kept; `counts` tells how many there were."""
BATCH = 256
NUMBER_GRADES = 3
STAYING = (Split.TEST, Split.VALIDATION, Split.TRAIN, None)
"""Of copies, whose stays: a test set stays what it was, and what was learnt from it twice goes."""
TOO_WEAK = (
    "No label was doubted by {}: of pictures it had not seen it is wrong too often, less than half of the way from "
    "chance to perfect."
)
BETTER = " A cross-validation judges better: start one on the page Train, then check again."


def run(context: JobContext) -> JsonObject:
    """Check; the result lists the findings of each kind, and `notes` what could not be judged and why."""
    if context.run.project_id is None:
        raise BadInput("A check needs a project.")
    with reading(context.engine) as session:
        project = projects.read_project(session, context.run.project_id)
        images = checks.list_checked(session, project.id)
    return _Check(context, project, images).run()


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled pictures as one class each: positions among all pictures, classes (n,), and the classes' names."""

    chosen: NDArray[np.int64]
    classes: NDArray[np.int64]
    names: tuple[str, ...]


class _Check:
    """One run of the job, part by part."""

    def __init__(self, context: JobContext, project: ProjectView, images: Sequence[CheckedImage]) -> None:
        self.context, self.project = context, project
        looks = _look(context, images)
        self.notes: list[JsonValue] = []
        unread = [image for image, look in zip(images, looks, strict=True) if look is None]
        if unread:
            self.notes.append(f"{count(len(unread), 'picture')} could not be read, such as {unread[0].name}.")
        self.images = [image for image, look in zip(images, looks, strict=True) if look is not None]
        self.looks = [look for look in looks if look is not None]
        self.units = [unit_name(image.case_name, image.group_name) for image in self.images]
        self.labels = single_labels(project, self.images)
        self.counts: dict[str, JsonValue] = {}

    def run(self) -> JsonObject:
        """All parts."""
        pairs, spare = self._pairs()
        crossing = [pair for pair in pairs if pair["across_splits"]]
        conflicts = [pair for pair in pairs if pair["conflict"]]
        found: JsonObject = {
            "pictures": len(self.images),
            "labelled": sum(image.labelled for image in self.images),
            "near_duplicates": self._some("near_duplicates", [pair["names"] for pair in pairs]),
            "conflicts": self._some("conflicts", [pair["names"] for pair in conflicts]),
            "across_splits": self._some("across_splits", [pair["names"] for pair in crossing]),
            # Those to act on come first, so that the limit never hides them.
            "pairs": [*sorted(pairs, key=lambda pair: (not pair["conflict"], not pair["across_splits"]))[:MOST]],
            "spare": spare,
            "leaks": self._some("leaks", [*self._leaks(), *map(_leaking_pair, crossing)]),
            "quality": self._some("quality", self._quality()),
            "shortcuts": [*self._shortcuts()],
        }
        splitting, head = check_labels(self.context, self.images, self.units, self.labels, self.notes)
        validated = validated_answers(self.context, self.project.id, self.project.task, self.images)
        judges = [*validated, *([head] if head is not None else [])]
        judged = {image.id for item in judges if item.good for image in item.images}
        self.notes += [TOO_WEAK.format(item.source) for item in validated if not item.good]
        if head is not None and not judged.issuperset(image.id for image in head.images):
            possible = not validated and self.project.task is not Task.REGRESSION
            self.notes.append(TOO_WEAK.format(head.source) + BETTER * possible)
        with reading(self.context.engine) as session:
            standing = {image.id: (image.classes, image.number) for image in self.images if image.labelled}
            decided = read_decisions(session, self.project, standing)
        doubts = doubted(judges, decided)
        found |= splitting | {"label_errors": self._some("label_errors", doubts)}
        return sealed(found | {"counts": self.counts, "notes": self.notes})

    def _some(self, name: str, items: Sequence[JsonValue]) -> list[JsonValue]:
        self.counts[name] = len(items)
        return list(items[:MOST])

    def _pairs(self) -> tuple[list[JsonObject], list[JsonValue]]:
        """Pairs of the same picture, and of the whole ones which can go, each with the one that stays: ids."""
        self.context.progress("Comparing the pictures with each other", now=True)
        if len(self.images) < 2:
            return [], []
        hashes = np.array([int(image.phash or "0", 16) for image in self.images], dtype=np.uint64)
        shapes = np.array([image.width / image.height for image in self.images])
        found = near_duplicates(hashes, np.stack([look.grey for look in self.looks]), shapes)
        copies = spare_copies(found, sorted(range(len(self.images)), key=self._rather_stays))
        spare: list[JsonValue] = [[self.images[copy].id, self.images[stays].id] for copy, stays in copies.items()]
        same = [(first, second) for first, second in found.tolist()]
        parts = find_parts(self.context, self.images, self.looks, set(same), self.notes)
        kinds = [*((pair, "same") for pair in same), *((pair, "part") for pair in parts)]
        return [self._pair(self.images[first], self.images[second], kind) for (first, second), kind in kinds], spare

    def _rather_stays(self, index: int) -> tuple[bool, int, int]:
        image = self.images[index]
        return not image.labelled, STAYING.index(image.split), -image.width * image.height

    def _pair(self, first: CheckedImage, second: CheckedImage, kind: str) -> JsonObject:
        both = (first, second)
        differ = first.labelled and second.labelled and _answer(first) != _answer(second)
        known = {image.split for image in both if image.split}
        return {
            "images": [image.id for image in both],
            "kind": kind,
            "names": [image.name for image in both],
            "splits": [image.split.value if image.split else None for image in both],
            "labels": [self._words(image) for image in both],
            "conflict": differ,
            "across_splits": len(known) > 1,
        }

    def _words(self, image: CheckedImage) -> str | None:
        if not image.labelled:
            return None
        if image.number is not None:
            return f"{image.number:g}"
        return ", ".join(self.project.all_classes[item].name for item in image.classes) or "none"

    def _leaks(self) -> list[JsonValue]:
        found: list[JsonValue] = []
        for leak in leaks(self.units, [image.split for image in self.images]):
            members = [self.images[index] for index in leak.members]
            found.append({
                "kind": leak.kind,
                "name": leak.name,
                "splits": [split.value for split in leak.splits],
                "pictures": len(members),
                "images": [image.id for image in members[:MOST]],
                "names": [image.name for image in members[:MOST]],
            })  # fmt: skip
        return found

    def _quality(self) -> list[JsonValue]:
        if len(self.images) < FEWEST:
            self.notes.append(f"Not enough pictures to know what is usual here: {len(self.images)} of {FEWEST}.")
        columns = [[look.sharpness for look in self.looks], [look.light for look in self.looks],
                   [look.contrast for look in self.looks], [min(i.width, i.height) for i in self.images]]  # fmt: skip
        return [
            {"image": self.images[item.index].id, "name": self.images[item.index].name, "reasons": [*item.reasons]}
            for item in flaws(*(np.array(column, np.float64) for column in columns))
        ]

    def _shortcuts(self) -> list[JsonObject]:
        units = [self.units[index] for index in self.labels.chosen]
        usable = enough(self.labels.classes, units) if len(units) else np.zeros(0, bool)
        if not usable.any():
            self.notes.append(
                f"Not enough pictures to look for short cuts: at least {LEAST_PICTURES} of each of two classes, "
                f"from {LEAST_UNITS} cases or groups, are needed."
            )
            return []
        chosen, classes = self.labels.chosen[usable], self.labels.classes[usable]
        units = [unit for unit, used in zip(units, usable, strict=True) if used]
        files = as_numbers([_file(self.images[index]) for index in chosen])
        borders = np.stack([self.looks[index].borders for index in chosen])
        typical = _typical([self.images[index] for index in chosen], classes, self.labels.names)
        found = []
        for name, facts in (("borders", borders), ("file", files)):
            self.context.check_cancelled()
            self.context.progress(f"Looking for short cuts: {name}", now=True)
            said = probe(facts, classes, units)
            found.append(
                JsonObject(
                    probe=name, score=said.score, interval=[*said.interval], chance=said.chance, flagged=said.flagged,
                    given_away=[self.labels.names[k] for k in said.given_away], pictures=said.pictures,
                    typical=typical if name == "file" else [],
                    limit={"way_to_perfect": CLEAR, "given_away": GIVEN_AWAY}, basis=BASIS,
                )
            )  # fmt: skip
        return found


def single_labels(project: ProjectView, images: Sequence[CheckedImage]) -> Labels:
    """What each labelled picture is, as one class: thirds of the numbers, and the sets of classes that occur."""
    if project.task is Task.REGRESSION:
        chosen = [index for index, image in enumerate(images) if image.number is not None]
        numbers = np.array([images[index].number for index in chosen], np.float64)
        cuts = np.linspace(0, 1, NUMBER_GRADES + 1)[1:-1]
        edges = np.quantile(numbers, cuts) if len(numbers) else cuts
        return Labels(np.array(chosen, np.int64), np.searchsorted(edges, numbers, "right"), ("low", "middle", "high"))
    several = project.task is Task.MULTI
    chosen = [i for i, image in enumerate(images) if image.labelled and (several or len(image.classes) == 1)]
    kinds = sorted({images[index].classes for index in chosen})
    positions = {kind: number for number, kind in enumerate(kinds)}
    names = tuple(" and ".join(project.all_classes[item].name for item in kind) or "none" for kind in kinds)
    return Labels(
        np.array(chosen, np.int64), np.array([positions[images[index].classes] for index in chosen], np.int64), names
    )


def _look(context: JobContext, images: Sequence[CheckedImage]) -> list[Look | None]:
    store, found = BlobStore(context.settings), list[Look | None]()

    def see(image: CheckedImage) -> Look | None:
        try:
            return look_at(open_rgb(store.thumb(image.blob)))
        except (GraftError, OSError):
            return None

    for part in in_batches(images, see, BATCH):
        context.check_cancelled()
        found += part
        context.progress(
            f"Looking at the pictures: {len(found):,} of {len(images):,}", fraction=len(found) / len(images)
        )
    return found


def _answer(image: CheckedImage) -> tuple[object, ...]:
    return (*image.classes, image.number)


def _file(image: CheckedImage) -> FileFacts:
    return FileFacts(
        format=image.format,
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
        camera=str(image.extra.get("camera") or ""),
        captured_at=image.captured_at,
    )


def _typical(images: Sequence[CheckedImage], classes: NDArray[np.int64], names: Sequence[str]) -> list[JsonValue]:
    """What is usual of each class's files: medians, and the commonest format and camera."""
    found: list[JsonValue] = []
    for k in sorted(set(classes.tolist())):
        own = [image for image, other in zip(images, classes.tolist(), strict=True) if other == k]
        cameras = Counter(str(image.extra.get("camera") or "") for image in own)
        found.append({
            "class": names[k],
            "pictures": len(own),
            "width": int(np.median([image.width for image in own])),
            "height": int(np.median([image.height for image in own])),
            "kilobytes": round(float(np.median([image.size_bytes for image in own])) / 1000, 1),
            "format": Counter(image.format for image in own).most_common(1)[0][0],
            "camera": cameras.most_common(1)[0][0],
        })  # fmt: skip
    return found


def _leaking_pair(pair: JsonObject) -> JsonObject:
    return {
        "kind": "near_duplicate",
        "name": "",
        "pictures": 2,
        **{key: pair[key] for key in ("splits", "images", "names")},
    }
