"""What the report of a training tells, gathered from the store."""

from collections import Counter

from sqlalchemy.orm import Session

from core.exchange.report_html import Failure, ReportFacts
from core.media import BlobStore
from core.services.behind import BehindView, badness, behind
from core.services.results_json import results_json
from core.store import labels, predictions, projects
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.scoring import usable
from core.store.versions import VersionRecord
from core.types import Split, Task

SHOWN = 12


def report_facts(session: Session, run: RunRecord, version: VersionRecord, pictures: BlobStore) -> ReportFacts:
    """The facts of a training on `version`."""
    project = projects.read_project(session, version.project_id)
    said = predictions.read_predictions(session, run.id)
    unit = project.settings.get("unit")
    return ReportFacts(
        project=project.name,
        guideline=project.guideline,
        unit=unit if isinstance(unit, str) else "",
        synthetic=bool(project.settings.get("synthetic")),
        results=results_json(run, version, said),
        recipe=run.recipe or {},
        trained_at=run.finished_at or run.created_at,
        device=run.device,
        code_version=run.code_version,
        together=version.together,
        annotators=labels.count_by_annotator(session, version.id, until=version.created_at),
        class_counts=_class_counts(version),
        failures=[_failure(item, pictures, version.task) for item in _worst(session, version, said)],
    )


def _class_counts(version: VersionRecord) -> list[tuple[str, int, int, int]]:
    counts = Counter((target, item.split) for item in version.items for target in item.targets)
    return [
        (name, counts[index, Split.TRAIN], counts[index, Split.VALIDATION], counts[index, Split.TEST])
        for index, name in enumerate(version.class_names)
    ]


def _worst(session: Session, version: VersionRecord, said: list[PredictionRecord]) -> list[BehindView]:
    tested = [item for item in usable(version.task, said) if item.split is Split.TEST and badness(item) > 0]
    return behind(session, version, sorted(tested, key=lambda item: -badness(item))[:SHOWN])


def _failure(item: BehindView, pictures: BlobStore, task: Task) -> Failure:
    exclusive = task in (Task.SINGLE, Task.ORDINAL)
    sure = f", {item.confidence:.0%} sure" if exclusive and item.confidence is not None else ""
    caption = f"{item.name}: is {item.truth}, said {item.said}{sure}"
    return Failure(jpeg=pictures.thumb(item.blob).read_bytes(), caption=caption)
