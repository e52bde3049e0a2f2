"""`graft explain`, `graft heatmaps` and `graft grade`: what a model looks at, and how far that can be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import Home, Json, finished, opened, picture_of, show, table, write_file
from app.commands.training import RunArgument
from core.errors import BadInput, GraftError, NotFound
from core.settings import expanded
from core.types import ImageId, RunId, Split
from core.words import count

if TYPE_CHECKING:
    from core.graft import Graft


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(heatmaps)
    app.command()(grade)


def explain(
    run: RunArgument,
    image: Annotated[
        str, typer.Argument(metavar="IMAGE", help="A picture's file, or the name or number of one in the project.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.png", help="Where to put it (default: IMAGE-METHOD.png, here)."),
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="M", help="How to look (default: the best that passed its tests).")
    ] = "",
    class_: Annotated[str, typer.Option("--class", metavar="C", help="Which class (default: what was said).")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Draw over a picture what a run's model looks at."""
    with opened(home) as graft:
        from core.services.grades import grade_json

        target = _position(graft, RunId(run), class_) if class_ else None
        method = method or graft.grades.default_method(RunId(run))
        graded = graft.grades.newest(RunId(run))
        picture, blob = _picture(graft, RunId(run), image)
        asked = graft.explanations.request(RunId(run), image=picture, blob=blob, target=target, method=method)
        ended = finished(graft, asked, as_json)
        view = graft.explanations.read(ended.id)
        output = output or Path(f"{Path(image).stem}-{method}.png")
        write_file(output, graft.explanations.blended(ended.id))
    value = {
        "run": run,
        "file": str(output.absolute()),
        "method": method,
        "class": view.class_name,
        "probability": view.probability,
        "grades": grade_json(graded, method),
    }
    share = "" if view.probability is None else f" ({view.probability:.1%})"
    show(value, f"Wrote {output}: where the model looks for {view.class_name}{share}, by {method}.", as_json)


def _position(graft: "Graft", model: RunId, name: str) -> int:
    classes = graft.explanations.subject(model).classes
    found = [index for index, item in enumerate(classes) if item.casefold() == name.strip().casefold()]
    if not classes:
        raise BadInput(f"The model says a number and has no class {name!r}.", hint="Leave --class out.")
    if not found:
        raise BadInput(f"The model has no class {name!r}.", hint=f"Its classes: {', '.join(classes)}.")
    return found[0]


def _picture(graft: "Graft", model: RunId, image: str) -> tuple[ImageId | None, str]:
    """A file, kept under its address, or else a picture of the model's project by its name or number."""
    path = expanded(image)
    if path.is_file():
        return None, graft.explanations.keep_picture(path)
    try:
        return picture_of(graft, model, image), ""
    except NotFound as error:
        raise NotFound(f"There is neither a file {image!r} nor a picture of that name.", hint=error.hint) from error


def heatmaps(
    run: RunArgument,
    output: Annotated[str, typer.Option("-o", "--output", metavar="DIR", help="Copy the heatmaps there.")] = "",
    split: Annotated[Split, typer.Option(help="Which pictures.")] = Split.TEST,
    method: Annotated[str, typer.Option(metavar="M", help="How to look: gradcam, ...")] = "gradcam",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Draw what a model looks at in all pictures of a split. The mean over each answer is drawn, too."""
    with opened(home) as graft:
        graft.explanations.subject(RunId(run))  # wrong use is said before a folder is made
        folder = _folder(output) if output else None
        started = graft.heatmaps.start(RunId(run), split=split, method=method)
        ended = finished(graft, started, as_json)
        view = graft.heatmaps.view(ended)
        assert view is not None  # it is done
        if folder:
            _copy(graft, ended.id, [item.image for item in view.items], [item.target for item in view.classes], folder)
    value = {
        "run": ended.id,
        "model": run,
        "split": split.value,
        "method": method,
        "precision": view.precision,
        "folder": str(folder.absolute()) if folder else "",
        "pictures": [
            {"image": item.image, "name": item.name, "label": item.truth, "prediction": item.said, "empty": item.empty}
            for item in view.items
        ],
        "classes": [
            {"class": item.name, "pictures": item.pictures, "border": item.border, "border_area": item.border_area}
            for item in view.classes
        ],
    }
    lines = [
        [item.name or "the number", item.pictures, f"{item.border:.0%} (of the area: {item.border_area:.0%})"]
        for item in view.classes
    ]
    words = f"Explained {count(len(view.items), 'picture')} by {method}, in {view.precision}."
    copied = f"\nCopied to {output}." if output else ""
    show(value, f"{words}\n\n{table(['answer', 'pictures', 'heat on the border'], lines)}{copied}", as_json)


def _folder(given: str) -> Path:
    """The folder, made where there is none: before the job, which may take long."""
    folder = expanded(given)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GraftError(f"{folder} cannot be a folder: {error.strerror}.", hint="Choose another place.") from error
    return folder


def _copy(graft: "Graft", gallery: RunId, images: list[ImageId], targets: list[int], folder: Path) -> None:
    for image in images:
        write_file(folder / f"{image}.png", graft.heatmaps.file(gallery, image).read_bytes())
    for target in targets:
        write_file(folder / f"mean-{target}.png", graft.heatmaps.mean(gallery, target).read_bytes())


def grade(run: RunArgument, home: Home = None, as_json: Json = False) -> None:
    """Test how far each way to explain a model can be trusted."""
    with opened(home) as graft:
        from core.services.grades import grades_json

        ended = finished(graft, graft.grades.start(RunId(run)), as_json)
        view = graft.grades.view(ended)
    assert view is not None  # it is done
    value = {"run": ended.id, "model": run, **grades_json(view)}
    verdicts = {True: "passes", False: "fails", None: "too few pictures to say"}
    lines = [
        [
            item.info.name,
            verdicts[item.grade.passes],
            f"{gain.value:.3f} ({gain.low:.3f} to {gain.high:.3f})" if (gain := item.grade.gain) else None,
            item.grade.alike,
        ]
        for item in view.methods
    ]
    head = f"Tested on {count(view.pictures, f'{view.split} picture')}. Best: {view.best or 'none passes'}."
    show(
        value,
        f"{head}\n\n{table(['method', 'verdict', 'above chance (95% interval)', 'alike without learning'], lines)}",
        as_json,
    )
