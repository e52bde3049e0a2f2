"""Bodies: torchvision's and timm's networks with their classifier taken off, and Graft's own small ones."""

from dataclasses import dataclass
from typing import Any, cast

import timm
import torchvision
from torch import nn

from core.errors import BadInput
from core.models.small import OWN

TIMM = "timm:"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALVES = (0.5, 0.5, 0.5)
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Body:
    """A network that turns pictures (N, 3, H, W), normalised by `mean` and `std`, into features (N, F)."""

    module: nn.Module
    features: int
    mean: Triple
    std: Triple


def build_body(backbone: str, image_size: int) -> Body:
    """The untrained body of a backbone for square pictures of that side. Raises BadInput if it cannot take them."""
    if backbone in OWN:
        own = OWN[backbone]()
        return Body(own, own.features_out, IMAGENET_MEAN, IMAGENET_STD)
    try:
        return (
            _from_timm(backbone, image_size) if backbone.startswith(TIMM) else _from_torchvision(backbone, image_size)
        )
    except (AssertionError, ValueError) as error:
        reason = f"{backbone} cannot look at pictures of {image_size} x {image_size} pixels."
        raise BadInput(reason, hint="Set image_size to 0, the network's own size.") from error


def _from_torchvision(name: str, image_size: int) -> Body:
    options: dict[str, Any] = {}
    if name.startswith("vit_"):
        options["image_size"] = image_size
    elif name == "maxvit_t":
        options["input_size"] = (image_size, image_size)
    elif name in ("googlenet", "inception_v3"):
        # Their second heads only helped the original training; drawing their weights takes half a minute.
        options |= {"aux_logits": False, "init_weights": False}
    module = torchvision.models.get_model(name, weights=None, **options)
    # These two learnt from pixels in [-1, 1]; with weights, torchvision makes those of what is normalised as usual.
    mean, std = (HALVES, HALVES) if name in ("googlenet", "inception_v3") else (IMAGENET_MEAN, IMAGENET_STD)
    return Body(module, _behead(module), mean, std)


def _behead(module: nn.Module) -> int:
    """Replace the classifier by nothing; returns how many features reach it."""
    linear = [(path, item) for path, item in module.named_modules() if isinstance(item, nn.Linear)]
    if linear:
        path, layer = linear[-1]
        parent, _, last = path.rpartition(".")
        setattr(module.get_submodule(parent), last, nn.Identity())
        return layer.in_features
    # SqueezeNet classifies by a convolution over the last map.
    convolution = next(item for item in module.get_submodule("classifier").modules() if isinstance(item, nn.Conv2d))
    module.classifier = nn.AdaptiveAvgPool2d(1)
    return convolution.in_channels


def _from_timm(backbone: str, image_size: int) -> Body:
    name = backbone.removeprefix(TIMM)
    config = timm.get_pretrained_cfg(name)
    own = config.input_size[-1] if config else 224
    try:
        module: Any = timm.create_model(name, pretrained=False, num_classes=0)
        if image_size != own and hasattr(module, "set_input_size"):
            module.set_input_size(img_size=(image_size, image_size))
    except RuntimeError as error:
        raise BadInput(f"timm has no network {name!r}.", hint="Search for its name on the Train page.") from error
    features = int(getattr(module, "head_hidden_size", None) or module.num_features)
    mean, std = (config.mean, config.std) if config else (IMAGENET_MEAN, IMAGENET_STD)
    return Body(module, features, cast(Triple, tuple(mean)), cast(Triple, tuple(std)))
