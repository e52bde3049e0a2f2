"""What experts circle in pictures, so that explanations can be held against it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from core.errors import BadInput
from core.labels import MOST_CIRCLES, Circle
from core.services.base import Service
from core.store import circles, images, labels
from core.store.db import reading, writing
from core.types import ImageId, ProjectId

__all__ = ["Circle", "Circles"]


class Circles(Service):
    """Circles on a project's pictures."""

    def save(
        self, image: ImageId, drawn: Sequence[Circle], annotator: str, *, seen: Sequence[Circle] | None = None
    ) -> int:
        """Make these a picture's circles, drawn by that person; returns how many pictures carry any.

        With `seen`, what the person saw before drawing, circles that others drew or took away meanwhile stay so.
        """
        if len(drawn) > MOST_CIRCLES:
            raise BadInput(f"A picture can carry {MOST_CIRCLES} circles.", hint="Circle the clearest places.")
        with writing(self.engine) as session:
            project = images.read_image(session, image).project_id
            person = labels.annotator_id(session, annotator)
            if seen is not None:
                there = circles.read_circles(session, project, [image]).get(image, [])
                mine = [item for item in drawn if item not in seen]
                drawn = [*(item for item in there if item in drawn or item not in seen), *mine]
            circles.replace_circles(session, image, drawn, annotator=person, now=datetime.now(UTC))
            return circles.count_circled(session, project)

    def of(self, project: ProjectId, found: Sequence[ImageId]) -> dict[ImageId, list[Circle]]:
        """The circles on these pictures."""
        with reading(self.engine) as session:
            return circles.read_circles(session, project, found)

    def count(self, project: ProjectId) -> int:
        """How many pictures carry a circle."""
        with reading(self.engine) as session:
            return circles.count_circled(session, project)
