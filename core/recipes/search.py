"""What a search may vary in a recipe, and how far. Pure values: who draws from them is another's concern."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.recipes.recipe import Recipe
from core.recipes.starts import from_nothing, head_recipe
from core.recipes.unused import balances
from core.types import JsonValue, Task


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers from `low` to `high`, on a logarithmic scale; with `factor` they multiply the recipe's own."""

    low: float
    high: float
    factor: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """A few values of a field."""

    values: tuple[JsonValue, ...]


BALANCES = ("ignore", "weights", "logits", "sampling")
"""What is tried for rare classes: "effective" weights lie between two of them."""
AXES: dict[str, Span | Options] = {
    "learning_rate": Span(0.1, 10, factor=True),
    "tune": Options(("head", "gradual", "last:2", "all")),
    "weight_decay": Span(1e-4, 0.3),
    "augmentation": Options(("none", "light", "standard", "strong", "trivial", "rand")),
    "backbone_factor": Span(0.01, 1),
    "label_smoothing": Options((0.0, 0.1)),
    "mixup": Options((0.0, 0.2)),
    "imbalance": Options(BALANCES),
}
"""A recipe's field -> the values a search tries. Networks come on top, as the person names them."""

USUAL = ("learning_rate", "tune", "weight_decay", "augmentation")
"""What is searched when nothing is said."""

BACKBONE = "backbone"


@dataclass(frozen=True, slots=True)
class Space:
    """The axes of one search from `start`: field -> what it may be. What is `held`, by name, is so in every trial."""

    start: Recipe
    axes: Mapping[str, Span | Options]
    held: tuple[str, ...] = ()

    def values_of_start(self) -> dict[str, JsonValue]:
        """Where the start lies on the axes, so that it can be tried first."""
        found: dict[str, JsonValue] = {}
        for name, axis in self.axes.items():
            value = getattr(self.start, name)
            if isinstance(axis, Span):
                value = 1.0 if axis.factor else min(max(value, axis.low), axis.high)
            found[name] = value
        return found

    def recipe(self, values: Mapping[str, JsonValue]) -> Recipe:
        """The recipe at a point of the axes. A head alone learns as in Instant but for what is held, by the factor."""
        changes = {name: value for name, value in values.items() if name in self.axes}
        factor = float(str(changes.pop("learning_rate", 1.0)))
        found = dataclasses.replace(self.start, **changes)  # type: ignore[arg-type]
        if found.tune == "head" and self.start.tune != "head":
            found = head_recipe(found, {*self.held, *changes})
        return dataclasses.replace(found, learning_rate=min(10.0, found.learning_rate * factor))

    def recipe_of(self, told: Mapping[str, JsonValue]) -> Recipe:
        """The recipe of a trial that is told by its fields as they were in it, under the start's name."""
        rate = {name: float(str(value)) for name, value in told.items() if name == "learning_rate"}
        found = self.recipe({name: value for name, value in told.items() if name != "learning_rate"})
        return dataclasses.replace(found, preset=self.start.preset, **rate)  # type: ignore[arg-type]


def search_space(
    recipe: Recipe,
    fields: Sequence[str] = USUAL,
    backbones: Sequence[str] = (),
    *,
    held: Collection[str] = (),
    task: Task = Task.SINGLE,
) -> Space:
    """The space around a recipe. Where nothing is pretrained there is nothing to freeze: what learns stays as it is.

    For rare classes only what changes something is tried. Fields that a person has set, by name, are `held`.

    Raises BadInput for a field that cannot be searched or is held, or if nothing is left to search.
    """
    unknown = [name for name in fields if name not in AXES]
    if unknown:
        raise BadInput(f"{unknown[0]!r} cannot be searched.", hint=f"Choose among {', '.join(AXES)}.")
    for name in (*fields, *([BACKBONE] if backbones else [])):
        if name in held:
            raise BadInput(
                f"{name} is set, which holds for all trials: it cannot vary, too.", hint="Set it, or let it vary."
            )
    start, known = from_nothing(recipe) if recipe.weights == "none" else recipe, {**AXES}
    start = dataclasses.replace(start, **{name: getattr(recipe, name) for name in held})
    able = balances({**start.to_json(), "tune": "all"}, task)  # more than the head learns in some of the trials
    if start.imbalance not in able:
        start = dataclasses.replace(start, imbalance="ignore")
    known["imbalance"] = Options(tuple(value for value in BALANCES if value in able))
    left_out = {"tune"} if start.weights == "none" else set()
    left_out |= set() if able else {"imbalance"}
    axes = {name: _with(known[name], getattr(start, name)) for name in fields if name not in left_out}
    names = tuple(dict.fromkeys([*backbones] or [recipe.backbone]))
    start = dataclasses.replace(start, backbone=names[0])
    if len(names) > 1:
        axes[BACKBONE] = Options(names)
    if not axes:
        raise BadInput("There is nothing to search.", hint=f"Choose at least one of {', '.join(USUAL)}.")
    return Space(start, axes, tuple(held))


def _with(axis: Span | Options, value: JsonValue) -> Span | Options:
    """The axis with the start's own value among its options."""
    if isinstance(axis, Options) and value not in axis.values:
        return Options((*axis.values, value))
    return axis
