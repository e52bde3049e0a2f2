"""Everything that a report tells, gathered from the store."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from core.errors import BadInput, NotEnoughImages
from core.exchange.cautions import few_words, leaking_words, untold
from core.exchange.report import External, Flow, Limit, PictureMap, ReportFacts
from core.services.base import Service
from core.services.checking import Checks
from core.services.comparing import ASKED, compared_run, comparison_json
from core.services.external import External as ExternalTests
from core.services.findings import CheckView
from core.services.forecasts import Forecasts, forecast_json
from core.services.grades import Grades, grades_json
from core.services.maps import Maps
from core.services.origin import read_origin
from core.services.report_map import report_map
from core.services.report_pictures import Drawn
from core.services.results import Drift, Results
from core.services.verifying import verify
from core.store import label_queue, predictions, projects, runs, versions
from core.store.about_model import newest_about
from core.store.computed import ComputedOnce
from core.store.db import reading
from core.store.deciding import Asked
from core.store.results_json import read_results_json
from core.store.runs import RunRecord
from core.store.scoring import usable
from core.store.versions import VersionRecord
from core.types import ImageState, JsonObject, JsonValue, RunId, RunKind, RunState, Split, VersionId
from core.words import count

MORE = 50
"""So many more pictures of each class the forecast is told for, or as many as it goes to."""


def compare_with(service: Service, run: RunRecord, against: RunId | None, computed: ComputedOnce) -> JsonObject | None:
    """A training held against another one, or against the one that suggests itself; None where there is none.

    Raises NotFound, BadInput or NotEnoughImages for one that was asked for and cannot be compared.
    """
    if against == run.id:
        raise BadInput(f"Run {run.id} cannot be compared with itself.", hint="Name another training.")
    with reading(service.engine) as session:
        other = (against, ASKED) if against else compared_run(session, run)
        if other is None:
            return None
        pair = [item for item in (runs.read_run(session, other[0]), run) if item.version_id is not None]
        scores = {item.id: computed.read(session, item).scores.get(Split.TEST) for item in pair}
    try:
        known = {run_id: found for run_id, found in scores.items() if found is not None}
        found = Results(service.engine, service.settings, service.queue).compare(other[0], run.id, known=known)
    except NotEnoughImages:
        if against:
            raise
        return None
    return comparison_json(found, other[1])


def gather(
    service: Service,
    run: RunRecord,
    version_id: VersionId,
    pictures: Drawn,
    asked: Asked | None,
    comparison: JsonObject | None,
    computed: ComputedOnce,
    *,
    now: datetime,
) -> ReportFacts:
    """The facts of a finished training; `comparison` as `compare_with` gives it, with what it `computed`."""
    parts = (service.engine, service.settings, service.queue)
    tests = [test for test in ExternalTests(*parts).list(run.id) if test.state is RunState.DONE]
    with reading(service.engine) as session:
        models = service.settings.models
        results = read_results_json(session, run.id, models, asked, computed=computed.read(session, run))
        external = [
            External(
                name=test.project,
                note=test.note,
                results=read_results_json(
                    session, test.id, models, computed=computed.read(session, runs.read_run(session, test.id))
                ),
            )
            for test in tests
        ]
        version = versions.read_version(session, version_id)
        project = projects.read_project(session, version.project_id)
        flow, origin, about = _flow(session, version), read_origin(session, run.id), newest_about(session, run)
    result = run.result or {}
    unit, parameters = project.settings.get("unit"), result.get("parameters")
    check = Checks(*parts).newest_findings(version.project_id)
    synthetic = bool(project.settings.get("synthetic"))
    return ReportFacts(
        project=project.name,
        guideline=project.guideline,
        unit=unit if isinstance(unit, str) else "",
        synthetic=synthetic,
        title=run.title,
        results=results,
        recipe=origin.recipe,
        parameters=parameters if isinstance(parameters, int) else None,
        best_epoch=best if isinstance(best := result.get("best_epoch"), int) else None,
        notes=[str(note) for note in cast(list[JsonValue], result.get("notes") or [])],
        trained_at=origin.trained_at,
        made_at=now,
        device=origin.device,
        code_version=origin.code_version,
        libraries=origin.libraries,
        flow=flow,
        failures=pictures.failures,
        heatmaps=pictures.heatmaps,
        heat_words=pictures.heat_words,
        resembling=pictures.resembling,
        resembling_words=pictures.resembling_words,
        comparison=comparison,
        picture_map=_map(service, run, version, about.get(RunKind.MAP)),
        robustness=_result(about.get(RunKind.ROBUSTNESS)),
        forecast=_forecast(Forecasts(*parts), about.get(RunKind.FORECAST)),
        grades=_grades(Grades(*parts), about.get(RunKind.GRADE)),
        changes=_result(about.get(RunKind.CHANGES)),
        checks=_checks(check),
        external=external,
        limits=[
            *([Limit(words="The pictures are synthetic: nothing here holds for real ones.", grave=True)] * synthetic),
            *_limits(results, version, check),
            *_unproved(external, results, Results(*parts).drift(run.id)),
        ],
        lineage=origin.lineage,
        verified=_verified(service, run.id, comparison, computed),
        repeat=origin.command,
    )


def _flow(session: Session, version: VersionRecord) -> Flow:
    progress = label_queue.read_progress(session, version.project_id)
    first, last = versions.read_span(session, version.id)
    words = {
        ImageState.UNLABELLED: "of these not labelled yet",
        ImageState.SKIPPED: "of these skipped",
        ImageState.UNSURE: "of these put aside as unsure",
        ImageState.LABELLED: "of these labelled",
    }
    steps = [("in the project when this report was made", progress.total)]
    steps += [(text, progress.by_state[state]) for state, text in words.items() if progress.by_state[state]]
    steps.append(
        (f"in dataset version {version.number}, which the model learnt from and was tested by", len(version.items))
    )
    return Flow(steps=steps, first_taken=first, last_taken=last)


def _result(job: RunRecord | None) -> JsonObject | None:
    return job.result if job else None


def _forecast(forecasts: Forecasts, job: RunRecord | None) -> JsonObject | None:
    view = forecasts.view(job) if job else None
    return forecast_json(view, min(MORE, view.most)) if view else None


def _grades(grades: Grades, job: RunRecord | None) -> JsonObject | None:
    view = grades.view(job) if job else None
    return grades_json(view) if view else None


def _checks(check: CheckView | None) -> list[str]:
    if check is None:
        return []
    found = list(check.sentences) or [f"Nothing suspicious was found in {count(check.pictures, 'picture')}."]
    at = f"Checked on {check.at:%d %B %Y}." if check.at else ""
    basis = dict.fromkeys(item.basis for item in check.shortcuts)
    return [item for item in (at, *found, *basis, *check.notes) if item]


def _limits(
    results: JsonObject,
    version: VersionRecord,
    check: CheckView | None,
) -> list[Limit]:
    """Cautions that follow from the figures and the data."""
    leaks = [] if check and check.leaks else leaking_words(results)
    grave = [*(check.grave if check else ()), *leaks, *untold(results)]
    found = [*(Limit(words=words, grave=True) for words in grave), *(Limit(words=item) for item in few_words(results))]
    if version.together == "pictures":
        found.append(
            Limit(
                words="No cases or groups were named: if pictures of one plant, patient or place are on both sides, "
                "the scores are too good."
            )
        )
    if check is None:
        found.append(Limit(words="The data were not checked for duplicates, leaks and short cuts (graft check)."))
    return found


def _unproved(external: Sequence[External], results: JsonObject, moved: Drift) -> list[Limit]:
    """Cautions that follow from what was not done."""
    found = []
    if not external:
        found.append(Limit(words="It was not tested on pictures from outside its own project."))
    labelling = cast(JsonObject, results["labelling"] or {"people": []})
    people = cast(list[JsonObject], labelling["people"])
    if len({line["name"] for line in people}) == 1:
        found.append(Limit(words="One source's labels are the truth here: its mistakes count as right."))
    if moved.changed:
        words = f"{count(moved.changed, 'label was', 'labels were')} changed since: the figures are of before."
        found.append(Limit(words=words))
    if moved.deleted:
        words = f"{count(moved.deleted, 'picture was', 'pictures were')} deleted since: the figures still count them."
        found.append(Limit(words=words))
    return found


def _map(service: Service, run: RunRecord, version: VersionRecord, job: RunRecord | None) -> PictureMap | None:
    view = Maps(service.engine, service.settings, service.queue).view(job) if job else None
    if view is None or job is None or job.result is None:
        return None
    with reading(service.engine) as session:
        said = usable(version.task, predictions.read_predictions(session, run.id))
    return report_map(view, job.result, version, {item.image_id: item for item in said if item.image_id is not None})


def _verified(
    service: Service, run: RunId, comparison: JsonObject | None, computed: ComputedOnce
) -> list[tuple[str, bool, str]]:
    against = RunId(cast(int, comparison["first"])) if comparison else None
    try:
        found = verify(service.engine, service.settings, run, against, computed)
        return [(item.name, item.ok, item.words) for item in found.findings]
    except BadInput:  # it ended before figures were kept
        return []
