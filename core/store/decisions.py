"""Labels that a person looked at again and found right."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.labels import LabelValue
from core.store.labels import merged_value
from core.store.projects import ProjectView
from core.store.tables import AnnotatorRow, LabelEventRow
from core.types import ClassId, ImageId, LabelKind

Standing = tuple[tuple[ClassId, ...], float | None]
"""An image's label as it stands: its classes, sorted, and its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who found the label right that still stands, and when."""

    annotator: str
    at: datetime


def read_decisions(
    session: Session, project: ProjectView, standing: Mapping[ImageId, Standing]
) -> dict[ImageId, Decision]:
    """The newest decision on each of these images whose label is still the one that was found right."""
    query = (
        select(LabelEventRow.image_id, LabelEventRow.value, LabelEventRow.created_at, AnnotatorRow.name)
        .join(AnnotatorRow, AnnotatorRow.id == LabelEventRow.annotator_id)
        .where(LabelEventRow.project_id == project.id, LabelEventRow.kind == LabelKind.CONFIRM)
        .order_by(LabelEventRow.id)
    )
    found = {}
    for row in session.execute(query):
        value = merged_value(project.meant, LabelValue.from_json(row.value))
        if standing.get(row.image_id) == (tuple(sorted(value.classes)), value.number):
            found[row.image_id] = Decision(annotator=row.name, at=row.created_at)
    return found
