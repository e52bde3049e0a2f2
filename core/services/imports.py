"""Starting imports and reading their reports."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.exchange import csv_text
from core.jobs.payloads import ImportPayload
from core.media.sources import UPLOAD, check_source
from core.services.base import Service
from core.services.uploads import Uploads
from core.store import imports, projects, runs
from core.store.db import reading
from core.store.imports import ImportItem
from core.store.runs import RunRecord
from core.types import Outcome, ProjectId, RunId, RunKind

__all__ = ["SHOWN_ITEMS", "ImportItem", "ImportPayload", "ImportReport", "Imports", "RunRecord"]

SHOWN_ITEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of the files of an import; `items` are the first lines on what a person should know.

    `duplicates` were there already, `corrected` of them with something that was told otherwise and taken over. Of
    their labels `relabelled` gave way to another, and `kept` stay although another was told.
    """

    run: RunRecord
    added: int
    duplicates: int
    corrected: int
    relabelled: int
    kept: int
    rejected: int
    items: tuple[ImportItem, ...]


class Imports(Service):
    """Bringing pictures into a project."""

    def start(self, project_id: ProjectId, payload: ImportPayload) -> RunId:
        """Queue an import. Raises BadInput if its source is not there, or was sent to another project."""
        with reading(self.engine) as session:
            projects.read_project(session, project_id)
        if payload.source.startswith(UPLOAD):
            Uploads(self.engine, self.settings, self.queue).seal(project_id, payload.source.removeprefix(UPLOAD))
        else:
            check_source(payload.source)
        return self.queue.enqueue(payload, project_id=project_id, name="Import")

    def report(self, run_id: RunId) -> ImportReport:
        """The report so far. Raises NotFound."""
        with reading(self.engine) as session:
            counts = imports.count_items(session, run_id)
            relabelled, kept = imports.count_relabelled(session, run_id)
            return ImportReport(
                run=runs.read_run(session, run_id),
                added=counts[Outcome.ADDED],
                duplicates=counts[Outcome.DUPLICATE] + counts[Outcome.CORRECTED],
                corrected=counts[Outcome.CORRECTED],
                relabelled=relabelled,
                kept=kept,
                rejected=counts[Outcome.REJECTED],
                items=tuple(imports.read_worth_a_look(session, run_id, limit=SHOWN_ITEMS)),
            )

    def rejected(self, run_id: RunId) -> Sequence[ImportItem]:
        """Every line of the report that says what did not go in, or not fully."""
        with reading(self.engine) as session:
            return imports.read_rejected(session, run_id)

    def remarked(self, run_id: RunId) -> Sequence[ImportItem]:
        """Every line of the report on a picture that went in with a remark, such as on its further pages."""
        with reading(self.engine) as session:
            return imports.read_remarked(session, run_id)

    def relabelled(self, run_id: RunId, *, taken: bool) -> Sequence[ImportItem]:
        """Every line on a label that gave way to one that was told, or of those that stay against it."""
        with reading(self.engine) as session:
            return imports.read_relabelled(session, run_id, taken=taken)

    def report_csv(self, run_id: RunId) -> str:
        """Every line of the report as CSV."""
        with reading(self.engine) as session:
            runs.read_run(session, run_id)
            items = imports.read_items(session, run_id)
        label = {None: "", True: "replaced", False: "kept"}
        return csv_text(
            ["file", "outcome", "label", "reason"],
            ((item.name, item.outcome.value, label[item.relabelled], item.reason) for item in items),
        )

    def list(self, project_id: ProjectId, limit: int = 5) -> list[RunRecord]:
        """The project's newest imports."""
        with reading(self.engine) as session:
            return runs.list_runs(session, project_id=project_id, kinds=[RunKind.IMPORT], limit=limit)
