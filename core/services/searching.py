"""Starting searches for a better recipe, and following them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.catalogue import backbone_info
from core.errors import BadInput, NotFound, ensure_between
from core.evaluation import SCORE_NAMES
from core.jobs.payloads import SearchPayload
from core.recipes import USUAL, Recipe, search_space, why_unused
from core.services.base import Service
from core.services.dataset import freeze
from core.services.weights import parent_of, settled
from core.store import projects, runs, versions
from core.store.db import reading, writing
from core.store.runs import RunRecord
from core.types import JsonObject, JsonValue, ProjectId, RunId, RunKind, Split, Task

__all__ = ["RunRecord", "SearchView", "Searches", "TrialView"]

LEAST_MINUTES, MOST_MINUTES, MOST_TRIALS = 0.05, 60 * 24 * 30, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """One training of a search. `score` is the best on validation so far, None before the first.

    state   "running", "stopped" with its search, "done", "ended early", "unfinished" (the time was over) or "failed";
            `note` says why it failed
    epoch   the best one, or the one it was ended at
    values  the fields that are searched, as they were in this trial
    """

    number: int
    state: str
    score: float | None
    epoch: int
    epochs: int
    seconds: float | None
    note: str
    values: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchView:
    """A search as it stands. `start` is the score of the recipe it began from, `best` the best trial so far.

    recipe      that of `best`, also while the search runs and where it was stopped or failed
    validation  by how many pictures trials are judged
    """

    run: RunRecord
    score_name: str
    minutes: float
    trials: tuple[TrialView, ...]
    best: TrialView | None
    start: float | None
    recipe: Recipe | None
    validation: int


class Searches(Service):
    """Searches of a project."""

    def start(
        self,
        project_id: ProjectId,
        recipe: Recipe,
        *,
        minutes: float,
        fields: Sequence[str] | None = None,
        backbones: Sequence[str] = (),
        trials: int = 200,
        held: Sequence[str] = (),
        name: str = "",
    ) -> RunId:
        """Freeze the labels as a dataset version and queue a search on it.

        What is `held`, fields of the recipe that a person has set, is so in every trial. Unless `fields` are given the
        usual ones vary, of those that can. Raises BadInput for a time, a field or a network that cannot be searched,
        NotEnoughImages with the smallest number that would do.
        """
        ensure_between("minutes", minutes, LEAST_MINUTES, MOST_MINUTES)
        if not 1 <= trials <= MOST_TRIALS:
            raise BadInput(f"There can be 1 to {MOST_TRIALS:,} trials, not {trials:,}.")
        with reading(self.engine) as session:
            task = projects.read_project(session, project_id).task
        recipe = settled(self.engine, recipe)
        recipe.check_task(task)
        if fields is None:
            able = [name for name in USUAL if name not in held]
            fields = [name for name in able if not _why_alike(name, recipe, able, task)]
        for name in fields:
            if why := _why_alike(name, recipe, fields, task):
                raise BadInput(f"Trials cannot differ by {name} here: {why}.", hint="Leave it out.")
        space = search_space(recipe, fields, backbones, held=held, task=task)
        names = backbones or [space.start.backbone]
        parents = [parent_of(self.engine, self.settings, recipe.weights, item) for item in names]
        for item in names:  # trials meet every network with what the start lets learn
            backbone_info(item).check_part(space.start.tune)
        with writing(self.engine) as session:
            project = projects.read_project(session, project_id)
            version_id = freeze(session, project, now=datetime.now(UTC))
        return self.queue.enqueue(
            SearchPayload(minutes=minutes, fields=[*fields], backbones=[*backbones], trials=trials, held=[*held]),
            project_id=project_id, name=name, recipe=recipe.to_json(), version_id=version_id, parent_id=parents[0],
        )  # fmt: skip

    def read(self, run_id: RunId) -> SearchView:
        """The search as it stands. Raises NotFound."""
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
            if run.kind is not RunKind.SEARCH or run.project_id is None:
                raise NotFound(f"Run {run_id} is no search.")
            task = projects.read_project(session, run.project_id).task
            version_id = run.version_id
            validation = 0 if version_id is None else versions.count_part(session, version_id, Split.VALIDATION)
        told = run.result or run.progress
        trials = tuple(_trial(item, over=run.state.ended) for item in _rows(told.get("trials")))
        ended = [item for item in trials if item.state == "done" and item.score is not None]
        best = max(ended, key=lambda item: item.score or 0.0, default=None)
        return SearchView(
            run=run,
            score_name=SCORE_NAMES[task],
            minutes=float(str(run.payload["minutes"])),
            trials=trials,
            best=best,
            start=next((item.score for item in ended if item.number == 1), None),
            recipe=None if best is None else _recipe(run, task, best),
            validation=validation,
        )

    def list(self, project_id: ProjectId) -> list[RunRecord]:
        """The project's searches, newest first."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.SEARCH])


def search_json(view: SearchView) -> JsonObject:
    """The search for automation."""
    return {
        "run": view.run.id,
        "state": view.run.state.value,
        "error": view.run.error,
        "hint": view.run.hint,
        "figure": view.score_name,
        "best": None if view.best is None else view.best.number,
        "score": None if view.best is None else view.best.score,
        "start_score": view.start,
        "recipe": None if view.recipe is None else view.recipe.to_json(),
        "trials": [
            {
                "trial": item.number, "state": item.state, "score": item.score, "epoch": item.epoch,
                "epochs": item.epochs, "seconds": item.seconds, "note": item.note, "values": item.values,
            }
            for item in view.trials
        ],
    }  # fmt: skip


def _recipe(run: RunRecord, task: Task, best: TrialView) -> Recipe:
    """The best trial's: kept with the result, or found again from what the trial's fields were."""
    if isinstance(kept := (run.result or {}).get("recipe"), dict):
        return Recipe.from_json(kept)
    payload = SearchPayload.from_json(run.payload)
    recipe = Recipe.from_json(run.recipe or {})
    space = search_space(recipe, payload.fields, payload.backbones, held=payload.held, task=task)
    return space.recipe_of(best.values)


def _rows(value: JsonValue) -> Sequence[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _trial(row: JsonObject, *, over: bool) -> TrialView:
    """Of a search that is `over` no trial runs: one was stopped."""
    state = "stopped" if over and row["state"] == "running" else str(row["state"])
    score, seconds, values = row.get("score"), row.get("seconds"), row.get("values")
    return TrialView(
        number=int(str(row["trial"])),
        state=state,
        score=float(score) if isinstance(score, int | float) else None,
        epoch=int(str(row.get("epoch") or 0)),
        epochs=int(str(row.get("epochs") or 0)),
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
        note=str(row.get("note") or ""),
        values=values if isinstance(values, dict) else {},
    )


def _why_alike(name: str, recipe: Recipe, fields: Sequence[str], task: Task) -> str:
    """Why no trial would differ by a field, or ""; in some trials more than the head learns, where that may vary."""
    more = "tune" in fields or recipe.weights == "none"
    return why_unused(name, {**recipe.to_json(), "tune": "all"} if more else recipe.to_json(), task)
