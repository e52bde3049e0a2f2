"""The search job: one training after the other, each with the values that look most promising, until the time is over.

Tree-structured Parzen estimator (Bergstra et al. 2011, https://papers.nips.cc/paper/4443) chooses the values and
asynchronous successive halving (Li et al. 2020, https://arxiv.org/abs/1810.05934) ends a training after a quarter or a
half of its epochs where it is not among the better half so far; both by Optuna (https://arxiv.org/abs/1907.10902). Only
validation scores decide: the test pictures are not in the dataset that a trial is given.

Every trial is on disk as it goes, in Optuna's journal. A killed search goes on with the trial it was in, and that one
from its own checkpoint. A trial's values depend on the seed, its number and the trials before it, not on the process.
"""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from core.errors import BadInput, DiskFull, GraftError
from core.jobs.context import JobContext
from core.jobs.payloads import SearchPayload
from core.recipes import Recipe, Space, Span, search_space
from core.store import versions
from core.store.db import reading
from core.store.versions import VersionRecord
from core.tasks.train import Training
from core.tasks.trial import Outclassed, OutOfTime, TrialContext
from core.training import delete_checkpoint
from core.types import JsonObject, JsonValue, Split

JOURNAL = "trials.journal"
HALVING, RUNGS = 2, (0.25, 0.5)
FREE = 4
"""So many trials end by themselves before any is ended early: the first have nothing to be held against."""
KEEP_EVERY_S = 2.0
RANDOM = 6
"""So many trials are drawn by chance before the estimator has something to estimate from."""


def run(context: JobContext) -> JsonObject:
    """Search; the result holds `recipe`, the best one, its `score` on validation, `trials` and `notes`."""
    if context.run.version_id is None or context.run.recipe is None:
        raise BadInput("A search needs a recipe and a dataset version.")
    payload = SearchPayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        version = versions.read_version(session, context.run.version_id)
    recipe = Recipe.from_json(context.run.recipe)
    space = search_space(recipe, payload.fields, payload.backbones, held=payload.held, task=version.task)
    return _Search(context, space, version, payload).run()


class _Search:
    """One run of the job."""

    def __init__(self, context: JobContext, space: Space, version: VersionRecord, payload: SearchPayload) -> None:
        self.context, self.space, self.payload = context, space, payload
        seen = tuple(item for item in version.items if item.split is not Split.TEST)
        self.version = dataclasses.replace(version, items=seen)
        self.study = open_study(context.folder)
        self.before = self.kept = float(self.study.user_attrs.get("seconds", 0.0))
        self.begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the search has worked, over all its processes."""
        return self.before + time.monotonic() - self.begun

    @property
    def over(self) -> bool:
        """Whether the time is over; not before one trial has ended."""
        ended = any(trial.state is TrialState.COMPLETE for trial in self.study.trials)
        return ended and self.seconds >= 60 * self.payload.minutes

    def run(self) -> JsonObject:
        """Trials until the time is over."""
        while not self.over and len(self._ended()) < self.payload.trials:
            self.context.check_cancelled()
            self._trial(self._next())
            self.study.set_user_attr("seconds", self.seconds)
            self._tell()
        best = self.study.best_trial
        recipe = self.space.recipe(best.params)
        self.context.progress("Done", fraction=1.0, now=True, trials=self._told(), score=best.value)
        return {
            "recipe": dataclasses.replace(recipe, preset=self.space.start.preset).to_json(),
            "score": best.value,
            "best": best.number + 1,
            "trials": self._told(),
            "seconds": round(self.seconds, 1),
            "validation": len(self.version.part(Split.VALIDATION)),
            "notes": [],
        }

    def _tell(self) -> None:
        """How far it is, at the end of a trial: a search that is stopped now has it to show for."""
        told = _Clock(self).facts()
        done, left = (float(str(told[name])) for name in ("fraction", "eta_s"))
        self.context.progress("Choosing what to try next", fraction=done, eta_s=left, now=True, trials=told["trials"])

    def _keep_time(self) -> None:
        """For a process that goes on after this one was killed: what was spent is spent. Cheap: called every epoch."""
        if self.seconds - self.kept > KEEP_EVERY_S:
            self.kept = self.seconds
            self.study.set_user_attr("seconds", self.kept)

    def _next(self) -> Trial:
        """The trial a killed process was in, or a new one; the first is the start itself."""
        for trial in self.study.trials:
            if trial.state is TrialState.RUNNING:
                return Trial(self.study, trial._trial_id)
        number = len(self.study.trials)
        if number == 0:
            self.study.enqueue_trial(self.space.values_of_start(), skip_if_exists=True)
        seed = (self.space.start.seed * 1_009 + number) % 2**32
        self.study.sampler = TPESampler(seed=seed, n_startup_trials=RANDOM)
        return self.study.ask(distributions(self.space))

    def _trial(self, trial: Trial) -> None:
        number, recipe = trial.number + 1, self.space.recipe(trial.params)
        trial.set_user_attr("epochs", recipe.epochs)
        begun = float(trial.user_attrs.get("begun", self.seconds))
        trial.set_user_attr("begun", begun)
        rungs = _Rungs(self.study, trial, recipe.epochs, self._keep_time)
        context = TrialContext(self.context, number, rungs, _Clock(self))
        training = Training(context, recipe, self.version)
        try:
            _, best_epoch, score = training.learn()
        except Outclassed:
            state, value = TrialState.PRUNED, None
        except OutOfTime:
            state, value = TrialState.FAIL, None
            trial.set_user_attr("unfinished", True)
        except DiskFull:  # says nothing of the recipe: the search goes on with this trial when resumed
            raise
        except GraftError as error:
            if trial.number == 0:  # the start itself cannot be trained: nothing to search around
                raise
            state, value = TrialState.FAIL, None
            trial.set_user_attr("note", str(error))
        else:
            state, value = TrialState.COMPLETE, score
            trial.set_user_attr("epoch", best_epoch)
            self.context.metrics(number, {"search/score": score})
        trial.set_user_attr("seconds", round(self.seconds - begun, 2))
        self.study.tell(trial, value, state=state)
        context.got_further()
        delete_checkpoint(context.folder)

    def _ended(self) -> list[FrozenTrial]:
        return [trial for trial in self.study.trials if trial.state.is_finished()]

    def _told(self) -> list[JsonValue]:
        """Every trial for the page."""
        return [self._row(trial) for trial in self.study.trials if trial.state is not TrialState.WAITING]

    def _row(self, trial: FrozenTrial) -> JsonObject:
        values: JsonObject = {
            name: getattr(self.space.recipe(trial.params), name) for name in self.space.axes if name in trial.params
        }
        return {
            "trial": trial.number + 1,
            "state": "unfinished" if trial.user_attrs.get("unfinished") else STATES[trial.state],
            "score": trial.value if trial.state is TrialState.COMPLETE else trial.user_attrs.get("best"),
            "epoch": trial.user_attrs.get("epoch", 0),
            "epochs": trial.user_attrs.get("epochs"),
            "seconds": trial.user_attrs.get("seconds"),
            "note": trial.user_attrs.get("note", ""),
            "values": values,
        }


STATES = {
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "ended early",
    TrialState.FAIL: "failed",
    TrialState.WAITING: "waiting",
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Rungs:
    """Hears a trial's validation score after each epoch, and ends the trial where halving says so."""

    study: optuna.Study
    trial: Trial
    epochs: int
    keep_time: Callable[[], None]

    def __call__(self, epoch: int, score: float) -> None:
        self.keep_time()
        known = self.study.trials[self.trial.number]
        before = known.user_attrs.get("best")
        if before is None or score > before:
            self.trial.set_user_attr("best", score)
        best = score if before is None else max(score, float(before))
        for step, share in enumerate(RUNGS):
            rung = HALVING**step
            if epoch == max(1, round(share * self.epochs)) and rung not in known.intermediate_values:
                self.trial.report(best, rung)
                self.trial.set_user_attr("epoch", epoch)
                if self.trial.should_prune() and self.trial.number >= FREE:
                    raise Outclassed


@dataclasses.dataclass(frozen=True, slots=True)
class _Clock:
    """Says how far the search is, and ends the trial where its time is over."""

    search: _Search

    def facts(self) -> JsonObject:
        """What the page is told with every sign of life."""
        limit, known = 60 * self.search.payload.minutes, self.search
        return {
            "fraction": min(1.0, max(known.seconds / limit, len(known._ended()) / known.payload.trials)),
            "eta_s": max(0.0, limit - known.seconds),
            "trials": known._told(),
        }

    def check(self) -> None:
        """Raises OutOfTime."""
        if self.search.over:
            raise OutOfTime


def open_study(folder: Path) -> optuna.Study:
    """The search's trials so far. What a killed process left half written or locked is put right."""
    path = folder / JOURNAL
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
    path.with_name(f"{JOURNAL}.lock").unlink(missing_ok=True)  # the run is held by this process alone
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(path))),
        study_name="search",
        direction="maximize",
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=HALVING),
        load_if_exists=True,
    )


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The axes as Optuna has them."""
    return {
        name: FloatDistribution(axis.low, axis.high, log=True)
        if isinstance(axis, Span)
        else CategoricalDistribution(axis.values)  # type: ignore[arg-type]
        for name, axis in space.axes.items()
    }
