"""Circled places as COCO annotations (https://cocodataset.org/#format-data), for labelling tools and back again.

COCO knows boxes and polygons, in pixels and inside the picture: other programs read these. The ellipse itself stands
beside them under `attributes`, as labelling tools keep what COCO has no name for, so that nothing is lost. A box that
another program drew is read as the ellipse inside it.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.labels import MOST_CIRCLES, Circle
from core.types import JsonObject, JsonValue

CORNERS = 32
"""Of the polygon that stands for an ellipse."""
CATEGORY: JsonObject = {"id": 1, "name": "circled", "supercategory": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class CircledPicture:
    """A picture's file, and what was circled in it."""

    file: str
    circles: tuple[Circle, ...]


def coco_text(pictures: Sequence[tuple[CircledPicture, int, int]]) -> str:
    """The file, of pictures with their width and height in pixels."""
    images: list[JsonValue] = []
    annotations: list[JsonValue] = []
    for number, (picture, width, height) in enumerate(pictures, 1):
        images.append({"id": number, "file_name": picture.file, "width": width, "height": height})
        for circle in picture.circles:
            facts: JsonObject = {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0}
            annotations.append(facts | _shape(circle, width, height))
    return json.dumps({"images": images, "annotations": annotations, "categories": [CATEGORY]}, ensure_ascii=False)


def _shape(circle: Circle, width: int, height: int) -> JsonObject:
    turns = [2 * math.pi * corner / CORNERS for corner in range(CORNERS)]
    points = [
        (
            width * min(max(circle.x + circle.rx * math.cos(turn), 0.0), 1.0),
            height * min(max(circle.y + circle.ry * math.sin(turn), 0.0), 1.0),
        )
        for turn in turns
    ]
    left, top = (min(point[axis] for point in points) for axis in (0, 1))
    right, bottom = (max(point[axis] for point in points) for axis in (0, 1))
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    area = abs(sum(one[0] * other[1] - other[0] * one[1] for one, other in pairs)) / 2
    return {
        "bbox": [left, top, right - left, bottom - top],
        "segmentation": [[end for point in points for end in point]],
        "area": area,
        "attributes": {"ellipse": [circle.x, circle.y, circle.rx, circle.ry]},
    }


def read_coco(content: bytes, name: str) -> list[CircledPicture]:
    """The pictures of a COCO file that have a box or an ellipse, of each picture as many as it can carry.

    Raises BadInput naming the file for anything else than COCO.
    """
    try:
        found = json.loads(content)
        known = {item["id"]: item for item in found["images"]}
        circles: dict[str, list[Circle]] = {}
        for item in found["annotations"]:
            picture = known[item["image_id"]]
            file, circle = str(picture["file_name"]), _circle(item, picture.get("width"), picture.get("height"))
            if circle is not None and len(circles.setdefault(file, [])) < MOST_CIRCLES:
                circles[file].append(circle)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadInput(f"{name} is not a COCO file of boxes.", hint="It needs images and annotations.") from error
    return [CircledPicture(file=file, circles=tuple(drawn)) for file, drawn in circles.items()]


def _circle(item: JsonObject, width: float | None, height: float | None) -> Circle | None:
    """An annotation's ellipse, or the one inside its box; None where it has neither, or one without any size."""
    attributes = item.get("attributes")
    kept = attributes.get("ellipse") if isinstance(attributes, dict) else None
    if isinstance(kept, list):
        x, y, rx, ry = (float(str(end)) for end in kept)
        return Circle(x, y, rx, ry)
    box = item.get("bbox")
    if not isinstance(box, list) or not width or not height:
        return None
    left, top, wide, high = (float(str(end)) for end in box)
    ends = [(left / width, (left + wide) / width), (top / height, (top + high) / height)]
    (x0, x1), (y0, y1) = ((min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)) for low, high in ends)
    if not (x1 > x0 and y1 > y0):
        return None
    return Circle((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2, (y1 - y0) / 2)
