"""`graft predict`: a trained model and new pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import (
    Home,
    Json,
    finished,
    opened,
    show,
    sources,
    table,
    wants_json,
    write_file,
)  # fmt: skip
from app.commands.training import RunArgument
from core.errors import BadInput
from core.types import RunId
from core.words import one_line

if TYPE_CHECKING:
    from core.services.predictions import By


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(predict)


def predict(
    run: RunArgument,
    path: Annotated[list[str], typer.Argument(metavar="PATH...", help="A folder, a zip, or pictures.")],
    promise: Annotated[
        int,
        typer.Option(min=50, max=99, metavar="PERCENT", help="How often the true answer must be among those given."),
    ] = 90,
    each_class: Annotated[
        bool, typer.Option("--each-class", help="Promise it to each class, not to all together.")
    ] = False,
    each_group: Annotated[
        bool, typer.Option("--each-group", help="Promise it to each group (field, clinic), not to all together.")
    ] = False,
    group: Annotated[str, typer.Option(metavar="G", help="The group of all the pictures.")] = "",
    groups: Annotated[str, typer.Option(metavar="FILE.csv", help="A table with each file's group.")] = "",
    group_column: Annotated[str, typer.Option(metavar="C", help="Its column (default: group).")] = "",
    csv: Annotated[str, typer.Option("--csv", metavar="FILE", help="Write a table there; - is the screen.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """What a run's model says of new pictures."""
    if each_class and each_group:
        raise typer.BadParameter("Give one of --each-class and --each-group.")
    with opened(home) as graft:
        table_of = sources([groups]) if groups else ""
        started = graft.predictions.start(RunId(run), sources(path), groups=table_of, group_column=group_column)
        ended = finished(graft, started, as_json)
        by: By = "class" if each_class else "group" if each_group else "all"
        view = graft.predictions.read(ended.id, promise / 100, by, group)
        if not view.items and not view.rejected:
            raise BadInput(f"There is no picture in {', '.join(path)}.", hint="Give a folder, a zip, or pictures.")
        if each_group and not view.groups:
            raise BadInput(
                f"The pictures that run {run} set its limits by name no group: nothing can be promised to each.",
                hint="Leave --each-group out.",
            )
        text = graft.predictions.csv(ended.id, promise / 100, by, group) if csv else ""
        if csv == "-" and not wants_json(as_json):
            typer.echo(text.removeprefix("\ufeff"), nl=False)
            return
        if csv and csv != "-":
            write_file(Path(csv), text.encode())
    said = [
        {
            "name": item.name,
            "prediction": item.said if item.number is None else item.number,
            "confidence": item.confidence,
            "answered": not item.why,
            "answer": item.answer,
            "possible": list(item.possible),
            "reason": item.why,
            "group": item.group,
            "group_known": item.own if each_group else None,
            "probabilities": dict(zip(view.classes, item.probabilities, strict=False)),
        }
        for item in view.items
    ]
    value = {
        "run": ended.id,
        "state": ended.state.value,
        "model": view.model,
        "classes": list(view.classes),
        "promise": view.promise.coverage if view.promise and view.promise.possible else None,
        "promised_to": by,
        "caution": view.promise.caution if view.promise else "",
        "groups": list(view.groups),
        "predictions": said,
        "rejected": [{"name": item.name, "reason": item.error} for item in view.rejected],
        "remarks": [{"name": item.name, "reason": item.note} for item in view.items if item.note],
    }
    lines = [[item[name] for name in ("name", "prediction", "confidence", "answer", "reason")] for item in said]
    words = f"Wrote {csv}." if csv else table(["file", "prediction", "confidence", "answer", "why no answer"], lines)
    notes = [one_line(f"{item.name}: {item.note}") for item in view.items if item.note]
    notes += [one_line(f"Not read: {item.name}: {item.error}") for item in view.rejected]
    if each_group and view.strangers:
        strangers = f"{len(view.strangers)} of no group that it knows"
        notes.insert(0, f"{strangers}: they have the most cautious limit of all groups.")
    if view.promise and view.promise.caution:
        notes.insert(0, view.promise.caution)
    show(value, "\n".join([words, *notes]), as_json)
