"""Copies that are mirrored, turned or cut."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.checks import parts
from core.checks.near import SIDE
from core.checks.parts import FINE, is_part, part_candidates, turned
from tests.unit.test_checks import scene


def grey(picture: Image.Image, side: int) -> np.ndarray:
    return np.asarray(picture.convert("L").resize((side, side), Image.Resampling.BOX))


def found(pictures: list[Image.Image]) -> set[tuple[int, int]]:
    greys, fine = (np.stack([grey(item, side) for item in pictures]) for side in (SIDE, FINE))
    return {
        (min(part, whole), max(part, whole))
        for part, whole, turn, grid in part_candidates(greys)
        if is_part(turned(fine[part][None], turn)[0], fine[whole], grid)
    }


def cut(picture: Image.Image, share: float) -> Image.Image:
    width, height = (round(length * share) for length in picture.size)
    left, top = (picture.width - width) // 3, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


COPIES = {
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "turned": lambda picture: picture.rotate(90, expand=True),
    "cut to 90%": lambda picture: cut(picture, 0.9),
    "cut to 80%": lambda picture: cut(picture, 0.8),
    "cut to 60%": lambda picture: cut(picture, 0.6),
    "cut and mirrored": lambda picture: ImageOps.mirror(cut(picture, 0.8)),
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found_among_other_pictures_and_nothing_else_is(how: str) -> None:
    pictures = [scene(n, (96, 96)) for n in range(12)]
    assert found([*pictures, COPIES[how](pictures[4])]) == {(4, 12)}


def test_without_cut_copies_mirrored_and_turned_ones_are_found_all_the_same() -> None:
    pictures = [scene(n, (96, 96)) for n in range(12)]
    pictures += [ImageOps.mirror(pictures[4]), pictures[5].rotate(90), cut(pictures[6], 0.8)]
    greys = np.stack([grey(item, SIDE) for item in pictures])
    found = {(min(part, whole), max(part, whole)) for part, whole, *_ in part_candidates(greys, cut=False)}
    assert {(4, 12), (5, 13)} <= found and (6, 14) not in found


def test_many_pictures_in_small_steps_have_the_same_candidates_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    greys = np.stack([grey(scene(n % 9, (96, 96)), SIDE) for n in range(18)])
    at_once = part_candidates(greys)
    monkeypatch.setattr(parts, "CHUNK", 1)
    assert part_candidates(greys) == at_once and len(at_once) >= 18


def test_different_pictures_and_blank_ones_are_nobody_s_part() -> None:
    blank = [Image.new("RGB", (96, 96), colour) for colour in ("#808080", "#818181", "#808080")]
    assert found([scene(n, (96, 96)) for n in range(12)] + blank) == set()


def test_the_eight_ways_to_turn_are_all_different_and_the_first_is_none() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(1, 3, 3)
    assert (turned(picture, 0) == picture).all()
    assert len({turned(picture, turn).tobytes() for turn in range(8)}) == 8
