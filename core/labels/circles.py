"""What an expert circled in a picture: where the thing is that makes it its class."""

from dataclasses import dataclass

from core.errors import BadInput

MOST = 50


@dataclass(frozen=True, slots=True)
class Circle:
    """An ellipse: its middle and its two radii as shares of the picture's width (x, rx) and height (y, ry)."""

    x: float
    y: float
    rx: float
    ry: float

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1 and 0 < self.rx <= 1 and 0 < self.ry <= 1):
            raise BadInput("A circle's middle must lie in the picture, and its radii between nothing and the whole.")
