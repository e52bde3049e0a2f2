"""The example that goes with every exported model."""

EXAMPLE = '''"""What the model says of pictures: python predict.py picture.jpg ..."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageCms, ImageOps

here = Path(__file__).parent
card = json.loads((here / "card.json").read_text(encoding="utf-8"))
model = onnxruntime.InferenceSession(here / "model.onnx")
size = card["image_size"]
JPEG, ORIENTATION = ("JPEG", "MPO"), 0x0112


def seen(name):
    """The picture as a person sees it: upright, 8 bits, sRGB, on white paper where it is transparent.

    As Graft reads it, to the pixel: what is no plain JPEG but kept as one is saved as one first, and of a JPEG is
    decoded the half, quarter or eighth that is still large enough.
    """
    picture = Image.open(name)
    if not is_plain(picture):
        kept = io.BytesIO()
        lossy = picture.format in (*JPEG, "WEBP", "HEIF")
        shown(picture).save(kept, "JPEG" if lossy else "PNG", quality=95, subsampling=0)
        picture = Image.open(kept)
    if picture.format in JPEG:
        picture.draft("RGB", (size, size))
    return picture.convert("RGB")


def is_plain(picture):
    """Whether it is a JPEG whose pixels are to be seen as they are stored."""
    upright = picture.getexif().get(ORIENTATION, 1) == 1
    return picture.format in JPEG and picture.mode in ("RGB", "L") and upright and b"sRGB" in profile_of(picture)


def profile_of(picture):
    """What its colours are told in; plain numbers count as sRGB."""
    return picture.info.get("icc_profile") or b"sRGB"


def shown(picture):
    """The picture turned upright and brought to 8 bits, sRGB."""
    picture, profile = ImageOps.exif_transpose(picture), profile_of(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):  # deep grey
        grey, white = np.nan_to_num(np.asarray(picture).astype(float)), 255.0
        if grey.min() < 0 or (picture.mode == "F" and grey.max() <= 1):
            grey, white = grey - min(grey.min(), 0), max(grey.max() - min(grey.min(), 0), 1e-12)
        while white < grey.max():
            white = white * 2 + 1
        return Image.fromarray((grey / white * 255 + 0.5).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    if b"sRGB" not in profile and picture.mode in ("RGB", "CMYK"):
        try:
            source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB")
        except ImageCms.PyCMSError:
            pass  # a broken profile: the plain numbers are the best there is
    return picture.convert("RGB")


def said(answers):
    """What follows from the model's answers: the likeliest class, the median grade, all classes at their limits."""
    classes = card["classes"]
    if card["task"] == "regression":
        return f"{answers[0]:.4g}"
    if card["task"] == "multi":
        limits = card["thresholds"] or [0.5] * len(classes)
        there = [label for label, share, limit in zip(classes, answers, limits) if share >= limit]
        return ", ".join(there) or "none of them"
    if card["task"] == "ordinal":
        return classes[min(int((np.cumsum(answers) < 0.5).sum()), len(classes) - 1)]
    return classes[int(np.argmax(answers))]


for name in sys.argv[1:]:
    try:
        picture = seen(name)
    except (OSError, ValueError) as error:
        print(f"{name} cannot be read: {error}")
        continue
    if card["framing"] == "crop":
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    pixels = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    answers = model.run(None, {"pictures": pixels[None]})[0][0]
    words = [f"{label} {share:.1%}" for label, share in zip(card["classes"], answers)]
    print(f"{name}: {said(answers)}", f"({', '.join(words)})" if words else "")
'''
