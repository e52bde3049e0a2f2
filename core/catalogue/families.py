"""Families of backbones that published systems stand on: each member builds, learns and explains."""

from dataclasses import dataclass

from core.catalogue.backbones import BackboneInfo, all_backbones


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Networks of one kind. `starts` are how the names of its members begin; `smallest` is the one tests run,
    on pictures of `side` pixels, the least it takes.
    """

    title: str
    paper: str
    starts: tuple[str, ...]
    smallest: str
    side: int

    @property
    def members(self) -> list[BackboneInfo]:
        """All of them, smallest first."""
        found = [item for name, item in all_backbones().items() if name.startswith(self.starts)]
        return sorted(found, key=lambda item: (item.parameters_m, item.name))


FAMILIES = (
    Family(title="VGG", paper="https://arxiv.org/abs/1409.1556", starts=("vgg", "timm:vgg"), smallest="vgg11", side=64),
    Family(title="Inception v3, v4, Inception-ResNet", paper="https://arxiv.org/abs/1512.00567",
           starts=("inception_v3", "timm:inception_v", "timm:inception_resnet"), smallest="inception_v3", side=128),
    Family(title="EfficientNet", paper="https://arxiv.org/abs/1905.11946",
           starts=("efficientnet_b", "timm:efficientnet_b", "timm:tf_efficientnet_b"), smallest="efficientnet_b0",
           side=64),
    Family(title="EfficientNetV2", paper="https://arxiv.org/abs/2104.00298",
           starts=("efficientnet_v2", "timm:efficientnetv2", "timm:tf_efficientnetv2"),
           smallest="timm:tf_efficientnetv2_b0", side=64),
    Family(title="ResNeSt", paper="https://arxiv.org/abs/2004.08955", starts=("timm:resnest",),
           smallest="timm:resnest14d", side=64),
    Family(title="NASNet", paper="https://arxiv.org/abs/1707.07012", starts=("timm:nasnet",),
           smallest="timm:nasnetalarge", side=96),
    Family(title="Vision Transformer", paper="https://arxiv.org/abs/2106.04560",
           starts=("vit_", "timm:vit_tiny_", "timm:vit_small_", "timm:vit_base_", "timm:vit_large_", "timm:vit_huge_p",
                   "timm:vit_giant_p", "timm:vit_gigantic_p", "timm:vit_medium_", "timm:vit_little_",
                   "timm:vit_relpos_", "timm:vit_srelpos_"),
           smallest="timm:vit_tiny_patch16_224", side=64),
    Family(title="DeiT, also distilled", paper="https://arxiv.org/abs/2012.12877",
           starts=("timm:deit_", "timm:deit3_"), smallest="timm:deit_tiny_distilled_patch16_224", side=64),
    Family(title="CrossViT", paper="https://arxiv.org/abs/2103.14899", starts=("timm:crossvit",),
           smallest="timm:crossvit_tiny_240", side=240),
    Family(title="HaloNet", paper="https://arxiv.org/abs/2103.12731",
           starts=("timm:halonet", "timm:sehalonet", "timm:eca_halonext", "timm:lamhalobotnet", "timm:halo2botnet",
                   "timm:haloregnetz"),
           smallest="timm:halonet26t", side=256),
    Family(title="ReXNet", paper="https://arxiv.org/abs/2007.00992", starts=("timm:rexnet", "timm:rexnetr"),
           smallest="timm:rexnet_100", side=64),
    Family(title="ResNeXt, also weakly supervised", paper="https://arxiv.org/abs/1805.00932",
           starts=("resnext", "timm:resnext"), smallest="timm:resnext26ts", side=64),
    Family(title="Big Transfer (ResNetV2)", paper="https://arxiv.org/abs/1912.11370", starts=("timm:resnetv2",),
           smallest="timm:resnetv2_50x1_bit", side=64),
    Family(title="MobileNetV2", paper="https://arxiv.org/abs/1801.04381", starts=("mobilenet_v2", "timm:mobilenetv2"),
           smallest="timm:mobilenetv2_035", side=64),
    Family(title="MobileNetV3", paper="https://arxiv.org/abs/1905.02244",
           starts=("mobilenet_v3", "timm:mobilenetv3"), smallest="mobilenet_v3_small", side=64),
    Family(title="DenseNet", paper="https://arxiv.org/abs/1608.06993", starts=("densenet", "timm:densenet"),
           smallest="densenet121", side=64),
    Family(title="Xception", paper="https://arxiv.org/abs/1610.02357",
           starts=("timm:xception", "timm:legacy_xception"), smallest="timm:legacy_xception", side=96),
    Family(title="ConvNeXt", paper="https://arxiv.org/abs/2201.03545", starts=("convnext", "timm:convnext"),
           smallest="timm:convnext_atto", side=64),
    Family(title="Swin Transformer", paper="https://arxiv.org/abs/2103.14030",
           starts=("swin_", "timm:swin_", "timm:swinv2_"), smallest="swin_t", side=64),
    Family(title="RegNet", paper="https://arxiv.org/abs/2003.13678", starts=("regnet", "timm:regnet"),
           smallest="timm:regnetx_002", side=64),
    Family(title="ResNet", paper="https://arxiv.org/abs/1512.03385",
           starts=("resnet", *(f"timm:resnet{kind}" for kind in ("1", "2", "3", "5", "6", "aa", "blur", "rs"))),
           smallest="resnet18", side=64),
)  # fmt: skip
"""In the order of the documentation."""
