"""Recording labels and handing out what to label next."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import BadInput, NotFound
from core.labels import LabelValue
from core.services.base import Service
from core.store import current, images, label_queue, labels, projects
from core.store.db import reading, writing
from core.store.label_queue import Progress, QueueItem
from core.store.labels import LabelEvent
from core.types import ImageId, ImageState, LabelKind, ProjectId

__all__ = ["LabelEvent", "LabelValue", "Labelling", "Progress", "QueueItem", "Recorded"]


AHEAD = 200
"""How many images are handed out at once: more than the fastest hand labels before the next ones arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Which events are on disk, and which cannot be kept, with the reason.

    `archived` names classes that they give although somebody has put them out of use: no model learns from them.
    `deleted` names images that they label although somebody has deleted them: they do not count until brought back.
    """

    saved: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]
    archived: tuple[str, ...]
    deleted: tuple[str, ...]


class Labelling(Service):
    """Label events in, images to label out."""

    def record(self, project_id: ProjectId, events: Sequence[LabelEvent]) -> Recorded:
        """Keep events in their order; when this returns, the saved ones are on disk. Raises NotFound for the project.

        An event sent again is saved, not doubled. One that cannot be kept does not hold up the others.
        """
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            saved, rejected = [], []
            for event in events:
                try:
                    labels.record_events(session, project, [event], now=datetime.now(UTC))
                    saved.append(event.event_id)
                except (BadInput, NotFound) as error:
                    rejected.append((event.event_id, str(error)))
            deleted = images.list_deleted(session, project_id, {event.image_id for event in events})
        given = {item for event in events if event.kind is LabelKind.SET for item in event.value.classes}
        unused = [item.name for item in project.archived_classes if item.id in given and item.merged_into is None]
        return Recorded(saved=tuple(saved), rejected=tuple(rejected), archived=tuple(unused), deleted=tuple(deleted))

    def confirm(self, project_id: ProjectId, image_ids: Sequence[ImageId], *, annotator: str) -> int:
        """Write down that the labels which stand were looked at and are right; of how many images. Others are left."""
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            now = current.read_current(session, image_ids)
            events = [
                LabelEvent(
                    event_id=uuid.uuid4().hex,
                    image_id=image.id,
                    kind=LabelKind.CONFIRM,
                    value=LabelValue(classes=image.classes, number=image.number),
                    annotator=annotator,
                )
                for image in now.values()
                if image.state is ImageState.LABELLED  # none of the classes is a label, too
            ]
            labels.record_events(session, project, events, now=datetime.now(UTC))
        return len(events)

    def upcoming(
        self,
        project_id: ProjectId,
        *,
        states: Sequence[ImageState] = (ImageState.UNLABELLED,),
        after: ImageId | None = None,
        limit: int = AHEAD,
    ) -> list[QueueItem]:
        """Images to label, oldest first, with ids larger than `after`."""
        with reading(self.engine) as session:
            return label_queue.list_queue(session, project_id, states=states, after=after or ImageId(0), limit=limit)

    def progress(self, project_id: ProjectId) -> Progress:
        """How far labelling has come."""
        with reading(self.engine) as session:
            return label_queue.read_progress(session, project_id)
