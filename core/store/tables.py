"""The tables. One row class each, no behaviour; relationships are queries."""

import enum
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from core.types import (
    ClassId,
    ImageId,
    ImageState,
    JsonObject,
    LabelKind,
    LabelSource,
    Lane,
    Outcome,
    ProjectId,
    RunId,
    RunKind,
    RunState,
    Split,
    Task,
    VersionId,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC. SQLite forgets the zone; this puts it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _values(kind: type[enum.Enum]) -> Enum:
    # Stored as the value ("running"), not the member's name, and as text, so that a new member needs no migration.
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        length=20,
    )


_CLOSED_SETS = (Task, Split, ImageState, LabelKind, LabelSource, RunState, RunKind, Lane, Outcome)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        JsonObject: JSON,
        list[JsonObject]: JSON,
        list[int]: JSON,
        list[float]: JSON,
        **dict.fromkeys((ProjectId, ClassId, ImageId, RunId, VersionId), Integer),
        **{kind: _values(kind) for kind in _CLOSED_SETS},
    }


class ProjectRow(Base):
    __tablename__ = "project"

    id: Mapped[ProjectId] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    task: Mapped[Task]
    guideline: Mapped[str] = mapped_column(Text, default="")
    settings: Mapped[JsonObject] = mapped_column(default=dict)  # {"unit": "cm", "synthetic": true, ...}
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ClassRow(Base):
    __tablename__ = "label_class"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[ClassId] = mapped_column(primary_key=True)
    project_id: Mapped[ProjectId] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(String(200))
    colour: Mapped[str] = mapped_column(String(7))
    key: Mapped[str] = mapped_column(String(1), default="")
    position: Mapped[int]
    description: Mapped[str] = mapped_column(Text, default="")
    archived: Mapped[bool] = mapped_column(default=False)
    merged_into: Mapped[ClassId | None] = mapped_column(ForeignKey("label_class.id"))


class ImageRow(Base):
    """An image of a project with its consensus label. `state`, `number` and `image_class` follow the label events."""

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("project_id", "sha256"),
        Index("ix_image_state", "project_id", "state", "id"),
        Index("ix_image_split", "project_id", "split", "id"),
        Index("ix_image_group", "project_id", "group_name", "id"),
        Index("ix_image_alive", "project_id", "deleted_at", "id"),
    )

    id: Mapped[ImageId] = mapped_column(primary_key=True)
    project_id: Mapped[ProjectId] = mapped_column(ForeignKey("project.id"))
    sha256: Mapped[str] = mapped_column(String(64))  # of the file as it came: what makes a duplicate
    blob: Mapped[str] = mapped_column(String(64))  # sha256 of the stored copy: its address
    phash: Mapped[str] = mapped_column(String(16), default="")
    format: Mapped[str] = mapped_column(String(10))  # of the stored copy: "jpeg", "png", "webp"
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    original_name: Mapped[str] = mapped_column(Text)  # with its folder, "/" between
    case_name: Mapped[str | None] = mapped_column(String(200))
    group_name: Mapped[str | None] = mapped_column(String(200))
    captured_at: Mapped[datetime | None]
    extra: Mapped[JsonObject] = mapped_column(default=dict)
    split: Mapped[Split | None]
    state: Mapped[ImageState] = mapped_column(default=ImageState.UNLABELLED)
    number: Mapped[float | None] = mapped_column(Float)
    flagged: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ImageClassRow(Base):
    """A class of an image's consensus."""

    __tablename__ = "image_class"
    __table_args__ = (Index("ix_image_class_class", "class_id", "image_id"),)

    image_id: Mapped[ImageId] = mapped_column(ForeignKey("image.id"), primary_key=True)
    class_id: Mapped[ClassId] = mapped_column(ForeignKey("label_class.id"), primary_key=True)


class CircleRow(Base):
    """An ellipse an expert drew around what makes an image its class; all four as shares of the sides."""

    __tablename__ = "circle"

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[ImageId] = mapped_column(ForeignKey("image.id"), index=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    x: Mapped[float] = mapped_column(Float)
    y: Mapped[float] = mapped_column(Float)
    rx: Mapped[float] = mapped_column(Float)
    ry: Mapped[float] = mapped_column(Float)
    created_at: Mapped[datetime]


class AnnotatorRow(Base):
    __tablename__ = "annotator"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[str] = mapped_column(String(50), default="expert")


class LabelEventRow(Base):
    """Append-only. `event_id` comes from the client: the same event sent twice is one row."""

    __tablename__ = "label_event"
    __table_args__ = (Index("ix_label_event_image", "image_id", "annotator_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), unique=True)
    project_id: Mapped[ProjectId] = mapped_column(ForeignKey("project.id"))
    image_id: Mapped[ImageId] = mapped_column(ForeignKey("image.id"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    kind: Mapped[LabelKind]
    value: Mapped[JsonObject] = mapped_column(default=dict)
    seconds: Mapped[float | None] = mapped_column(Float)
    source: Mapped[LabelSource] = mapped_column(default=LabelSource.HAND)
    created_at: Mapped[datetime]


class LabelRow(Base):
    """Where one annotator stands on one image: the outcome of her events."""

    __tablename__ = "label"

    image_id: Mapped[ImageId] = mapped_column(ForeignKey("image.id"), primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), primary_key=True)
    state: Mapped[ImageState]
    value: Mapped[JsonObject] = mapped_column(default=dict)
    updated_at: Mapped[datetime]


class VersionRow(Base):
    """An immutable picture of a project's labels and splits. Equal content is one row."""

    __tablename__ = "dataset_version"
    __table_args__ = (
        UniqueConstraint("project_id", "content_hash"),
        UniqueConstraint("project_id", "number"),
    )

    id: Mapped[VersionId] = mapped_column(primary_key=True)
    project_id: Mapped[ProjectId] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    task: Mapped[Task]
    classes: Mapped[list[JsonObject]]  # [{"id", "name", "colour"}, ...]; an item's targets are positions in this list
    split_rule: Mapped[str] = mapped_column(Text)  # in words: "60 / 20 / 20, whole cases"
    labelling: Mapped[JsonObject | None]  # up to which label event it goes, and what merged classes had become
    created_at: Mapped[datetime]


class VersionItemRow(Base):
    __tablename__ = "dataset_item"

    version_id: Mapped[VersionId] = mapped_column(ForeignKey("dataset_version.id"), primary_key=True)
    image_id: Mapped[ImageId] = mapped_column(ForeignKey("image.id"), primary_key=True)
    split: Mapped[Split]
    targets: Mapped[list[int]]  # positions in the version's classes; empty for regression
    number: Mapped[float | None] = mapped_column(Float)


class RunRow(Base):
    """A job. Training runs carry a recipe and a dataset version; the others only a payload."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_claim", "lane", "state", "id"),
        Index("ix_run_project", "project_id", "kind", "id"),
    )

    id: Mapped[RunId] = mapped_column(primary_key=True)
    project_id: Mapped[ProjectId | None] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[RunKind]
    lane: Mapped[Lane]
    name: Mapped[str] = mapped_column(String(200), default="")
    payload: Mapped[JsonObject] = mapped_column(default=dict)
    recipe: Mapped[JsonObject | None]
    version_id: Mapped[VersionId | None] = mapped_column(ForeignKey("dataset_version.id"))
    parent_id: Mapped[RunId | None] = mapped_column(ForeignKey("run.id"))
    state: Mapped[RunState] = mapped_column(default=RunState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)  # only grows: whoever holds an older number may not write
    retries_left: Mapped[int] = mapped_column(default=2)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str] = mapped_column(String(100), default="")
    heartbeat_at: Mapped[datetime | None]
    progress: Mapped[JsonObject] = mapped_column(default=dict)
    result: Mapped[JsonObject | None]
    device: Mapped[str] = mapped_column(String(100), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    hint: Mapped[str] = mapped_column(Text, default="")
    trace: Mapped[str] = mapped_column(Text, default="")
    lasting: Mapped[bool] = mapped_column(default=False)  # of a failure: going on would end in the same way
    code_version: Mapped[str] = mapped_column(String(100), default="")
    libraries: Mapped[JsonObject] = mapped_column(default=dict)  # name -> version
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]  # when the last attempt began
    worked_s: Mapped[float | None]  # in attempts that have ended; nothing where that was not kept
    finished_at: Mapped[datetime | None]


class MetricRow(Base):
    """A curve's point. A resumed epoch overwrites its own points."""

    __tablename__ = "metric"

    run_id: Mapped[RunId] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]


class PredictionRow(Base):
    """What a model said of one image: of its own dataset version (`split` set) or of a new picture (`name`, `blob`)."""

    __tablename__ = "prediction"
    __table_args__ = (
        Index("ix_prediction_run", "run_id", "split", "truth_index", "predicted_index"),
        Index("ix_prediction_image", "image_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[RunId] = mapped_column(ForeignKey("run.id"))
    image_id: Mapped[ImageId | None] = mapped_column(ForeignKey("image.id"))
    split: Mapped[Split | None]
    name: Mapped[str] = mapped_column(Text, default="")
    blob: Mapped[str] = mapped_column(String(64), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")  # of a new picture as it came
    truth_index: Mapped[int | None]  # single, ordinal
    truth_set: Mapped[list[int] | None]  # multi
    truth_number: Mapped[float | None] = mapped_column(Float)  # regression
    predicted_index: Mapped[int | None]
    predicted_set: Mapped[list[int] | None]
    predicted_number: Mapped[float | None] = mapped_column(Float)
    confidence: Mapped[float | None] = mapped_column(Float)
    probabilities: Mapped[list[float] | None]  # (K,); single and ordinal sum to 1, multi each in [0, 1]
    traits: Mapped[JsonObject | None]  # {"sharp", "light", "far"}: core.inference.picture_traits
    error: Mapped[str] = mapped_column(Text, default="")  # a new picture that could not be read


class ModelRow(Base):
    """A finished run's model: models/<run id>/ and how to use it."""

    __tablename__ = "model"

    run_id: Mapped[RunId] = mapped_column(ForeignKey("run.id"), primary_key=True)
    files: Mapped[JsonObject]  # {name: sha256}
    card: Mapped[JsonObject]  # core.models.ModelCard as JSON: classes, preprocessing, head, temperature


class ImportItemRow(Base):
    """One line of an import's report."""

    __tablename__ = "import_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[RunId] = mapped_column(ForeignKey("run.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    outcome: Mapped[Outcome]
    reason: Mapped[str] = mapped_column(Text, default="")
    image_id: Mapped[ImageId | None] = mapped_column(ForeignKey("image.id"))
    relabelled: Mapped[bool | None]


class UploadRow(Base):
    """A file on its way in. The bytes received are the size of its spool file: the file is the truth."""

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_batch", "batch"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    batch: Mapped[str] = mapped_column(String(64))
    project_id: Mapped[ProjectId] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    complete: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
