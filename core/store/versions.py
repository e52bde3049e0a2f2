"""Dataset versions: immutable pictures of a project's labels and splits."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, insert, select, update
from sqlalchemy.orm import Session

from core.checks.leaks import leaks
from core.errors import NotEnoughImages, NotFound
from core.splits import whole_groups
from core.store.projects import read_project
from core.store.runs import RunRecord
from core.store.tables import ImageClassRow, ImageRow, LabelEventRow, VersionItemRow, VersionRow
from core.types import ClassId, ImageId, ImageState, JsonObject, ProjectId, Split, Task, VersionId


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionItem:
    """An image in a version. `targets` are positions in the version's classes."""

    image_id: ImageId
    blob: str
    split: Split
    targets: tuple[int, ...]
    number: float | None
    case_name: str | None
    group_name: str | None

    @property
    def unit(self) -> str:
        """What the image belongs to and counts with: its case, else its group, else "" for itself alone."""
        return f"case {self.case_name}" if self.case_name else f"group {self.group_name}" if self.group_name else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A version with its items, by image id. `classes` are {"id", "name", "colour"} objects.

    `labelling` says up to which label event, `until`, labels were known when it was last frozen, and as what each of
    the `merged` classes counted; None for one from before that was recorded. `whole` says what stays in one fold of a
    cross-validation: "case", or else the group, as in splits; or "group".
    """

    id: VersionId
    project_id: ProjectId
    number: int
    content_hash: str
    task: Task
    classes: tuple[JsonObject, ...]
    split_rule: str
    labelling: JsonObject | None
    created_at: datetime
    items: tuple[VersionItem, ...]
    whole: str = "case"

    @property
    def class_names(self) -> list[str]:
        """Names by position."""
        return [str(item["name"]) for item in self.classes]

    @property
    def together(self) -> str:
        """What stays in one split and counts as one: "cases", "groups", or single "pictures"."""
        if any(item.case_name for item in self.items):
            return "cases"
        return "groups" if any(item.group_name for item in self.items) else "pictures"

    @property
    def pool(self) -> list[VersionItem]:
        """What folds are made of: the items that are not kept aside for testing."""
        return [item for item in self.items if item.split is not Split.TEST]

    @property
    def pool_units(self) -> list[str]:
        """What each item of the pool stays in one fold with, and counts with out of fold; "" for itself alone."""
        if self.whole == "group":
            return whole_groups([item.case_name for item in self.pool], [item.group_name for item in self.pool])
        return [item.unit for item in self.pool]

    def together_in(self, split: Split) -> str:
        """What counts as one in the scores of a split: as `together`, or whole groups out of fold."""
        return "groups" if self.whole == "group" and split is not Split.TEST else self.together

    @property
    def leaking(self) -> int:
        """How many cases or groups have pictures in several splits, as a table or later names can bring about."""
        return len(leaks([item.unit for item in self.items], [item.split for item in self.items]))

    def part(self, split: Split) -> list[VersionItem]:
        """The items of one split."""
        return [item for item in self.items if item.split is split]


def content_hash(items: Sequence[VersionItem], classes: Sequence[JsonObject]) -> str:
    """What stands for a version's content: its pictures with split and label, in their order, and its classes."""
    content = [[item.blob, item.split.value, list(item.targets), item.number] for item in items]
    return hashlib.sha256(json.dumps([content, list(classes)]).encode()).hexdigest()


def create_version(
    session: Session,
    project_id: ProjectId,
    *,
    task: Task,
    classes: Sequence[JsonObject],
    split_rule: str,
    items: Sequence[VersionItem],
    now: datetime,
) -> VersionId:
    """The version with this content, made if it is not there yet.

    One that is there learns up to where labels count now: others may have said the same since.
    """
    content = content_hash(items, classes)
    labelling = _labelling(session, project_id)
    found = session.scalar(
        select(VersionRow).where(VersionRow.project_id == project_id, VersionRow.content_hash == content)
    )
    if found is not None:
        found.labelling = labelling
        return found.id
    last = session.scalar(select(func.max(VersionRow.number)).where(VersionRow.project_id == project_id)) or 0
    row = VersionRow(
        project_id=project_id,
        number=last + 1,
        content_hash=content,
        task=task,
        classes=list(classes),
        split_rule=split_rule,
        labelling=labelling,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.execute(
        insert(VersionItemRow),
        [
            {
                "version_id": row.id,
                "image_id": item.image_id,
                "split": item.split,
                "targets": list(item.targets),
                "number": item.number,
            }
            for item in items
        ],
    )
    return row.id


def _labelling(session: Session, project_id: ProjectId) -> JsonObject:
    project = read_project(session, project_id)
    last = session.scalar(select(func.max(LabelEventRow.id)).where(LabelEventRow.project_id == project_id))
    merged: JsonObject = {
        str(known): int(became) for known in project.all_classes if (became := project.meant(known)) != known
    }
    return {"until": last or 0, "merged": merged}


def read_version(session: Session, version_id: VersionId) -> VersionRecord:
    """The version with all its items. Raises NotFound."""
    row = session.get(VersionRow, version_id)
    if row is None:
        raise NotFound(f"There is no dataset version {version_id}.")
    # Columns, not rows: the session would keep every row, and of 100,000 that takes longer than all the rest.
    columns = (
        VersionItemRow.image_id, VersionItemRow.split, VersionItemRow.targets, VersionItemRow.number,
        ImageRow.blob, ImageRow.case_name, ImageRow.group_name,
    )  # fmt: skip
    query = (
        select(*columns)
        .join(ImageRow, ImageRow.id == VersionItemRow.image_id)
        .where(VersionItemRow.version_id == version_id)
        .order_by(VersionItemRow.image_id)
    )
    items = tuple(
        VersionItem(
            image_id=image_id,
            blob=blob,
            split=split,
            targets=tuple(targets),
            number=number,
            case_name=case_name,
            group_name=group_name,
        )
        for image_id, split, targets, number, blob, case_name, group_name in session.execute(query)
    )
    return VersionRecord(
        id=row.id,
        project_id=row.project_id,
        number=row.number,
        content_hash=row.content_hash,
        task=row.task,
        classes=tuple(row.classes),
        split_rule=row.split_rule,
        labelling=row.labelling,
        created_at=row.created_at,
        items=items,
    )


def read_version_of(session: Session, run: RunRecord) -> VersionRecord:
    """The version that a run is about, whole as the run's folds keep it. Raises NotFound."""
    if run.version_id is None:
        raise NotFound(f"Run {run.id} has no dataset version.")
    version = read_version(session, run.version_id)
    return replace(version, whole=str(run.payload.get("keep_together") or version.whole))


def read_scored(session: Session, run: RunRecord) -> VersionRecord:
    """The same of a training or an external test. Raises NotEnoughImages for any other run, NotFound."""
    if not run.scored or run.version_id is None:
        raise NotEnoughImages(f"Run {run.id} is no training: it has no scores.")
    return read_version_of(session, run)


def name_both(session: Session, project_id: ProjectId) -> bool:
    """Whether labelled images of the project name cases, and some name groups."""
    named = select(func.max(ImageRow.case_name), func.max(ImageRow.group_name)).where(*_labelled(project_id))
    case_name, group_name = session.execute(named).one()
    return bool(case_name and group_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionHead:
    """A version without its items."""

    number: int
    content_hash: str
    split_rule: str
    classes: tuple[JsonObject, ...]

    @property
    def class_names(self) -> list[str]:
        """Names by position."""
        return [str(item["name"]) for item in self.classes]


def read_head(session: Session, version_id: VersionId) -> VersionHead:
    """What stands over a version. Raises NotFound."""
    row = session.get(VersionRow, version_id)
    if row is None:
        raise NotFound(f"There is no dataset version {version_id}.")
    return VersionHead(
        number=row.number, content_hash=row.content_hash, split_rule=row.split_rule, classes=tuple(row.classes)
    )


def count_part(session: Session, version_id: VersionId, split: Split) -> int:
    """How many pictures a version has in a split."""
    query = select(func.count()).where(VersionItemRow.version_id == version_id, VersionItemRow.split == split)
    return session.scalar(query) or 0


def read_project_id(session: Session, version_id: VersionId) -> ProjectId:
    """The project a version is of. Raises NotFound."""
    row = session.get(VersionRow, version_id)
    if row is None:
        raise NotFound(f"There is no dataset version {version_id}.")
    return row.project_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """A labelled image as a version sees it."""

    id: ImageId
    blob: str
    split: Split | None
    number: float | None
    case_name: str | None
    group_name: str | None
    classes: tuple[ClassId, ...]


def _labelled(project_id: ProjectId) -> tuple[ColumnElement[bool], ...]:
    """What is true of the rows of a project's labelled images."""
    return (
        ImageRow.project_id == project_id,
        ImageRow.deleted_at.is_(None),
        ImageRow.state == ImageState.LABELLED,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFacts:
    """How many images are labelled, the middle one of their shorter sides in pixels, and how many have each class."""

    images: int
    side: int
    classes: tuple[int, ...]


def describe_labelled(session: Session, project_id: ProjectId) -> LabelledFacts:
    """What a recipe is chosen by; counted by the database, for there may be 100,000. All 0 where none is labelled."""
    alive = _labelled(project_id)
    count = session.scalar(select(func.count()).select_from(ImageRow).where(*alive)) or 0
    shorter = case((ImageRow.width < ImageRow.height, ImageRow.width), else_=ImageRow.height)
    side = session.scalar(select(shorter).where(*alive).order_by(shorter).offset(count // 2).limit(1)) or 0
    named = (
        select(func.count())
        .select_from(ImageClassRow)
        .join(ImageRow, ImageRow.id == ImageClassRow.image_id)
        .where(*alive)
    )
    classes = tuple(session.scalars(named.group_by(ImageClassRow.class_id)))
    return LabelledFacts(images=count, side=side, classes=classes)


# What an image belongs to and counts with, as VersionItem.unit writes it; null for itself alone.
_UNIT = case(
    (func.coalesce(ImageRow.case_name, "") != "", "case " + ImageRow.case_name),
    (func.coalesce(ImageRow.group_name, "") != "", "group " + ImageRow.group_name),
)


@dataclass(frozen=True, slots=True)
class Units:
    """How many cases, or else groups, labelled images name, and how many of these are in more than one split."""

    named: int
    leaking: int


def count_units(session: Session, project_id: ProjectId) -> Units:
    """Of the project; images without a split wait for one, and leak nothing."""
    units = (
        select(func.count(ImageRow.split.distinct()).label("splits"))
        .where(*_labelled(project_id), _UNIT.is_not(None))
        .group_by(_UNIT)
        .subquery()
    )
    leaking = func.coalesce(func.sum(case((units.c.splits > 1, 1), else_=0)), 0)
    named, found = session.execute(select(func.count(), leaking).select_from(units)).one()
    return Units(named, found)


def list_labelled(session: Session, project_id: ProjectId) -> list[LabelledImage]:
    """The project's labelled images by id."""
    alive = _labelled(project_id)
    columns = (
        ImageRow.id, ImageRow.blob, ImageRow.split, ImageRow.number, ImageRow.case_name, ImageRow.group_name,
    )  # fmt: skip
    classes: dict[ImageId, list[ClassId]] = {}
    pairs = select(ImageClassRow.image_id, ImageClassRow.class_id).join(ImageRow, ImageRow.id == ImageClassRow.image_id)
    for image_id, class_id in session.execute(pairs.where(*alive)):
        classes.setdefault(image_id, []).append(class_id)
    return [
        LabelledImage(
            id=row.id,
            blob=row.blob,
            split=row.split,
            number=row.number,
            case_name=row.case_name,
            group_name=row.group_name,
            classes=tuple(sorted(classes.get(row.id, []))),
        )
        for row in session.execute(select(*columns).where(*alive).order_by(ImageRow.id))
    ]


def write_splits(session: Session, splits: Mapping[ImageId, Split]) -> None:
    """Make these the images' splits."""
    for split in Split:
        ids = [image_id for image_id, value in splits.items() if value is split]
        for start in range(0, len(ids), 500):
            session.execute(update(ImageRow).where(ImageRow.id.in_(ids[start : start + 500])).values(split=split))


def find_version(session: Session, project_id: ProjectId, number: int) -> VersionId:
    """The project's version of that number. Raises NotFound."""
    query = select(VersionRow.id).where(VersionRow.project_id == project_id, VersionRow.number == number)
    found = session.scalar(query)
    if found is None:
        raise NotFound(f"There is no dataset version {number} in this project.", hint="Results names them.")
    return found


def read_span(session: Session, version_id: VersionId) -> tuple[datetime | None, datetime | None]:
    """When the first and the last of a version's pictures were taken, as far as their files say."""
    query = (
        select(func.min(ImageRow.captured_at), func.max(ImageRow.captured_at))
        .join(VersionItemRow, VersionItemRow.image_id == ImageRow.id)
        .where(VersionItemRow.version_id == version_id)
    )
    first, last = session.execute(query).one()
    return first, last


def list_numbers(session: Session, project_id: ProjectId) -> dict[VersionId, int]:
    """The project's versions: id -> number."""
    query = select(VersionRow.id, VersionRow.number).where(VersionRow.project_id == project_id)
    return {row.id: row.number for row in session.execute(query)}
