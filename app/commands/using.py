"""`graft predict`: a trained model and new pictures."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import (
    Home,
    Json,
    ensure_done,
    opened,
    progress_line,
    show,
    sources,
    table,
    wants_json,
    write_file,
)  # fmt: skip
from app.commands.training import RunArgument
from core.types import RunId


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(predict)


def predict(
    run: RunArgument,
    path: Annotated[list[str], typer.Argument(help="A folder, a zip, or pictures.")],
    csv: Annotated[str, typer.Option("--csv", metavar="FILE", help="Write a table there; - is the screen.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """What a run's model says of new pictures."""
    with opened(home) as graft:
        started = graft.predictions.start(RunId(run), sources(path))
        ended = graft.serving.finish(started, progress_line(as_json))
        ensure_done(ended)
        view = graft.predictions.read(ended.id)
        if csv == "-" and not wants_json(as_json):
            typer.echo(graft.predictions.csv(ended.id).removeprefix("\ufeff"), nl=False)
            return
        if csv and csv != "-":
            write_file(Path(csv), graft.predictions.csv(ended.id).encode())
    said = [
        {
            "name": item.name,
            "prediction": item.said if item.number is None else item.number,
            "confidence": item.confidence,
            "probabilities": dict(zip(view.classes, item.probabilities, strict=False)),
        }
        for item in view.items
    ]
    value = {
        "run": ended.id,
        "state": ended.state.value,
        "model": view.model,
        "classes": list(view.classes),
        "predictions": said,
        "rejected": [{"name": item.name, "reason": item.error} for item in view.rejected],
    }
    lines = [[item["name"], item["prediction"], item["confidence"]] for item in said]
    words = f"Wrote {csv}." if csv else table(["file", "prediction", "confidence"], lines)
    show(value, "\n".join([words, *(f"Not read: {item.name}: {item.error}" for item in view.rejected)]), as_json)
