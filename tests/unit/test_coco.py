"""Circles written as COCO and read again, and boxes that other programs drew."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.exchange.coco import CircledPicture, coco_text, read_coco
from core.labels import MOST_CIRCLES, Circle

SHARE = st.floats(0, 1)
RADIUS = st.floats(0, 1, exclude_min=True)
CIRCLES = st.lists(st.builds(Circle, SHARE, SHARE, RADIUS, RADIUS), min_size=1, max_size=5)
SIDE = st.integers(1, 20_000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CIRCLES, SIDE, SIDE), max_size=4))
def test_circles_come_back_exactly_and_other_programs_find_boxes_inside_the_picture(
    drawn: list[tuple[list[Circle], int, int]],
) -> None:
    pictures = [
        (CircledPicture(file=f"a/{number}.png", circles=tuple(circles)), width, height)
        for number, (circles, width, height) in enumerate(drawn)
    ]
    text = coco_text(pictures)
    assert read_coco(text.encode(), "circles.coco.json") == [picture for picture, _, _ in pictures]
    value = json.loads(text)
    sizes = {item["id"]: (item["width"], item["height"]) for item in value["images"]}
    for item in value["annotations"]:
        left, top, wide, high = item["bbox"]
        width, height = sizes[item["image_id"]]
        assert 0 <= left <= left + wide <= width * (1 + 1e-9) and 0 <= top <= top + high <= height * (1 + 1e-9)
        assert 0 <= item["area"] <= width * height * (1 + 1e-9)
        assert len(item["segmentation"][0]) % 2 == 0 and item["category_id"] == value["categories"][0]["id"]


def coco(annotations: list[dict[str, object]], **image: object) -> bytes:
    images = [{"id": 7, "file_name": "a.png", "width": 100, "height": 50, **image}]
    return json.dumps({"images": images, "annotations": annotations}).encode()


def test_a_box_is_read_as_the_ellipse_inside_it_cut_to_the_picture() -> None:
    inside = {"id": 1, "image_id": 7, "bbox": [10, 10, 40, 20]}
    over = {"id": 2, "image_id": 7, "bbox": [80, -10, 40, 20]}
    (found,) = read_coco(coco([inside, over]), "boxes.json")
    assert [(c.x, c.y, c.rx, c.ry) for c in found.circles] == [
        pytest.approx((0.3, 0.4, 0.2, 0.2)),
        pytest.approx((0.9, 0.1, 0.1, 0.1)),
    ]


def test_boxes_of_no_size_and_more_than_a_picture_can_carry_are_left_out() -> None:
    assert read_coco(coco([{"id": 1, "image_id": 7, "bbox": [200, 10, 40, 20]}]), "x.json") == []
    many: list[dict[str, object]] = [{"id": n, "image_id": 7, "bbox": [1, 1, 5, 5]} for n in range(MOST_CIRCLES + 5)]
    assert len(read_coco(coco(many), "x.json")[0].circles) == MOST_CIRCLES


@pytest.mark.parametrize(
    "content", [b"", b"[1, 2]", b"{}", b'{"images": [], "annotations": [{"image_id": 1}]}', b"\xff\xfe\x00"]
)
def test_another_json_file_is_refused_by_its_name(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"card\.json is not a COCO file"):
        read_coco(content, "card.json")
