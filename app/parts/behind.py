"""The pictures behind a number, where a wrong label can be mended in place."""

from collections.abc import Sequence

from app.links import go
from app.parts.picture_grid import GridItem, grid_item, picture_grid
from app.parts.showing import show_more, showing
from core.services.projects import ProjectView
from core.services.results import BehindView
from core.types import RunId, Task

STEP = 48
LOOK_INSIDE = "Look inside"


def behind(project: ProjectView, run: RunId, pictures: Sequence[BehindView], *, key: str, truth: bool = False) -> None:
    """Show the pictures, some at first and more on demand; `truth` says what each was labelled, too.

    A button opens the first chosen one where the run's model shows what it looked at.
    """
    shown = pictures[: showing(key, STEP)]
    items = [_item(picture, truth, project.task is Task.MULTI) for picture in shown]
    pressed = picture_grid(project, items, key=key, actions=[LOOK_INSIDE])
    if pressed is not None and pressed.image_ids:
        go("explain", run=run, image=pressed.image_ids[0])
    show_more(key, len(pictures), STEP)


def _item(picture: BehindView, truth: bool, several: bool) -> GridItem:
    sure = "" if picture.confidence is None or several else f", {picture.confidence:.0%} sure"
    was = f"is {picture.truth} · " if truth else ""
    return grid_item(picture.image_id, picture, f"{was}said {picture.said}{sure}")
