"""People's own words on the screen: shown as they are, never as Markdown or HTML."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$])")


def md(text: str) -> str:
    """`text` escaped for Streamlit's labels and captions; control characters become "?"."""
    return _MARKDOWN.sub(r"\\\1", "".join(letter if letter.isprintable() else "?" for letter in text))


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 image", "1,200 images"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
