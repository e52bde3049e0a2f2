"""`graft predict` and `graft explain`: a trained model and new pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from core.errors import BadInput
from core.types import ImageId, RunId

if TYPE_CHECKING:
    from core.graft import Graft
    from core.services.predictions import By


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(predict)
    app.command()(explain)


def predict(
    run: RunArgument,
    path: Annotated[list[str], typer.Argument(help="A folder, a zip, or pictures.")],
    promise: Annotated[
        int,
        typer.Option(min=50, max=99, metavar="PERCENT", help="How often the true answer must be among those given."),
    ] = 90,
    each_class: Annotated[
        bool, typer.Option("--each-class", help="Promise it to each class, not to all together.")
    ] = False,
    csv: Annotated[str, typer.Option("--csv", metavar="FILE", help="Write a table there; - is the screen.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """What a run's model says of new pictures."""
    with opened(home) as graft:
        started = graft.predictions.start(RunId(run), sources(path))
        ended = graft.serving.finish(started, progress_line(as_json))
        ensure_done(ended)
        by: By = "class" if each_class else "all"
        view = graft.predictions.read(ended.id, promise / 100, by)
        text = graft.predictions.csv(ended.id, promise / 100, by) if csv else ""
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
        "predictions": said,
        "rejected": [{"name": item.name, "reason": item.error} for item in view.rejected],
    }
    lines = [[item[name] for name in ("name", "prediction", "confidence", "answer", "reason")] for item in said]
    words = f"Wrote {csv}." if csv else table(["file", "prediction", "confidence", "answer", "why no answer"], lines)
    show(value, "\n".join([words, *(f"Not read: {item.name}: {item.error}" for item in view.rejected)]), as_json)


def explain(
    run: RunArgument,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A picture's file, or its number in the project.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.png", help="Where to put it.")],
    method: Annotated[str, typer.Option(metavar="M", help="How to look: gradcam, ...")] = "gradcam",
    class_: Annotated[str, typer.Option("--class", metavar="C", help="Which class (default: what was said).")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Draw over a picture what a run's model looks at."""
    with opened(home) as graft:
        target = _position(graft, RunId(run), class_) if class_ else None
        picture, blob = _picture(graft, image)
        asked = graft.explanations.request(RunId(run), image=picture, blob=blob, target=target, method=method)
        ended = graft.serving.finish(asked, progress_line(as_json))
        ensure_done(ended)
        view = graft.explanations.read(ended.id)
        write_file(output, graft.explanations.blended(ended.id))
    value = {
        "run": run,
        "file": str(output.absolute()),
        "method": method,
        "class": view.class_name,
        "probability": view.probability,
    }
    share = "" if view.probability is None else f" ({view.probability:.1%})"
    show(value, f"Wrote {output}: where the model looks for {view.class_name}{share}, by {method}.", as_json)


def _position(graft: "Graft", model: RunId, name: str) -> int:
    classes = graft.explanations.subject(model).classes
    found = [index for index, item in enumerate(classes) if item.casefold() == name.strip().casefold()]
    if not found:
        raise BadInput(f"The model has no class {name!r}.", hint=f"Its classes: {', '.join(classes)}.")
    return found[0]


def _picture(graft: "Graft", image: str) -> tuple[ImageId | None, str]:
    """A project's picture by its number, or a file, kept under its address."""
    path = Path(image).expanduser()
    if path.is_file():
        return None, graft.explanations.keep_picture(path)
    if image.isascii() and image.isdigit():
        return ImageId(int(image)), ""
    raise BadInput(f"There is no picture {image!r}.", hint="Give a file, or the number of a picture in the project.")
