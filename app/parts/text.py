"""People's own words on the screen: shown as they are, never as Markdown or HTML."""

import re

from core.types import Task
from core.words import count, one_line

__all__ = ["TASK_WORDS", "count", "duration", "md", "md_lines", "shortened"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&=])")
_ADDRESS = re.compile(r"(?i)(?<=http)(?=s?://)|(?<=www)(?=\.)|(?<=@)(?=\w)")
_JOINER = "\u2060"


TASK_WORDS = {
    Task.SINGLE: "One class per picture",
    Task.MULTI: "Several classes may be there at once",
    Task.ORDINAL: "A grade in an order, such as severity 0 to 4",
    Task.REGRESSION: "A number, such as a share or a count",
}
"""Tasks in an expert's words."""


def md(text: str) -> str:
    """`text` escaped for Streamlit's labels and captions; control characters become "?".

    Streamlit makes a link of every web or mail address in a text, however it is escaped: a letter without width in
    it tells it otherwise. A name in a table that someone sent is no place to go to.
    """
    return _MARKDOWN.sub(r"\\\1", _ADDRESS.sub(_JOINER, one_line(text)))


def md_lines(text: str) -> str:
    """A text of several lines as `md`, each on its own line; paragraphs stay apart."""
    return "  \n".join(md(" ".join(line.split())) or "\u200b" for line in text.strip().splitlines())


def shortened(text: str, longest: int) -> str:
    """The text with its middle left out if it is longer than so many letters: both ends tell names apart."""
    return text if len(text) <= longest else f"{text[: longest - longest // 2 - 1]}…{text[-(longest // 2) :]}"


def duration(seconds: float) -> str:
    """A time span as people say it: "40 s", "3 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
