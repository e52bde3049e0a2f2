"""`graft train`, and following what runs: `runs`, `results`, `cancel`, `resume`."""

import dataclasses
from typing import Annotated

import typer

from app.commands.base import Home, Json, ensure_done, opened, progress_line, show, table, wants_json
from core.errors import BadInput, GraftError
from core.recipes import AUTOMATIC, PRESETS, Recipe, preset
from core.services.training import OUT_OF_REACH
from core.types import JsonObject, JsonValue, RunId, Split

RunArgument = Annotated[int, typer.Argument(metavar="RUN", min=1, help="The run's number, as `graft runs` lists it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (train, runs, results, cancel, resume):
        app.command()(command)


def recipe_from(name: str, backbone: str, settings: list[str]) -> Recipe:
    """The preset with the given fields replaced. Raises BadParameter, which is wrong use, for what is none."""
    try:
        return changed(preset(name), backbone, settings)
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint="--preset, --backbone or --set") from error


def changed(recipe: Recipe, backbone: str, settings: list[str]) -> Recipe:
    """The recipe with the given fields replaced. Raises BadParameter for what is not key=value, BadInput."""
    changes = dict(item.partition("=")[::2] for item in settings)
    unclear = [item for item in settings if "=" not in item]
    if unclear:
        raise typer.BadParameter(f"{unclear[0]!r} is not of the form key=value.", param_hint="--set")
    return recipe.with_settings({**({"backbone": backbone} if backbone else {}), **changes})


def train(
    name: Annotated[str, typer.Argument(help="The project.")],
    preset: Annotated[str, typer.Option(metavar="|".join([AUTOMATIC, *PRESETS]), help="How thoroughly.")] = "balanced",
    backbone: Annotated[str, typer.Option(metavar="B", help="The pretrained network.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A field of the recipe.")] = None,
    run_name: Annotated[str, typer.Option("--name", help="What to call the run.")] = "",
    folds: Annotated[int, typer.Option(help="Cross-validation: train so often, each time judged on others.")] = 0,
    repeats: Annotated[int, typer.Option(help="So many rounds of folds.")] = 1,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended; Ctrl-C stops it.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Train on the labels as they stand now."""
    automatic = preset == AUTOMATIC
    recipe = recipe_from("balanced" if automatic else preset, backbone, set_ or [])
    with opened(home) as graft:
        project = graft.projects.named(name).id
        if automatic:
            choice = graft.training.automatic(project)
            recipe = changed(choice.recipe, backbone, set_ or [])
            if not wants_json(as_json):
                typer.echo("\n".join(choice.reasons))
        elif not any(item.startswith("weights=") for item in set_ or []):
            recipe = dataclasses.replace(recipe, weights=graft.training.usual_weights(recipe.backbone))
            if recipe.weights == "bundled":
                typer.echo(OUT_OF_REACH, err=True)
        run_id = graft.training.start(project, recipe, run_name, folds=folds, repeats=repeats)
        run = graft.serving.finish(run_id, progress_line(as_json)) if wait else graft.training.read(run_id)
        served = graft.serving.served
    value = {"run": run.id, "state": run.state.value, "error": run.error, "hint": run.hint}
    if wait:
        words = f"Run {run.id} is {run.state.value}. See: graft results {run.id}"
    else:
        how = "Follow it: graft runs" if served else "It starts with `graft up`; `--wait` runs it at once."
        words = f"Run {run.id} is {run.state.value}. {how}"
    show(value, words, as_json)
    if wait:
        ensure_done(run)


def runs(name: Annotated[str, typer.Argument(help="The project.")], home: Home = None, as_json: Json = False) -> None:
    """List the trainings of a project, newest first."""
    with opened(home) as graft:
        found = graft.training.list(graft.projects.named(name).id)
    value = [
        {
            "run": run.id,
            "name": run.name,
            "state": run.state.value,
            "epoch": run.progress.get("epoch"),
            "recipe": run.recipe,
            "parent": run.parent_id,
            "folds": run.payload.get("folds", 0),
            "group": run.payload.get("group", ""),
            "device": run.device,
            "error": run.error,
            "started_at": run.started_at.isoformat() if run.started_at else None,
            "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        }
        for run in found
    ]
    header = ["run", "state", "epoch", "preset", "backbone", "device", "name"]
    rows = [
        [run.id, run.state.value, run.progress.get("epoch"), recipe.get("preset"), recipe.get("backbone"), run.device,
         run.name or run.error]
        for run, recipe in ((run, run.recipe or {}) for run in found)
    ]  # fmt: skip
    show({"runs": value}, table(header, rows) if rows else "Nothing was trained yet.", as_json)


def results(
    run: RunArgument,
    split: Annotated[Split, typer.Option(help="Which part to show in words.")] = Split.TEST,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """How good a run's model is."""
    with opened(home) as graft:
        value = graft.results.to_json(RunId(run))
    head = f"Run {run}, {value['state']}, dataset version {value['dataset_version']}, {split.value} split"
    show(value, f"{head}\n\n{scores_in_words(value, split)}", as_json)


def scores_in_words(value: JsonObject, split: Split) -> str:
    """Scores with their intervals, then the confusion matrix."""
    metrics, intervals = (_part(value[name], split) for name in ("metrics", "intervals"))
    if not metrics:
        return "There are no scores yet."
    rows = [[name, score, _ends(intervals.get(name))] for name, score in metrics.items()]
    words = table(["score", "value", "95 % interval"], rows)
    confusion = value["confusion"]
    if isinstance(confusion, dict) and confusion["split"] == split.value:
        labels, matrix = confusion["labels"], confusion["matrix"]
        if isinstance(labels, list) and isinstance(matrix, list):
            lines = [[name, *row] for name, row in zip(labels, matrix, strict=True) if isinstance(row, list)]
            words += "\n\n" + table(["truth \\ said", *(str(name) for name in labels)], lines)
    return words


def _part(value: JsonValue, split: Split) -> JsonObject:
    part = value.get(split.value) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _ends(ends: JsonValue) -> str:
    return f"{ends[0]:.3f} to {ends[1]:.3f}" if isinstance(ends, list) else ""


def cancel(run: RunArgument, home: Home = None, as_json: Json = False) -> None:
    """Ask a run to stop; what it has kept so far stays."""
    with opened(home) as graft:
        graft.queue.read(RunId(run))
        asked = graft.queue.cancel(RunId(run))
        state = graft.queue.read(RunId(run)).state
    if not asked:
        words = f"Run {run} had ended already: {state.value}."
    else:
        words = f"Run {run} is {state.value}." if state.ended else f"Run {run} was asked to stop."
    show({"run": run, "state": state.value, "asked": asked}, words, as_json)


def resume(
    run: RunArgument,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let a failed or stopped run go on from where it was."""
    with opened(home) as graft:
        record = graft.queue.read(RunId(run))
        if not graft.queue.resume(RunId(run)):
            hint = "Only a failed or stopped run can go on; train again for a new one."
            raise GraftError(f"Run {run} is {record.state.value}.", hint=hint)
        record = graft.serving.finish(RunId(run), progress_line(as_json)) if wait else graft.queue.read(RunId(run))
    show({"run": run, "state": record.state.value}, f"Run {run} is {record.state.value}.", as_json)
    if wait:
        ensure_done(record)
