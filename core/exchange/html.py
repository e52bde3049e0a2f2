"""Pieces of an HTML file that needs nothing else. Every word that a person typed goes through `escape`."""

import base64
from collections.abc import Sequence
from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b2420; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.2rem }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .3rem .8rem; border-bottom: 1px solid #dce4df }
th { text-align: left; overflow-wrap: break-word; max-width: 14rem }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.wide { overflow-x: auto } .small th, .small td { padding: .15rem .35rem; font-size: .75rem }
.note { background: #f3f6f4; padding: .6rem 1rem; border-left: 4px solid #2f7d55 } small { color: #5b6861 }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem }
figure { margin: 0; break-inside: avoid } figure img { width: 100%; border-radius: .4rem }
figcaption { font-size: .85rem; overflow-wrap: anywhere }
svg { max-width: 32rem; width: 100% } svg text { font-size: 11px; fill: #5b6861 }
@media print { body { margin: 0 } h2 { break-after: avoid } tr { break-inside: avoid } }
"""


def page(title: str, parts: Sequence[str]) -> str:
    """A whole file."""
    name = escape(title)
    # A page from people's words: nothing in it may run or be fetched.
    rules = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    policy = f'<meta http-equiv=Content-Security-Policy content="{rules}">'
    head = f"<!doctype html><html lang=en><meta charset=utf-8>{policy}<title>{name}</title><style>{STYLE}</style>"
    return f"{head}<h1>{name}</h1>\n" + "\n".join(part for part in parts if part) + "</html>\n"


def section(title: str, *parts: str) -> str:
    """A heading and what stands under it, or nothing if that is nothing."""
    inside = "".join(parts)
    return f"<h2>{escape(title)}</h2>{inside}" if inside else ""


def paragraph(text: str) -> str:
    """Plain text; line breaks are kept."""
    return "<p>" + "<br>".join(escape(line) for line in text.splitlines()) + "</p>" if text.strip() else ""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names the row; figures at the right, sentences at the left."""
    top = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = "".join(f"<tr><th>{escape(row[0])}</th>{''.join(map(_cell, row[1:]))}</tr>" for row in rows)
    small = " class=small" if len(header) > 12 else ""
    return f"<div class=wide><table{small}><tr>{top}</tr>{lines}</table></div>"


def _cell(text: str) -> str:
    return f"<td{'' if text.endswith('.') else ' class=n'}>{escape(text)}</td>"


def picture(content: bytes, caption: str) -> str:
    """A JPEG with words under it."""
    data = base64.b64encode(content).decode("ascii")
    alt = escape(caption, quote=True)
    return f'<figure><img alt="{alt}" src="data:image/jpeg;base64,{data}"><figcaption>{alt}</figcaption></figure>'
