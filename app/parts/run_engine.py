"""What a training found fastest on its machine, in words."""

import streamlit as st

from app.parts.recipe_words import RUNTIME_WORDS
from app.parts.text import count, md
from core.types import JsonValue

PRECISIONS = {
    "float32": "Numbers of 32 bits.",
    "bfloat16": "Numbers of 16 bits (bfloat16): clearly faster for this network on this machine.",
}


def how_computed(engine: JsonValue) -> None:
    """A result's `engine`, folded away; nothing where there is none."""
    if isinstance(engine, dict) and engine:
        with st.expander("How it was computed", icon=":material/memory:"):
            for text in sentences({key: str(value) for key, value in engine.items()}):
                st.markdown(md(text))
            st.caption("What is faster is tried on the machine; the same training is computed alike again.")


def sentences(engine: dict[str, str]) -> list[str]:
    """One for each choice."""
    found = [PRECISIONS.get(engine.get("precision", ""), "")]
    if "gpus" in engine:
        found.append(f"{count(int(engine['gpus']), 'GPU')} shared each batch.")
    if "batch_size" in engine:
        found.append(
            f"Each step learns from {engine['batch_size']} pictures, the fewest that keep this machine busy, at a "
            f"learning rate raised with them, to {float(engine['learning_rate']):.2g}."
        )
    if "runtime" in engine:
        runtime = RUNTIME_WORDS.get(engine["runtime"], engine["runtime"])
        found.append(f"What looked through the network while it was frozen: {runtime}.")
    return [text for text in (*found, engine.get("frozen", ""), engine.get("compiling", "")) if text]
