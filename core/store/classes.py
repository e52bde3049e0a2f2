"""Changing the classes of a project. No label is touched here: labels follow from their events (label_rebuild)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.labels import ClassSpec
from core.store.projects import ProjectView, add_class
from core.store.tables import ClassRow
from core.types import ClassId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEdit:
    """A class as it shall be; without an id it is a new one."""

    id: ClassId | None
    spec: ClassSpec


def write_classes(session: Session, project: ProjectView, edits: Sequence[ClassEdit]) -> None:
    """Make the active classes these, in this order; archived ones come after them."""
    known = [edit.id for edit in edits if edit.id is not None]
    for class_id in known:  # two classes may exchange their names: for a moment neither has one
        _update(session, class_id, name=f"\0{class_id}")
    for position, edit in enumerate(edits):
        spec = edit.spec
        if edit.id is None:
            add_class(session, project.id, spec, position=position)
        else:
            fields = {"colour": spec.colour, "key": spec.key, "description": spec.description}
            _update(session, edit.id, name=spec.name, position=position, **fields)
    for offset, item in enumerate(project.archived_classes):
        _update(session, item.id, position=len(edits) + offset)


def set_archived(session: Session, class_id: ClassId, *, merged_into: ClassId | None = None) -> None:
    """Take a class out of use; what it was merged into, if it was."""
    _update(session, class_id, archived=True, merged_into=merged_into)


def set_active(session: Session, class_id: ClassId, *, key: str) -> None:
    """Bring a class back into use."""
    _update(session, class_id, archived=False, merged_into=None, key=key)


def rename_class(session: Session, class_id: ClassId, name: str) -> None:
    """Give a class another name."""
    _update(session, class_id, name=name)


def _update(session: Session, class_id: ClassId, **values: object) -> None:
    session.execute(update(ClassRow).where(ClassRow.id == class_id).values(**values))
