"""The table in which classes are named, coloured, given keys and put in order."""

from collections.abc import Mapping, Sequence

from app.components import mount
from core.services.classes import KEYS, PALETTE, ClassEdit, ClassSpec, ClassView
from core.types import ClassId, JsonObject, JsonValue


def new_classes(*, key: str, graded: bool) -> list[ClassSpec]:
    """Classes of a project that is being made; `graded` ones are in the order of their grades."""
    data: JsonObject = {"rows": [], "live": True, "graded": graded, **_choices()}
    state = mount("class_table", key=key, data=data, on_rows_change=lambda: None, on_saved_change=lambda: None)
    return [edit.spec for edit in _edits(state.rows or [])]


def changed_classes(
    classes: Sequence[ClassView], counts: Mapping[ClassId, int], *, key: str, graded: bool
) -> tuple[list[ClassEdit], dict[ClassId, ClassSpec]] | None:
    """Show a project's classes; what they shall be and what they were on the screen, when that was just saved."""
    rows: list[JsonValue] = [
        {
            "id": item.id,
            "name": item.name,
            "colour": item.colour.lower(),
            "key": item.key,
            "description": item.description,
            "count": counts.get(item.id, 0),
        }
        for item in classes
    ]
    data: JsonObject = {"rows": rows, "live": False, "graded": graded, **_choices()}
    state = mount("class_table", key=key, data=data, on_rows_change=lambda: None, on_saved_change=lambda: None)
    if not state.saved:
        return None
    seen = {ClassId(int(row["id"])): _spec(row) for row in state.saved["seen"]}
    return _edits(state.saved["rows"]), seen


def _choices() -> JsonObject:
    return {"keys": KEYS, "palette": list[JsonValue](PALETTE)}


def _edits(rows: Sequence[Mapping[str, str]]) -> list[ClassEdit]:
    return [
        ClassEdit(id=ClassId(int(row["id"])) if row.get("id") is not None else None, spec=_spec(row)) for row in rows
    ]


def _spec(row: Mapping[str, str]) -> ClassSpec:
    return ClassSpec(name=row["name"], colour=row["colour"], key=row["key"].strip(), description=row["description"])
