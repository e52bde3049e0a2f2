"""Labels and consensus made anew from the events, which are the truth.

An event keeps the class it was given. What became of that class later, by merging, is looked up each time the
label is derived: so merging and separating again never touch an event.
"""

from collections.abc import Collection, Sequence
from itertools import groupby

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.labels import LabelValue
from core.store.labels import STATES, list_words, merged_value, standing
from core.store.projects import ProjectView
from core.store.tables import ImageClassRow, ImageRow, LabelEventRow, LabelRow
from core.types import ClassId, ImageId, ImageState, LabelKind

CHUNK = 500


def images_with_classes(session: Session, project: ProjectView, class_ids: Collection[ClassId]) -> list[ImageId]:
    """The images that somebody ever gave one of these classes."""
    query = select(LabelEventRow.image_id, LabelEventRow.value).where(
        LabelEventRow.project_id == project.id, LabelEventRow.kind.in_((LabelKind.SET, LabelKind.CONFIRM))
    )
    wanted = set(class_ids)
    return sorted(
        {
            image_id
            for image_id, value in session.execute(query)
            if wanted.intersection(LabelValue.from_json(value).classes)
        }
    )


def rebuild_labels(session: Session, project: ProjectView, image_ids: Sequence[ImageId] | None = None) -> None:
    """Make these images' labels, states, numbers, classes and flags anew; all of the project's without `image_ids`."""
    if image_ids is None:
        image_ids = list(session.scalars(select(ImageRow.id).where(ImageRow.project_id == project.id)))
    for start in range(0, len(image_ids), CHUNK):
        _rebuild(session, project, image_ids[start : start + CHUNK])


def _rebuild(session: Session, project: ProjectView, image_ids: Sequence[ImageId]) -> None:
    own = (LabelEventRow.image_id.in_(image_ids), LabelEventRow.project_id == project.id)
    labels: dict[tuple[ImageId, int], dict[str, object]] = {}
    newest: dict[ImageId, tuple[ImageState, LabelValue]] = dict.fromkeys(
        image_ids, (ImageState.UNLABELLED, LabelValue())
    )
    for _, said in groupby(list_words(session, *own), key=lambda word: word.image_id):
        for word in standing(said):
            state, value = STATES[word.kind], merged_value(project.meant, LabelValue.from_json(word.value))
            newest[word.image_id] = (state, value)
            labels[word.image_id, word.annotator_id] = {
                "image_id": word.image_id,
                "annotator_id": word.annotator_id,
                "state": state,
                "value": value.to_json(),
                "updated_at": word.at,
            }
    flags = dict.fromkeys(image_ids, False)
    flagging = select(LabelEventRow.image_id, LabelEventRow.kind).where(*own, LabelEventRow.kind.not_in(list(STATES)))
    for image_id, kind in session.execute(flagging.order_by(LabelEventRow.id)):
        flags[image_id] = kind is LabelKind.FLAG
    session.execute(delete(LabelRow).where(LabelRow.image_id.in_(image_ids)))
    session.execute(delete(ImageClassRow).where(ImageClassRow.image_id.in_(image_ids)))
    labelled = {image_id: value for image_id, (state, value) in newest.items() if state is ImageState.LABELLED}
    pairs = [{"image_id": key, "class_id": class_id} for key, value in labelled.items() for class_id in value.classes]
    images = [
        {
            "id": image_id,
            "state": state,
            "number": value.number if image_id in labelled else None,
            "flagged": flags[image_id],
        }
        for image_id, (state, value) in newest.items()
    ]
    for query_of, rows in ((insert(LabelRow), list(labels.values())), (insert(ImageClassRow), pairs)):
        if rows:
            session.execute(query_of, rows)
    session.execute(update(ImageRow), images)
