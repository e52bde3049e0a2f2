"""Freezing a project's labels as a dataset version."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import NotEnoughImages
from core.splits import Outlook, SplitItem, assign_splits, class_strata, number_strata, outlook, whole_groups
from core.splits.assign import NUMBERS_RULE, RULE
from core.store import versions
from core.store.projects import ProjectView
from core.store.versions import LabelledImage, VersionItem, VersionRecord
from core.types import ClassId, ImageId, JsonObject, Split, Task, VersionId
from core.words import listed

MOST_NAMED = 10
FEWEST_PER_CLASS = 5
FEWEST_NUMBERS = 10
SURELY_ENOUGH = 1000
"""So many labelled pictures are not read only to know whether each class has its few."""
MANY_UNITS = 100
"""Of more cases or groups a fifth is enough to test by, and nothing needs to be read to know it."""


def freeze(session: Session, project: ProjectView, *, now: datetime) -> VersionId:
    """The version of the labels as they stand; new pictures get their split, once and for all.

    Raises NotEnoughImages with the smallest number that would do.
    """
    found, parts = _dividing(session, project)
    splits = assign_splits(parts)
    if set(splits.values()) != set(Split):
        raise NotEnoughImages(
            "The pictures come from too few cases or groups to keep some for testing.",
            hint="At least five are needed, none of them much larger than the others.",
        )
    versions.write_splits(session, splits)
    items = _items(project, found, splits)
    classes: list[JsonObject] = [{"id": item.id, "name": item.name, "colour": item.colour} for item in project.classes]
    return versions.create_version(
        session,
        project.id,
        task=project.task,
        classes=classes,
        split_rule=NUMBERS_RULE if project.task is Task.REGRESSION else RULE,
        items=items,
        now=now,
    )


def _items(project: ProjectView, images: Sequence[LabelledImage], splits: Mapping[ImageId, Split]) -> list[VersionItem]:
    positions = {item.id: index for index, item in enumerate(project.classes)}
    return [
        VersionItem(
            image_id=image.id,
            blob=image.blob,
            split=splits[image.id],
            targets=tuple(sorted(positions[item] for item in image.classes if item in positions)),
            number=image.number if project.task is Task.REGRESSION else None,
            case_name=image.case_name,
            group_name=image.group_name,
        )
        for image in images
    ]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What can be told of a test before anything is trained.

    outlook  None where cases or groups give no reason to ask, or too little is labelled, which is said when the
             training is started, with what it takes
    leaking  how many cases or groups have pictures in several splits
    """

    outlook: Outlook | None
    leaking: int


def foresee(session: Session, project: ProjectView) -> Foreseen:
    """Of the labels as they stand."""
    units = versions.count_units(session, project.id)
    if not 0 < units.named <= MANY_UNITS:
        return Foreseen(None, units.leaking)
    try:
        _, parts = _dividing(session, project)
    except NotEnoughImages:
        return Foreseen(None, units.leaking)
    return Foreseen(outlook(parts, assign_splits(parts)), units.leaking)


def lacking(session: Session, project: ProjectView) -> str:
    """What is still to be labelled before anything can be trained, or ""; of many pictures the start itself says it."""
    if versions.describe_labelled(session, project.id).images > SURELY_ENOUGH:
        return ""
    try:
        _dividing(session, project)
    except NotEnoughImages as error:
        return str(error)
    return ""


def foresee_version(version: VersionRecord) -> Foreseen:
    """Of a dataset version that is there."""
    parts = [SplitItem(image_id=item.image_id, unit=item.unit, stratum="", split=item.split) for item in version.items]
    return Foreseen(outlook(parts, {item.image_id: item.split for item in version.items}), version.leaking)


@dataclass(frozen=True, slots=True)
class Apart:
    """What folds would be made of: of how many of `noun` (cases, groups, or pictures) each class, by name, has some.

    No class where folds need not have one of each: of numbers, and of several classes in a picture.
    """

    noun: str
    classes: Mapping[str, int]


def foresee_apart(session: Session, project: ProjectView, whole: str) -> Apart:
    """Of the labels as they stand. `whole`: what no fold cuts through, "case" (or else the group) or "group"."""
    try:
        found, parts = _dividing(session, project)
    except NotEnoughImages:
        return Apart("pictures", {})
    items = _items(project, found, assign_splits(parts))
    return _apart(project.task, [item.name for item in project.classes], items, whole)


def foresee_apart_of(version: VersionRecord, whole: str) -> Apart:
    """Of a dataset version that is there; `whole` as in `foresee_apart`."""
    return _apart(version.task, version.class_names, version.items, whole)


def _apart(task: Task, names: Sequence[str], items: Sequence[VersionItem], whole: str) -> Apart:
    pool = [item for item in items if item.split is not Split.TEST]
    cases, groups = [item.case_name for item in pool], [item.group_name for item in pool]
    units = whole_groups(cases, groups) if whole == "group" else [item.unit for item in pool]
    noun = "cases" if any(cases) and whole != "group" else "groups" if any(groups) else "pictures"
    if task not in (Task.SINGLE, Task.ORDINAL):
        return Apart(noun, {})
    found: dict[str, set[str]] = defaultdict(set)
    for item, unit in zip(pool, units, strict=True):
        found[names[item.targets[0]]].add(unit or f"\0{item.image_id}")
    return Apart(noun, {name: len(found[name]) for name in names if name in found})


def _dividing(session: Session, project: ProjectView) -> tuple[list[LabelledImage], list[SplitItem]]:
    """The pictures that can be trained on, and the same as they are divided. Raises NotEnoughImages."""
    positions = {item.id: index for index, item in enumerate(project.classes)}
    found = [image for image in versions.list_labelled(session, project.id) if _usable(project, image, positions)]
    _check_enough(project, found)
    return found, [
        SplitItem(image_id=image.id, unit=_unit(image), stratum=stratum, split=image.split)
        for image, stratum in zip(found, _strata(project, found), strict=True)
    ]


def _usable(project: ProjectView, image: LabelledImage, positions: dict[ClassId, int]) -> bool:
    if project.task is Task.REGRESSION:
        return image.number is not None
    if project.task is Task.MULTI:
        return True  # none of the classes is a label, too
    return len(image.classes) == 1 and image.classes[0] in positions


def _strata(project: ProjectView, images: Sequence[LabelledImage]) -> list[str]:
    if project.task is Task.REGRESSION:
        return number_strata([image.number or 0.0 for image in images])
    return class_strata([image.classes for image in images])


def _unit(image: LabelledImage) -> str:
    return f"case {image.case_name}" if image.case_name else f"group {image.group_name}" if image.group_name else ""


def _check_enough(project: ProjectView, images: Sequence[LabelledImage]) -> None:
    if project.task is Task.REGRESSION:
        if len(images) < FEWEST_NUMBERS:
            raise NotEnoughImages(
                f"Training needs at least {FEWEST_NUMBERS} pictures with a number; there are {len(images)}.",
                hint="Label some more.",
            )
        return
    counts = Counter(item for image in images for item in image.classes)
    needed = 1 if project.task is Task.MULTI else 2
    usable = [item for item in project.classes if counts[item.id] >= FEWEST_PER_CLASS]
    if len(usable) < needed or len(images) < 2 * FEWEST_PER_CLASS:
        fullest = sorted(project.classes, key=lambda item: -counts[item.id])
        have = listed([f"{item.name}: {counts[item.id]}" for item in fullest], MOST_NAMED) or "no class yet"
        wanted = "one class with {}" if needed == 1 else "two classes with {} each"
        raise NotEnoughImages(
            f"Training needs at least {wanted.format(f'{FEWEST_PER_CLASS} labelled pictures')}, "
            f"{2 * FEWEST_PER_CLASS} in all ({have}).",
            hint="Label some more.",
        )
