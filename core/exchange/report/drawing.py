"""Line charts and clouds of points as SVG, which need no script and print; colours of lines are those of the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 260, 52, 12, 12, 44


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points (x, y), or with `dots` points alone; `band` has their lower and upper ends."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    band: tuple[Sequence[float], Sequence[float]] | None = None
    dashed: bool = False
    dotted: bool = False
    dots: bool = False


def chart(
    found: Sequence[Line],
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    across: str,
    up: str,
    label: str,
    mark: float | None = None,
) -> str:
    """The lines between these ends of both axes, their names beside a sample of each; an upright line at `mark`."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    span_x, span_y = x[1] - x[0] or 1.0, y[1] - y[0] or 1.0

    def at(one: float, other: float) -> str:
        return f"{LEFT + wide * (one - x[0]) / span_x:.1f},{TOP + high * (y[1] - other) / span_y:.1f}"

    def points(xs: Sequence[float], ys: Sequence[float]) -> str:
        return " ".join(at(one, other) for one, other in zip(xs, ys, strict=True))

    drawn = []
    for line in found:
        if line.dots:
            for one, other, ends in zip(line.x, line.y, zip(*line.band, strict=True) if line.band else [], strict=True):
                drawn.append(f'<polyline points="{at(one, ends[0])} {at(one, ends[1])}" class=line />')
                place = at(one, other).split(",")
                drawn.append(f'<circle cx="{place[0]}" cy="{place[1]}" r="3.5" class=dot />')
            continue
        if line.band:
            ring = f"{points(line.x, line.band[1])} {points(line.x[::-1], line.band[0][::-1])}"
            drawn.append(f'<polygon points="{ring}" class=band />')
        drawn.append(f'<polyline points="{points(line.x, line.y)}" class={_class(line)} />')
    if mark is not None:
        drawn.append(f'<polyline points="{at(mark, y[0])} {at(mark, y[1])}" class=mark />')
    # A drawing of its own, whose frame cuts off what leaves the axes; two pixels are for a line along the top.
    left, top, width, height = LEFT, TOP - 2, wide, high + 2
    inside = f'<svg x="{left}" y="{top}" width="{width}" height="{height}" viewBox="{left} {top} {width} {height}">'
    axes = f'<path d="M{LEFT} {TOP}V{TOP + high}H{LEFT + wide}" class=axis />'
    drawn = [axes, inside, *drawn, "</svg>", *_ticks(x, y, wide, high, across, up)]
    name = f'role="img" aria-label="{escape(label, quote=True)}"'
    return f'<figure class=chart><svg class=drawing viewBox="0 0 {WIDTH} {HEIGHT}" {name}>{"".join(drawn)}</svg>' + (
        f"<figcaption>{_legend(found)}</figcaption></figure>" if len(found) > 1 else "</figure>"
    )


@dataclass(frozen=True, slots=True)
class Dots:
    """Points of one colour, each coordinate from -1 to 1."""

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]


SIDE, EDGE = 360, 8
MARK = 'fill="none" stroke-width="5" stroke-linecap="round" stroke-opacity=".9"'


def cloud(found: Sequence[Dots], *, label: str) -> str:
    """Points without axes, for places of which only the neighbourhood means something; the last ones lie on top.

    What would be empty above and below is cut off.
    """

    def path(item: Dots) -> str:
        steps = "".join(
            f"M{SIDE * (1.05 + x) / 2.1:.1f} {SIDE * (1.05 - y) / 2.1:.1f}h0"
            for x, y in zip(item.x, item.y, strict=True)
        )
        return f'<path d="{steps}" stroke="{escape(item.colour, quote=True)}" {MARK} />'

    def sample(item: Dots) -> str:
        dot = f'<path d="M19 4h0" stroke="{escape(item.colour, quote=True)}" {MARK} />'
        return f'<span><svg class="drawing sample" viewBox="0 0 24 8">{dot}</svg>{escape(item.name)}</span>'

    ups = [SIDE * (1.05 - y) / 2.1 for item in found for y in item.y] or [0.0, SIDE]
    top, foot = max(0.0, min(ups) - EDGE), min(float(SIDE), max(ups) + EDGE)
    name = f'role="img" aria-label="{escape(label, quote=True)}"'
    drawn = f'<svg class=drawing viewBox="0 {top:.1f} {SIDE} {foot - top:.1f}" {name}>{"".join(map(path, found))}</svg>'
    return f"<figure class=chart>{drawn}<figcaption>{' '.join(map(sample, found))}</figcaption></figure>"


def _ticks(x: tuple[float, float], y: tuple[float, float], wide: int, high: int, across: str, up: str) -> list[str]:
    foot = TOP + high + 15
    return [
        f'<text x="{LEFT}" y="{foot}">{x[0]:,.0f}</text>',
        f'<text x="{LEFT + wide}" y="{foot}" text-anchor="end">{x[1]:,.0f}</text>',
        f'<text x="{LEFT + wide / 2}" y="{foot + 18}" text-anchor="middle">{escape(across)}</text>',
        f'<text x="{LEFT - 6}" y="{TOP + high}" text-anchor="end">{y[0]:,.0f}</text>',
        f'<text x="{LEFT - 6}" y="{TOP + 9}" text-anchor="end">{y[1]:,.0f}</text>',
        f'<text transform="translate(12 {TOP + high / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]


def _class(line: Line) -> str:
    return "dashed" if line.dashed else "dotted" if line.dotted else "line"


def _legend(found: Sequence[Line]) -> str:
    samples = []
    for line in found:
        sample = (
            f'<svg class="drawing sample" viewBox="0 0 24 8"><polyline points="0,4 24,4" class={_class(line)} /></svg>'
        )
        samples.append(f"<span>{sample}{escape(line.name)}</span>")
    return " ".join(samples)
