"""`graft evaluate`: a model on pictures that its project never held."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import Home, Json, ensure_done, opened, progress_line, show, sources, table_for
from app.commands.training import RunArgument, scores_in_words
from core.errors import NameTaken, NotEnoughImages
from core.settings import expanded
from core.types import RunId, RunState, Split
from core.words import count

if TYPE_CHECKING:
    from core.graft import Graft


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    run: RunArgument,
    project: Annotated[str, typer.Option(metavar="NAME", help="Another project with the same classes.")] = "",
    folder: Annotated[str, typer.Option(metavar="DIR", help="A folder of classes; becomes a project.")] = "",
    labels: Annotated[
        str, typer.Option(metavar="FILE.csv", help="A table beside the folder or in it: cases, groups, labels.")
    ] = "",
    case_column: Annotated[str, typer.Option(metavar="C", help="Its column with the patient, plant, animal.")] = "",
    group_column: Annotated[str, typer.Option(metavar="C", help="Its column with the clinic, field, camera.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Score a model on pictures from elsewhere. They are told apart from its own test pictures."""
    if bool(project) == bool(folder):
        raise typer.BadParameter("Give one of --project and --folder.")
    if project and (labels or case_column or group_column):
        raise typer.BadParameter("A table goes with --folder; what a project knows, `graft import` corrects.")
    with opened(home) as graft:
        from core.services.external import told

        model = RunId(run)
        if folder:
            project = f"External: {expanded(folder).resolve().name}"
            try:
                bringing = graft.external.bring_folder(
                    model, folder, labels_csv=table_for(labels), case_column=case_column, group_column=group_column
                )
            except NameTaken as error:
                hint = f"Test on its pictures: --project {shlex.quote(project)}. Or give the folder another name."
                if not any(item.name == project for item in graft.projects.list()):
                    hint = "Page Projects brings it back. Or give the folder another name."
                raise NameTaken(error.message, hint=hint) from error
            _bring(graft, project, folder, bringing, as_json)
        tested_on = graft.projects.named(project).id
        coming = graft.external.unended(tested_on)
        test = graft.external.start(model, tested_on)
        ended = graft.serving.finish(test, progress_line(as_json))
        counted = graft.external.counted(test)
        note = told(ended)
        value = {
            **graft.results.to_json(test), "model": run, "project": project, "note": note,
            "together": counted.together, "warning": counted.warning,
        }  # fmt: skip
        head = f"Run {run} on {project}"
        if ended.state is RunState.DONE:
            basis = graft.judging.basis(test)
            head = f"Run {run} on {count(basis.judged, 'picture')} of {project}, {basis.new}."
    head += f" {note}." if note else ""
    if coming:
        way = f"`graft resume {coming.id} --wait`" if coming.state.ended else "`graft up`"
        typer.echo(
            f"The last import into {project}, run {coming.id}, is not done: pictures may be missing. {way} goes on "
            f"with it; then test again: graft evaluate {run} --project {shlex.quote(project)}.",
            err=True,
        )
    if ended.state is RunState.DONE and counted.warning:
        table = f"graft import {shlex.quote(project)} TABLE.csv --case-column COLUMN"
        again = f"graft evaluate {run} --project {shlex.quote(project)}"
        typer.echo(f"{counted.warning} A table can tell: {table}, then {again}.", err=True)
    show(value, f"{head}\n\n{scores_in_words(value, Split.TEST)}", as_json)
    ensure_done(ended)


def _bring(graft: "Graft", project: str, folder: str, bringing: RunId, as_json: bool) -> None:
    """The folder's pictures, in the project. Ends the command where they are not; nothing half made stays unsaid."""
    ended = graft.serving.finish(bringing, progress_line(as_json))
    refused = graft.imports.rejected(bringing)
    for item in refused:
        typer.echo(f"{item.name}: {item.reason}", err=True)
    if graft.external.give_up(bringing):
        if ended.state is RunState.DONE:
            raise NotEnoughImages(f"{sources([folder])} holds no picture that could be used.", hint="Check the folder.")
    elif ended.state is not RunState.DONE:
        so_far = graft.labelling.progress(graft.projects.named(project).id).total
        typer.echo(f"{project} holds {count(so_far, 'picture')} so far. The same command goes on.", err=True)
    ensure_done(ended)
