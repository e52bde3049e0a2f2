"""Checks of the data, on hand-made values: each finding is found, and what is fine is left alone."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.checks.facts import FileFacts, as_numbers
from core.checks.folds import fold_of
from core.checks.heads import out_of_fold, split_score
from core.checks.label_errors import suspects
from core.checks.leaks import leaks, unit_name
from core.checks.looks import look_at
from core.checks.near import near_duplicates, spare_copies
from core.checks.probe import enough, probe
from core.checks.quality import flaws
from core.checks.spoil import KINDS, spoilt
from core.demo import KINDS as DISEASES
from core.demo import draw_leaf
from core.media.prepare import difference_hash
from core.types import Split


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A smooth random picture with details, like a photograph and unlike any other one."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 255, (5, 7, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    fine = Image.fromarray(random.integers(0, 255, (30, 40, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(coarse, fine, 0.25)


def saved(image: Image.Image, share: float, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.resize((round(image.width * share), round(image.height * share))).save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def pairs_of(pictures: list[Image.Image]) -> list[tuple[int, int]]:
    found = near_duplicates(
        np.array([int(difference_hash(item), 16) for item in pictures], dtype=np.uint64),
        np.stack([look_at(item).grey for item in pictures]),
        np.array([item.width / item.height for item in pictures]),
    )
    return [(int(a), int(b)) for a, b in found]


def test_a_picture_at_another_size_saved_again_or_brighter_is_found_and_another_one_is_not() -> None:
    first, second = scene(1), scene(2)
    brighter = first.point(lambda value: min(255, value + 20))
    assert pairs_of([first, second, saved(first, 0.5, 60), brighter]) == [(0, 2), (0, 3), (2, 3)]


def test_a_picture_goes_only_if_it_is_the_same_as_one_that_stays() -> None:
    chain = np.array([[0, 1], [1, 2], [2, 3], [4, 5]])
    assert spare_copies(chain, [0, 1, 2, 3, 4, 5, 6]) == {1: 0, 3: 2, 5: 4}
    assert spare_copies(chain, [1, 5, 0, 2, 3, 4, 6]) == {0: 1, 2: 1, 4: 5}
    assert spare_copies(np.empty((0, 2), np.int64), [1, 0]) == {}


@given(st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda pair: pair[0] < pair[1])), st.data())
def test_of_any_copies_none_that_stay_are_the_same_and_each_that_goes_has_one_that_stays(
    pairs: set[tuple[int, int]], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(9)))
    spare = spare_copies(np.array(sorted(pairs), np.int64).reshape(-1, 2), order)
    assert all(tuple(sorted(both)) in pairs and both[1] not in spare for both in spare.items())
    assert all(first in spare or second in spare for first, second in pairs)
    assert all(order.index(stays) < order.index(copy) for copy, stays in spare.items())


def test_two_leaves_before_the_same_background_are_two() -> None:
    leaves = [draw_leaf("healthy", seed, False, plant=seed, field=1).image for seed in range(3)]
    for leaf in leaves:
        leaf.thumbnail((256, 256))
    assert pairs_of([*leaves, saved(leaves[1], 0.6, 70)]) == [(1, 3)]


def test_close_hashes_alone_make_no_pair() -> None:
    pictures = np.stack([look_at(scene(seed)).grey for seed in (1, 2)])
    assert len(near_duplicates(np.array([5, 5], dtype=np.uint64), pictures, np.ones(2))) == 0


def test_every_pair_within_seven_bits_is_looked_at_and_none_beyond() -> None:
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**63, 60, dtype=np.uint64)
    for index in range(0, 60, 3):  # neighbours with 7 and 8 bits turned, anywhere
        for other, bits in ((index + 1, 7), (index + 2, 8)):
            turned = sum(1 << int(bit) for bit in random.choice(64, bits, replace=False))
            hashes[other] = hashes[index] ^ np.uint64(turned)
    alike = np.repeat(look_at(scene(1)).grey[None], 60, 0)
    found = {tuple(pair) for pair in near_duplicates(hashes, alike, np.ones(60)).tolist()}
    near = np.bitwise_count(hashes[:, None] ^ hashes[None]) <= 7
    assert found == {(a, b) for a in range(60) for b in range(a + 1, 60) if near[a, b]}
    assert {(index, index + 1) for index in range(0, 60, 3)} <= found


def test_a_thousand_copies_of_one_picture_among_many_take_no_square_of_comparisons() -> None:
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**63, 20_000, dtype=np.uint64)
    hashes[:1000] = 5
    found = near_duplicates(hashes, look_at(scene(1)).grey[None].repeat(20_000, 0), np.ones(20_000))
    assert 999 <= len(found) <= 16_000, "each with its neighbours, not with all of the others"


def test_blank_pictures_are_nobody_s_duplicates() -> None:
    assert pairs_of([Image.new("RGB", (64, 64), grey) for grey in ("black", "black", "white")]) == []


def test_a_unit_in_two_splits_leaks_and_pictures_without_a_split_wait() -> None:
    units = [unit_name("p1", "north"), unit_name("p1", "south"), unit_name(None, "south"), unit_name(None, None), ""]
    splits = [Split.TEST, Split.TRAIN, Split.TRAIN, Split.TRAIN, None]
    (leak,) = leaks(units, splits)
    assert (leak.kind, leak.name, leak.splits, leak.members) == ("case", "p1", (Split.TRAIN, Split.TEST), (0, 1))
    assert leaks(units, [None] * 5) == []


def bordered(tag: bool, index: int) -> Image.Image:
    """A picture whose class is in its middle; with `tag` class 0 has a pink corner as well."""
    kind, picture = index % 3, scene(index, (64, 64))
    if tag and kind == 0:
        picture.paste((236, 62, 140), (48, 0, 64, 12) if index % 2 else (0, 52, 16, 64))
    return picture


@pytest.mark.parametrize("tag", [True, False])
def test_a_tag_in_a_corner_is_a_short_cut_and_pictures_without_one_have_none(tag: bool) -> None:
    looks = np.stack([look_at(bordered(tag, index)).borders for index in range(90)])
    found = probe(looks, np.arange(90) % 3, [""] * 90)
    assert found.flagged is tag and found.chance == pytest.approx(1 / 3)
    assert found.given_away == ((0,) if tag else ())
    assert found.interval[0] <= found.score <= found.interval[1]


def test_the_demo_s_tag_is_noticed_and_its_plain_leaves_are_not() -> None:
    def borders(index: int, tag: bool) -> NDArray[np.float32]:
        leaf = draw_leaf(DISEASES[index % 4], index, tag, plant=index // 8 * 4 + index % 4, field=index // 4 % 5).image
        leaf.thumbnail((256, 256))
        return look_at(leaf).borders

    plain = np.stack([borders(index, False) for index in range(80)])
    tagged = plain.copy()
    for index in range(DISEASES.index("rust"), 80, 4):
        tagged[index] = borders(index, True)
    classes, plants = np.arange(80) % 4, [f"plant {index // 8 * 4 + index % 4}" for index in range(80)]
    assert not probe(plain, classes, plants).flagged
    found = probe(tagged, classes, plants)
    assert found.flagged and [DISEASES[k] for k in found.given_away] == ["rust"]


def test_files_of_one_device_give_its_class_away() -> None:
    files = [
        FileFacts(format="png" if index % 2 else "jpeg", width=640, height=480 + index % 7, size_bytes=9000 + index)
        for index in range(40)
    ]
    assert probe(as_numbers(files), np.arange(40) % 2, [""] * 40).flagged
    random = np.random.default_rng(0)
    assert not probe(as_numbers(files), random.permutation(np.arange(40) // 20), [""] * 40).flagged


def test_few_pictures_one_class_or_few_units_are_not_probed() -> None:
    assert not enough(np.array([0, 0, 1, 1, 1]), [""] * 5).any()
    assert not enough(np.zeros(50, np.int64), [""] * 50).any()
    two = np.arange(40) % 2
    assert enough(two, [""] * 40).all()
    assert not enough(two, [f"plant {k}" for k in two]).any()


def test_folds_keep_units_together() -> None:
    units = [f"plant {index // 4}" for index in range(60)]
    folds = fold_of(np.arange(60) // 4 % 3, units)
    assert set(folds.tolist()) == set(range(5))
    assert all(len(set(folds[start : start + 4].tolist())) == 1 for start in range(0, 60, 4))


def test_confident_learning_names_the_off_diagonal_of_the_confident_joint() -> None:
    # Bars: class 0: mean of .9 .8 .1 = .6; class 1: mean of .9 .7 .2 = .6 (worked out by hand).
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9], [0.3, 0.7], [0.8, 0.2]])
    found = suspects(shares, np.array([0, 0, 0, 1, 1, 1]))
    assert [(item.index, item.given, item.suggested) for item in found] == [(2, 0, 1), (5, 1, 0)]
    assert [item.margin for item in found] == pytest.approx([0.8, 0.6])


def test_labels_that_a_model_is_only_unsure_of_are_not_doubted() -> None:
    assert suspects(np.array([[0.9, 0.1], [0.45, 0.55], [0.1, 0.9]]), np.array([0, 0, 1])) == []
    assert suspects(np.array([[1.0], [1.0]]), np.array([0, 0])) == []


def grouped(random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """Features that tell the plant well and the class hardly: what makes a random split too kind."""
    plants = np.repeat(np.arange(24), 8)
    own = random.normal(0, 3, (24, 40))
    features = own[plants] + random.normal(0, 0.5, (len(plants), 40))
    return features.astype(np.float32), plants % 2, [f"plant {number}" for number in plants]


def test_a_random_split_promises_more_than_new_plants_keep() -> None:
    features, labels, units = grouped(np.random.default_rng(0))
    random = split_score("pictures", out_of_fold(features, labels, [""] * len(labels)), labels, units)
    whole = split_score("cases", out_of_fold(features, labels, units), labels, units)
    assert random is not None and whole is not None
    assert random.interval.value > 0.95 and whole.interval.value < 0.75


def test_bad_pictures_are_named_with_their_reasons_and_usual_ones_are_not() -> None:
    good = [scene(seed) for seed in range(12)]
    bad = [good[0].filter(ImageFilter.GaussianBlur(6)), good[1].point(lambda v: v // 5), Image.new("RGB", (160, 120))]
    seen = [look_at(item) for item in [*good, *bad]]
    sides = np.array([120.0] * 14 + [20.0])
    found = flaws(
        *(np.array([getattr(look, name) for look in seen]) for name in ("sharpness", "light", "contrast")), sides
    )
    reasons = {item.index: set(item.reasons) for item in found}
    assert set(reasons) == {12, 13, 14}
    assert "blurred" in reasons[12] and "dark" in reasons[13] and reasons[14] == {"shows nothing"}


def test_a_handful_of_pictures_is_only_judged_for_showing_nothing() -> None:
    values = np.array([50.0, 1.0, 50.0])
    assert flaws(values, values, np.array([50.0, 50.0, 50.0]), values) == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_spoiling_keeps_the_shape_grows_with_strength_and_is_repeatable(kind: str) -> None:
    picture = np.asarray(scene(3, (64, 64)))
    weak, strong = (spoilt(kind, picture, strength, 0) for strength in (1, 5))
    assert weak.shape == strong.shape == picture.shape and weak.dtype == strong.dtype == np.uint8
    far, farther = (np.abs(item.astype(int) - picture).mean() for item in (weak, strong))
    assert 0 <= far < farther
    assert np.array_equal(strong, spoilt(kind, picture, 5, 0))


def test_a_shift_moves_by_its_pixels_and_repeats_the_edge() -> None:
    picture = np.arange(36, dtype=np.uint8).reshape(6, 6, 1).repeat(3, 2)
    moved = spoilt("shift", picture, 1, 0)
    down = [np.concatenate([picture[:1], picture[:-1]]), np.concatenate([picture[1:], picture[-1:]])]
    across = [item.transpose(1, 0, 2) for item in (
        np.concatenate([picture[:, :1].transpose(1, 0, 2), picture[:, :-1].transpose(1, 0, 2)]),
        np.concatenate([picture[:, 1:].transpose(1, 0, 2), picture[:, -1:].transpose(1, 0, 2)]),
    )]  # fmt: skip
    assert any(np.array_equal(moved, item) for item in (*down, *across))


def test_a_bright_picture_is_badly_taken_only_if_less_can_be_seen_on_it_than_is_usual() -> None:
    random = np.random.default_rng(0)
    light, contrast = random.normal(80, 3, 40), random.normal(30, 1, 40)
    light[[3, 5]], contrast[[3, 5]] = 215, (50, 20)
    found = flaws(light / 8, light, contrast, np.full(40, 500.0))
    assert [(item.index, item.reasons) for item in found] == [(5, ("very bright",))]
