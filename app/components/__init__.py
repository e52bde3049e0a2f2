"""The pieces of the pages that are JavaScript: one NAME.js and NAME.css each."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st


@functools.cache
def _component(name: str) -> Any:
    folder = Path(__file__).parent
    return st.components.v2.component(
        f"graft_{name}",
        js=(folder / f"{name}.js").read_text("utf-8"),
        css=(folder / f"{name}.css").read_text("utf-8"),
        isolate_styles=True,
    )


def mount(name: str, *, key: str, data: dict[str, Any], **callbacks: Callable[[], None]) -> Any:
    """Show a component and return its state. `data` reaches the script with `inst` set to `key`.

    Streamlit runs a script's default export again at each rerun without its cleanup: a script keeps its
    state in a module-level Map by `data.inst` and replaces its handlers.
    """
    return _component(name)(key=key, data={**data, "inst": key}, **callbacks)
