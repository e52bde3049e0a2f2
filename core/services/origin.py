"""Where a training's figures come from: data, recipe, versions, device, the command that repeats it, its forebears."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.charts import LineageStep
from core.errors import NotFound
from core.recipes import completed, earlier_model
from core.services.repeating import repeat_command
from core.store import projects, runs, versions
from core.store.runs import RunRecord
from core.types import JsonObject, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A training's origin. `libraries` are empty, and `code_version` is "", where they were not recorded.

    `lineage` goes from the oldest run to this one; it has one step where it descends from no other.
    """

    run_id: RunId
    project: str
    version: int
    dataset_hash: str
    split_rule: str
    recipe: JsonObject
    device: str
    code_version: str
    libraries: Mapping[str, str]
    trained_at: datetime
    command: str
    lineage: tuple[LineageStep, ...]


def read_origin(session: Session, run_id: RunId) -> Origin:
    """The origin of a run with a dataset version. Raises NotFound."""
    run = runs.read_run(session, run_id)
    if run.version_id is None or run.project_id is None:
        raise NotFound(f"Run {run_id} is no training.", hint="`graft runs` lists the trainings.")
    version, project = versions.read_head(session, run.version_id), projects.read_project(session, run.project_id)
    libraries = run.libraries or (run.result or {}).get("libraries")  # the result's of runs of an earlier Graft
    return Origin(
        run_id=run.id,
        project=project.name,
        version=version.number,
        dataset_hash=version.content_hash,
        split_rule=version.split_rule,
        recipe=completed(run.recipe) if run.recipe else {},
        device=run.device,
        code_version=run.code_version,
        libraries={str(name): str(value) for name, value in libraries.items()} if isinstance(libraries, dict) else {},
        trained_at=run.finished_at or run.created_at,
        command=repeat_command(run, project.name, version.number),
        lineage=_lineage(session, run),
    )


def _lineage(session: Session, run: RunRecord) -> tuple[LineageStep, ...]:
    found: list[LineageStep] = []
    step: RunRecord | None = run
    kept = ""
    while step is not None:
        project = projects.read_project(session, step.project_id).name if step.project_id else "drawn pictures"
        found.append(LineageStep(step.title, project, kept))
        kept = kept_words((step.result or {}).get("head"), str((step.recipe or {}).get("weights")))
        step = runs.read_run(session, step.parent_id) if step.parent_id else None
    return tuple(reversed(found))


def kept_words(head: object, weights: str = "") -> str:
    """What a run kept of its parent, in words; `head` as in the result of a training, `weights` as in its recipe."""
    earlier = earlier_model(weights)
    network = f"the network of its fold {earlier.fold}" if earlier and earlier.fold else "its network"
    if not isinstance(head, dict):
        return f"{network}, with a new last layer"
    parts = [("kept", "classes kept"), ("new", "new"), ("left_out", "left out")]
    told = [f"{words}: {', '.join(map(str, head[key]))}" for key, words in parts if head.get(key)]
    folds = head.get("folds")
    among = f" (in {folds[0]} of {folds[1]} folds; in the others a new last layer was better)" if folds else ""
    return "; ".join([network, *told]) + among
