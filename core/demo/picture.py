"""One picture: a leaf of a plant in a field, healthy or ill, before some background, through a camera."""

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.demo.background import BACKGROUNDS, front_blade
from core.demo.camera import Camera, expose, illuminate
from core.demo.confounders import confound
from core.demo.hand import Hand
from core.demo.leaf import GREENS, Leaf, Plant, Pose, grow, lit, petiole
from core.demo.lesions import PAINTERS
from core.demo.outline import SPECIES
from core.demo.raster import SIZE, Grid, Random, lay, rgb, shifted, softened
from core.demo.tag import draw_tag

KINDS = ("healthy", *PAINTERS)
"""Every class, healthy first."""

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafPicture:
    """A picture and the truth about it.

    `lesions` and `leaf` are masks (S, S) of 0 and 255: what the disease changed, and what of the leaf is seen.
    `tag` is the plastic tag's box (left, top, right, bottom), `quality` the JPEG quality of its camera.
    """

    kind: str
    image: Image.Image
    lesions: Mask
    leaf: Mask
    tag: tuple[int, int, int, int] | None
    species: str
    background: str
    confounders: tuple[str, ...]
    quality: int


def draw_leaf(
    kind: str, seed: int, tag: bool = False, *, plant: int | None = None, field: int | None = None
) -> LeafPicture:
    """Draw one picture. The same numbers give the same picture; `kind` and `tag` change nothing but what they name.

    Pictures of the same `plant` share species and colour, those of the same `field` backgrounds, light and camera.
    Raises ValueError for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind of leaf: {kind!r}")
    own = _plant(_random(seed if plant is None else plant, "plant"))
    place = _random(seed if field is None else field, "field")
    camera, weights = _camera(place), place.dirichlet([0.7] * len(BACKGROUNDS)) * 0.8 + 0.05
    scene = _random(seed, "scene")
    pose = _pose(own, scene)
    background = str(scene.choice(list(BACKGROUNDS), p=weights / weights.sum()))
    canvas = BACKGROUNDS[background](_random(seed, "background"))
    leaf = grow(own, pose, _random(seed, "leaf"))
    lesions = np.zeros_like(leaf.coverage)
    if kind in PAINTERS:
        lesions = PAINTERS[kind](leaf, _random(seed, kind))
    confounders = confound(leaf, _random(seed, "confounders"))
    hand = Hand(pose, _random(seed, "hand")) if scene.random() < 0.16 else None
    near = background in ("soil", "bench") or hand is not None
    hidden = _compose(canvas, leaf, own, hand, near, scene)
    box = draw_tag(canvas, _random(seed, "tag")) if tag else None
    if box:
        hidden[box[1] : box[3], box[0] : box[2]] = 1
    illuminate(canvas, camera, _random(seed, "light"), shadows=background != "sky")
    seen = leaf.coverage * (1 - hidden)
    return LeafPicture(
        kind=kind,
        image=expose(canvas, camera, _random(seed, "camera")),
        lesions=_mask(lesions * (seen > np.float32(0.3)), 0.12),
        leaf=_mask(seen, 0.5),
        tag=box,
        species=own.species.name,
        background=f"hand, {background}" if hand else background,
        confounders=confounders,
        quality=camera.quality,
    )


def _random(seed: int, what: str) -> Random:
    # A stream for each part: what one part draws does not move the others.
    return np.random.default_rng([seed, crc32(what.encode())])


def _mask(coverage: Grid, least: float) -> Mask:
    mask: Mask = (coverage > np.float32(least)).astype(np.uint8) * np.uint8(255)
    return mask


def _plant(random: Random) -> Plant:
    green = np.array(GREENS[random.integers(len(GREENS))]) * random.uniform(0.85, 1.15) + random.normal(0, 5, 3)
    red, middle, blue = (float(value) for value in np.clip(green, 20, 170))
    return Plant(
        species=SPECIES[random.integers(len(SPECIES))],
        green=(red, middle, blue),
        gloss=random.uniform(0.0, 0.3),
        pale_veins=random.uniform(0.3, 0.85),
        net=int(random.integers(46, 78)),
        quilt=random.uniform(0.3, 1.3),
        age=max(0.0, random.uniform(-0.8, 0.75)),
    )


def _camera(random: Random) -> Camera:
    return Camera(
        warmth=random.uniform(-0.10, 0.13),
        noise=random.uniform(0.006, 0.028),
        softness=random.uniform(0.35, 0.9),
        saturation=random.uniform(0.68, 0.92),
        quality=int(random.integers(72, 95)),
    )


def _pose(plant: Plant, random: Random) -> Pose:
    slim = plant.species.width < 0.15 and not plant.species.points
    length = random.uniform(300, 460) if slim else random.uniform(215, 400)
    return Pose(
        x=SIZE / 2 + random.normal(0, 20),
        y=SIZE / 2 + random.normal(0, 20),
        length=length,
        turn=random.choice([0, math.pi / 2, -math.pi / 2, math.pi], p=[0.55, 0.18, 0.18, 0.09]) + random.normal(0, 0.4),
        bend=random.normal(0, 0.16),
        narrow=random.uniform(0.72, 1.08) * (1.9 if plant.species.parallel else 1.0),
    )


def _compose(canvas: Grid, leaf: Leaf, plant: Plant, hand: Hand | None, near: bool, random: Random) -> Grid:
    """Everything over the background, from the back to the front; returns what hides the leaf.

    The leaf throws a shadow if something is `near` behind it.
    """
    angle = random.uniform(0, 2 * math.pi)
    towards = (math.cos(angle), math.sin(angle))
    if hand:
        hand.fingers(canvas)
    if near:
        _shadow(canvas, leaf, towards, random)
    petiole(canvas, leaf, plant.green, random)
    lay(canvas, lit(leaf, towards, random.uniform(0.5, 1.3), random), leaf.coverage)
    hidden = hand.thumb(canvas) if hand else np.zeros_like(leaf.coverage)
    if random.random() < 0.15:
        hidden = np.maximum(hidden, front_blade(canvas, random))
    return hidden


def _shadow(canvas: Grid, leaf: Leaf, towards: tuple[float, float], random: Random) -> None:
    away = random.uniform(3, 16)
    x, y = round(-towards[0] * away), round(-towards[1] * away)
    shadow = shifted(softened(leaf.coverage, random.uniform(2, 6)), x, y)
    lay(canvas, rgb(0, 0, 0), shadow * np.float32(random.uniform(0.25, 0.52)))
