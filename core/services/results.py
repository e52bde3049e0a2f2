"""How good a run's model is, and the images behind every number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import BadInput, NotEnoughImages
from core.evaluation import (
    FEWEST,
    FIGURES,
    OUTCOMES,
    SCORE_NAMES,
    ClassScore,
    Difference,
    Figure,
    Interval,
    Scores,
    fold_heading,
    fold_lines,
    fold_names,
    folds_how,
    folds_sentence,
    mean_words,
)
from core.evaluation.seriation import alike_together
from core.services.base import Service
from core.services.behind import BehindView, badness, behind, in_cell, sureness
from core.services.comparing import Comparison, compare_runs
from core.services.verifying import Verification, verify
from core.store import current, predictions, projects, runs, versions
from core.store.db import reading
from core.store.deciding import Asked
from core.store.predictions import PredictionRecord
from core.store.results_json import read_results_json
from core.store.runs import RunRecord
from core.store.scoring import score, usable
from core.store.versions import VersionRecord
from core.types import JsonObject, ProjectId, RunId, RunKind, RunState, Split, Task

__all__ = [
    "FEWEST",
    "FIGURES",
    "SCORE_NAMES",
    "BehindView",
    "ClassScore",
    "Comparison",
    "Difference",
    "Drift",
    "Figure",
    "Interval",
    "Results",
    "ResultsView",
    "RunChoice",
    "Scores",
    "Verification",
    "fold_heading",
    "fold_lines",
    "fold_names",
    "folds_how",
    "folds_sentence",
    "mean_words",
]


MOST_CONFUSED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsView:
    """A run's scores on one split of its dataset version.

    columns  what the columns of `scores.cells` stand for; its rows are `classes`
    unit     of a number, in words; empty where there is none
    together what the intervals count as one: "pictures", "cases" or "groups"
    grouped  whether groups are named
    leaking  how many cases or groups have pictures in several splits
    """

    run_id: RunId
    project_id: ProjectId
    task: Task
    split: Split
    version: int
    version_hash: str
    split_rule: str
    sizes: dict[Split, int]
    classes: tuple[str, ...]
    colours: tuple[str, ...]
    columns: tuple[str, ...]
    unit: str
    together: str
    grouped: bool
    leaking: int
    scores: Scores

    @property
    def alike_together(self) -> tuple[int, ...]:
        """The classes' positions in an order in which those taken for each other stand side by side."""
        return alike_together(self.scores.cells)

    @property
    def most_confused(self) -> list[tuple[int, int, int]]:
        """The most frequent mistakes: row, column, count."""
        cells = [
            (row, column, count)
            for row, line in enumerate(self.scores.cells)
            for column, count in enumerate(line)
            if row != column and count
        ]
        return sorted(cells, key=lambda cell: -cell[2])[:MOST_CONFUSED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How many labels were changed, pictures deleted, and pictures newly labelled since the version was frozen."""

    changed: int
    added: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoice:
    """A finished training to choose: what it is called, its recipe, its dataset version's number, how many folds.

    A cross-validation's predictions of the validation split are out of fold, and of all but the test pictures.
    """

    id: RunId
    title: str
    recipe: JsonObject
    version: int
    ended: datetime | None
    folds: int = 0


class Results(Service):
    """Scores and the images behind them."""

    def read(self, run_id: RunId, split: Split = Split.TEST) -> ResultsView:
        """Scores on a split. Raises NotFound, and NotEnoughImages while there are no predictions."""
        run, version, said = self._said(run_id, split)
        with reading(self.engine) as session:
            project = projects.read_project(session, version.project_id)
        names = tuple(version.class_names)
        unit = project.settings.get("unit")
        return ResultsView(
            run_id=run.id,
            project_id=version.project_id,
            task=version.task,
            split=split,
            version=version.number,
            version_hash=version.content_hash,
            split_rule=version.split_rule,
            sizes={part: len(version.part(part)) for part in Split},
            classes=names,
            colours=tuple(str(item.get("colour", "")) for item in version.classes),
            columns=OUTCOMES if version.task is Task.MULTI else names,
            unit=unit if isinstance(unit, str) else "",
            together=version.together_in(split),
            grouped=any(item.group_name for item in version.items),
            # Whole groups that were left out do not leak, though the test's cases may.
            leaking=version.leaking if version.together_in(split) == version.together else 0,
            scores=score(version, said),
        )

    def cell(self, run_id: RunId, split: Split, row: int, column: int) -> list[BehindView]:
        """The images of one of `scores.cells`, the most confident first."""
        _, version, said = self._said(run_id, split)
        found = [item for item in said if in_cell(item, row, column)]
        return self._behind(version, sorted(found, key=lambda item: -sureness(item, row)))

    def mistakes(self, run_id: RunId, split: Split, *, limit: int = 24) -> list[BehindView]:
        """The images named wrongly with the most confidence; for numbers those farthest off."""
        _, version, said = self._said(run_id, split)
        ranked = sorted(((badness(item), item) for item in said), key=lambda pair: -pair[0])
        return self._behind(version, [item for size, item in ranked[:limit] if size > 0])

    def points(self, run_id: RunId, split: Split) -> list[BehindView]:
        """Every image of a split in the order of its prediction; for numbers, what the scatter shows."""
        _, version, said = self._said(run_id, split)
        return self._behind(version, said)

    def drift(self, run_id: RunId) -> Drift:
        """What moved on: the version's labels and pictures, and labelled images that it does not know.

        A test on another project left some out knowingly, and classes that its model does not know.
        """
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
            version = versions.read_scored(session, run)
            external = run.kind is RunKind.EVALUATE
            now = current.read_labels(session, version.id)
            added = current.count_newly_labelled(
                session, version.project_id, version.id, since=run.created_at if external else None
            )
        ids = [item["id"] for item in version.classes]
        changed = 0
        for item in version.items:
            if item.image_id not in now:
                continue
            stand, number = now[item.image_id]
            then = sorted(int(str(ids[target])) for target in item.targets)
            classes = [item for item in stand if not external or item in ids]
            changed += classes != then or number != item.number
        return Drift(changed=changed, added=added, deleted=len(version.items) - len(now))

    def to_json(self, run_id: RunId, asked: Asked | None = None, confusion: Split = Split.TEST) -> JsonObject:
        """Everything about a run's results as one JSON object, also of a run that has none yet.

        The `confusion` matrix is of one split; that of a cross-validation's validation split is out of fold.
        Raises NotFound, BadInput where something is `asked` that cannot be decided about.
        """
        with reading(self.engine) as session:
            return read_results_json(session, run_id, self.settings.models, asked, confusion)

    def verify(self, run_id: RunId) -> Verification:
        """Recompute every figure from what is stored. Raises NotFound, BadInput for a run that kept none."""
        return verify(self.engine, self.settings, run_id)

    def finished(self, project_id: ProjectId) -> list[RunChoice]:
        """The project's finished trainings, newest first."""
        with reading(self.engine) as session:
            done = runs.list_runs(session, project_id=project_id, kinds=[RunKind.TRAIN], states=[RunState.DONE])
            numbers = versions.list_numbers(session, project_id)
        return [
            RunChoice(
                id=run.id,
                title=run.title,
                recipe=run.recipe or {},
                version=numbers[run.version_id],
                ended=run.finished_at,
                folds=int(str(run.payload.get("folds") or 0)),
            )
            for run in done
            if run.version_id in numbers
        ]

    def compare(
        self, first: RunId, second: RunId, split: Split = Split.TEST, known: Mapping[RunId, Scores] | None = None
    ) -> Comparison:
        """The second run against the first on the images both predicted; scores on the split may be `known`.

        Raises BadInput for runs of different projects or dataset versions, NotEnoughImages without predictions.
        """
        one, version, before = self._said(first, split)
        other, others, after = self._said(second, split)
        if one.project_id != other.project_id:
            raise BadInput(
                f"Runs {first} and {second} belong to different projects: their scores cannot be compared.",
                hint="`graft evaluate`, or Test on other pictures on page Results, judges a model on another project.",
            )
        if one.version_id != other.version_id:
            raise BadInput(
                f"Runs {first} and {second} learnt from different dataset versions: their scores cannot be compared.",
                hint="Train both again on the labels as they are now.",
            )
        # Where one of them left whole groups out, the difference counts by these.
        counting = others if others.whole == "group" else version
        return compare_runs(counting, split, (one, before), (other, after), known)

    def _said(self, run_id: RunId, split: Split) -> tuple[RunRecord, VersionRecord, list[PredictionRecord]]:
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
            version = versions.read_scored(session, run)
            said = usable(version.task, predictions.read_predictions(session, run_id, split))
        if not said:
            raise NotEnoughImages("There are no predictions to score yet.", hint="Wait for the training to end.")
        return run, version, said

    def _behind(self, version: VersionRecord, said: Sequence[PredictionRecord]) -> list[BehindView]:
        with reading(self.engine) as session:
            return behind(session, version, said)
