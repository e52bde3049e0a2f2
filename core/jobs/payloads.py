"""What each kind of job is told: frozen values, stored as JSON in the run's row."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

from core.types import ImageId, JsonObject, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Base of all payloads: JSON there and back. Fields are values and lists of values only."""

    def to_json(self) -> JsonObject:
        """A JSON object that `from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: JsonObject) -> Self:
        """Read what `to_json` wrote."""
        return cls(**cast(dict[str, Any], value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPayload(Payload):
    """Bring pictures in.

    `source` is a folder, a zip or a picture on this machine, several of them one per line, or "upload:BATCH" for
    what the browser sent.
    `labels_csv` is a file on this machine, or the name of one inside the source. Column names are empty
    when not used. With `folder_labels` the last folder of a name gives the class. A source without pictures corrects
    what is known of those that are there; labels that people gave here give way only with `overrule`.
    """

    source: str
    labels_csv: str = ""
    file_column: str = ""
    label_column: str = ""
    case_column: str = ""
    group_column: str = ""
    date_column: str = ""
    folder_labels: bool = True
    create_classes: bool = True
    overrule: bool = False
    annotator: str = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainPayload(Payload):
    """Train a model. Recipe and dataset version stand in the run's own columns.

    With `folds` (0: none) it is trained so often, `repeats` times over, each time judged on other pictures: a
    cross-validation. With `shuffle` the others are drawn anew each time, a fifth of all, instead of fold by fold.
    `keep_together` says what no fold cuts through: each "case", or else its group; or each "group". Runs that belong
    together have the same `group`; `study` says what the group is about: "networks" or "depth". `reasons` are sentences
    that say why the recipe was chosen, where rules chose it.
    """

    folds: int = 0
    repeats: int = 1
    shuffle: bool = False
    keep_together: str = "case"
    group: str = ""
    study: str = ""
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPayload(Payload):
    """Look for a better recipe than the run's own, for so many minutes or trials.

    `fields` of the recipe are varied, and the network among `backbones` (none: the recipe's own). What is `held`, a
    person has set: it is so in every trial.
    """

    minutes: float
    fields: list[str]
    backbones: list[str]
    trials: int = 200
    held: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesPayload(Payload):
    """Try learning rates with the run's recipe, from far too small to far too large, in so many steps."""

    steps: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainPayload(Payload):
    """Pretrain a body on the pictures of the run's project, or on pictures by formula if it belongs to none.

    `steps` above 0 counts instead of `minutes`. `image_size` 0: 128 pixels where the network can look at any size,
    else its own. `weights` to start from, as in a recipe. `fractals` says how many formulas to draw by, `each` how
    many pictures of each (0: chosen).
    """

    backbone: str
    method: str
    minutes: float = 30.0
    steps: int = 0
    image_size: int = 0
    batch_size: int = 64
    weights: str = "none"
    fractals: int = 2000
    each: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictPayload(Payload):
    """Predict new pictures with the model of run `model`; `source` as for an import.

    `groups` is a table of files and their groups; "" for the only table of the source, if it has any. `group_column`
    names its column.
    """

    model: RunId
    source: str
    groups: str = ""
    group_column: str = ""


NOT_THERE = "not_there"
"""Where an external test's result has `classes` that the model said though the project has none of the name, and of
how many `pictures`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatePayload(Payload):
    """Try the model of run `model` on the run's dataset version, which is of other pictures than it was made from.

    `counted_as` has for each of the model's classes the position of that which it has become since; empty if they are
    what they were.
    """

    model: RunId
    counted_as: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainPayload(Payload):
    """Explain what run `model` sees in a picture.

    The picture is `image` (of a project) or `blob` (a stored new picture). `target` is the position of
    a class in the model's list; None means the predicted one. The result names a file in `heatmaps/`.
    """

    model: RunId
    image: ImageId | None = None
    blob: str = ""
    target: int | None = None
    method: str = "gradcam"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPayload(Payload):
    """Pack the run's project ("dataset") or the model of run `model` ("model") into a zip in `exports/`."""

    kind: Literal["dataset", "model"]
    model: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPayload(Payload):
    """Look for what may be wrong with the pictures and labels of the run's project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessPayload(Payload):
    """Try the model of run `model` on its test pictures, spoilt in several ways."""

    model: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatmapsPayload(Payload):
    """Draw what run `model` looks at in all pictures of a split, by one method."""

    model: RunId
    split: str = "test"
    method: str = "gradcam"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradePayload(Payload):
    """Test how far each way to explain run `model` can be trusted."""

    model: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighboursPayload(Payload):
    """Find the training pictures of run `model` that each of these pictures resembles."""

    model: RunId
    images: list[ImageId]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesPayload(Payload):
    """Compare run `model` with the network it started as."""

    model: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPayload(Payload):
    """Lay the pictures of the run's project out as run `model` sees them, or as a network that learnt no label does."""

    model: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPayload(Payload):
    """Forecast what more pictures would bring, on the dataset version of the training `model`."""

    model: RunId
