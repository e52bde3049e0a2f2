"""Pieces of an HTML file that needs nothing else. Every word that a person typed goes through `escape`."""

import base64
import re
from collections.abc import Sequence
from html import escape

STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt system-ui, sans-serif } }
:root { color-scheme: light dark; --ink: #1b2420; --paper: #fff; --shade: #f3f6f4; --green: #2f7d55; --grey: #5b6861; --line: #dce4df;
  --caution: #c8781e; --caution-shade: #fdf3e7 }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e3e9e5; --paper: #141917; --shade: #1e2522; --green: #6cc497; --grey: #9aa8a0; --line: #303a35;
    --caution: #e09a4a; --caution-shade: #2c2317 }
}
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word }
h1, h2, h3 { line-height: 1.25; margin: 0 } h1 { font-size: 2rem } .subtitle { color: var(--grey); margin: .3rem 0 1.5rem }
h2 { margin-top: 2.6rem; padding-bottom: .3rem; border-bottom: 2px solid var(--green); font-size: 1.45rem }
h3 { margin-top: 1.8rem; font-size: 1.1rem } p { margin: .6rem 0 } a { color: var(--green) }
p, ul, blockquote { max-width: 46rem } ul { margin: .6rem 0; padding-left: 1.2rem } li { margin: .25rem 0 }
nav { font-size: .9rem; background: var(--shade); padding: .2rem 1rem; border-radius: .4rem }
table { border-collapse: collapse; margin: .8rem 0 } th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line) }
th { text-align: left; vertical-align: top; font-weight: 600 } td { vertical-align: top } tr > :last-child { padding-right: 0 }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums } td.n, td small { white-space: nowrap }
td small { color: var(--grey); font-size: .85em } nav th { white-space: nowrap }
nav table { margin: .3rem 0 } nav tr:last-child > * { border: 0 } .wide { overflow-x: auto }
.words td { overflow-wrap: anywhere } .words td:nth-child(2):nth-last-child(2) { min-width: 11em } code { font-size: .9em } .option { white-space: nowrap } .fill code { font-style: normal }
.small { font-size: .8rem } .small th, .small td { padding: .15rem .7rem .15rem 0 }
.warning { background: var(--caution-shade); padding: .5rem 1rem; border-left: 4px solid var(--caution); margin: 1rem 0 }
.fill { color: var(--grey); font-style: italic } blockquote { margin: .8rem 0; padding: .1rem 1rem; border-left: 4px solid var(--line) }
pre { background: var(--shade); padding: .6rem .8rem; border-radius: .4rem; white-space: pre-wrap; font-size: .85rem }
dl { font-size: .85rem } dt { font-weight: 600 } dd { margin: 0 0 .5rem } summary { color: var(--green); cursor: pointer }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1rem; margin-top: .8rem }
.row { grid-template-columns: repeat(4, 1fr) } @media (max-width: 30rem) { .row { grid-template-columns: 1fr 1fr } }
.pairs { grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)) } .pairs .images { grid-template-columns: 1fr 1fr }
figure { margin: 0; break-inside: avoid } .images { display: grid; gap: .3rem }
figure img { width: 100%; max-height: 10rem; object-fit: contain; background: var(--shade); border-radius: .3rem }
figcaption { overflow-wrap: anywhere; font-size: .8rem; color: var(--grey); margin-top: .2rem }
svg { max-width: 32rem; width: 100%; display: block } svg.lineage { max-width: 40rem } .chart { margin: .8rem 0 }
.chart figcaption span { margin-right: 1.2rem; white-space: nowrap } svg.sample { display: inline-block; width: 1.6rem; margin-right: .4rem }
.drawing text { font-size: 11px; fill: var(--grey) } .drawing polyline, .drawing .axis { fill: none; stroke-width: 1.5 }
.drawing .axis { stroke: var(--grey); stroke-width: 1 } .drawing .line { stroke: var(--green) } .drawing .dot { fill: var(--green) }
.drawing .band { fill: var(--green); fill-opacity: .18 } .drawing .mark { stroke: var(--caution); stroke-width: 1 }
.drawing .dashed { stroke: var(--grey); stroke-dasharray: 6 4 } .drawing .dotted { stroke: var(--grey); stroke-dasharray: 1.5 3 }
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 10.5pt } h2, h3 { break-after: avoid } h2 { font-size: 15pt }
  h3 { font-size: 11.5pt } p, ul, blockquote { max-width: none } tr, blockquote, .warning, svg, .whole { break-inside: avoid }
  thead { display: table-header-group } thead tr, tbody tr:nth-child(-n+2):not(:last-child) { break-after: avoid } .small { font-size: 8.5pt } svg { max-width: 120mm } svg.lineage { max-width: 150mm }
  .new-page { break-before: page; margin-top: 0 } p:has(+ .wide, + svg, + .pictures, + .chart) { break-after: avoid; break-inside: avoid }
  dl { columns: 2; font-size: .75rem } dl div { break-inside: avoid }
  details::details-content { content-visibility: visible; display: block } summary { list-style: none; break-after: avoid }
  p { orphans: 3; widows: 3 } a { color: inherit; text-decoration: none } .wide { overflow: visible }
  figure img { max-height: 32mm } .pictures { grid-template-columns: repeat(4, 1fr) } .pairs { grid-template-columns: 1fr 1fr }
}
"""  # noqa: E501


WHOLE = 12
"""Tables of so many lines at most stay on one page: larger ones would leave half of the page before them empty."""


def page(title: str, subtitle: str, parts: Sequence[str]) -> str:
    """A whole file."""
    name = escape(title)
    # A page from people's words: nothing in it may run or be fetched.
    rules = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    policy = f'<meta http-equiv=Content-Security-Policy content="{rules}">'
    shape = '<meta name=viewport content="width=device-width, initial-scale=1">'
    head = f"<head><meta charset=utf-8>{policy}{shape}<title>{name}</title><style>{STYLE}</style></head>"
    body = "\n".join(item for item in parts if item)
    top = f"<h1>{name}</h1><p class=subtitle>{escape(subtitle)}</p>"
    return f"<!doctype html><html lang=en>{head}<body>{top}\n{body}</body></html>\n"


def part(title: str, inside: str, *, new_page: bool = False) -> str:
    """A heading of the first order with what stands under it, or nothing."""
    mark = " class=new-page" if new_page else ""
    return f"<h2{mark}>{escape(title)}</h2>{inside}" if inside else ""


def section(key: str, title: str, inside: str) -> str:
    """A heading of the second order, which `link` leads to."""
    return f"<section{f' id={key}' if key else ''}><h3>{escape(title)}</h3>{inside}</section>"


def link(key: str, words: str) -> str:
    """Words that lead to a section."""
    return f'<a href="#{key}">{escape(words)}</a>'


def paragraph(text: str) -> str:
    """Plain text; line breaks are kept."""
    return "<p>" + "<br>".join(map(_words, text.splitlines())) + "</p>" if text.strip() else ""


def _words(text: str) -> str:
    """Plain text in which what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", lambda found: f"<code>{_unbroken(found[1])}</code>", escape(text))


def command_html(text: str) -> str:
    """A command of which no line ends inside an option's name: it could not be typed off a page."""
    return _unbroken(escape(text))


def _unbroken(html: str) -> str:
    return re.sub(r"(?<!\S)--?[\w-]+", r"<span class=option>\g<0></span>", html)


def empty(text: str) -> str:
    """What stands where there is nothing yet."""
    return f"<p class=fill>{_words(text)}</p>"


def sentences(found: Sequence[str]) -> str:
    """A list of sentences, one alone as a paragraph."""
    if len(found) < 2:
        return "".join(map(paragraph, found))
    return f"<ul>{''.join(f'<li>{_words(item)}</li>' for item in found)}</ul>"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, small: bool = False, words: bool = False) -> str:
    """A table whose first column names the row; figures at the right, sentences (or all, with `words`) at the left."""
    left = [index == 0 or words or any(_sentence(row[index]) for row in rows) for index in range(len(header))]
    marks = ["" if item else " class=n" for item in left]
    lines = "".join(
        f"<tr><th>{escape(row[0])}</th>"
        + "".join(f"<td{mark}>{_cell(cell)}</td>" for cell, mark in zip(row[1:], marks[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    names = "".join(f"<th{mark}>{escape(name)}</th>" for name, mark in zip(header, marks, strict=True))
    top = f"<thead><tr>{names}</tr></thead>" if any(header) else ""
    kind = f" class='{'small ' * small}{'words' * words}'" if small or words else ""
    whole = " whole" if sum(1 + any("\n" in cell for cell in row) for row in rows) <= WHOLE else ""
    return f"<div class='wide{whole}'><table{kind}>{top}<tbody>{lines}</tbody></table></div>"


def _cell(text: str) -> str:
    """A cell; what stands on a second line is smaller."""
    first, _, second = text.partition("\n")
    return escape(first) + (f"<br><small>{escape(second)}</small>" if second else "")


def _sentence(text: str) -> bool:
    """Whether it is words; a figure may have its unit and the "to" of its interval beside it."""
    return sum(map(str.isalpha, text)) > sum(map(str.isdigit, text))


def table_of(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """A table of which the last cell of each row is HTML already; the others are plain text."""
    lines = "".join(
        f"<tr><th>{escape(row[0])}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:-1])
        + f"<td>{row[-1]}</td></tr>"
        for row in rows
    )
    names = "".join(f"<th>{escape(name)}</th>" for name in header)
    top = f"<thead><tr>{names}</tr></thead>" if header else ""
    return f"<div class=wide><table>{top}<tbody>{lines}</tbody></table></div>"


def picture(jpegs: Sequence[bytes], caption: str) -> str:
    """JPEGs side by side with words under them."""
    alt = escape(caption, quote=True)
    images = "".join(
        f'<img alt="{alt}" src="data:image/jpeg;base64,{base64.b64encode(content).decode("ascii")}">'
        for content in jpegs
    )
    return f"<figure><div class=images>{images}</div><figcaption>{alt}</figcaption></figure>"
