"""The table in which classes are named, coloured, given keys and put in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.components import mount
from core.services.classes import KEYS, PALETTE, ClassEdit, ClassSpec
from core.services.projects import ProjectView
from core.types import ClassId, JsonObject, JsonValue, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedClasses:
    """What classes shall be, what they were on the screen, and the moment by which the browser knows the change."""

    edits: list[ClassEdit]
    seen: dict[ClassId, ClassSpec]
    at: int


def new_classes(*, key: str, graded: bool) -> list[ClassSpec]:
    """Classes of a project that is being made; `graded` ones are in the order of their grades."""
    data: JsonObject = {"rows": [], "live": True, "graded": graded, **_choices()}
    state = mount("class_table", key=key, data=data, on_rows_change=lambda: None, on_saved_change=lambda: None)
    return [edit.spec for edit in _edits(state.rows or [])]


def changed_classes(project: ProjectView, counts: Mapping[ClassId, int], *, kept: int | None) -> ChangedClasses | None:
    """Show a project's classes; what they shall be, when a person has just said so.

    What was typed and not saved stays in the browser until `kept` says that it was taken over.
    """
    rows: list[JsonValue] = [
        {
            "id": item.id,
            "name": item.name,
            "colour": item.colour.lower(),
            "key": item.key,
            "description": item.description,
            "count": counts.get(item.id, 0),
        }
        for item in project.classes
    ]
    data: JsonObject = {
        "rows": rows,
        "live": False,
        "graded": project.task is Task.ORDINAL,
        "kept": kept,
        # Another home on the same address must not get what was typed here.
        "place": f"graft.classes.{project.id}.{project.created_at.timestamp()}",
        **_choices(),
    }
    key = f"classes-{project.id}"
    state = mount("class_table", key=key, data=data, on_rows_change=lambda: None, on_saved_change=lambda: None)
    if not state.saved:
        return None
    seen = {ClassId(int(row["id"])): _spec(row) for row in state.saved["seen"]}
    return ChangedClasses(edits=_edits(state.saved["rows"]), seen=seen, at=int(state.saved["at"]))


def _choices() -> JsonObject:
    return {"keys": KEYS, "palette": list[JsonValue](PALETTE)}


def _edits(rows: Sequence[Mapping[str, str]]) -> list[ClassEdit]:
    return [
        ClassEdit(id=ClassId(int(row["id"])) if row.get("id") is not None else None, spec=_spec(row)) for row in rows
    ]


def _spec(row: Mapping[str, str]) -> ClassSpec:
    return ClassSpec(name=row["name"], colour=row["colour"], key=row["key"].strip(), description=row["description"])
