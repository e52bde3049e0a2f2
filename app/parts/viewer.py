"""The viewer: pictures with heatmaps over them. The component asks for heatmaps by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.components import mount
from app.parts.annotator import annotator_name
from app.parts.grades import points
from core.services.circles import Circle
from core.services.explanations import PictureView, SubjectView
from core.services.grades import GradesView
from core.types import ImageId, Task

HONEST = (
    "Hot places are, as far as the method can tell, those this model's answer came from. They do not prove that it is "
    "right, nor that an expert would look there: look for heat on the background, tags or borders."
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
    grades: GradesView | None = None,
    circles: Mapping[ImageId, Sequence[Circle]] | None = None,
    circled: int = 0,
) -> dict[str, Any] | None:
    """Show the pictures; returns what the person chose last ({image, blob, target, method}), or None.

    With `follow`, a change of `selected` opens that picture. `grades` stand beside the methods; with `circles`, what
    was drawn on the pictures is shown and can be changed; `circled` pictures of the project carry any.
    """
    data = {
        "model": subject.run.id,
        "classes": list(subject.classes),
        "several": subject.task is Task.MULTI,
        "methods": [
            {
                "name": item.name,
                "title": item.title,
                "words": item.words,
                "of_class": item.of_class,
                "passes": item.passes,
                **_grade(item.name, grades),
            }
            for item in subject.methods
        ],
        "pictures": [_item(picture, circles) for picture in pictures],
        "circling": circles is not None,
        "circled": circled,
        "annotator": annotator_name(),
        "selected": selected,
        "target": target,
        "method": method if any(item.name == method for item in subject.methods) else "gradcam",
        "follow": follow,
        "cropped": subject.framing == "crop",
    }
    choice: dict[str, Any] | None = mount("viewer", key=key, data=data, on_choice_change=lambda: None).choice
    return choice


def _grade(method: str, grades: GradesView | None) -> dict[str, Any]:
    """What the tests said of a method, in a word for the list and a sentence for below it."""
    found = next((item.grade for item in grades.methods if item.info.name == method), None) if grades else None
    if found is None:
        return {"mark": "", "verdict": "Not tested on this model yet." if grades is None else ""}
    gain = "" if found.gain is None else f"{points(found.gain.value)} points above chance maps"
    if found.passes is False:
        return {"mark": "fails its tests", "verdict": f"Do not rely on it here: {'; '.join(found.reasons)}."}
    if found.passes is None:
        return {"mark": "", "verdict": "Tested on too few pictures to say whether it can be trusted."}
    best = "The most trustworthy here: " if grades and method == grades.best else "Passes its tests: "
    hits = "" if found.pointing is None else f", points at what was circled in {found.pointing.value:.0%}"
    hits += "" if found.chance is None else f" (chance {found.chance:.0%})"
    return {"mark": gain.split(" ")[0], "verdict": f"{best}{gain}{hits}."}


def _item(picture: PictureView, circles: Mapping[ImageId, Sequence[Circle]] | None) -> dict[str, Any]:
    return {
        "image": picture.image,
        "circles": [[c.x, c.y, c.rx, c.ry] for c in (circles or {}).get(picture.image or ImageId(0), ())],
        "blob": "" if picture.image else picture.blob,
        "url": f"/api/blob/{picture.blob}/full",
        "thumb": f"/api/blob/{picture.blob}/thumb",
        "name": picture.name,
        "truth": picture.truth,
        "truth_set": list(picture.truth_set),
        "said": picture.said,
        "said_set": None if picture.said_set is None else list(picture.said_set),
        "confidence": picture.confidence,
        "wrong": picture.wrong,
        "answer": picture.answer,
    }
