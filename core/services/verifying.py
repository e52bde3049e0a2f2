"""Whether a run's figures follow from what is stored: labels, predictions and dataset version, recomputed."""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.services.comparing import compared_run
from core.settings import Settings
from core.store import projects, runs, versions
from core.store.about_model import external_tests, newest_about
from core.store.computed import ComputedOnce
from core.store.db import reading
from core.store.labelling import labelling_json
from core.store.predictions import PredictionRecord
from core.store.runs import RunRecord
from core.store.snapshot import (
    FILE,
    HASH,
    LAYOUTS_HASH,
    LIMITS,
    count_numbers,
    differing,
    read_kept,
    snapshot,
    unbroken,
)
from core.store.versions import VersionRecord, content_hash
from core.types import JsonObject, JsonValue, RunId, RunKind, Split
from core.words import count

MOST_SHOWN = 5
COMPARED = ("Snapshot", "Labels", "Predictions", "Figures")
"""What a comparison rests on of the other run."""
NAMES = {
    RunKind.ROBUSTNESS: "Robustness test",
    RunKind.GRADE: "Grading of explanations",
    RunKind.CHANGES: "What training changed",
    RunKind.FORECAST: "Forecast",
    RunKind.CHECK: "Check of the data",
    RunKind.MAP: "Map of the pictures",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was held against what is stored; `words` say what was found."""

    name: str
    ok: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a check of a run's figures found."""

    run_id: RunId
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return all(item.ok for item in self.findings)


def verify(
    engine: Engine,
    settings: Settings,
    run_id: RunId,
    against: RunId | None = None,
    computed: ComputedOnce | None = None,
) -> Verification:
    """Recompute every figure of a run, and of the external tests of its model.

    So is what a comparison rests on, with the run `against` or the one that its report compares it with. What jobs
    about the model found took the model itself: it is held against its seal. What was `computed` already from what
    is stored is not computed again. Raises NotFound, BadInput for a run whose figures were not kept.
    """
    computed = computed or ComputedOnce()
    with reading(engine) as session:
        run = runs.read_run(session, run_id)
        if not run.scored:
            raise BadInput(f"Run {run_id} is no training: it has no scores.", hint="`graft runs` lists the trainings.")
        if run.version_id is None or not _kept_hash(run):
            raise BadInput(
                f"Run {run_id} has no kept figures to check: it is {run.state.value}.",
                hint="Trainings and external tests keep theirs when they are done.",
            )
        findings = _recomputed(session, settings, run, computed)
        about = newest_about(session, run) if run.kind is RunKind.TRAIN else {}
        findings += [_seal(NAMES[kind], job, settings) for kind, job in about.items()]
        findings += _other(session, settings, run, against, computed)
        for test in external_tests(session, run):
            if test.version_id is None or not _kept_hash(test):
                continue
            project = versions.read_project_id(session, test.version_id)
            name = f"External test on {projects.read_project(session, project).name}"
            again = _recomputed(session, settings, test, computed)
            findings += [dataclasses.replace(item, name=f"{name}: {item.name}") for item in again]
    return Verification(run_id=run_id, findings=tuple(findings))


def _kept_hash(run: RunRecord) -> str:
    found = (run.result or {}).get(HASH)
    return found if isinstance(found, str) else ""


def _seal(name: str, job: RunRecord, settings: Settings) -> Finding:
    same = unbroken(job.result or {})
    unchanged = count(count_numbers(job.result), "number is as it was", "numbers are as they were")
    words = {
        True: f"{unchanged} when run {job.id} ended",
        False: f"the result of run {job.id} was changed since it ended",
        None: f"run {job.id} is from before results were sealed: make it again to have it checked",
    }
    kept = (job.result or {}).get(LAYOUTS_HASH)
    if same and kept is not None and kept != _hash(settings.map_file(job.id)):
        return Finding(name=name, ok=False, words=f"the places that run {job.id} found are gone or were changed")
    return Finding(name=name, ok=same is not False, words=words[same])


def _folds(run: RunRecord) -> list[Finding]:
    """How each fold of a cross-validation was judged, which took the folds themselves; none for any other run."""
    told = (run.result or {}).get("folds")
    if not isinstance(told, dict):
        return []
    same = unbroken(told)
    words = {
        True: f"{count(count_numbers(told), 'number is as it was', 'numbers are as they were')} when the run ended",
        False: "the scores of the folds were changed since the run ended",
        None: "not recorded: the run is from before the scores of folds were sealed",
    }
    return [Finding(name="Scores of the folds", ok=same is not False, words=words[same])]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _other(
    session: Session, settings: Settings, run: RunRecord, against: RunId | None, computed: ComputedOnce
) -> list[Finding]:
    """What a comparison with another training follows from: what that one said, and of what."""
    found = compared_run(session, run) if run.kind is RunKind.TRAIN else None
    number = against or (found[0] if found else None)
    other = runs.read_run(session, number) if number else None
    if other is None or other.version_id is None:
        return []
    name = f"Run {other.id}, compared with"
    if not _kept_hash(other):
        return [Finding(name=name, ok=True, words="not recorded: it is from before figures were kept")]
    findings = _recomputed(session, settings, other, computed)
    return [dataclasses.replace(item, name=f"{name}: {item.name}") for item in findings if item.name in COMPARED]


def _recomputed(session: Session, settings: Settings, run: RunRecord, computed: ComputedOnce) -> list[Finding]:
    """A run's snapshot, what it follows from, and every number computed again."""
    found = computed.read(session, run)
    path = settings.models / str(run.id) / FILE
    content = path.read_bytes() if path.is_file() else b""
    same = hashlib.sha256(content).hexdigest() == _kept_hash(run)
    words = f"{FILE} was changed since the run ended" if content else f"{FILE} is gone"
    findings = [
        Finding(name="Snapshot", ok=same, words="is as it was when the run ended" if same else words),
        _dataset(found.version),
        _truth(found.version, found.said),
        *_folds(run),
    ]
    kept = read_kept(path.parent)
    if kept is not None:
        findings += _against(kept, snapshot(found, None, ""))
        findings += _labelled(session, found.version, kept)
    return findings


def _dataset(version: VersionRecord) -> Finding:
    same = content_hash(version.items, version.classes) == version.content_hash
    words = f"{count(len(version.items), 'picture')}, labels and splits give the hash {version.content_hash[:12]}"
    changed = "pictures, labels or splits do not give the hash of the dataset version: they were changed"
    return Finding(name="Dataset version", ok=same, words=words if same else changed)


def _truth(version: VersionRecord, said: Sequence[PredictionRecord]) -> Finding:
    """Each prediction's truth and split against the version's; a cross-validation's folds count as validation."""
    items = {item.image_id: item for item in version.items}
    wrong = 0
    for record in said:
        item = items.get(record.image_id) if record.image_id else None
        if item is None or (record.split is Split.TEST) != (item.split is Split.TEST):
            wrong += 1
        elif record.truth_index is not None:
            wrong += (record.truth_index,) != item.targets
        elif record.truth_set is not None:
            wrong += tuple(record.truth_set) != item.targets
        else:
            wrong += record.truth_number != item.number
    agree = f"the truth of {count(len(said), 'prediction')} is the dataset version's"
    return Finding(
        name="Labels",
        ok=not wrong,
        words=f"{count(wrong, 'prediction has', 'predictions have')} another truth or split" if wrong else agree,
    )


def _labelled(session: Session, version: VersionRecord, kept: JsonObject) -> list[Finding]:
    """Who labelled and how far they agree, told again from the labels up to where the run counted them."""
    told = kept.get("labelling")
    if not isinstance(told, dict):
        words = "not recorded: the run, or its dataset version, is from before that was kept"
        return [Finding(name="Who labelled", ok=True, words=words)]
    found = labelling_json(session, version, told) or {}
    pairs = {"Who labelled": "people", "Agreement": "agreement"}
    return [
        _same(name, told.get(key), found[key], empty="no picture was labelled by two") for name, key in pairs.items()
    ]


def _same(name: str, kept: JsonValue, found: JsonValue, *, empty: str = "") -> Finding:
    """Numbers that were computed again."""
    lines = differing(kept, found)
    agree = f"{count(count_numbers(found), 'number')} recomputed: all agree" if found else empty
    return Finding(name=name, ok=not lines, words=_some(lines) if lines else agree)


def _some(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - MOST_SHOWN} more" if len(lines) > MOST_SHOWN else ""
    return "; ".join(lines[:MOST_SHOWN]) + more


def _known(kept: JsonValue, found: JsonValue) -> JsonValue:
    """The figures that there were when the run ended: a newer Graft may have more, which nothing was promised of."""
    if isinstance(kept, dict) and isinstance(found, dict):
        return {name: _known(kept[name], value) for name, value in found.items() if name in kept}
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        return [_known(one, other) for one, other in zip(kept, found, strict=True)]
    return found


def _against(kept: JsonObject, found: JsonObject) -> list[Finding]:
    """What was said, what belongs together, and every number."""
    limits = found.get(LIMITS)
    told = kept.get("predictions_sha256") == found["predictions_sha256"] and kept.get(LIMITS, limits) == limits
    figures = kept.get("figures")
    if limits and LIMITS not in kept and isinstance(figures, dict):
        figures = _unjudged(figures)  # an external test from when its model's limits did not go into its snapshot
    together = kept.get("units_sha256") == found["units_sha256"]
    return [
        Finding(
            name="Predictions",
            ok=told,
            words="are those of the end of the run" if told else "were changed since the run ended",
        ),
        Finding(
            name="Cases and groups",
            ok=together,
            words="are those of the end of the run" if together else "were changed since: intervals count by them",
        ),
        _same("Figures", figures, _known(figures, found["figures"])),
        *_weak_spots(kept, found),
    ]


def _unjudged(figures: JsonObject) -> JsonObject:
    """Figures without what follows from the limits for single answers."""
    calibration = figures.get("calibration")
    rest = {name: value for name, value in figures.items() if name not in ("abstaining", "decision")}
    if not isinstance(calibration, dict):
        return rest
    return {**rest, "calibration": {name: value for name, value in calibration.items() if name != "conformal"}}


def _weak_spots(kept: JsonObject, found: JsonObject) -> list[Finding]:
    """Groups of pictures, which follow from what is known of them besides; that may become more, and is no fault."""
    if "slices" not in kept:  # a run from before they were kept
        return []
    if kept["facts_sha256"] != found["facts_sha256"]:
        words = "more, or other, is known of the pictures than when the run ended: they are told as they are now"
        return [Finding(name="Weak spots", ok=True, words=words)]
    return [_same("Weak spots", kept["slices"], found["slices"], empty="no group of pictures was large enough")]
