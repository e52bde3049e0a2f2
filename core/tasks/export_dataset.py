"""A project as a zip: pictures in the folders of their classes, labels.csv, the classes in their order and circles.

`graft import` reads all of it.
"""

from collections.abc import Mapping

from core.errors import BadInput
from core.exchange import DatasetRow, Names, labels_csv_text
from core.exchange.class_list import CLASS_LIST, class_list_text
from core.exchange.coco import CircledPicture, coco_text
from core.jobs.context import JobContext
from core.media import BlobStore
from core.store import circles, exports, projects
from core.store.db import reading
from core.store.exports import ExportImage
from core.store.projects import ClassView, ProjectView
from core.tasks.archive import file_name, new_archive
from core.types import ClassId, ImageState, JsonObject, Task
from core.words import count

CIRCLES = "circles.coco.json"
EXTENSIONS = {"jpeg": ".jpg", "png": ".png"}


def pack_dataset(context: JobContext) -> JsonObject:
    """Make the zip of the run's project; the result counts its pictures and the labelled ones."""
    if context.run.project_id is None:
        raise BadInput("The export of a dataset needs a project.")
    store, names = BlobStore(context.settings), Names()
    rows: list[DatasetRow] = []
    circled: list[tuple[CircledPicture, int, int]] = []
    with reading(context.engine) as session:
        project = projects.read_project(session, context.run.project_id)
        total, size_bytes = exports.count_images(session, project.id)
        if not total:
            raise BadInput(f"The project {project.name!r} has no pictures.", hint="Bring some in first.")
        drawn = circles.read_circles(session, project.id)
        name = f"{file_name(project.name)}-dataset.zip"
        with new_archive(context, name, size_bytes=size_bytes) as (archive, path):
            for image in exports.each_image(session, project.id):
                context.check_cancelled()
                row = _row(project, image, names)
                archive.writestr(row.file, store.read(image.blob))  # held against its hash
                rows.append(row)
                if image.id in drawn:
                    picture = CircledPicture(file=row.file, circles=tuple(drawn[image.id]))
                    circled.append((picture, image.width, image.height))
                context.progress(f"{len(rows):,} of {count(total, 'picture')}", fraction=len(rows) / total)
            archive.writestr("labels.csv", labels_csv_text(rows))
            if project.classes:
                archive.writestr(CLASS_LIST, class_list_text([item.name for item in project.classes]))
            if circled:
                archive.writestr(CIRCLES, coco_text(circled))
    labelled = sum(row.labels is not None for row in rows)
    counts: JsonObject = {"pictures": len(rows), "labelled": labelled, "circled": len(circled)}
    return {"file": path.name, "size_bytes": path.stat().st_size, **counts}


def _row(project: ProjectView, image: ExportImage, names: Names) -> DatasetRow:
    labels = _labels(project, image)
    return DatasetRow(
        file=names.name(_folder(project, labels), image.original_name, EXTENSIONS[image.format], image.id),
        labels=labels,
        case=image.case_name,
        group=image.group_name,
        date=image.captured_at,
        split=image.split.value if image.split else None,
        extra=image.extra,
    )


def _labels(project: ProjectView, image: ExportImage) -> list[str] | None:
    if image.state is not ImageState.LABELLED:
        return None
    if project.task is Task.REGRESSION:
        return None if image.number is None else [repr(image.number)]
    return list(dict.fromkeys(_standing(project.all_classes, item).name for item in image.classes))


def _standing(classes: Mapping[ClassId, ClassView], class_id: ClassId) -> ClassView:
    """The class, or the one that it was merged into."""
    found = classes[class_id]
    return found if found.merged_into is None else _standing(classes, found.merged_into)


def _folder(project: ProjectView, labels: list[str] | None) -> str:
    if project.task in (Task.MULTI, Task.REGRESSION):
        return "pictures"
    return labels[0] if labels else "unlabelled"
