"""One way to ask for a heatmap, whatever the method."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from core.errors import BadInput
from core.explanation.attention_rollout import attention_rollout
from core.explanation.eigencam import eigencam
from core.explanation.gradcam import gradcam
from core.explanation.gradcam_plus_plus import gradcam_plus_plus
from core.explanation.gradient_shap import gradient_shap
from core.explanation.hirescam import hirescam
from core.explanation.integrated_gradients import integrated_gradients
from core.explanation.layercam import layercam
from core.explanation.occlusion import occlusion
from core.explanation.relevance import relevance
from core.explanation.rise import rise
from core.explanation.scorecam import scorecam
from core.explanation.smoothgrad import smoothgrad
from core.explanation.weighted_attention import weighted_attention
from core.models import Ensemble, Network

Method = Callable[[Network, Tensor, Tensor], Tensor]
"""Network, pictures (N, 3, S, S) in [0, 255], targets (N,) -> maps (N, H, W) >= 0 of any size and scale."""

METHODS: dict[str, Method] = {
    "gradcam": gradcam,
    "gradcam++": gradcam_plus_plus,
    "hirescam": hirescam,
    "layercam": layercam,
    "eigencam": eigencam,
    "scorecam": scorecam,
    "occlusion": occlusion,
    "rise": rise,
    "integrated_gradients": integrated_gradients,
    "smoothgrad": smoothgrad,
    "gradient_shap": gradient_shap,
    "relevance": relevance,
    "attention_rollout": attention_rollout,
    "weighted_attention": weighted_attention,
}
"""Name -> method; what people read about each stands in `core.catalogue.explanations`."""


def explain(
    network: Network,
    pictures: Tensor,
    targets: Tensor,
    method: str = "gradcam",
    *,
    precision: Literal["float32", "bfloat16"] = "float32",
) -> Tensor:
    """Pictures uint8 (N, 3, S, S), targets (N,) positions of outputs -> (N, S, S) float32.

    0 says nothing for the class; each picture's hottest place is 1. A map is all zeros where nothing speaks for
    the class. The same question has the same answer. Raises BadInput for an unknown method.
    """
    if method not in METHODS:
        raise BadInput(f"There is no method {method!r}.", hint=f"Choose one of {', '.join(METHODS)}.")
    if isinstance(network, Ensemble):
        # Each member looks for itself; what several of them look at is hottest.
        each = [explain(item, pictures, targets, method, precision=precision) for item in network.networks()]
        return _scaled(torch.stack(each).mean(0))
    device = next(network.parameters()).device
    # Convolutions are faster with the channels last in memory.
    pictures = pictures.to(device).contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        maps = METHODS[method](network, pictures, targets.to(device)).float()
    # Up to the picture's size as pytorch-grad-cam does, whose maps people know.
    grown = torch.nn.functional.interpolate(maps[:, None], size=pictures.shape[-2:], mode="bilinear").squeeze(1)
    return _scaled(grown).cpu()


def _scaled(maps: Tensor) -> Tensor:
    """(N, S, S) >= 0, each divided by its highest value."""
    highest = maps.amax((1, 2), keepdim=True)
    return torch.where(highest > 0, maps / highest.clamp_min(torch.finfo(maps.dtype).tiny), 0.0)
