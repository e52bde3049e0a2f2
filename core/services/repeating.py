"""The command that makes a training again."""

import dataclasses
import shlex

from core.recipes import AUTOMATIC, PRESETS, Recipe, starting_from
from core.store.runs import RunRecord

BASE = "balanced"
"""The preset that recipes of another name are told as changes of."""


def repeat_command(run: RunRecord, project: str, version: int) -> str:
    """`graft train` with the run's recipe and dataset version, for a shell; "" for a run without a recipe.

    On the same machine, without a GPU, the numbers are the same: what the run found fastest is said, and so are its
    weights, which would otherwise be chosen by what is within reach.
    """
    if run.recipe is None:
        return ""
    engine = (run.result or {}).get("engine")
    recipe = Recipe.from_json(run.recipe).decided(engine if isinstance(engine, dict) else {})
    preset = recipe.preset if recipe.preset in PRESETS else BASE
    begun = dataclasses.replace(PRESETS[preset], backbone=recipe.backbone)
    # Whichever way the command makes the preset fit what the network knows, what differs is said.
    usual = [PRESETS[preset], *(starting_from(begun, recipe.weights, photographs=known) for known in (True, False))]
    words = ["graft", "train", "--preset", preset, "--version", str(version)]
    for name, value in recipe.to_json().items():
        if name == "preset" and value != AUTOMATIC:  # said above
            continue
        if name == "weights" or any(value != item.to_json()[name] for item in usual):
            words += ["--set", f"{name}={value}"]
    for name, usual_value in (("folds", 0), ("repeats", 1), ("keep_together", "case")):
        value = run.payload.get(name, usual_value)
        if value != usual_value:
            words += [f"--{name.replace('_', '-')}", str(value)]
    if run.payload.get("shuffle"):
        words.append("--shuffle")
    # A name that begins with a dash would be taken for an option.
    named = [*words, "--", project] if project.startswith("-") else [*words[:2], project, *words[2:]]
    return shlex.join(named)
