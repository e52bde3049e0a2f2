"""Pictures in a grid that can be chosen, labelled and looked at closely; several pages use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.components import mount
from app.context import graft
from app.parts.annotator import annotator_name
from core.services.maps import CurrentImage
from core.services.projects import ClassView, ProjectView
from core.services.results import BehindView
from core.types import ClassId, ImageId, ImageState, JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class GridItem:
    """A picture with the label it has."""

    image_id: ImageId
    blob: str
    name: str
    caption: str = ""
    classes: tuple[ClassId, ...]
    number: float | None
    state: ImageState
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GridAction:
    """A button of the page's own that was pressed, and the pictures that were chosen."""

    name: str
    image_ids: tuple[ImageId, ...]


def grid_item(image_id: ImageId, image: CurrentImage | BehindView, caption: str = "") -> GridItem:
    """A picture as it is labelled now, for the grid."""
    return GridItem(
        image_id=image_id,
        blob=image.blob,
        name=image.name,
        caption=caption,
        classes=image.classes,
        number=image.number,
        state=image.state,
        flagged=image.flagged,
    )


def picture_grid(
    project: ProjectView,
    items: Sequence[GridItem],
    *,
    key: str,
    labelling: bool = True,
    actions: Sequence[str] = (),
) -> GridAction | None:
    """Show pictures. Labels go to the server by themselves; the result is the button among `actions` just pressed."""
    data = {
        **label_data(project, graft().labelling.progress(project.id).by_class),
        "items": [_item(item) for item in items],
        "labelling": labelling,
        "actions": list(actions),
    }
    sent = mount("gallery", key=key, data=data, on_action_change=lambda: None)
    if not sent.action:
        return None
    return GridAction(name=str(sent.action["name"]), image_ids=tuple(ImageId(int(item)) for item in sent.action["ids"]))


def label_data(project: ProjectView, counts: Mapping[ClassId, int]) -> JsonObject:
    """What the labelling scripts need to know of a project; `counts` are pictures per class."""
    return {
        "project": project.id,
        "born": project.created_at.isoformat(),
        "annotator": annotator_name(),
        "task": project.task.value,
        "unit": project.unit,
        "classes": [_class(item) for item in project.classes],
        "names": {str(item.id): _class(item) for item in project.all_classes.values()},
        "counts": {str(class_id): number for class_id, number in counts.items()},
    }


def _class(item: ClassView) -> JsonObject:
    return {
        "id": item.id,
        "name": item.name,
        "colour": item.colour,
        "key": item.key,
        "description": item.description,
    }


def _item(item: GridItem) -> JsonObject:
    address = f"/api/image/{item.image_id}"
    return {
        "id": item.image_id,
        "thumb": f"{address}/thumb?v={item.blob[:12]}",
        "full": f"{address}/full?v={item.blob[:12]}",
        "name": item.name,
        "caption": item.caption,
        "classes": list[JsonValue](item.classes),
        "number": item.number,
        "state": item.state.value,
        "flagged": item.flagged,
    }
