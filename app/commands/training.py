"""`graft train`, and following what runs: `runs`, `results`, `cancel`, `resume`."""

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import (
    Home,
    Json,
    ProjectName,
    opened,
    progress_line,
    range_words,
    say,
    show,
    show_ended,
    table,
    wants_json,
)
from app.commands.wrong_use import LARGEST
from core.catalogue import WEIGHTS_SUFFIXES
from core.errors import BadInput, GraftError, WeightsUnavailable
from core.recipes import AUTOMATIC, OUT_OF_REACH, PRESETS, Recipe, preset, said_of_unused
from core.settings import expanded
from core.types import KEPT_TOGETHER, JsonObject, JsonValue, ProjectId, RunId, Split, Task

if TYPE_CHECKING:  # opening a home imports the database; `graft --help` does not wait for it
    from core.graft import Graft
    from core.services.results import Verification

WIDEST = 100
"""Letters of class names, side by side, from which on columns are headed by numbers."""
RunArgument = Annotated[
    int, typer.Argument(metavar="RUN", min=1, max=LARGEST, help="The run's number, as `graft runs` lists it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (train, runs, results, cancel, resume):
        app.command()(command)


def recipe_from(name: str, backbone: str, settings: list[str]) -> Recipe:
    """The preset with the given fields replaced. Raises BadParameter, which is wrong use, for what is none."""
    try:
        begun = preset(name)
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint="--preset") from error
    return _asked(begun, backbone, settings)


def _asked(recipe: Recipe, backbone: str, settings: list[str]) -> Recipe:
    """The recipe with the given fields replaced. Raises BadParameter."""
    try:
        return changed(recipe, backbone, settings)
    except BadInput as error:
        raise typer.BadParameter(str(error), param_hint="--set" if settings else "--backbone") from error


def recipe_of(graft: "Graft", preset: str, saved: str, backbone: str, settings: list[str]) -> Recipe:
    """A saved recipe, or else the preset for what the network knows already, with the given fields replaced.

    What it knows are the usual weights unless they are given. Raises NotFound, and as `recipe_from`.
    """
    if not saved:
        asked = recipe_from(preset, backbone, settings)
        weights = chosen_weights(graft, asked, settings)
        begun = graft.training.starting_from(dataclasses.replace(PRESETS[preset], backbone=asked.backbone), weights)
        return changed(begun, backbone, settings)
    return _asked(graft.recipes.read(saved), backbone, settings)


def ensure_one_start(preset: str, usual: str, saved: str) -> None:
    """Raises BadParameter where both a preset, other than the `usual` one, and a saved recipe are given."""
    if saved and preset != usual:
        raise typer.BadParameter("A saved recipe stands instead of a preset: give one of them.", param_hint="--recipe")


def chosen_weights(graft: "Graft", asked: Recipe, settings: list[str]) -> str:
    """The weights that are given, or the usual ones."""
    return asked.weights if "weights" in fields_set("", settings) else graft.training.usual_weights(asked.backbone)


def out_of_reach(recipe: Recipe, saved: str, settings: list[str]) -> str:
    """Where nobody chose the weights, and better ones are out of reach, a sentence that says so."""
    chosen = saved or "weights" in fields_set("", settings)
    return OUT_OF_REACH if recipe.weights == "bundled" and not chosen else ""


def ensure_reach(graft: "Graft", recipe: Recipe, backbones: Sequence[str], settings: list[str]) -> None:
    """Raises WeightsUnavailable if the recipe's start cannot be downloaded now, unless a person sets it anyway."""
    if "weights" in fields_set("", settings):
        return
    try:
        graft.training.ensure_reach(recipe.weights, backbones)
    except WeightsUnavailable as error:
        error.hint += " From nothing: --set weights=none. To queue it anyway: --set weights=imagenet."
        raise


def changed(recipe: Recipe, backbone: str, settings: list[str]) -> Recipe:
    """The recipe with the given fields replaced. Raises BadParameter for what is not key=value, BadInput."""
    values = [item.partition("=")[2].strip() for item in settings]
    changes = dict(zip(fields_set("", settings), values, strict=True))
    unclear = [item for item in settings if "=" not in item]
    if unclear:
        raise typer.BadParameter(f"{unclear[0]!r} is not of the form key=value.", param_hint="--set")
    names = fields_set(backbone, settings)
    if twice := [name for name in names if names.count(name) > 1]:
        raise typer.BadParameter(f"{twice[0]} is given twice.", param_hint="--set")
    # The name alone would change nothing of how it learns; the command that repeats a run of Automatic's gives that.
    if changes.get("preset", AUTOMATIC) != AUTOMATIC:
        words = "preset only says where a recipe came from: to choose one, give --preset."
        raise typer.BadParameter(words, param_hint="--set")
    if "weights" in changes:
        changes["weights"] = as_weights(changes["weights"])
    return recipe.with_settings({**({"backbone": backbone} if backbone else {}), **changes})


def fields_set(backbone: str, settings: list[str]) -> list[str]:
    """The names of the fields that a person gives."""
    return [*(["backbone"] if backbone else []), *(item.partition("=")[0].strip() for item in settings)]


def as_weights(given: str) -> str:
    """A file's path as a recipe names it: whole, for the process that reads it may have begun in another folder."""
    path = given.removeprefix("file:")
    if path == given and Path(given).suffix not in WEIGHTS_SUFFIXES:
        return given
    return f"file:{expanded(path).absolute()}" if path else given


def train(
    name: ProjectName,
    preset: Annotated[str, typer.Option(metavar="|".join([AUTOMATIC, *PRESETS]), help="How thoroughly.")] = AUTOMATIC,
    backbone: Annotated[str, typer.Option(metavar="B", help="The pretrained network.")] = "",
    saved: Annotated[str, typer.Option("--recipe", metavar="NAME", help="A saved recipe instead of a preset.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A field of the recipe.")] = None,
    run_name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What to call the run.")] = "",
    folds: Annotated[
        int, typer.Option(metavar="N", help="Cross-validation: train so often, each time judged on others; 0: off.")
    ] = 0,
    repeats: Annotated[int, typer.Option(metavar="N", help="So many rounds of folds.")] = 1,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Random splits, so many as --folds says.")] = False,
    keep_together: Annotated[
        str,
        typer.Option(metavar="|".join(KEPT_TOGETHER), help="What no fold cuts through: group leaves whole groups out."),
    ] = KEPT_TOGETHER[0],
    version: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=LARGEST, help="An earlier dataset version; 0: the labels as they are now."
        ),
    ] = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended; Ctrl-C stops it.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Train on the labels as they stand now."""
    automatic = preset == AUTOMATIC and not saved
    # Wrong use is said before all else.
    if not folds and (repeats != 1 or shuffle or keep_together != KEPT_TOGETHER[0]):
        raise typer.BadParameter(
            "--repeats, --shuffle and --keep-together say how folds are drawn: give --folds, too.",
            param_hint="--folds",
        )
    if keep_together not in KEPT_TOGETHER:
        raise typer.BadParameter(f"Choose one of {', '.join(KEPT_TOGETHER)}.", param_hint="--keep-together")
    ensure_one_start(preset, AUTOMATIC, saved)
    if preset not in (AUTOMATIC, *PRESETS):
        raise typer.BadParameter(f"Choose one of {', '.join([AUTOMATIC, *PRESETS])}.", param_hint="--preset")
    recipe = recipe_from("balanced" if preset == AUTOMATIC else preset, backbone, set_ or [])
    reasons: tuple[str, ...] = ()
    with opened(home) as graft:
        project = graft.projects.named(name).id
        given = fields_set(backbone, set_ or [])
        if automatic:
            network = recipe.backbone if "backbone" in given else graft.training.automatic_backbone()
            weights = chosen_weights(graft, dataclasses.replace(recipe, backbone=network), set_ or [])
            choice = graft.training.automatic(project, network, weights)
            recipe = changed(choice.recipe, backbone, set_ or [])
            reasons = choice.without(given).reasons
        else:
            recipe = recipe_of(graft, preset, saved, backbone, set_ or [])
        ensure_reach(graft, recipe, [recipe.backbone], set_ or [])
        unused = said_of_unused(recipe, given, graft.projects.read(project).task)
        thin = (
            graft.training.warning_of_folds(
                project, folds, shuffle=shuffle, keep_together=keep_together, version=version or None
            )
            if folds
            else ""
        )
        few = warnings(graft, project, version or None, folded=folds > 0)
        kept = graft.training.kept(project, recipe)
        run_id = graft.training.start(
            project,
            recipe,
            run_name,
            folds=folds,
            repeats=repeats,
            shuffle=shuffle,
            keep_together=keep_together,
            reasons=reasons,
            version=version or None,
        )
        # Only now: it may be that it cannot be started at all.
        say(out_of_reach(recipe, saved, set_ or []), few, *unused, thin)
        if not wants_json(as_json):
            for words in filter(None, [kept, *reasons]):
                typer.echo(words)
        run = graft.serving.finish(run_id, progress_line(as_json)) if wait else graft.training.read(run_id)
        served = graft.serving.served
    value = {
        "run": run.id, "state": run.state.value, "error": run.error, "hint": run.hint,
        "warning": "\n".join(filter(None, [few, thin, *unused])),
        "reasons": reasons, "kept": kept,
    }  # fmt: skip
    if wait:
        show_ended(run, value, f"Run {run.id} is done. See: graft results {run.id}", as_json)
        return
    how = (
        f"Follow it: graft runs {shlex.quote(name)}"
        if served
        else "It starts with `graft up`; `--wait` runs it at once."
    )
    show(value, f"Run {run.id} is {run.state.value}. {how}", as_json)


def warnings(
    graft: "Graft", project: ProjectId, version: int | None = None, *, folded: bool = False, choosing: bool = False
) -> str:
    """What makes a test worth less than its score says, a line each; "" if nothing does.

    `folded`: it is trained fold by fold. `choosing`: the validation pictures decide between many trainings.
    """
    return "\n".join(graft.training.warnings(project, version, folded=folded, choosing=choosing))


def runs(name: ProjectName, home: Home = None, as_json: Json = False) -> None:
    """List the trainings of a project, newest first."""
    with opened(home) as graft:
        from core.services.results import mean_words

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
    judged = [folds if isinstance(folds := (run.result or {}).get("folds"), dict) else None for run in found]
    if any(judged):
        header.insert(-1, "mean of folds")
        for row, folds in zip(rows, judged, strict=True):
            row.insert(-1, mean_words(folds) if folds else None)
    show({"runs": value}, table(header, rows) if rows else "Nothing was trained yet.", as_json)


def results(
    run: RunArgument,
    split: Annotated[Split, typer.Option(help="Which part to show; validation of folds: out of fold.")] = Split.TEST,
    check: Annotated[bool, typer.Option("--check", help="Recompute every figure from what is stored.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """How good a run's model is."""
    with opened(home) as graft:
        if not graft.queue.read(RunId(run)).scored:
            raise BadInput(
                f"Run {run} is no training: it has no scores.", hint="`graft runs NAME` lists the trainings."
            )
        if check:
            _checked(graft.results.verify(RunId(run)), as_json)
            return
        value = graft.results.to_json(RunId(run), confusion=split)
    part = "out of fold" if value["folds"] and split is Split.VALIDATION else f"{split.value} split"
    head = f"Run {run}, {value['state']}, dataset version {value['dataset_version']}, {part}"
    show(value, f"{head}\n\n{scores_in_words(value, split)}", as_json)


def _checked(found: "Verification", as_json: bool) -> None:
    """What was recomputed; status 1 if anything differs."""
    lines = [f"{'ok       ' if item.ok else 'DIFFERENT'}  {item.name}: {item.words}." for item in found.findings]
    end = "Every figure follows from what is stored." if found.ok else "The figures do not follow from what is stored."
    findings = [dataclasses.asdict(item) for item in found.findings]
    value = {"run": found.run_id, "ok": found.ok, "findings": findings}
    show(value, "\n".join([*lines, f"Run {found.run_id}: {end}"]), as_json)
    if not found.ok:
        wrong = "; ".join(f"{item.name.lower()}: {item.words}" for item in found.findings if not item.ok)
        raise GraftError(f"Run {found.run_id} does not agree with what is stored: {wrong}.")


def scores_in_words(value: JsonObject, split: Split) -> str:
    """Scores with their intervals, then the confusion matrix; of a cross-validation each fold's score, too."""
    from core.services.results import FIGURES, SCORE_NAMES, fold_lines

    metrics, intervals = (_part(value[name], split) for name in ("metrics", "intervals"))
    if not metrics:
        if value["folds"] and split is Split.TRAIN:
            return "In a cross-validation every picture is learnt from and judged: see --split validation."
        return "There are no scores yet."
    titles = {"count": "Pictures", "units": "Cases or groups"} | {name: item.title for name, item in FIGURES.items()}
    if metrics.get("units") == metrics.get("count"):  # none are named: pictures count as one each
        metrics = {name: score for name, score in metrics.items() if name != "units"}
    rows = [
        [titles[name], score, range_words(intervals.get(name))] for name, score in metrics.items() if score is not None
    ]
    words = table(["score", "value", "95% interval"], rows)
    confusion = value["confusion"]
    if isinstance(confusion, dict) and confusion["split"] == split.value:
        labels, matrix = confusion["labels"], confusion["matrix"]
        if isinstance(labels, list) and isinstance(matrix, list):
            names = [str(name) for name in labels]
            heads = names
            if sum(len(name) + 2 for name in names) > WIDEST:  # a terminal would break every line
                heads = [str(place) for place in range(1, len(names) + 1)]
                names = [f"{place} {name}" for place, name in zip(heads, names, strict=True)]
            lines = [[name, *row] for name, row in zip(names, matrix, strict=True) if isinstance(row, list)]
            words += "\n\n" + table(["truth \\ said", *heads], lines)
    folds = value["folds"]
    if isinstance(folds, dict):
        words += "\n\n" + "\n".join(fold_lines(folds, SCORE_NAMES[Task(str(value["task"]))]))
    return words


def _part(value: JsonValue, split: Split) -> JsonObject:
    part = value.get(split.value) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


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
    """Let a failed or stopped run go on from where it was; one that waits or runs is only waited for."""
    with opened(home) as graft:
        record = graft.queue.read(RunId(run))
        if not graft.queue.resume(RunId(run)) and graft.queue.read(RunId(run)).state.ended:
            hint = "Only a failed or stopped run can go on; train again for a new one."
            raise GraftError(f"Run {run} is {record.state.value}.", hint=hint)
        if record.lasting:
            words = "failed of what it was asked, and may end in the same way again; a new one can be asked otherwise."
            say(f"Run {run} {words}")
        # One that waits or runs goes on already, once a worker takes it back from one that has died.
        record = graft.serving.finish(RunId(run), progress_line(as_json)) if wait else graft.queue.read(RunId(run))
    value = {"run": run, "state": record.state.value}
    if wait:
        show_ended(record, value, f"Run {run} is done.", as_json)
        return
    show(value, f"Run {run} is {record.state.value}.", as_json)
