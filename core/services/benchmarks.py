"""Groups of trainings on one dataset version that answer a question: which network, and how deep to train it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from core.catalogue import backbone_info
from core.errors import BadInput, NotFound
from core.evaluation import FIGURES, Interval
from core.jobs.payloads import TrainPayload
from core.recipes import Recipe, depth_recipes, network_recipes
from core.services.base import Service
from core.services.dataset import freeze
from core.services.weights import parent_of, settled
from core.store import predictions, projects, runs, versions
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.store.scoring import score, usable
from core.types import JsonObject, ProjectId, RunId, RunKind, RunState, Split, Task, VersionId
from core.words import count

__all__ = ["FIGURES", "Benchmarks", "GroupView", "Interval", "RowView"]

NETWORKS, DEPTH = "networks", "depth"
HEADLINE = {
    Task.SINGLE: "balanced_accuracy",
    Task.ORDINAL: "quadratic_kappa",
    Task.MULTI: "mean_ap",
    Task.REGRESSION: "mae",
}
"""The figure by which a group's runs are held against each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One training of a group. What is not known yet is None; `score` is of the test pictures, the same for all."""

    run: RunId
    state: RunState
    error: str
    backbone: str
    weights: str
    tune: str
    score: Interval | None
    seconds: float | None
    parameters: int | None
    size_bytes: int | None
    latency_ms: float | None
    unmoved: bool = False
    """Whether no epoch was better than its beginning, the last layer alone, which was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group, its runs in the order they were asked for. `figure` names the score in FIGURES."""

    group: str
    study: str
    name: str
    created: datetime
    version: int
    figure: str
    device: str
    rows: tuple[RowView, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return all(row.state.ended for row in self.rows)


class Benchmarks(Service):
    """Groups of trainings."""

    def start(
        self, project_id: ProjectId, recipe: Recipe, backbones: Sequence[str], *, scratch: bool = False, name: str = ""
    ) -> str:
        """Queue a training for each backbone, with `scratch` one more from nothing; returns the group.

        Raises BadInput for an unknown backbone or none, NotEnoughImages with the smallest number.
        """
        chosen = [backbone_info(item) for item in dict.fromkeys(backbones)]
        if not chosen:
            raise BadInput("There is no network to compare.", hint="Choose at least one.")
        pairs = [(asked, info.pretrained) for asked, info in zip(dict.fromkeys(backbones), chosen, strict=True)]
        return self._start(project_id, network_recipes(recipe, pairs, scratch=scratch), NETWORKS, name)

    def start_depths(self, project_id: ProjectId, recipe: Recipe, *, name: str = "") -> str:
        """Queue the recipe's training at every depth; returns the group. Raises as `start`."""
        return self._start(project_id, depth_recipes(recipe), DEPTH, name)

    def _start(self, project_id: ProjectId, recipes: Sequence[Recipe], study: str, name: str) -> str:
        recipes = [settled(self.engine, recipe) for recipe in recipes]
        parents = [parent_of(self.engine, self.settings, recipe.weights, recipe.backbone) for recipe in recipes]
        for recipe in recipes:
            backbone_info(recipe.backbone).check_part(recipe.tune)
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            for recipe in recipes:
                recipe.check_task(project.task)
            version_id = freeze(session, project, now=datetime.now(UTC))
        group = secrets.token_hex(4)
        for recipe, parent in zip(recipes, parents, strict=True):
            self.queue.enqueue(
                TrainPayload(group=group, study=study), project_id=project_id, name=name, recipe=recipe.to_json(),
                version_id=version_id, parent_id=parent,
            )  # fmt: skip
        return group

    def list(self, project_id: ProjectId) -> dict[str, str]:
        """The project's groups, the newest first: group -> in words."""
        found: dict[str, list[RunRecord]] = {}
        with reading(self.engine) as session:
            for run in runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN]):
                if run.payload.get("group"):
                    found.setdefault(str(run.payload["group"]), []).append(run)
        return {group: _words(members) for group, members in found.items()}

    def read(self, project_id: ProjectId, group: str) -> GroupView:
        """The group as it stands. Raises NotFound."""
        with reading(self.engine) as session:
            project = projects.read_project(session, project_id)
            members = self._members(session, project_id, group)
            figure = HEADLINE[project.task]
            scores = _scores(session, members, figure)
            numbers = versions.list_numbers(session, project_id)
        first = members[0]
        return GroupView(
            group=group,
            study=str(first.payload["study"]),
            name=first.name,
            created=first.created_at,
            version=numbers[first.version_id or VersionId(0)],
            figure=figure,
            device=next((run.device for run in members if run.device), ""),
            rows=tuple(row_of(run, scores.get(run.id)) for run in members),
        )

    def states(self, project_id: ProjectId, group: str) -> dict[RunId, RunState]:
        """How each of the group's runs stands, without reading its scores. Raises NotFound."""
        with reading(self.engine) as session:
            return {run.id: run.state for run in self._members(session, project_id, group)}

    def cancel(self, project_id: ProjectId, group: str) -> int:
        """Ask the group's runs to stop; returns how many had not ended."""
        with reading(self.engine) as session:
            members = self._members(session, project_id, group)
        # The waiting ones first, so that none starts when the running one ends.
        return sum(self.queue.cancel(run.id) for run in reversed(members))

    def _members(self, session: Session, project_id: ProjectId, group: str) -> "Sequence[RunRecord]":
        found = [
            run
            for run in runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN])
            if run.payload.get("group") == group
        ]
        if not found:
            raise NotFound(f"There is no comparison {group!r} in this project.")
        return found[::-1]


def group_json(view: GroupView) -> JsonObject:
    """The group for automation; `score` and `interval` are null while they are not known."""
    return {
        "group": view.group,
        "study": view.study,
        "dataset_version": view.version,
        "figure": view.figure,
        "device": view.device,
        "rows": [
            {
                "run": row.run,
                "state": row.state.value,
                "error": row.error,
                "backbone": row.backbone,
                "weights": row.weights,
                "tune": row.tune,
                "score": row.score.value if row.score else None,
                "interval": [row.score.low, row.score.high] if row.score else None,
                "seconds": row.seconds,
                "parameters": row.parameters,
                "size_bytes": row.size_bytes,
                "latency_ms": row.latency_ms,
            }
            for row in view.rows
        ],
    }


def _words(members: Sequence[RunRecord]) -> str:
    first = members[-1]
    recipe = first.recipe or {}
    depth = f"How deep to train {recipe.get('backbone')}"
    networks = count(len({(run.recipe or {}).get("backbone") for run in members}), "network")
    what = first.name or (depth if first.payload["study"] == DEPTH else networks)
    return f"{what} · {first.created_at.astimezone():%d %b %Y, %H:%M}"


def _scores(session: Session, members: Sequence[RunRecord], figure: str) -> dict[RunId, Interval | None]:
    done = [run for run in members if run.state is RunState.DONE and run.version_id is not None]
    if not done or done[0].version_id is None:
        return {}
    version = versions.read_version(session, done[0].version_id)
    found: dict[RunId, Interval | None] = {}
    for run in done:
        said = usable(version.task, predictions.read_predictions(session, run.id, Split.TEST))
        found[run.id] = score(version, said).figures.get(figure) if said else None
    return found


def row_of(run: RunRecord, found: Interval | None) -> RowView:
    """A training of a group, with its score if that is known."""
    recipe, result = run.recipe or {}, run.result or {}
    timings = result.get("timings_s")

    def number(value: object) -> float | None:
        return float(value) if isinstance(value, int | float) else None

    parameters, size = number(result.get("parameters")), number(result.get("size_bytes"))
    return RowView(
        run=run.id,
        state=run.state,
        error=f"{run.error} {run.hint}".strip(),
        backbone=str(recipe.get("backbone", "")),
        weights=str(recipe.get("weights", "")),
        tune=str(recipe.get("tune", "")),
        score=found,
        seconds=number(timings.get("fit")) if isinstance(timings, dict) else None,
        parameters=None if parameters is None else int(parameters),
        size_bytes=None if size is None else int(size),
        latency_ms=number(result.get("latency_ms")),
        unmoved=recipe.get("tune") != "head" and result.get("best_epoch") == 0,
    )
