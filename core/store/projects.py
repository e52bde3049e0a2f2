"""Projects and their classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.labels import ClassSpec, same_name
from core.store.tables import ClassRow, ImageRow, ImportItemRow, ProjectRow, RunRow, UploadRow, VersionRow
from core.types import ClassId, JsonObject, ProjectId, RunKind, RunState, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """A class of a project."""

    id: ClassId
    name: str
    colour: str
    key: str
    position: int
    description: str
    archived: bool
    merged_into: ClassId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectView:
    """A project with its classes in their order; `classes` leaves out archived and merged ones."""

    id: ProjectId
    name: str
    task: Task
    guideline: str
    settings: JsonObject
    created_at: datetime
    deleted_at: datetime | None
    classes: tuple[ClassView, ...]
    archived_classes: tuple[ClassView, ...]

    @property
    def unit(self) -> str:
        """What stands beside its numbers, such as cm; "" for none."""
        return str(self.settings.get("unit") or "")

    def class_named(self, name: str) -> ClassView | None:
        """The class meant by that name, case ignored: an active one, else what an archived one has become."""
        wanted = same_name(name)
        found = next((item for item in (*self.classes, *self.archived_classes) if same_name(item.name) == wanted), None)
        return None if found is None else self.all_classes[self.meant(found.id)]

    def meant(self, class_id: ClassId) -> ClassId:
        """The class that a class has become by merging; itself if it was not merged."""
        return self.became(class_id)[-1]

    def became(self, class_id: ClassId) -> tuple[ClassId, ...]:
        """The class and all that it became, by one merging after the other."""
        known, chain = self.all_classes, [class_id]
        while chain[-1] in known and (target := known[chain[-1]].merged_into) is not None:
            chain.append(target)
        return tuple(chain)

    @property
    def all_classes(self) -> Mapping[ClassId, ClassView]:
        """Every class that ever was, by id."""
        return {item.id: item for item in (*self.classes, *self.archived_classes)}


def _class_view(row: ClassRow) -> ClassView:
    return ClassView(**{name: getattr(row, name) for name in ClassView.__dataclass_fields__})


def _project_view(row: ProjectRow, classes: Sequence[ClassView]) -> ProjectView:
    return ProjectView(
        id=row.id,
        name=row.name,
        task=row.task,
        guideline=row.guideline,
        settings=row.settings,
        created_at=row.created_at,
        deleted_at=row.deleted_at,
        classes=tuple(item for item in classes if not item.archived),
        archived_classes=tuple(item for item in classes if item.archived),
    )


def create_project(
    session: Session, *, name: str, task: Task, guideline: str, settings: JsonObject, now: datetime
) -> ProjectId:
    """Add a project without classes. IntegrityError if the name is taken."""
    row = ProjectRow(name=name, task=task, guideline=guideline, settings=settings, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def add_class(session: Session, project_id: ProjectId, spec: ClassSpec, *, position: int) -> ClassId:
    """Add a validated class. IntegrityError if the name is taken."""
    row = ClassRow(
        project_id=project_id,
        name=spec.name,
        colour=spec.colour,
        key=spec.key,
        description=spec.description,
        position=position,
    )
    session.add(row)
    session.flush()
    return row.id


def read_project(session: Session, project_id: ProjectId) -> ProjectView:
    """The project, deleted or not. Raises NotFound."""
    row = session.get(ProjectRow, project_id)
    if row is None:
        raise NotFound(f"There is no project {project_id}.")
    query = select(ClassRow).where(ClassRow.project_id == project_id).order_by(ClassRow.position, ClassRow.id)
    return _project_view(row, [_class_view(item) for item in session.scalars(query)])


def find_project(session: Session, name: str) -> ProjectId | None:
    """The id of the project of that name, unless deleted."""
    return session.scalar(select(ProjectRow.id).where(ProjectRow.name == name, ProjectRow.deleted_at.is_(None)))


def list_names(session: Session) -> list[tuple[ProjectId, str, bool]]:
    """Every project's id and name, and whether it is deleted."""
    rows = session.execute(select(ProjectRow.id, ProjectRow.name, ProjectRow.deleted_at.is_not(None)))
    return [(project_id, name, deleted) for project_id, name, deleted in rows]


def list_projects(session: Session, *, deleted: bool = False) -> list[ProjectView]:
    """Projects that are not deleted, or those that are, newest first."""
    which = ProjectRow.deleted_at.is_not(None) if deleted else ProjectRow.deleted_at.is_(None)
    rows = session.scalars(select(ProjectRow).where(which).order_by(ProjectRow.id.desc())).all()
    classes: dict[ProjectId, list[ClassView]] = {row.id: [] for row in rows}
    query = select(ClassRow).where(ClassRow.project_id.in_(list(classes))).order_by(ClassRow.position, ClassRow.id)
    for item in session.scalars(query):
        classes[item.project_id].append(_class_view(item))
    return [_project_view(row, classes[row.id]) for row in rows]


def update_project(session: Session, project_id: ProjectId, values: Mapping[str, object]) -> None:
    """Change a project's own fields. IntegrityError if a new name is taken."""
    session.execute(update(ProjectRow).where(ProjectRow.id == project_id).values(**values))


def has_pictures(session: Session, project_id: ProjectId) -> bool:
    """Whether any picture ever came in, deleted or not."""
    return session.scalar(select(ImageRow.id).where(ImageRow.project_id == project_id).limit(1)) is not None


def remove_unused(session: Session, project_id: ProjectId) -> bool:
    """Delete a project for good into which nothing came. False: something is in it, or may still come."""
    used = (
        select(RunRow.id).where(
            RunRow.project_id == project_id,
            (RunRow.kind != RunKind.IMPORT) | RunRow.state.in_((RunState.QUEUED, RunState.RUNNING)),
        ),
        select(VersionRow.id).where(VersionRow.project_id == project_id),
        select(UploadRow.id).where(UploadRow.project_id == project_id),
    )
    if has_pictures(session, project_id) or any(session.scalar(query.limit(1)) is not None for query in used):
        return False
    tried = select(RunRow.id).where(RunRow.project_id == project_id)
    session.execute(delete(ImportItemRow).where(ImportItemRow.run_id.in_(tried)))
    session.execute(delete(RunRow).where(RunRow.project_id == project_id))
    session.execute(update(ClassRow).where(ClassRow.project_id == project_id).values(merged_into=None))
    session.execute(delete(ClassRow).where(ClassRow.project_id == project_id))
    session.execute(delete(ProjectRow).where(ProjectRow.id == project_id))
    return True
