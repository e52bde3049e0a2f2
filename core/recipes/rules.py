"""A recipe chosen from what is known of the pictures and the machine, with a sentence for each choice."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.catalogue import backbone_info
from core.recipes.batches import larger_batches, usual_batch
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.recipes.starts import starting_from
from core.words import count

AUTOMATIC = "automatic"
SMALL, ACCURATE = "mobilenet_v3_small", "convnext_tiny"
FEW, MANY = 100, 2000
MOST_EPOCHS = 40
SMALL_SIDE, SMALL_RESOLUTION = 96, 128
RARE = 5
VARIED = {
    "standard": "Pictures are mirrored, turned, shifted and lit differently each time: harder to learn by heart.",
    "strong": "Pictures are strongly varied, partly hidden and blended in pairs: so many, seen so often, bear it.",
}
"""Variation of pictures in a preset whose network learns -> why."""
_TOLD_BY = {
    "epochs": ("batch_size",), "tune": ("backbone_factor",), "augmentation": ("erase", "label_smoothing", "ema"),
}  # fmt: skip
"""Field -> others that its reason speaks of, too."""
_MORE = ", or fewer and larger ones if this GPU is faster with them"
OUT_OF_REACH = "It starts from drawn pictures, which come with Graft: ImageNet's weights cannot be reached from here."


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What the rules look at.

    pictures  to learn from; `side` is the middle one of their shorter sides in pixels, 0 if unknown
    balance   the commonest class's pictures for one of the rarest's; 0 for numbers, which have no classes
    gpu       whether the machine has one
    backbone  SMALL, or ACCURATE where there is a GPU and its weights are within reach; or a person's own choice
    weights   what the network starts from, as in the recipe; `photographs`: whether they have seen millions of those
    """

    pictures: int
    side: int
    balance: float
    gpu: bool
    backbone: str
    weights: str = "imagenet"
    photographs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A recipe and why: one sentence for each choice, by the field that it is about."""

    recipe: Recipe
    because: Mapping[str, str]

    @property
    def reasons(self) -> tuple[str, ...]:
        """All of the sentences."""
        return tuple(self.because.values())

    def without(self, fields: Collection[str]) -> "Choice":
        """The same without the reasons for fields that a person sets."""
        kept = {name: words for name, words in self.because.items() if not {name, *_TOLD_BY.get(name, ())} & {*fields}}
        return dataclasses.replace(self, because=kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperRule:
    """Steps of training, side of the picture (0: the network's own), and alpha of mixup."""

    steps: int
    image_size: int
    mixup: float


def hyper_rule(pictures: int, side: int) -> HyperRule:
    """BiT-HyperRule, section 3.3 of https://arxiv.org/abs/1912.11370: size of data and of pictures decide alone.

    500 steps below 20,000 pictures, 10,000 below 500,000, else 20,000; mixup of 0.1 from 20,000 on; pictures of at
    most 96 pixels are looked at in 128. Larger ones the paper enlarges to 384 or 480 for its own networks, of which
    it says itself that they cost the most: here they are looked at in the network's own size.
    """
    large = pictures >= 20_000
    return HyperRule(
        steps=500 if not large else 10_000 if pictures < 500_000 else 20_000,
        image_size=SMALL_RESOLUTION if 0 < side <= SMALL_SIDE else 0,
        mixup=0.1 if large else 0.0,
    )


def choose_recipe(facts: DataFacts) -> Choice:
    """The recipe for these facts; its `preset` is "automatic"."""
    rule, because = hyper_rule(facts.pictures, facts.side), dict[str, str]()
    if not facts.photographs:
        begun = dataclasses.replace(PRESETS["balanced"], backbone=facts.backbone)
        recipe = starting_from(begun, facts.weights, photographs=False)
        because["tune"] = (
            "Its two branches learn apart first, then joined, as its study has it."
            if recipe.tune == "two_step"
            else "The whole network learns, and as fast as its last layer: it does not know much yet."
        )
    elif facts.pictures < FEW:
        recipe = PRESETS["instant"]
        because["tune"] = (
            f"Only the last layer learns: of {count(facts.pictures, 'picture')} a whole network would learn each by "
            "heart."
        )
    elif facts.gpu and facts.pictures >= MANY:
        recipe = PRESETS["thorough"]
        because["tune"] = f"The whole network learns: {facts.pictures:,} pictures are enough, and there is a GPU."
    else:
        recipe = PRESETS["balanced"]
        why = "are too few to let all of it go at once" if facts.pictures < MANY else "would take long without a GPU"
        because["tune"] = f"The network thaws from the top down: {facts.pictures:,} pictures {why}."
    if facts.backbone == ACCURATE:
        because["backbone"] = "The network is an accurate one, because there is a GPU."
    else:
        why = "an accurate one's weights cannot be reached from here" if facts.gpu else "there is no GPU"
        because["backbone"] = f"The network is a small one, because {why}."
    changes: dict[str, object] = {
        "backbone": facts.backbone, "weights": facts.weights, "image_size": rule.image_size,
    }  # fmt: skip
    side = rule.image_size or backbone_info(facts.backbone).image_size
    why = f"with sides of about {facts.side}, they hold no more detail" if rule.image_size else "the network's own size"
    because["image_size"] = f"It looks at the pictures in {side} × {side} pixels: {why}."
    if recipe.tune == "head":
        because["augmentation"] = "It sees each picture once, as it is: that is all a last layer needs, and quick."
    else:
        because["augmentation"] = VARIED[recipe.augmentation]
        if rule.mixup > recipe.mixup:
            because["mixup"] = "Pairs of pictures are blended: of so many, the BiT-HyperRule says, more can be asked."
        batch = usual_batch(facts.pictures)
        epochs = max(5, min(MOST_EPOCHS, round(rule.steps * batch / facts.pictures)))
        # What a GPU learns from fastest is found by trying.
        changes |= {"epochs": epochs, "batch_size": 0 if facts.gpu else batch, "mixup": max(recipe.mixup, rule.mixup)}
        steps = round(epochs * facts.pictures / batch)
        larger = facts.gpu and larger_batches(facts.pictures)
        because["epochs"] = (
            f"It looks at every picture at most {count(epochs, 'time')}, in {steps:,} steps of {batch}"
            f"{_MORE if larger else ''}; for so many the BiT-HyperRule (Kolesnikov et al. 2020) takes "
            f"{rule.steps:,}."
        )
    if facts.balance >= RARE:
        because["imbalance"] = (
            f"Rare classes weigh more: the commonest has {facts.balance:.0f} times the rarest's pictures."
        )
    else:
        changes["imbalance"] = "ignore"
        if facts.balance:
            because["imbalance"] = (
                f"All pictures count alike: the commonest class has fewer than {RARE} times the rarest's pictures."
            )
    return Choice(recipe=dataclasses.replace(recipe, preset=AUTOMATIC, **changes), because=because)  # type: ignore[arg-type]
