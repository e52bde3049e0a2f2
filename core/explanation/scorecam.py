"""Score-CAM (https://arxiv.org/abs/1910.01279): each channel weighs what showing only its places does to the logit.

Differs from the paper in using at most 64 channels, those that vary most over the places (as in Faster Score-CAM),
and in taking the whole picture's mean colour where the paper takes black: a grey border is no sign of a class.
"""

import torch
from torch import Tensor

from core.explanation.record import chosen, record
from core.models import Network

MOST_CHANNELS = 64
BATCH = 16


def scorecam(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, H, W) >= 0. Costs 64 forward passes per picture, but no gradient."""
    activations = record(network, pictures, targets).activations
    return torch.stack(
        [
            _one(network, picture, target, maps)
            for picture, target, maps in zip(pictures, targets, activations, strict=True)
        ]
    )


def _one(network: Network, picture: Tensor, target: Tensor, activations: Tensor) -> Tensor:
    spread = activations.flatten(1).var(1)
    kept = activations[spread.argsort(descending=True)[:MOST_CHANNELS]]  # (C, H, W)
    masks = torch.nn.functional.interpolate(kept[None], size=picture.shape[-2:], mode="bilinear")[0]
    low, high = masks.amin((1, 2), keepdim=True), masks.amax((1, 2), keepdim=True)
    masks = (masks - low) / (high - low).clamp_min(1e-8)  # (C, S, S) in [0, 1]
    pixels = picture.float()
    ground = pixels.mean((1, 2), keepdim=True)
    with torch.no_grad():
        scores = torch.cat(
            [
                chosen(network(ground + part[:, None] * (pixels - ground)), target.expand(len(part)))
                for part in torch.split(masks, BATCH)
            ]
        )
    weights = scores.softmax(0)  # the paper's equation 3
    return (weights[:, None, None] * kept).sum(0).relu()
