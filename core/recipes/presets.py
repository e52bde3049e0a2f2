"""The three presets people choose from."""

from core.errors import BadInput
from core.recipes.recipe import Recipe

PRESETS: dict[str, Recipe] = {
    # Features of the frozen backbone, computed once, and a linear head: seconds.
    "instant": Recipe(
        preset="instant", tune="head", epochs=100, patience=10,
        augmentation="none", learning_rate=1e-2, weight_decay=1e-3,
    ),
    # The head first, then the backbone stage by stage (ULMFiT's gradual unfreezing, https://arxiv.org/abs/1801.06146).
    "balanced": Recipe(preset="balanced", tune="gradual", epochs=12),
    # Everything, longer, with the bag of tricks (https://arxiv.org/abs/1812.01187).
    "thorough": Recipe(
        preset="thorough", tune="all", epochs=40, patience=10, augmentation="strong", erase=0.25,
        learning_rate=1e-3, backbone_factor=0.3, weight_decay=0.05, label_smoothing=0.1, mixup=0.2, ema=0.99,
    ),
}  # fmt: skip


def preset(name: str) -> Recipe:
    """The recipe called `name`. Raises BadInput for an unknown one."""
    try:
        return PRESETS[name.lower()]
    except KeyError:
        raise BadInput(f"There is no preset {name!r}.", hint=f"Choose one of {', '.join(PRESETS)}.") from None
