"""`graft benchmark`: which network, and how deep to train it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from app.commands.base import Home, Json, ProjectName, ensure_done, opened, progress_line, range_words, say, show, table
from app.commands.training import ensure_reach, fields_set, out_of_reach, recipe_from, recipe_of, warnings
from core.catalogue import backbone_info, bundled_weights
from core.recipes import PRESETS, PUBLISHED
from core.types import JsonObject, ProjectId


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(benchmark)


def benchmark(
    name: ProjectName,
    backbones: Annotated[str, typer.Option(metavar="A,B,C", help="Networks, with commas between.")] = "",
    published: Annotated[str, typer.Option(metavar="|".join(PUBLISHED), help="The networks of a study.")] = "",
    preset: Annotated[str, typer.Option(metavar="|".join(PRESETS), help="How thoroughly.")] = "balanced",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A field of the recipe.")] = None,
    scratch: Annotated[bool, typer.Option("--scratch", help="Train each also from nothing.")] = False,
    depths: Annotated[bool, typer.Option("--depths", help="One network, frozen at several depths.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all have ended.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Train several networks on the same pictures and compare them."""
    if published and published not in PUBLISHED:
        raise typer.BadParameter(f"Choose one of {', '.join(PUBLISHED)}.", param_hint="--published")
    study = PUBLISHED.get(published)
    names = [*(study.backbones if study else ()), *(item.strip() for item in backbones.split(",") if item.strip())]
    if not names or (depths and len(names) > 1):
        wanted = "--depths wants one network." if depths else "Name the networks."
        raise typer.BadParameter(wanted, param_hint="--backbones")
    settings = set_ or []
    fields = fields_set("", settings)
    _ensure_unvaried(fields, depths=depths, scratch=scratch)
    recipe_from(preset, names[0], settings)  # wrong use, before all else
    with opened(home) as graft:
        from core.services.benchmarks import group_json

        known = [item for item in names if backbone_info(item).pretrained]
        if "weights" not in fields and not set(known) <= set(bundled_weights()):
            settings = ["weights=imagenet", *settings]  # what only some of them could start from compares nothing
        recipe = recipe_of(graft, preset, "", next(iter(known), names[0]), settings)
        project = graft.projects.named(name).id
        ensure_reach(graft, recipe, names, set_ or [])
        warning = warnings(graft, project)
        if depths:
            group = graft.benchmarks.start_depths(project, recipe)
        else:
            group = graft.benchmarks.start(project, recipe, names, scratch=scratch, name=study.title if study else "")
        say(out_of_reach(recipe, "", settings), warning)
        ended = [
            graft.serving.finish(run, progress_line(as_json)) for run in graft.benchmarks.states(project, group) if wait
        ]
        value = {**group_json(graft.benchmarks.read(ProjectId(project), group)), "warning": warning}
    show(value, comparison_words(value), as_json)
    for run in ended:
        ensure_done(run)


def _ensure_unvaried(fields: Sequence[str], *, depths: bool, scratch: bool) -> None:
    """Raises BadParameter for a field that the comparison itself varies."""
    if "backbone" in fields:
        raise typer.BadParameter("--backbones names the networks: leave backbone out.", param_hint="--set")
    if depths and "tune" in fields:
        raise typer.BadParameter("--depths varies what learns: leave tune out.", param_hint="--set")
    if depths and scratch:
        raise typer.BadParameter("What learns from nothing is not frozen at any depth: leave --scratch out.")


def comparison_words(value: JsonObject) -> str:
    """A group of trainings, as `group_json` gives it, as one table: score with interval, and what each costs."""
    from core.services.results import FIGURES

    first = ("run", "state", "backbone", "weights", "tune", "score")
    header = [*first, "95% interval", "training s", "parameters", "file MB", "ms a picture"]
    found = value["rows"]
    cells = [
        [
            *(row[name] for name in first), range_words(row["interval"]), row["seconds"], row["parameters"],
            f"{size / 1e6:.2f}" if isinstance(size := row["size_bytes"], int) else None, row["latency_ms"],
        ]
        for row in (found if isinstance(found, list) else []) if isinstance(row, dict)
    ]  # fmt: skip
    return f"By {FIGURES[str(value['figure'])].title}, on the same test pictures\n\n{table(header, cells)}"
