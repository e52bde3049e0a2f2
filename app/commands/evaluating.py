"""`graft evaluate`: a model on pictures that its project never held."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Home, Json, ensure_done, finished, opened, progress_line, show, sources, table_for
from app.commands.training import RunArgument, scores_in_words
from core.errors import BadInput, NameTaken
from core.types import RunId, RunState, Split
from core.words import count


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
        model = RunId(run)
        if folder:
            from core.services.imports import ImportPayload

            task, classes = graft.external.expects(model)
            if not Path(folder).expanduser().is_dir():
                raise BadInput(f"There is no folder {folder!r}.", hint="Check the path.")
            if labels and not Path(labels).is_file() and not (Path(folder).expanduser() / labels).is_file():
                raise BadInput(f"There is no table {labels!r}.", hint="Check the path.")
            project = f"External: {Path(folder).expanduser().resolve().name}"
            try:
                made = graft.projects.create_from_names(project, task, classes)
            except NameTaken as error:  # perhaps of another folder of that name: pictures of two must not be mixed
                raise NameTaken(
                    f"There is already a project called {project!r}: a folder of that name was tested on before.",
                    hint=f"Test on its pictures: --project {shlex.quote(project)}. Or give the folder another name.",
                ) from error
            payload = ImportPayload(
                source=sources([folder]), labels_csv=table_for(labels), case_column=case_column,
                group_column=group_column, create_classes=False,
            )  # fmt: skip
            coming = finished(graft, graft.imports.start(made, payload), as_json)
            for item in graft.imports.rejected(coming.id):
                typer.echo(f"{item.name}: {item.reason}", err=True)
        test = graft.external.start(model, graft.projects.named(project).id)
        ended = graft.serving.finish(test, progress_line(as_json))
        counted = graft.external.counted(test)
        value = {
            **graft.results.to_json(test), "model": run, "project": project, "note": ended.name,
            "together": counted.together, "warning": counted.warning,
        }  # fmt: skip
        head = f"Run {run} on {project}"
        if ended.state is RunState.DONE:
            basis = graft.judging.basis(test)
            head = f"Run {run} on {count(basis.judged, 'picture')} of {project}, {basis.new}."
    head += f" {ended.name}." if ended.name else ""
    if ended.state is RunState.DONE and counted.warning:
        table = f"graft import {shlex.quote(project)} TABLE.csv --case-column COLUMN"
        again = f"graft evaluate {run} --project {shlex.quote(project)}"
        typer.echo(f"{counted.warning} A table can tell: {table}, then {again}.", err=True)
    show(value, f"{head}\n\n{scores_in_words(value, Split.TEST)}", as_json)
    ensure_done(ended)
