"""Finished runs for tests: images, labels, a dataset version and predictions, without any training."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.graft import Graft
from core.jobs.payloads import Payload
from core.labels import LabelValue
from core.recipes import PRESETS, Recipe
from core.services.labelling import LabelEvent
from core.store import facts, images, predictions, runs, versions
from core.store.computed import compute
from core.store.db import writing
from core.store.images import NewImage
from core.store.labelling import labelling_json
from core.store.predictions import PredictionRecord
from core.store.snapshot import FILE, HASH, snapshot
from core.store.tables import RunRow
from core.store.versions import VersionItem
from core.types import ImageId, JsonObject, LabelKind, Lane, ProjectId, RunId, RunKind, RunState, Split, VersionId
from tests.at_once import claim

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def make_images(graft: Graft, project: ProjectId, count: int, *, each: int = 0) -> list[ImageId]:
    with writing(graft.engine) as session:
        return [
            images.create_image(
                session,
                project,
                NewImage(
                    sha256=f"{project}-{index}", blob=f"{index:064d}", phash="", format="png", width=8, height=8,
                    size_bytes=1, original_name=f"{index}.png", extra={},
                    case_name=f"case {index // each}" if each else None,
                ),
                now=NOW,
            )
            for index in range(count)
        ]  # fmt: skip


def label(graft: Graft, project: ProjectId, values: dict[ImageId, LabelValue]) -> None:
    events = [
        LabelEvent(event_id=f"{image}-{value}", image_id=image, kind=LabelKind.SET, value=value)
        for image, value in values.items()
    ]
    assert not graft.labelling.record(project, events).rejected


def make_version(
    graft: Graft,
    project: ProjectId,
    found: Sequence[ImageId],
    truth: Sequence[Sequence[int]],
    numbers: Sequence[float] = (),
) -> VersionId:
    view = graft.projects.read(project)
    items = [
        VersionItem(
            image_id=image, blob=f"{index:064d}", split=Split.TEST, targets=tuple(truth[index]),
            number=numbers[index] if numbers else None, case_name=None, group_name=None,
        )
        for index, image in enumerate(found)
    ]  # fmt: skip
    with writing(graft.engine) as session:
        return versions.create_version(
            session, project, task=view.task, split_rule="all for testing", items=items,
            now=datetime.now(UTC),
            classes=[{"id": item.id, "name": item.name, "colour": item.colour} for item in view.classes],
        )  # fmt: skip


def end(graft: Graft, run_id: RunId, state: RunState = RunState.DONE, **how: Any) -> RunId:
    """End the run that waits, without doing it; `how` is what `finish_run` is told: a result, an error."""
    run = claim(graft, graft.queue.read(run_id).lane, NOW)
    assert run.id == run_id
    with writing(graft.engine) as session:
        runs.finish_run(session, run_id, run.attempts, state, now=NOW, **how)
    return run_id


def make_run(
    graft: Graft,
    version: VersionId,
    project: ProjectId,
    records: Sequence[PredictionRecord],
    recipe: Recipe = PRESETS["instant"],
    payload: JsonObject | None = None,
) -> RunId:
    with writing(graft.engine) as session:
        run_id = runs.create_run(
            session, project_id=project, kind=RunKind.TRAIN, lane=Lane.TRAINING, payload=payload or {},
            now=NOW,
            recipe=recipe.to_json(), version_id=version,
        )  # fmt: skip
        predictions.replace_predictions(session, run_id, records)
    return end(graft, run_id, result={"timings_s": {"fit": 1.5}})


def make_job(
    graft: Graft,
    project: ProjectId,
    kind: RunKind,
    payload: Payload,
    result: JsonObject,
    about: RunId | None = None,
) -> RunId:
    """A job that has ended with this result."""
    with writing(graft.engine) as session:
        run_id = runs.create_run(
            session, project_id=project, kind=kind, lane=Lane.FILES, payload=payload.to_json(), now=NOW, parent_id=about
        )
    return end(graft, run_id, result=result)


def keep(graft: Graft, run: RunId) -> RunId:
    """Write the run's snapshot, as a training does when it ends."""
    with writing(graft.engine) as session:
        row = session.get_one(RunRow, run)
        assert row.version_id is not None
        version, said = versions.read_version(session, row.version_id), predictions.read_predictions(session, run)
        known = facts.read_facts(session, [item.image_id for item in said if item.image_id is not None])
        kept = snapshot(compute(version, said, known), labelling_json(session, version), "")
        content = json.dumps(kept).encode()
        row.result = {**(row.result or {}), HASH: hashlib.sha256(content).hexdigest()}
    folder = graft.settings.models / str(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(content)
    return run
