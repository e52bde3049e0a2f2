"""The pieces of the pages that are JavaScript: one NAME.js and NAME.css each, and what they share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

SHARED = {
    "labeller": ("dom", "outbox", "fingers", "stage"),
    "gallery": ("dom", "outbox", "fingers", "stage"),
    "class_table": ("dom",),
    "matrix": ("dom",),
    "viewer": ("fingers",),
}
"""Component -> scripts put before its own, which is how a component's one script can use another's functions."""


@functools.cache
def _component(name: str) -> Any:
    folder = Path(__file__).parent
    shared = SHARED.get(name, ())
    styles = ["shared", name] if "dom" in shared else [name]
    return st.components.v2.component(
        f"graft_{name}",
        js="\n".join((folder / f"{part}.js").read_text("utf-8") for part in (*shared, name)),
        css="\n".join((folder / f"{part}.css").read_text("utf-8") for part in styles),
        isolate_styles=True,
    )


def mount(name: str, *, key: str, data: dict[str, Any], **callbacks: Callable[[], None]) -> Any:
    """Show a component and return its state. `data` reaches the script with `inst` set to `key`.

    Streamlit runs a script's default export again at each rerun without its cleanup: a script keeps its
    state in a module-level Map by `data.inst` and replaces its handlers.
    """
    return _component(name)(key=key, data={**data, "inst": key}, **callbacks)
