"""Two runs on the same dataset version, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.errors import NotEnoughImages
from core.evaluation import FEWEST, OUTCOMES, Difference, Scores, triple
from core.recipes import completed
from core.store import runs
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.scoring import differences, score
from core.store.versions import VersionRecord
from core.types import JsonObject, JsonValue, RunId, RunKind, RunState, Split, Task

Said = tuple[RunRecord, Sequence[PredictionRecord]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The second run against the first on `scores[0].count` common images of one split.

    differences  tested figures, second minus first; none of fewer than FEWEST cases, groups or pictures
    together     what counts as one: "pictures", "cases" or "groups"
    cells        second's counts minus first's, as in `Scores.cells`
    recipe       fields that differ: name, first's value, second's value
    """

    first: RunId
    second: RunId
    version: int
    task: Task
    split: Split
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    scores: tuple[Scores, Scores]
    differences: tuple[Difference, ...]
    together: str
    cells: tuple[tuple[int, ...], ...]
    recipe: tuple[tuple[str, JsonValue, JsonValue], ...]


def compare_runs(
    version: VersionRecord, split: Split, first: Said, second: Said, known: Mapping[RunId, Scores] | None = None
) -> Comparison:
    """Both runs' usable records of one split compared. Raises NotEnoughImages without a common image.

    What is `known` of a run, the scores of all its records, is not computed again where all are compared.
    """
    later = {item.image_id: item for item in second[1]}
    before = [item for item in first[1] if item.image_id in later]
    after = [later[item.image_id] for item in before]
    if not before:
        raise NotEnoughImages("The two runs have no picture in common.")
    told = [
        known[run.id] if known and run.id in known and len(said) == len(before) else score(version, common)
        for (run, said), common in ((first, before), (second, after))
    ]
    scores = told[0], told[1]
    cells = zip(scores[0].cells, scores[1].cells, strict=True)
    return Comparison(
        first=first[0].id,
        second=second[0].id,
        version=version.number,
        task=version.task,
        split=split,
        classes=tuple(version.class_names),
        columns=OUTCOMES if version.task is Task.MULTI else tuple(version.class_names),
        scores=scores,
        differences=tuple(differences(version, before, after)) if scores[0].units >= FEWEST else (),
        together=version.together_in(split),
        cells=tuple(tuple(new - old for old, new in zip(*rows, strict=True)) for rows in cells),
        recipe=tuple(_recipe_differences(first[0], second[0])),
    )


def _recipe_differences(first: RunRecord, second: RunRecord) -> list[tuple[str, JsonValue, JsonValue]]:
    one, other = (completed(run.recipe or {}) for run in (first, second))
    return [(name, one.get(name), other.get(name)) for name in one | other if one.get(name) != other.get(name)]


PARENT, BEFORE, ASKED = "from whose weights it started", "the training before it", "as asked"


def compared_run(session: Session, run: RunRecord) -> tuple[RunId, str] | None:
    """The training to hold a training against, and why: its parent, else the one before, on the same version."""
    done = runs.list_runs(session, project_id=run.project_id, kinds=[RunKind.TRAIN], states=[RunState.DONE])
    earlier = [item.id for item in done if item.id < run.id and item.version_id == run.version_id]
    if run.parent_id in earlier:
        return RunId(run.parent_id), PARENT
    return (earlier[0], BEFORE) if earlier else None


def comparison_json(found: Comparison, why: str) -> JsonObject:
    """A comparison as JSON; intervals are [value, low, high], and differences the second's figure minus the first's."""
    one, other = (item.figures for item in found.scores)
    return {
        "first": found.first,
        "second": found.second,
        "why": why,
        "split": found.split.value,
        "count": found.scores[0].count,
        "units": found.scores[0].units,
        "together": found.together,
        "least": FEWEST,
        "scores": [{"figure": name, "first": triple(one[name]), "second": triple(other.get(name))} for name in one],
        "differences": [
            {
                "figure": item.figure,
                "difference": triple(item.difference),
                "p_value": item.p_value,
                "apart": item.apart,
            }
            for item in found.differences
        ],
        "recipe": [{"field": name, "first": before, "second": after} for name, before, after in found.recipe],
    }
