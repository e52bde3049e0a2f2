"""The recipe value, JSON there and back, and its hash."""

import dataclasses
import hashlib
import json
import re
import types
import typing
from dataclasses import dataclass
from typing import Literal

from core.errors import BadInput, ensure_between
from core.types import JsonObject, JsonValue, Task

Imbalance = Literal["ignore", "weights", "effective", "logits", "sampling"]
IMBALANCES: tuple[Imbalance, ...] = typing.get_args(Imbalance)
Loss = Literal["standard", "squared", "focal", "asymmetric", "corn", "coral"]
PART = re.compile(r"head|gradual|two_step|all|norm|bias|attention|last:(?:0|[1-9]\d?)|lora:[1-9]\d{0,2}")
SMALLEST_SIDE = 16
LARGEST_SEED = 2**31 - 1
TWO_BRANCHES = "graft:tiny_cnn"
"""The network that two_step trains."""
Framing = Literal["squash", "crop"]
Augmentation = Literal["none", "light", "standard", "strong", "trivial", "rand"]
OptimizerName = Literal["adamw", "sgd"]
Schedule = Literal["cosine", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]
Runtime = Literal["auto", "torch", "torch-bf16", "openvino", "openvino-bf16"]
Compile = Literal["auto", "on", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is trained. Values only: two equal recipes on the same data, seed and device are the same run.

    backbone      a name of the catalogue: torchvision's, "timm:NAME" or "graft:NAME"
    weights       "imagenet", "bundled" (comes with Graft), "none", "file:PATH", "run:N" or, of a
                  cross-validation, "run:N/fold-K"
    tune          "head": features frozen, computed once; "gradual": the head on frozen features, then stage by
                  stage from the top (https://arxiv.org/abs/1801.06146, https://arxiv.org/abs/2202.10054);
                  "two_step", for graft:tiny_cnn: its branches apart, then joined and thawed from the top
                  (https://arxiv.org/abs/2501.15547);
                  "all": everything from the first step; "last:N": the last N of five stages (0: the
                  head alone, but on varied pictures); "norm": norm layers
                  (https://arxiv.org/abs/2003.00152); "bias": biases (BitFit, https://arxiv.org/abs/2106.10199);
                  "attention": a transformer's attention (https://arxiv.org/abs/2203.09795); "lora:R": additions of
                  rank R to its linear layers (https://arxiv.org/abs/2106.09685). The head always learns
    image_size    side in pixels of the network's input, at least SMALLEST_SIDE; 0 means the backbone's own
    framing       "squash": the whole picture, stretched to a square; "crop": its middle square
    epochs        at most this many; `patience` epochs without a better validation score end it (0: never), once all
                  that is to thaw has thawed
    batch_size    0 means chosen from the number of pictures and, on a GPU, by trying, the learning rate with it;
                  halved, with gradients added up, when memory is short
    learning_rate of the head; the backbone's is multiplied by `backbone_factor`
    layer_decay   each block's learning rate is so much of that of the block above; 1 is off
                  (https://arxiv.org/abs/2106.08254)
    optimizer     "adamw" (https://arxiv.org/abs/1711.05101) or "sgd", with Nesterov's momentum
    weight_decay  how strongly weights are drawn to 0; with `no_bias_decay` those of biases and norms are not
                  (https://arxiv.org/abs/1812.01187)
    warmup        share of all steps in which the learning rate climbs (https://arxiv.org/abs/1706.02677)
    schedule      what it does then: "cosine": falls to 0 along half of one (https://arxiv.org/abs/1608.03983);
                  "constant": stays
    augmentation  "light": small shifts and changes of light, nothing mirrored (X-rays); "standard": also mirrored
                  and turned; "strong": more of all;
                  "trivial": one random change of random strength (TrivialAugment, https://arxiv.org/abs/2103.10158);
                  "rand": two of middling strength (RandAugment, https://arxiv.org/abs/1909.13719)
    erase         share of the pictures of which a square is hidden (https://arxiv.org/abs/1708.04896)
    label_smoothing  share of each label that is spread over all classes, in [0, 1) (https://arxiv.org/abs/1512.00567)
    mixup         alpha of mixup's Beta distribution; 0 is off (https://arxiv.org/abs/1710.09412)
    cutmix        the same for a rectangle of another picture (https://arxiv.org/abs/1905.04899); with both, a coin
                  decides for each batch
    zero_gamma    a network without pretrained weights begins with its residual branches silent
                  (https://arxiv.org/abs/1706.02677)
    ema           decay of the averaged weights; 0 is off (https://doi.org/10.1137/0330046)
    imbalance     what is done for rare classes: "ignore"; "weights" in the loss, by inverse frequency; "effective":
                  by the effective number of pictures (https://arxiv.org/abs/1901.05555); "logits": shifted by log
                  frequency while learning (https://arxiv.org/abs/2007.07314); "sampling": shown more often
                  (https://arxiv.org/abs/1910.09217)
    loss          "standard": cross-entropy, or Huber's for numbers (https://doi.org/10.1214/aoms/1177703732);
                  "squared", for numbers: the error's square; "focal" (https://arxiv.org/abs/1708.02002);
                  "asymmetric", for several classes (https://arxiv.org/abs/2009.14119); "corn" and "coral", for grades,
                  rank by rank (https://arxiv.org/abs/2111.08851, https://arxiv.org/abs/1901.07884)
    precision     of a training's numbers, and
    runtime       what looks through a frozen network; "auto" is what a trial finds fastest on the machine (with a
                  precision of "float32": "torch")
    compile       torch.compile; "auto": tried for a long training, and used where it saves more time than it costs
    """

    preset: str = "balanced"
    backbone: str = "mobilenet_v3_small"
    weights: str = "imagenet"
    tune: str = "gradual"
    image_size: int = 0
    framing: Framing = "squash"
    epochs: int = 12
    patience: int = 5
    batch_size: int = 0
    optimizer: OptimizerName = "adamw"
    learning_rate: float = 2e-3
    backbone_factor: float = 0.1
    layer_decay: float = 1.0
    weight_decay: float = 0.02
    no_bias_decay: bool = True
    warmup: float = 0.1
    schedule: Schedule = "cosine"
    augmentation: Augmentation = "standard"
    erase: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    zero_gamma: bool = False
    ema: float = 0.0
    imbalance: Imbalance = "weights"
    loss: Loss = "standard"
    precision: Precision = "auto"
    runtime: Runtime = "auto"
    compile: Compile = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            ensure_between(name, getattr(self, name), low, high)
        if 0 < self.image_size < SMALLEST_SIDE:
            raise BadInput(
                f"A network sees nothing in {self.image_size} pixels.",
                hint=f"Choose {SMALLEST_SIDE} or more; 0: its own.",
            )
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            hint = hints[field.name]
            if typing.get_origin(hint) is Literal and getattr(self, field.name) not in typing.get_args(hint):
                choices = ", ".join(typing.get_args(hint))
                raise BadInput(
                    f"{field.name} cannot be {getattr(self, field.name)!r}.", hint=f"Choose one of {choices}."
                )
        if not PART.fullmatch(self.tune):
            raise BadInput(
                f"tune cannot be {self.tune!r}.",
                hint="Choose head, gradual, all, last:N, norm, bias, attention, lora:R or two_step.",
            )
        if self.tune == "two_step" and self.backbone != TWO_BRANCHES:
            raise BadInput(
                f"two_step needs a network of two branches, not {self.backbone}.", hint=f"{TWO_BRANCHES} is one."
            )
        ensure_weights(self.weights)

    def check_task(self, task: Task) -> None:
        """Raises BadInput if the loss is not for that kind of label."""
        if task not in _LOSS_TASKS.get(self.loss, (task,)):
            wanted = " or ".join(_LABELS[item] for item in _LOSS_TASKS[self.loss])
            raise BadInput(
                f"The loss {self.loss!r} is for {wanted}; a label here is {_LABELS[task]}.",
                hint="Choose the loss standard.",
            )

    @property
    def ranked(self) -> bool:
        """Whether the head says ranks, one fewer than there are grades."""
        return self.loss in ("corn", "coral")

    @property
    def shared(self) -> bool:
        """Whether all ranks look along one direction."""
        return self.loss == "coral"

    def to_json(self) -> JsonObject:
        """A JSON object that `from_json` reads back without loss."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: JsonObject) -> "Recipe":
        """Read what `to_json` wrote, now or earlier. Raises BadInput for an unknown field or a wrong type."""
        return cls(**{name: _typed(name, item) for name, item in completed(value).items()})  # type: ignore[arg-type]

    def with_settings(self, settings: typing.Mapping[str, str]) -> "Recipe":
        """The same recipe with fields replaced by text, as `--set key=value` gives them. Raises BadInput."""
        return dataclasses.replace(self, **{name: _parsed(name, text) for name, text in settings.items()})  # type: ignore[arg-type]

    def decided(self, engine: typing.Mapping[str, JsonValue]) -> "Recipe":
        """The same recipe with what a run found fastest, by field, in place of what was left open."""
        names = {field.name for field in dataclasses.fields(self)}
        return self.with_settings({name: str(value) for name, value in engine.items() if name in names})

    @property
    def hash(self) -> str:
        """12 hexadecimal digits that stand for this recipe in cache keys."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def ensure_weights(weights: str) -> None:
    """Raises BadInput for what names no weights."""
    if weights not in ("imagenet", "bundled", "none") and not weights.startswith(("file:", "run:")):
        raise BadInput(f"weights cannot be {weights!r}.", hint="Choose imagenet, bundled, none, file:PATH or run:N.")


def completed(value: JsonObject) -> JsonObject:
    """A recipe's JSON that was written earlier, with settings that came since as they were then."""
    usual = {**Recipe().to_json(), "compile": "off"}
    if value.get("augmentation") == "strong":
        usual["erase"] = 0.25  # "strong" did that, too, before there was a field for it
    return usual | value


_LOSS_TASKS = {
    "squared": (Task.REGRESSION,),
    "focal": (Task.SINGLE, Task.ORDINAL, Task.MULTI),
    "asymmetric": (Task.MULTI,),
    "corn": (Task.ORDINAL,),
    "coral": (Task.ORDINAL,),
}
_LABELS = {
    Task.SINGLE: "one class",
    Task.ORDINAL: "a grade",
    Task.MULTI: "several classes",
    Task.REGRESSION: "a number",
}
"""What a label is, within a sentence."""
_VALUES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
_RANGES = (
    ("image_size", 0, 2048), ("epochs", 1, 10_000), ("patience", 0, 10_000),
    ("batch_size", 0, 65_536), ("learning_rate", 1e-8, 10), ("backbone_factor", 0, 10),
    ("layer_decay", 0.01, 1), ("weight_decay", 0, 1),
    ("warmup", 0, 1), ("erase", 0, 1), ("label_smoothing", 0, 0.9), ("mixup", 0, 10), ("cutmix", 0, 10),
    ("ema", 0, 0.99999), ("seed", 0, LARGEST_SEED),
)  # fmt: skip


def _field_type(name: str) -> type:
    hints = typing.get_type_hints(Recipe)
    if name not in hints:
        raise BadInput(f"A recipe has no field {name!r}.", hint=f"Fields: {', '.join(hints)}.")
    hint = hints[name]
    return str if typing.get_origin(hint) in (Literal, types.UnionType) else hint


def _typed(name: str, value: JsonValue) -> JsonValue:
    wanted = _field_type(name)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise BadInput(f"{name} must be {_VALUES[wanted]}, not {value!r}.")
    return value


def _parsed(name: str, text: str) -> JsonValue:
    wanted = _field_type(name)
    if wanted is bool:
        if text.lower() not in ("true", "false", "yes", "no", "1", "0"):
            raise BadInput(f"{name} must be true or false, not {text!r}.")
        return text.lower() in ("true", "yes", "1")
    try:
        return int(text) if wanted is int else float(text) if wanted is float else text
    except ValueError as error:
        raise BadInput(f"{name} must be {_VALUES[wanted]}, not {text!r}.") from error
