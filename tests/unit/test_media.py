"""Decoding and preparing pictures."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import BadImage
from core.media import BlobStore, forget_unfinished, open_rgb, prepare
from core.settings import Settings


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def gradient(width: int = 80, height: int = 60) -> Image.Image:
    x = np.linspace(0, 255, width, dtype=np.uint8)
    return Image.fromarray(np.stack([np.tile(x, (height, 1)), np.full((height, width), 90, np.uint8),
                                     np.tile(x[::-1], (height, 1))], axis=2))  # fmt: skip


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIF"])
def test_every_format_promised_is_read(kind: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    prepared = prepare(encoded(gradient(), kind), f"a.{kind.lower()}")
    assert (prepared.width, prepared.height) == (80, 60)
    stored = np.asarray(Image.open(io.BytesIO(prepared.content)).convert("RGB")).astype(int)
    assert np.abs(stored - np.asarray(gradient()).astype(int)).mean() < 12


def test_a_turned_phone_photo_is_stored_upright_without_place_or_owner() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees
    exif[0x010F], exif[0x0110], exif[0xA430] = "Maker", "Phone 7", "Jane Doe"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif.get_ifd(0x8769)[0x9003] = "2026:05:31 10:11:12"
    prepared = prepare(encoded(gradient(), "JPEG", exif=exif), "IMG_1.jpg")
    assert (prepared.width, prepared.height) == (60, 80)
    assert not Image.open(io.BytesIO(prepared.content)).getexif()
    assert b"Jane" not in prepared.content
    assert prepared.camera == "Phone 7"
    assert prepared.captured_at is not None and prepared.captured_at.isoformat() == "2026-05-31T10:11:12+00:00"


def test_an_upright_jpeg_keeps_its_pixels_to_the_bit_and_loses_its_headers() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif[0x8298] = "Copyright Jane Doe"
    content = encoded(gradient(), "JPEG", exif=exif, comment=b"at Jane's home", quality=80) + b"trailing Jane"
    prepared = prepare(content, "a.jpg")
    assert b"Jane" not in prepared.content and b"Exif" not in prepared.content
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(prepared.content))
    assert np.array_equal(np.asarray(before), np.asarray(after))


def test_a_progressive_jpeg_survives_stripping() -> None:
    content = encoded(gradient(), "JPEG", progressive=True, comment=b"secret")
    prepared = prepare(content, "a.jpg")
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(content))), np.asarray(Image.open(io.BytesIO(prepared.content)))
    )


def test_a_png_with_text_is_stored_without_it() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "Jane Doe")
    prepared = prepare(encoded(gradient(), "PNG", pnginfo=info), "a.png")
    assert b"Jane" not in prepared.content


def test_twelve_bits_in_sixteen_are_scaled_by_the_camera_s_white(tmp_path: Path) -> None:
    pixels = np.array([[0, 2048, 4095]], dtype=np.uint16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert np.asarray(open_rgb(tmp_path / "a.png"))[0, :, 0].tolist() == [0, 128, 255]


def test_transparency_lies_on_white_paper(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert np.asarray(open_rgb(tmp_path / "a.png")).min() == 255


def test_cmyk_becomes_the_colour_a_person_sees(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red, green, blue = np.asarray(open_rgb(tmp_path / "a.jpg"))[4, 4]
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"just text", "not a picture"),
        (encoded(gradient(400, 300), "JPEG")[:2000], "damaged"),
        (encoded(Image.effect_noise((400, 300), 90), "PNG")[:9000], "damaged"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_its_name_and_reason(content: bytes, words: str) -> None:
    with pytest.raises(BadImage, match=words) as caught:
        prepare(content, "folder/IMG_7.jpg")
    assert "IMG_7.jpg" in caught.value.message


def test_a_small_file_that_claims_a_huge_picture_is_refused_before_it_is_unpacked() -> None:
    bomb = encoded(Image.new("1", (30_000, 30_000)), "PNG")
    assert len(bomb) < 300_000
    with pytest.raises(BadImage, match="million pixels"):
        prepare(bomb, "bomb.png")


def test_a_wrong_extension_is_read_by_content_and_said() -> None:
    assert "PNG" in prepare(encoded(gradient(), "PNG"), "a.jpg").note


def test_a_heic_photo_is_turned_once_and_keeps_no_owner() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Jane Doe"
    prepared = prepare(encoded(gradient(), "HEIF", exif=exif.tobytes()), "IMG_2.heic")
    assert (prepared.width, prepared.height) == (60, 80)
    stored = np.asarray(Image.open(io.BytesIO(prepared.content))).astype(int)
    turned = np.asarray(gradient().transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert np.abs(stored - turned).mean() < 12
    assert b"Jane" not in prepared.content


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "P"), ("WEBP", "RGB")])
def test_no_comment_goes_into_what_is_stored(kind: str, mode: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # must be turned, so it is saved anew
    said = {"comment": b"Jane Doe, ward 3"} if kind == "JPEG" else {"exif": exif}
    if kind == "JPEG":
        said["exif"] = exif
    prepared = prepare(encoded(gradient().convert(mode), kind, **said), f"a.{kind.lower()}")
    for kept in (prepared.content, prepared.thumb):
        assert b"Jane" not in kept and not Image.open(io.BytesIO(kept)).getexif()
    assert (prepared.width, prepared.height) == (60, 80)


def test_a_thumbnail_shows_what_the_picture_shows() -> None:
    prepared = prepare(encoded(gradient(1200, 900), "JPEG", quality=95), "a.jpg")
    thumb = Image.open(io.BytesIO(prepared.thumb))
    assert max(thumb.size) == 256
    expected = np.asarray(gradient(1200, 900).resize(thumb.size)).astype(int)
    assert np.abs(np.asarray(thumb).astype(int) - expected).mean() < 4


@pytest.mark.parametrize("left", [0, 1])
def test_what_a_power_cut_or_a_damage_left_of_a_picture_is_written_again(tmp_path: Path, left: int) -> None:
    store = BlobStore(Settings(home=tmp_path))
    content = encoded(gradient(), "PNG")
    blob = store.put(content, settled=False)
    store.path(blob).write_bytes(bytes(left * len(content)))
    assert store.put(content) == blob
    assert store.path(blob).read_bytes() == content


def test_what_a_killed_process_left_half_written_is_deleted_and_nothing_else(settings: Settings) -> None:
    store = BlobStore(settings)
    whole = store.path(store.put(b"whole"))
    half, growing = Path(f"{whole}.4711-2"), Path(f"{whole}.4712-2")
    for path in (half, growing):
        path.write_bytes(b"half")
    assert forget_unfinished(settings.blobs, lambda process: process == 4712) == 1
    assert sorted(whole.parent.iterdir()) == [whole, growing]
