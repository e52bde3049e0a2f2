"""Reports of trainings: everything known of one, as one HTML file."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import BadInput
from core.exchange.report import STYLES, Style, report_html
from core.services.base import Service
from core.services.comparing import compared_run
from core.services.origin import Origin, read_origin
from core.services.report_facts import compare_with, gather
from core.services.report_pictures import draw
from core.services.results import Results, RunChoice
from core.store import runs
from core.store.computed import ComputedOnce
from core.store.db import reading
from core.store.deciding import Asked
from core.types import RunId, RunKind, RunState

__all__ = ["STYLES", "USUAL", "Asked", "Origin", "Peers", "Reports", "Style"]

USUAL = next(iter(STYLES))
PATIENCE_S = 45.0
"""How long heatmaps may take together, and then resembling pictures; what is late is left out, and said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The finished trainings that a report can hold a training against, newest first, and the one it takes unasked."""

    choices: tuple[RunChoice, ...]
    usual: RunId | None


class Reports(Service):
    """Reports, made anew each time from what is stored."""

    def origin(self, run_id: RunId) -> Origin:
        """Where a training's figures come from. Raises NotFound."""
        with reading(self.engine) as session:
            return read_origin(session, run_id)

    def peers(self, run_id: RunId) -> Peers:
        """The other trainings on a training's dataset version. Raises NotFound."""
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
            usual = compared_run(session, run)
        done = Results(self.engine, self.settings, self.queue).finished(run.project_id) if run.project_id else []
        version = next((item.version for item in done if item.id == run_id), None)
        return Peers(
            choices=tuple(item for item in done if item.version == version and item.id != run_id),
            usual=usual[0] if usual else None,
        )

    def html(
        self,
        run_id: RunId,
        style: str = USUAL,
        asked: Asked | None = None,
        *,
        against: RunId | None = None,
        patience_s: float = PATIENCE_S,
    ) -> str:
        """A training's report; `asked` is what is to be decided by it, and at which costs.

        It is held against the training `against`, else against its parent, or the one before on its dataset version.
        Raises NotFound, BadInput for a run that has none, an unknown style, or what cannot be asked; NotEnoughImages
        where `against` has said nothing of the same pictures.
        """
        if style not in STYLES:
            raise BadInput(f"There is no report of the kind {style!r}.", hint=f"Choose {' or '.join(STYLES)}.")
        with reading(self.engine) as session:
            run = runs.read_run(session, run_id)
        if run.kind is not RunKind.TRAIN or run.version_id is None:
            raise BadInput(f"Run {run_id} is no training.", hint="`graft runs` lists the trainings.")
        if run.state is not RunState.DONE:
            if run.state.ended:
                ended = "failed" if run.state is RunState.FAILED else "was stopped"
                hint = "Page Train says why, and lets it go on."
                raise BadInput(f"Run {run_id} has no results: it {ended}.", hint=hint)
            raise BadInput(f"Run {run_id} has no results yet.", hint="Wait until it is done.")
        computed = ComputedOnce()
        comparison = compare_with(self, run, against, computed)
        pictures = draw(self, run, run.version_id, patience_s)
        now = datetime.now(UTC)
        return report_html(gather(self, run, run.version_id, pictures, asked, comparison, computed, now=now), style)
