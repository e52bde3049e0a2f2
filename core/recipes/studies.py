"""Groups of recipes that answer one question together: which network, and how much of it should learn."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from core.recipes.recipe import Recipe
from core.recipes.starts import for_the_network, from_nothing

DEPTHS = ("last:0", "last:1", "last:2", "last:3", "last:4", "last:5", "all")
"""What learns, from the head alone to everything; all by the same steps on the same varied pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedComparison:
    """The networks that a published study compared, by their names here."""

    title: str
    backbones: tuple[str, ...]
    study: str


PUBLISHED = {
    "rice": PublishedComparison(
        title="Rice leaf disease: light CNN, Inception-ResNet-v2, EfficientNetV2, MobileNetV2",
        backbones=("graft:light_cnn", "timm:inception_resnet_v2", "efficientnet_v2_s", "mobilenet_v2"),
        study="RiceLeafBD: dataset and optimal model selection for rice leaf disease",
    ),
    "paddy": PublishedComparison(
        title="Paddy Doctor: VGG16, MobileNet, Xception, ResNet34, CNN",
        backbones=("vgg16", "timm:mobilenetv1_100", "timm:legacy_xception", "resnet34", "graft:light_cnn"),
        study="Paddy Doctor benchmark",
    ),
    "location": PublishedComparison(
        title="Location detection: vanilla CNN, VGG16",
        backbones=("graft:light_cnn", "vgg16"),
        study="Automatic location detection (vanilla CNN vs VGG16)",
    ),
    "chest": PublishedComparison(
        title="COVID-19 severity: DenseNet161, ViT",
        backbones=("densenet161", "vit_b_16"),
        study="Diagnosing COVID-19 Severity from Chest X-Ray (ViT and CNN)",
    ),
}
"""Name -> comparison, in the order people see."""


def network_recipes(recipe: Recipe, backbones: Sequence[tuple[str, bool]], *, scratch: bool) -> list[Recipe]:
    """The recipe for each backbone (name, whether it has pretrained weights); with `scratch` also from nothing.

    A backbone without weights is trained from nothing once.
    """
    found = []
    for name, pretrained in backbones:
        own = dataclasses.replace(recipe, backbone=name)
        starts = pretrained and recipe.weights != "none"
        if starts:
            found.append(own)
        if scratch or not starts:
            found.append(from_nothing(own))
    return found


def depth_recipes(recipe: Recipe) -> list[Recipe]:
    """The recipe at every depth of DEPTHS: Yosinski et al. 2014, https://arxiv.org/abs/1411.1792.

    Differs from the paper, which copied the lower layers of a network of its own and drew the rest anew: here all
    layers are copied, and the depth says how many of the upper ones may change (its "fine-tuned" and "frozen" in one).
    A recipe for the head alone has no epochs that a network could learn by: it becomes Balanced.
    """
    base = for_the_network(recipe)
    return [dataclasses.replace(base, tune=depth) for depth in DEPTHS]
