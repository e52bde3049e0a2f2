"""Pictures that several people labelled, each in her own words."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.labels import LabelValue
from core.store.labels import merged_value
from core.store.projects import ProjectView
from core.store.tables import AnnotatorRow, ImageRow, LabelEventRow
from core.types import ImageId, LabelKind, LabelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidTwice:
    """What each person said first of an image. `settled`: someone looked at it again after all had spoken."""

    image_id: ImageId
    words: dict[str, LabelValue]
    settled: bool


def list_said_twice(session: Session, project: ProjectView) -> list[SaidTwice]:
    """Images by id that two people or more labelled, accepted suggestions not counted, deleted images left out.

    The first word counts: a later one may follow from talking about it.
    """
    own = (
        LabelEventRow.project_id == project.id,
        LabelEventRow.kind == LabelKind.SET,
        LabelEventRow.source != LabelSource.SUGGESTION,
    )
    several = (
        select(LabelEventRow.image_id)
        .where(*own)
        .group_by(LabelEventRow.image_id)
        .having(func.count(LabelEventRow.annotator_id.distinct()) > 1)
    )
    query = (
        select(LabelEventRow.image_id, LabelEventRow.kind, LabelEventRow.source, LabelEventRow.value, AnnotatorRow.name)
        .join(AnnotatorRow, AnnotatorRow.id == LabelEventRow.annotator_id)
        .join(ImageRow, ImageRow.id == LabelEventRow.image_id)
        .where(
            LabelEventRow.image_id.in_(several),
            LabelEventRow.kind.in_((LabelKind.SET, LabelKind.CONFIRM)),
            ImageRow.deleted_at.is_(None),
        )
        .order_by(LabelEventRow.image_id, LabelEventRow.id)
    )
    words: dict[ImageId, dict[str, LabelValue]] = {}
    settled: dict[ImageId, bool] = {}
    for row in session.execute(query):
        said = words.setdefault(row.image_id, {})
        first = row.kind is LabelKind.SET and row.source is not LabelSource.SUGGESTION and row.name not in said
        if first:
            said[row.name] = merged_value(project, LabelValue.from_json(row.value))
        settled[row.image_id] = not first
    return [SaidTwice(image_id=key, words=said, settled=settled[key]) for key, said in words.items()]
