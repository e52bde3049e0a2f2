"""The example that goes with every exported model."""

EXAMPLE = '''"""What the model says of pictures: python predict.py picture.jpg ..."""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

card = json.load(open("card.json", encoding="utf-8"))
model = onnxruntime.InferenceSession("model.onnx")
size = card["image_size"]
for name in sys.argv[1:]:
    picture = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    if card["framing"] == "crop":
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    pixels = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    answers = model.run(None, {"pictures": pixels[None]})[0][0]
    words = [f"{label} {share:.1%}" for label, share in zip(card["classes"], answers)]
    print(name, ", ".join(words) or answers[0])
'''
