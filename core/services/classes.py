"""Changing a project's classes without losing a label.

Label events are never touched. A class is never removed either: it is archived, or merged into another one,
and both can be taken back, because the labels are derived from the events anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from sqlalchemy.orm import Session

from core.errors import BadInput, NameTaken, NotFound
from core.labels import PALETTE, ClassSpec, same_name, validated_classes
from core.labels.classes import KEYS
from core.services.base import Service
from core.store import classes, projects
from core.store.classes import ClassEdit
from core.store.db import writing
from core.store.label_rebuild import images_with_classes, rebuild_labels
from core.store.projects import ClassView, ProjectView
from core.types import ClassId, ImageId, ProjectId, Task

__all__ = ["KEYS", "PALETTE", "ClassEdit", "ClassSpec", "ClassView", "Classes"]

YOURS_OR_THEIRS = (
    "Nothing was saved yet. The table still has what you wrote, and tells beside it what they did: save again to keep "
    "yours."
)
YOUR_ORDER = "Nothing was saved yet. The table has your order: save again to keep it, or discard yours to see theirs."


class Classes(Service):
    """Classes of a project. Every method raises NotFound for what the project does not have."""

    def save(
        self, project_id: ProjectId, edits: Sequence[ClassEdit], *, seen: Mapping[ClassId, ClassSpec] | None = None
    ) -> None:
        """Rename, recolour, describe, reorder and add: the active classes become these, in this order.

        Given the classes as they were `seen`, in that order, what somebody else changed meanwhile stays, too.
        Raises BadInput if both changed the same, for an unusable name, colour or key, or if an active class is left
        out; NameTaken.
        """
        with writing(self.engine) as session:
            project = self._project(session, project_id)
            if seen is not None:
                edits = _with_changes_of_others({item.id: _spec(item) for item in project.classes}, edits, seen)
            specs = validated_classes([edit.spec for edit in edits])
            given = [edit.id for edit in edits if edit.id is not None]
            missing = [item for item in project.classes if item.id not in given]
            if missing or len(given) != len(project.classes):
                raise BadInput(
                    "The classes have been changed in another window meanwhile.",
                    hint="Nothing was saved yet. The table has what you wrote of those that are left: save again.",
                )
            for spec in specs:
                self._free_name(session, project, spec.name)
            final = [replace(edit, spec=spec) for edit, spec in zip(edits, specs, strict=True)]
            classes.write_classes(session, project, final)

    def add(self, project_id: ProjectId, spec: ClassSpec) -> ClassId:
        """Add a class at the end."""
        with writing(self.engine) as session:
            project = self._project(session, project_id)
            known = [_spec(item) for item in project.classes]
            new = validated_classes([*known, spec])[-1]
            self._free_name(session, project, new.name)
            return projects.add_class(session, project_id, new, position=len(project.all_classes))

    def archive(self, project_id: ProjectId, class_id: ClassId) -> None:
        """Take a class out of use. Its pictures keep it as their label, but are not learnt from."""
        with writing(self.engine) as session:
            _active(self._project(session, project_id), class_id)
            classes.set_archived(session, class_id)

    def merge(self, project_id: ProjectId, source: ClassId, target: ClassId) -> int:
        """Let `source` mean `target` from now on, also in labels already given. How many pictures that moved.

        Dataset versions stay as they are.
        """
        if source == target:
            raise BadInput("A class cannot be merged into itself.", hint="Choose another one.")
        with writing(self.engine) as session:
            project = self._project(session, project_id)
            _active(project, source)
            _active(project, target)
            affected = self._wearing(session, project, source)
            classes.set_archived(session, source, merged_into=target)
            session.expire_all()
            rebuild_labels(session, projects.read_project(session, project_id), affected)
        return len(affected)

    def bring_back(self, project_id: ProjectId, class_id: ClassId) -> int:
        """Use an archived class again, or separate a merged one: its labels are its own again. How many pictures."""
        with writing(self.engine) as session:
            project = self._project(session, project_id)
            item = project.all_classes.get(class_id)
            if item is None or not item.archived:
                raise NotFound("This class is not archived (any more).")
            taken = {other.key for other in project.classes}
            key = item.key if item.key not in taken else next((free for free in KEYS if free not in taken), "")
            affected = self._wearing(session, project, class_id) if item.merged_into is not None else []
            classes.set_active(session, class_id, key=key)
            session.expire_all()
            rebuild_labels(session, projects.read_project(session, project_id), affected)
        return len(affected)

    def _wearing(self, session: Session, project: ProjectView, class_id: ClassId) -> list[ImageId]:
        # A class that others were merged into is worn by their pictures, too.
        return images_with_classes(
            session, project, [item for item in project.all_classes if class_id in project.became(item)]
        )

    def _project(self, session: Session, project_id: ProjectId) -> ProjectView:
        project = projects.read_project(session, project_id)
        if project.task is Task.REGRESSION:
            raise BadInput("A project whose labels are numbers has no classes.")
        return project

    def _free_name(self, session: Session, project: ProjectView, name: str) -> None:
        # The name of a class that was merged away may be given again; that of an archived one is in use.
        for item in project.archived_classes:
            if same_name(item.name) != same_name(name):
                continue
            if item.merged_into is None:
                raise NameTaken(f"There is an archived class {item.name!r}.", hint="Bring it back, or choose another.")
            classes.rename_class(session, item.id, f"{item.name} (merged {item.id})")


def _spec(item: ClassView) -> ClassSpec:
    return ClassSpec(name=item.name, colour=item.colour, key=item.key, description=item.description)


def _with_changes_of_others(
    now: Mapping[ClassId, ClassSpec], edits: Sequence[ClassEdit], seen: Mapping[ClassId, ClassSpec]
) -> list[ClassEdit]:
    added = [ClassEdit(id=item, spec=spec) for item, spec in now.items() if item not in seen]
    taken = {edit.spec.key for edit in added}
    merged = list[ClassEdit]()
    for edit in edits:
        spec = edit.spec
        if edit.id is None and spec.key in taken:
            spec = replace(spec, key="")  # its key was proposed before another class got it
        elif edit.id is not None and edit.id in now and edit.id in seen:
            spec = _merged(spec, seen=seen[edit.id], now=now[edit.id])
        merged.append(replace(edit, spec=spec))
    merged += added
    wanted, before = [edit.id for edit in edits if edit.id is not None], list(seen)
    there = [item for item in now if item in seen]
    if there in (before, wanted) or set(there) != set(before):
        return merged
    if wanted != before:
        raise BadInput("Somebody else has changed the order of the classes meanwhile.", hint=YOUR_ORDER)
    place = {item: index for index, item in enumerate(now)}
    return sorted(merged, key=lambda edit: len(place) if edit.id is None else place[edit.id])


def _merged(wanted: ClassSpec, *, seen: ClassSpec, now: ClassSpec) -> ClassSpec:
    values = {}
    for field in fields(ClassSpec):
        mine, before, theirs = (str(getattr(spec, field.name)) for spec in (wanted, seen, now))
        same = str.casefold if field.name in ("colour", "key") else str.strip
        if same(mine) == same(before):
            mine = theirs
        elif same(theirs) not in (same(before), same(mine)):
            raise BadInput(
                f"Somebody else has changed the {field.name} of {seen.name!r} to {theirs!r} meanwhile, and you to "
                f"{mine!r}.",
                hint=YOURS_OR_THEIRS,
            )
        values[field.name] = mine
    return ClassSpec(**values)


def _active(project: ProjectView, class_id: ClassId) -> None:
    if class_id not in {item.id for item in project.classes}:
        raise NotFound("This class is not in use (any more).", hint="Reload the page.")
