"""`graft export dataset|model|report` and `graft report`: files to take away."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import Home, Json, ProjectName, finished, opened, show, write_file
from app.commands.training import RunArgument
from app.commands.wrong_use import LARGEST
from core.services.outside import whole_file
from core.types import RunId

if TYPE_CHECKING:
    from core.graft import Graft

export = typer.Typer(help="Take pictures with labels, a model or a report away.", no_args_is_help=True)

USUAL_MISS = 5.0

Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Where to put it (default: here, by its own name)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(export, name="export")
    app.command()(report)


@export.command("dataset")
def dataset(
    name: ProjectName,
    output: Output = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """A zip of a project's pictures and labels. `graft import` reads it back."""
    with opened(home) as graft:
        _finish(graft, graft.exports.dataset(graft.projects.named(name).id), output, as_json)


@export.command("model")
def model(run: RunArgument, output: Output = None, home: Home = None, as_json: Json = False) -> None:
    """A zip of a run's model: ONNX, weights, model card and an example."""
    with opened(home) as graft:
        _finish(graft, graft.exports.model(RunId(run)), output, as_json)


@export.command("report")
def report(
    run: RunArgument,
    style: Annotated[str, typer.Option(metavar="field|clinic", help="Whose headings it follows.")] = "field",
    about: Annotated[str, typer.Option(metavar="CLASS", help="What is to be decided by it.")] = "",
    miss: Annotated[
        float | None, typer.Option(metavar="N", help="Missing one is as bad as so many false alarms (default: 5).")
    ] = None,
    common: Annotated[
        float | None, typer.Option(metavar="N", help="Of 1,000 pictures where it will be used, so many have it.")
    ] = None,
    against: Annotated[
        int | None,
        typer.Option(
            metavar="RUN", min=1, max=LARGEST, help="The training to compare it with (default: the one before)."
        ),
    ] = None,
    output: Output = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """A training's report as one HTML file to read, print or send."""
    if not about and (miss is not None or common is not None):
        raise typer.BadParameter("--miss and --common say what a decision costs: name its class.", param_hint="--about")
    with opened(home) as graft:
        target = output or Path(f"report-{run}.html")
        from core.services.reports import Asked

        asked = (
            Asked(
                about=about, miss=USUAL_MISS if miss is None else miss, common=None if common is None else common / 1000
            )
            if about
            else None
        )
        other = None if against is None else RunId(against)
        write_file(target, graft.reports.html(RunId(run), style, asked, against=other).encode())
    show({"run": run, "file": str(target.absolute())}, f"Wrote {target}.", as_json)


def _finish(graft: "Graft", run_id: RunId, output: Path | None, as_json: bool) -> None:
    run = finished(graft, run_id, as_json)
    made = graft.exports.path(run.id)
    target = output or Path(made.name)
    if target.is_dir():
        target /= made.name
    whole_file(target, lambda beside: shutil.copyfile(made, beside), hint=f"The file itself is kept: {made}")
    value = {"run": run.id, "state": run.state.value, **(run.result or {})}
    show({**value, "file": str(target.absolute())}, f"Wrote {target}.", as_json)
