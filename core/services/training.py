"""Starting trainings and following them."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime

from core.errors import BadInput, NotEnoughImages
from core.jobs.payloads import TrainPayload
from core.recipes import Recipe
from core.services.base import Service
from core.splits import SplitItem, assign_splits
from core.splits.assign import RULE
from core.store import projects, runs, versions
from core.store.db import reading, writing
from core.store.projects import ProjectView
from core.store.runs import RunRecord
from core.store.versions import LabelledImage, VersionItem
from core.types import JsonObject, ProjectId, RunId, RunKind, Split, Task, VersionId

__all__ = ["RunRecord", "Training"]

FEWEST_PER_CLASS = 5


class Training(Service):
    """Trainings of a project."""

    def start(self, project_id: ProjectId, recipe: Recipe, name: str = "") -> RunId:
        """Freeze the labels as a dataset version and queue a training on it.

        Raises BadInput for a task or recipe that cannot be trained, NotEnoughImages with the smallest number.
        """
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
        if project.task not in (Task.SINGLE, Task.ORDINAL):
            raise BadInput("So far only projects with one class or grade per picture can be trained.")
        if recipe.tune != "head":
            raise BadInput("So far only the preset Instant can be trained.", hint="Choose Instant.")
        version_id = self._freeze(project)
        return self.queue.enqueue(
            TrainPayload(), project_id=project_id, name=name, recipe=recipe.to_json(), version_id=version_id
        )

    def _freeze(self, project: ProjectView) -> VersionId:
        positions = {item.id: index for index, item in enumerate(project.classes)}
        with writing(self.engine) as session:
            found = [
                image
                for image in versions.list_labelled(session, project.id)
                if len(image.classes) == 1 and image.classes[0] in positions
            ]
            _check_enough(project, found)
            splits = assign_splits(
                [
                    SplitItem(image_id=image.id, unit=_unit(image), stratum=str(image.classes[0]), split=image.split)
                    for image in found
                ]
            )
            if set(splits.values()) != set(Split):
                raise NotEnoughImages(
                    "The pictures come from too few cases or groups to keep some for testing.",
                    hint="At least five are needed.",
                )
            versions.write_splits(session, splits)
            items = [
                VersionItem(
                    image_id=image.id,
                    blob=image.blob,
                    split=splits[image.id],
                    targets=(positions[image.classes[0]],),
                    number=None,
                    case_name=image.case_name,
                    group_name=image.group_name,
                )
                for image in found
            ]
            classes: list[JsonObject] = [
                {"id": item.id, "name": item.name, "colour": item.colour} for item in project.classes
            ]
            content = [[item.blob, item.split.value, list(item.targets)] for item in items]
            return versions.create_version(
                session,
                project.id,
                content_hash=hashlib.sha256(json.dumps([content, classes]).encode()).hexdigest(),
                task=project.task,
                classes=classes,
                split_rule=RULE,
                items=items,
                now=datetime.now(UTC),
            )

    def read(self, run_id: RunId) -> RunRecord:
        """The run as it stands. Raises NotFound."""
        return self.queue.read(run_id)

    def curves(self, run_id: RunId) -> dict[str, list[tuple[int, float]]]:
        """Name -> points (step, value)."""
        with reading(self.engine) as session:
            return runs.read_metrics(session, run_id)

    def cancel(self, run_id: RunId) -> bool:
        """Ask a training to stop."""
        return self.queue.cancel(run_id)

    def resume(self, run_id: RunId) -> bool:
        """Queue a failed or stopped training again."""
        return self.queue.resume(run_id)

    # Last, because it hides the built-in `list` from what follows in this class.
    def list(self, project_id: ProjectId) -> list[RunRecord]:
        """The project's trainings, newest first."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN])


def _unit(image: LabelledImage) -> str:
    return f"case {image.case_name}" if image.case_name else f"group {image.group_name}" if image.group_name else ""


def _check_enough(project: ProjectView, images: list[LabelledImage]) -> None:
    counts = Counter(image.classes[0] for image in images)
    usable = [item for item in project.classes if counts[item.id] >= FEWEST_PER_CLASS]
    if len(usable) < 2:
        have = ", ".join(f"{item.name}: {counts[item.id]}" for item in project.classes) or "no class yet"
        raise NotEnoughImages(
            f"Training needs at least two classes with {FEWEST_PER_CLASS} labelled pictures each ({have}).",
            hint="Label some more.",
        )
