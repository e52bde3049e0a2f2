"""Projects: creating, listing, finding."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from core.errors import BadInput, NameTaken, NotFound
from core.labels import ClassSpec, same_name, tidy_name, validated_classes
from core.services.base import Service
from core.store import project_summaries, projects
from core.store.db import reading, writing
from core.store.project_summaries import LastRun, ProjectSummary
from core.store.projects import ClassView, ProjectView
from core.types import JsonObject, ProjectId, Task
from core.words import JOINERS

__all__ = ["ClassView", "LastRun", "ProjectSummary", "ProjectView", "Projects"]


class Projects(Service):
    """Projects and what a person may do with them."""

    def create(
        self,
        name: str,
        task: Task,
        classes: Sequence[ClassSpec] = (),
        *,
        guideline: str = "",
        settings: JsonObject | None = None,
    ) -> ProjectId:
        """Create a project. Raises BadInput for an unusable name or class, NameTaken; capitals tell no two apart."""
        name = _usable(name)
        if classes and task is Task.REGRESSION:
            raise BadInput("A project whose labels are numbers has no classes.")
        specs = validated_classes(classes)
        with writing(self.engine) as session:
            _ensure_free(session, name)
            project_id = projects.create_project(
                session, name=name, task=task, guideline=guideline, settings=settings or {}, now=datetime.now(UTC)
            )
            for position, spec in enumerate(specs):
                projects.add_class(session, project_id, spec, position=position)
        return project_id

    def create_from_names(self, name: str, task: Task, classes: Sequence[str], *, guideline: str = "") -> ProjectId:
        """Create a project whose classes are given by name alone; empty names are left out."""
        specs = [ClassSpec(name=item) for item in classes if item.strip()]
        return self.create(name, task, specs, guideline=guideline)

    def read(self, project_id: ProjectId) -> ProjectView:
        """The project with its classes. Raises NotFound, also for a deleted one."""
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
        if project.deleted_at is not None:
            raise _deleted(project.name)
        return project

    def named(self, name: str) -> ProjectView:
        """The project called `name`, spaces, capitals and ways to write an accent aside. Raises NotFound.

        Homes of an earlier Graft can hold two whose names differ in capitals alone: of those, the one written so.
        """
        with reading(self.engine) as session:
            found = projects.find_project(session, name) or projects.find_project(session, tidy_name(name))
            alike = [item for item in projects.list_names(session) if same_name(item[1]) == same_name(name)]
            living = [project_id for project_id, _, deleted in alike if not deleted]
            if found is None and len(living) == 1:
                found = living[0]
            if found is None:
                if alike and not living:
                    raise _deleted(alike[0][1])
                known = ", ".join(item.name for item in projects.list_projects(session)) or "none yet"
                raise NotFound(f"There is no project called {name!r}.", hint=f"Projects: {known}.")
            return projects.read_project(session, found)

    def summaries(self, *, deleted: bool = False) -> list[ProjectSummary]:
        """Projects with their counts, or the deleted ones, newest first."""
        with reading(self.engine) as session:
            return project_summaries.list_summaries(session, deleted=deleted)

    def edit(
        self, project_id: ProjectId, *, name: str, guideline: str, unit: str = "", seen: ProjectView | None = None
    ) -> None:
        """Rename a project and change what it tells its labellers. Raises NotFound, BadInput, NameTaken.

        Given the project as it was `seen`, what somebody else changed meanwhile stays; BadInput if both changed the
        same.
        """
        name, project = _usable(name), self.read(project_id)
        if seen is not None:
            name = _changed("name", name, seen=seen.name, now=project.name)
            guideline = _changed("guideline", guideline, seen=seen.guideline, now=project.guideline)
            unit = _changed("unit", unit, seen=seen.unit, now=project.unit)
        settings = {**project.settings, "unit": unit.strip()} if project.task is Task.REGRESSION else project.settings
        with writing(self.engine) as session:
            if name != project.name:
                _ensure_free(session, name, but=project_id)
            values = {"name": name, "guideline": guideline.strip(), "settings": settings}
            projects.update_project(session, project_id, values)

    def delete(self, project_id: ProjectId) -> None:
        """Hide a project; everything in it stays until it is brought back. Raises NotFound."""
        self.read(project_id)
        with writing(self.engine) as session:
            projects.update_project(session, project_id, {"deleted_at": datetime.now(UTC)})

    def restore(self, project_id: ProjectId) -> None:
        """Bring a deleted project back."""
        with writing(self.engine) as session:
            projects.update_project(session, project_id, {"deleted_at": None})

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self) -> list[ProjectView]:
        """All projects, newest first."""
        with reading(self.engine) as session:
            return projects.list_projects(session)


def _ensure_free(session: Session, name: str, *, but: ProjectId | None = None) -> None:
    for project_id, taken, deleted in projects.list_names(session):
        if project_id == but or same_name(taken) != same_name(name):
            continue
        if deleted:
            raise NameTaken(f"A deleted project is called {taken!r}.", hint="Bring it back, or choose another name.")
        raise NameTaken(f"There is already a project called {taken!r}.", hint="Choose another name.")


def _changed(what: str, wanted: str, *, seen: str, now: str) -> str:
    wanted = wanted.strip()
    if wanted == seen:
        return now
    if now not in (seen, wanted):
        raise BadInput(
            f"Somebody else has changed the {what} to {now[:80]!r} meanwhile. Nothing was saved.",
            hint="Copy what you typed, close this, and change it again.",
        )
    return wanted


def _deleted(name: str) -> NotFound:
    return NotFound(f"The project {name!r} was deleted.", hint="Page Projects can bring it back.")


def _usable(name: str) -> str:
    name = tidy_name(name)
    if not name.strip(f"{JOINERS} ") or len(name) > 200:
        raise BadInput("A project needs a name of 1 to 200 characters.", hint="Type one, such as Tomato leaves.")
    return name
