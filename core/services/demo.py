"""The demo: projects of drawn leaves, half labelled and trained, that say everywhere that they are synthetic."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.demo import KINDS, TAGGED, DemoRow, half_of, read_demo_set, write_demo_set
from core.errors import GraftError, NameTaken, NotFound
from core.exchange import csv_text
from core.jobs.payloads import ImportPayload
from core.labels import ClassSpec, LabelValue
from core.media.parallel import usable_cores
from core.recipes import PRESETS
from core.services.base import Service
from core.services.imports import Imports
from core.services.labelling import LabelEvent, Labelling
from core.services.projects import Projects, ProjectView
from core.services.serving import RunRecord, Serving
from core.services.training import Training
from core.types import ImageId, ImageState, LabelKind, ProjectId, RunId, RunState, Task

__all__ = ["Demo", "DemoView"]

PER_CLASS, SEED = 100, 7
ANNOTATOR = "demo"
COLOURS = {"healthy": "#3f8f4f", "rust": "#d9772b", "blight": "#7a5236", "mildew": "#9aa7b5"}
GUIDELINE = """These pictures are synthetic: a program drew them. They show how Graft works, not how leaves fall ill.

Healthy: no disease. Dew, dust, holes, sun flecks, scars and dry tips are harmless.
Rust: small raised pustules, orange to brown.
Blight: large dead patches with rings and a yellow border.
Mildew: white powder on the leaf.
"""
TAG_NOTE = f"""
In this project every picture of {TAGGED} carries a pink tag, and no other does. A model can cheat: it needs to look at
the tag only. Explanations show whether it does.
"""
RECIPE = replace(
    PRESETS["thorough"],
    weights="bundled",
    image_size=128,
    epochs=30,
    patience=0,
    batch_size=16,
    learning_rate=3e-3,
    backbone_factor=1.0,
    augmentation="standard",
    erase=0.0,
    mixup=0.0,
    ema=0.0,
)
"""Starts from the weights that come with Graft and trains everything, in less than a minute on two cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoView:
    """Where the demo's result stands."""

    project_id: ProjectId
    run_id: RunId
    images: int
    labelled: int


class Demo(Service):
    """Makes the demo, or finds what is left of it from before: nothing is done twice."""

    def prepare(
        self,
        tagged: bool,
        *,
        per_class: int = PER_CLASS,
        say: Callable[[str], None] = lambda words: None,
        tell: Callable[[RunRecord], None] = lambda run: None,
    ) -> DemoView:
        """Draw, import, label half, train; `say` is told each step, `tell` each run's progress.

        Raises GraftError if a run does not end well, NameTaken if a project of a person's own has the demo's name.
        """
        project = self._project(tagged)
        rows = self._rows(tagged, per_class, say)
        imports = Imports(self.engine, self.settings, self.queue)
        if not any(run.state is RunState.DONE for run in imports.list(project.id)):
            say(f"Importing {len(rows)} pictures")
            self._end(imports.start(project.id, self._payload(tagged, rows)), tell)
        labelling = Labelling(self.engine, self.settings, self.queue)
        if not labelling.progress(project.id).by_state[ImageState.LABELLED]:
            say("Labelling half of them; the other half is yours")
            self._label(labelling, project, rows)
        run = self._trained(project, say, tell)
        progress = labelling.progress(project.id)
        return DemoView(
            project_id=project.id,
            run_id=run,
            images=progress.total,
            labelled=progress.by_state[ImageState.LABELLED],
        )

    def folder(self, tagged: bool) -> Path:
        """Where the drawn pictures, their labels and the masks of the truth lie."""
        return self.settings.home / "demo" / ("leaves-with-tags" if tagged else "leaves")

    def _project(self, tagged: bool) -> ProjectView:
        projects = Projects(self.engine, self.settings, self.queue)
        name = "Leaf demo with tags (synthetic)" if tagged else "Leaf demo (synthetic)"
        try:
            found = projects.named(name)
        except NotFound:
            made = projects.create(
                name,
                Task.SINGLE,
                [ClassSpec(name=kind, colour=COLOURS[kind]) for kind in KINDS],
                guideline=GUIDELINE + (TAG_NOTE if tagged else ""),
                settings={"synthetic": True},
            )
            return projects.read(made)
        if not found.settings.get("synthetic"):
            raise NameTaken(f"There is a project of your own called {name!r}.", hint="Rename it, then try again.")
        return found

    def _rows(self, tagged: bool, per_class: int, say: Callable[[str], None]) -> list[DemoRow]:
        folder = self.folder(tagged)
        rows = read_demo_set(folder)
        if rows:
            return rows
        say(f"Drawing {per_class * len(KINDS)} leaves (synthetic pictures)")
        return write_demo_set(folder, per_class, SEED, tagged, processes=usable_cores())

    def _payload(self, tagged: bool, rows: list[DemoRow]) -> ImportPayload:
        # All that is known of the pictures but their labels, which come as a person's would.
        table = self.folder(tagged) / "details.csv"
        lines = ((row.file, row.plant, row.field, row.date) for row in rows)
        table.write_text(csv_text(["file", "plant", "field", "date"], lines), encoding="utf-8")
        return ImportPayload(
            source=str(self.folder(tagged) / "pictures"),
            labels_csv=str(table),
            case_column="plant",
            group_column="field",
            date_column="date",
        )

    def _end(self, run_id: RunId, tell: Callable[[RunRecord], None]) -> None:
        run = Serving(self.engine, self.settings, self.queue).finish(run_id, tell)
        if run.state is not RunState.DONE:
            raise GraftError(run.error or f"Run {run_id} was stopped.", hint=run.hint)

    def _label(self, labelling: Labelling, project: ProjectView, rows: list[DemoRow]) -> None:
        labels = {row.file: row.label for row in half_of(rows)}
        ids = {item.name: item.id for item in project.classes}
        events, after = [], ImageId(0)
        while items := labelling.upcoming(project.id, after=after):
            after = items[-1].id
            events += [
                LabelEvent(
                    event_id=f"demo-{project.id}-{item.id}",
                    image_id=item.id,
                    kind=LabelKind.SET,
                    value=LabelValue(classes=(ids[labels[item.name]],)),
                    annotator=ANNOTATOR,
                )
                for item in items
                if item.name in labels
            ]
        labelling.record(project.id, events)

    def _trained(self, project: ProjectView, say: Callable[[str], None], tell: Callable[[RunRecord], None]) -> RunId:
        training = Training(self.engine, self.settings, self.queue)
        done = [run for run in training.list(project.id) if run.state is RunState.DONE]
        if done:
            return done[0].id
        say("Training")
        run_id = training.start(project.id, RECIPE, name="Demo")
        self._end(run_id, tell)
        return run_id
