"""Graft's own pictures of leaves: drawn, seeded, with the truth known. Numpy and Pillow, no file of anyone else's."""

from core.demo.dataset import FIELDS, TAGGED, DemoRow, half_of, read_demo_set, write_demo_set
from core.demo.picture import KINDS, LeafPicture, draw_leaf

__all__ = [
    "FIELDS",
    "KINDS",
    "TAGGED",
    "DemoRow",
    "LeafPicture",
    "draw_leaf",
    "half_of",
    "read_demo_set",
    "write_demo_set",
]
