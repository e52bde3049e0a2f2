"""Pictures on their way into the network: framed, decoded and kept in rows."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from core.features.rows import RowCache
from core.inference import frame_picture, open_pixels


def test_a_wide_picture_is_stretched_or_cut() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, :10] = 250
    assert frame_picture(pixels, 10, "squash")[:, :2].mean() > 200
    assert frame_picture(pixels, 10, "crop").max() == 0
    assert frame_picture(pixels, 10, "squash").flags.c_contiguous  # rows are written as they lie


@pytest.mark.parametrize("size", [(640, 480), (57, 301), (20, 20), (1, 90)])
def test_framing_is_pillows_triangle_filter(size: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    image = Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    pillows = np.asarray(image.resize((48, 48), Image.Resampling.BILINEAR))
    assert np.abs(frame_picture(np.array(image), 48, "squash").astype(int) - pillows).max() <= 1


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31), st.sampled_from(["RGB", "L", "CMYK"]), st.tuples(st.integers(1, 130), st.integers(1, 130)),
    st.integers(1, 40), st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]), st.booleans(), st.sampled_from([1, 3, 6]),
)  # fmt: skip
def test_whoever_decodes_a_jpeg_the_pixels_are_pillows(
    seed: int, mode: str, size: tuple[int, int], side: int, sampling: str, progressive: bool, turned: int
) -> None:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, len(mode)), dtype=np.uint8).squeeze(), mode)
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = turned
    subsampling = {} if mode == "L" else {"subsampling": sampling}
    coarse.resize(size).save(file, "JPEG", quality=85, progressive=progressive, exif=exif, **subsampling)
    with Image.open(file) as image:
        if mode != "CMYK":
            image.draft("RGB", (side, side))
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    found = open_pixels(file.getvalue(), "a.jpg", min_side=side)
    assert np.array_equal(found, expected)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12), st.integers(0, 200))
def test_kept_rows_come_back_whatever_was_cut_off_the_files(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")

    def row(name: str) -> np.ndarray:
        return np.full((2, 3), ord(name), np.float32)

    addresses = [name * 64 for name in names]
    cache = RowCache(folder, (2, 3), np.float32)
    missing = cache.missing(addresses)
    cache.add(missing, np.stack([row(address[0]) for address in missing]))
    for file in ("rows.bin", "index.bin"):
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: max(0, len(content) - cut)])
    again = RowCache(folder, (2, 3), np.float32)
    lost = again.missing(addresses)
    if lost:
        again.add(lost, np.stack([row(address[0]) for address in lost]))
    found = again.read(addresses, lambda _: pytest.fail("nothing is damaged"))
    assert np.array_equal(found, np.stack([row(name) for name in names]))


def test_of_an_empty_cache_nothing_can_be_read_and_one_that_was_emptied_comes_back(tmp_path: Path) -> None:
    cache = RowCache(tmp_path / "none yet", (4,), np.uint8)
    assert cache.read([], lambda _: pytest.fail("nothing was asked for")).shape == (0, 4)
    rows = {name * 64: np.full(4, number, np.uint8) for number, name in enumerate("abc")}
    cache.add(cache.missing(list(rows)), np.stack(list(rows.values())))
    shutil.rmtree(cache.folder)
    for _ in range(2):  # what was made anew lies at other places than before
        found = cache.read(list(rows)[::-1], rows.__getitem__)
        assert np.array_equal(found, np.stack(list(rows.values())[::-1]))


def test_a_damaged_row_is_noticed_and_made_anew(tmp_path: Path) -> None:
    cache = RowCache(tmp_path, (4,), np.uint8)
    cache.missing(["a" * 64, "b" * 64])
    cache.add(["a" * 64, "b" * 64], np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint8))
    content = bytearray((tmp_path / "rows.bin").read_bytes())
    content[1] = 99
    (tmp_path / "rows.bin").write_bytes(content)
    remade = []

    def remake(address: str) -> np.ndarray:
        remade.append(address)
        return np.array([1, 2, 3, 4], np.uint8)

    for _ in range(2):
        assert cache.read(["a" * 64, "b" * 64], remake).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert remade == ["a" * 64]
