"""`graft pretrain`, and `graft weights list|export|install`."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import Home, Json, opened, progress_line, show, show_ended, table
from app.commands.training import as_weights
from core.catalogue import PRETRAININGS

weights = typer.Typer(help="List, export or install what networks know before they are trained.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(pretrain)
    app.add_typer(weights, name="weights")


def pretrain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The project whose pictures to learn from.")] = "",
    formula: Annotated[bool, typer.Option("--formula", help="Learn from drawn pictures instead.")] = False,
    method: Annotated[str, typer.Option(metavar="|".join(PRETRAININGS), help="How (default: chosen).")] = "",
    minutes: Annotated[float, typer.Option(help="How long.", metavar="T")] = 30.0,
    steps: Annotated[
        int, typer.Option(metavar="N", help="Instead of minutes: gives the same weights again on the same machine.")
    ] = 0,
    backbone: Annotated[str, typer.Option(metavar="B", help="The network.")] = "mobilenet_v3_small",
    image_size: Annotated[int, typer.Option(metavar="PX", help="Side of the pictures in pixels; 0: chosen.")] = 0,
    batch_size: Annotated[int, typer.Option(metavar="N", help="Pictures at a time, each seen in two views.")] = 64,
    start: Annotated[str, typer.Option("--weights", metavar="W", help="To go on from, as in a recipe.")] = "",
    fractals: Annotated[int, typer.Option(metavar="N", help="How many formulas to draw by.")] = 2000,
    each: Annotated[int, typer.Option(metavar="N", help="How many pictures by each of them; 0: chosen.")] = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Of chance: the same number draws the same.")] = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended; Ctrl-C stops it.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Teach a network to see without labels. It learns from a project's pictures, or from drawn ones."""
    if bool(name) == formula:
        raise typer.BadParameter("Give one of the two: a project's name, or --formula.", param_hint="NAME")
    from core.services.pretraining import PretrainPayload

    payload = PretrainPayload(
        backbone=backbone, method=method, minutes=minutes, steps=steps, image_size=image_size, batch_size=batch_size,
        weights=as_weights(start), fractals=fractals, each=each, seed=seed,
    )  # fmt: skip
    with opened(home) as graft:
        project = None if formula else graft.projects.named(name).id
        run_id = graft.pretraining.start(project, payload)
        run = graft.serving.finish(run_id, progress_line(as_json)) if wait else graft.queue.read(run_id)
        served = graft.serving.served
    value = {"run": run.id, "state": run.state.value, "error": run.error, "hint": run.hint}
    if wait:
        words = f"Run {run.id} is done. Train from it: graft train NAME --set weights=run:{run.id}"
        show_ended(run, {**value, "result": run.result}, words, as_json)
        return
    how = f"Stop it: graft cancel {run.id}" if served else "It starts with `graft up`, or at once with --wait."
    show(value, f"Run {run.id} is {run.state.value}. {how}", as_json)


@weights.command("list")
def list_weights(home: Home = None, as_json: Json = False) -> None:
    """Weights a training can start from without a network connection."""
    with opened(home) as graft:
        found = graft.pretraining.weights()
    value = [
        {"weights": item.weights, "backbone": item.backbone, "words": item.words, "file": str(item.path)}
        for item in found
    ]
    rows = [[item.weights, item.backbone, item.words] for item in found]
    show({"weights": value}, table(["weights", "backbone", "what"], rows), as_json)


@weights.command("export")
def export_weights(
    weights: Annotated[str, typer.Argument(metavar="WEIGHTS", help="As `graft weights list` names them.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to put them.")] = Path(),
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Copy weights and their card, to take them to another machine."""
    with opened(home) as graft:
        target = graft.pretraining.export(weights, output)
    show({"weights": weights, "file": str(target.absolute())}, f"Wrote {target}.", as_json)


@weights.command("install")
def install_weights(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .safetensors, .pth or .pt file.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep a file of weights in the home. A training can then start from it without a network connection."""
    with opened(home) as graft:
        entry = graft.pretraining.install(file)
    words = f"Installed. Train from it: graft train NAME --set weights={entry.weights}"
    show({"weights": entry.weights, "file": str(entry.path)}, words, as_json)
