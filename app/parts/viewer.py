"""The viewer: pictures with heatmaps over them. The component asks for heatmaps by itself."""

from collections.abc import Sequence
from typing import Any

from app.components import mount
from core.services.explanations import PictureView, SubjectView

HONEST = (
    "Hot places are those this model's score for the class came from. They do not prove that the model is right, "
    "nor that these places are what makes the class: look for heat on the background, tags or borders."
)


def viewer(
    subject: SubjectView,
    pictures: Sequence[PictureView],
    *,
    key: str,
    selected: int = 0,
    target: int | None = None,
    method: str = "gradcam",
    follow: bool = False,
) -> dict[str, Any] | None:
    """Show the pictures; returns what the person chose last ({image, blob, target, method}), or None.

    With `follow`, a change of `selected` opens that picture.
    """
    data = {
        "model": subject.run.id,
        "classes": list(subject.classes),
        "methods": [
            {"name": item.name, "title": item.title, "words": item.words, "of_class": item.of_class}
            for item in subject.methods
        ],
        "pictures": [_item(picture) for picture in pictures],
        "selected": selected,
        "target": target,
        "method": method if any(item.name == method for item in subject.methods) else "gradcam",
        "follow": follow,
        "cropped": subject.framing == "crop",
    }
    choice: dict[str, Any] | None = mount("viewer", key=key, data=data, on_choice_change=lambda: None).choice
    return choice


def _item(picture: PictureView) -> dict[str, Any]:
    return {
        "image": picture.image,
        "blob": "" if picture.image else picture.blob,
        "url": f"/api/blob/{picture.blob}/full",
        "thumb": f"/api/blob/{picture.blob}/thumb",
        "name": picture.name,
        "truth": picture.truth,
        "truth_set": list(picture.truth_set),
        "said": picture.said,
        "confidence": picture.confidence,
        "wrong": bool(picture.truth and picture.said and picture.truth != picture.said),
    }
