"""`graft search`, `graft find-rate`, and `graft recipe list|save|remove`."""

from typing import Annotated

import typer

from app.commands.base import Home, Json, ProjectName, ensure_done, opened, progress_line, say, show, show_ended, table
from app.commands.training import (
    RunArgument,
    ensure_one_start,
    ensure_reach,
    fields_set,
    out_of_reach,
    recipe_of,
    warnings,
)
from core.recipes import AXES, PRESETS, USUAL
from core.types import JsonValue, RunId

BASE = "balanced"
"""The preset that is begun from unless another one, or a saved recipe, is given."""
recipe = typer.Typer(help="List, save or remove recipes.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command("find-rate")(find_rate)
    app.add_typer(recipe, name="recipe")


def search(
    name: ProjectName,
    minutes: Annotated[float, typer.Option(metavar="T", help="How long it may take.")] = 30.0,
    preset: Annotated[str, typer.Option(metavar="|".join(PRESETS), help="Where it begins.")] = BASE,
    saved: Annotated[str, typer.Option("--recipe", metavar="NAME", help="A saved recipe to begin from.")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A field as it is in all trials.")
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option(metavar="A,B", help=f"What varies, of {', '.join(AXES)}.", show_default=",".join(USUAL)),
    ] = None,
    backbones: Annotated[str, typer.Option(metavar="A,B,C", help="Networks to choose among.")] = "",
    trials: Annotated[int, typer.Option(metavar="N", help="At most so many trainings.")] = 200,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended; Ctrl-C stops it.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Look for a better recipe within a time. Validation pictures decide."""
    ensure_one_start(preset, BASE, saved)
    with opened(home) as graft:
        from core.services.searching import search_json

        project = graft.projects.named(name).id
        recipe = recipe_of(graft, preset, saved, "", set_ or [])
        among = _names(backbones)
        ensure_reach(graft, recipe, among or [recipe.backbone], set_ or [])
        warning = warnings(graft, project, choosing=True)
        run_id = graft.searches.start(
            project, recipe, minutes=minutes, fields=None if fields is None else _names(fields), backbones=among,
            trials=trials, held=fields_set("", set_ or []),
        )  # fmt: skip
        say(out_of_reach(recipe, saved, set_ or []), warning)
        run = graft.serving.finish(run_id, progress_line(as_json)) if wait else graft.queue.read(run_id)
        view = graft.searches.read(run_id)
        value = {**search_json(view), "warning": warning}
        served = graft.serving.served
    words = f"Run {run.id} is {run.state.value}."
    if view.best is not None:
        columns = sorted({key for item in view.trials for key in item.values})
        rows = [
            [item.number, item.state, item.score, *(_value(item.values.get(key)) for key in columns)]
            for item in view.trials
        ]
        words = f"{table(['trial', 'state', view.score_name, *columns], rows)}\n\n{words}"
        words += f" Best: trial {view.best.number}. Keep it: graft recipe save {run.id} NAME"
    elif not wait:
        words += " Follow it on the page." if served else " It starts with `graft up`; `--wait` runs it at once."
    show(value, words, as_json)
    if wait:
        ensure_done(run)


def find_rate(
    name: ProjectName,
    preset: Annotated[str, typer.Option(metavar="|".join(PRESETS), help="How the training would be.")] = BASE,
    saved: Annotated[str, typer.Option("--recipe", metavar="NAME", help="A saved recipe instead of a preset.")] = "",
    backbone: Annotated[str, typer.Option(metavar="B", help="The network.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A field of the recipe.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Test learning rates with a few steps, and suggest one."""
    ensure_one_start(preset, BASE, saved)
    with opened(home) as graft:
        recipe = recipe_of(graft, preset, saved, backbone, set_ or [])
        ensure_reach(graft, recipe, [recipe.backbone], set_ or [])
        run_id = graft.rates.start(graft.projects.named(name).id, recipe)
        say(out_of_reach(recipe, saved, set_ or []))
        run = graft.serving.finish(run_id, progress_line(as_json))
        view = graft.rates.read(run_id)
    words = (
        "No rate can be suggested: the loss only climbs, or falls no further than chance moves it, or the test was too "
        "short."
    )
    if view.suggested is not None:
        words = f"A good learning rate is about {view.suggested:.2g}: --set learning_rate={view.suggested:.2g}"
    value = {
        "run": run.id, "state": run.state.value, "suggested": view.suggested, "rates": view.rates,
        "losses": view.losses, "smoothed": view.smoothed,
    }  # fmt: skip
    show_ended(run, value, words, as_json)


def _value(value: JsonValue) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def _names(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


@recipe.command("list")
def list_recipes(home: Home = None, as_json: Json = False) -> None:
    """The saved recipes."""
    with opened(home) as graft:
        found = graft.recipes.list()
    rows = [[name, item.backbone, item.weights, item.tune, item.epochs] for name, item in found.items()]
    words = table(["name", "backbone", "weights", "what learns", "epochs"], rows) if rows else "None is saved yet."
    show({"recipes": {name: item.to_json() for name, item in found.items()}}, words, as_json)


@recipe.command("save")
def save_recipe(
    run: RunArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Keep a training's recipe, or the best one of a search."""
    with opened(home) as graft:
        kept = graft.recipes.save_run(name, RunId(run))
        value = graft.recipes.read(kept).to_json()
    show({"name": kept, "recipe": value}, f"Saved. Train by it: graft train PROJECT --recipe {kept!r}", as_json)


@recipe.command("remove")
def remove_recipe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The recipe.")], home: Home = None, as_json: Json = False
) -> None:
    """Forget a saved recipe; trainings keep theirs."""
    with opened(home) as graft:
        graft.recipes.delete(name)
    show({"name": name}, f"{name} is gone.", as_json)
