"""The generator of leaf pictures: the truth it promises, and the same bytes from the same seed."""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.demo import KINDS, TAGGED, draw_leaf, write_demo_set

DISEASES = [kind for kind in KINDS if kind != "healthy"]
SEEDS = range(5)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.int16)


@pytest.mark.parametrize("kind", DISEASES)
def test_a_disease_changes_the_picture_where_its_mask_says_and_nowhere_else(kind: str) -> None:
    for seed in SEEDS:
        ill, well = draw_leaf(kind, seed), draw_leaf("healthy", seed)
        differs = np.abs(pixels(ill.image) - pixels(well.image)).max(2) > 24
        near = np.asarray(Image.fromarray(ill.lesions).filter(ImageFilter.MaxFilter(9))) > 0
        assert differs.sum() > 40, seed
        assert (differs & ~near).sum() == 0, seed
        # ... and most of what the mask marks is really different.
        assert np.abs(pixels(ill.image) - pixels(well.image)).max(2)[ill.lesions > 0].mean() > 12, seed


def test_healthy_leaves_have_no_lesions_but_have_harmless_spots() -> None:
    leaves = [draw_leaf("healthy", seed) for seed in range(12)]
    assert not any(leaf.lesions.any() for leaf in leaves)
    assert sum(bool(leaf.confounders) for leaf in leaves) >= 6
    assert all((leaf.leaf > 0).mean() > 0.02 for leaf in leaves)


def test_each_disease_has_its_colour() -> None:
    change = {}
    for kind in DISEASES:
        shifts = []
        for seed in SEEDS:
            ill, well = draw_leaf(kind, seed), draw_leaf("healthy", seed)
            shifts.append((pixels(ill.image) - pixels(well.image))[ill.lesions > 0].mean(0))
        change[kind] = np.mean(shifts, 0)
    red, green, blue = range(3)
    assert change["rust"][red] > 15 and change["rust"][red] - change["rust"][blue] > 15  # towards orange
    assert change["blight"][red] - change["blight"][green] > 15  # towards brown and yellow
    assert change["mildew"].min() > 15  # lighter in every channel: white
    assert change["mildew"][blue] > change["blight"][blue] + 15


def test_a_tag_is_where_it_was_promised_and_nothing_else_is_pink() -> None:
    def pink(image: Image.Image) -> int:
        red, green, blue = pixels(image).transpose(2, 0, 1)
        return int(((red - green > 60) & (blue - green > 20)).sum())

    for seed in range(8):
        with_tag, without = draw_leaf("rust", seed, tag=True), draw_leaf("rust", seed)
        assert without.tag is None and pink(without.image) < 20
        assert with_tag.tag is not None
        left, top, right, bottom = with_tag.tag
        assert pink(with_tag.image.crop(with_tag.tag)) > 0.4 * (right - left) * (bottom - top)
        assert not with_tag.lesions[top:bottom, left:right].any()
        corners = [(x, y) for x in (left, right) for y in (top, bottom)]
        assert any(min(x, 384 - x) < 60 and min(y, 384 - y) < 60 for x, y in corners)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_demo_set(tmp_path / name, 2, seed)

    def digest(name: str) -> dict[str, str]:
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        return {str(p.relative_to(tmp_path / name)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    assert digest("a") == digest("b")
    assert all(digest("a")[file] != digest("c")[file] for file in digest("a") if file.endswith(".jpg"))


def test_a_set_has_groups_that_never_give_the_class_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.demo.dataset.PER_PLANT", 2)
    told: list[tuple[int, int]] = []
    rows = write_demo_set(tmp_path, 12, 1, tag=True, told=lambda done, total: told.append((done, total)))
    assert told[-1] == (48, 48)
    with (tmp_path / "labels.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["file", "label", "plant", "field", "date"] and len(lines) == len(rows) == 48
    by_plant, by_field = defaultdict(set), defaultdict(set)
    for line in lines:
        by_plant[line["plant"]].add((line["label"], line["field"]))
        by_field[line["field"]].add(line["label"])
        assert (tmp_path / "pictures" / line["file"]).is_file()
        assert (tmp_path / "masks" / line["file"].replace(".jpg", ".png")).is_file()
        assert line["label"] not in line["file"]
    assert all(len(found) == 1 for found in by_plant.values())
    assert all(found == set(KINDS) for found in by_field.values())
    # The order of the files says nothing either.
    assert len({line["label"] for line in lines[:16]}) == len(KINDS)
    with (tmp_path / "truth.csv").open(encoding="utf-8") as file:
        tagged = {line["kind"] for line in csv.DictReader(file) if line["tag"]}
    assert tagged == {TAGGED}


def test_an_unknown_kind_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="scab"):
        draw_leaf("scab", 1)
