"""Layer-wise relevance propagation (https://doi.org/10.1371/journal.pone.0130140): the logit is handed back, layer by
layer, to the pixels it came from, and on the way nothing is added or lost but the biases' share.

Rules as recommended by Montavon et al. 2019 (https://doi.org/10.1007/978-3-030-28954-6_10): gamma for convolutions,
which favours what agrees with a place's own sign (the form that also takes negative inputs and outputs: Andeol et al.
2021, https://arxiv.org/abs/2106.04565); zero for linear layers. A batch norm is merged with the convolution before it.
Sums, residual connections among them, means and maxima hand back in proportion, as the gradient times the input does.
Activations hand on what they get; gates (squeeze and excitation) count as constants (Arras et al. 2017,
https://arxiv.org/abs/1706.07206). Computed as the gradient of a network with these rules built in, times the picture.

Differs from the papers in showing positive relevance only, averaged over 9 x 9 pixels. Transformers are refused: their
norms and attention need other rules.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from core.errors import BadInput
from core.explanation.hooks import frozen
from core.explanation.record import chosen
from core.explanation.saliency import WINDOW
from core.models import Network

GAMMA = 0.25
NOTHING = 1e-20
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.LeakyReLU, nn.ELU, nn.Mish)
GATES = (nn.Sigmoid, nn.Hardsigmoid)
PLAIN = (
    nn.Linear, _BatchNorm, nn.Identity, nn.Flatten, nn.Dropout, nn.Dropout2d, nn.AvgPool2d, nn.MaxPool2d,
    nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.ZeroPad2d,
)  # fmt: skip
"""Layers whose gradient hands back in proportion already."""
OTHER = "Relevance propagation has no rules for this network's layers"


def relevance(network: Network, pictures: Tensor, targets: Tensor) -> Tensor:
    """(N, 3, S, S), (N,) -> (N, S, S) >= 0. Raises BadInput for networks with other layers than convolutional ones."""
    signed = propagated(network, pictures, targets).sum(1)
    return functional.avg_pool2d(signed.relu()[:, None], WINDOW, stride=1, padding=WINDOW // 2)[:, 0]


def propagated(network: Network, pictures: Tensor, targets: Tensor, gamma: float = GAMMA) -> Tensor:
    """Signed relevance (N, 3, S, S) of the normalised pixels; with no biases it adds up to the logit."""
    _refuse(network.body)
    with torch.inference_mode(False), torch.enable_grad(), frozen(network), _rules(network.body, gamma):
        seen = network.normalise(pictures).detach().requires_grad_()
        logits = network.forward_head(network.body(seen))
        (gradient,) = torch.autograd.grad(chosen(logits, targets).sum(), seen)
    return seen.detach() * gradient


def _refuse(body: nn.Module) -> None:
    for layer in body.modules():
        if hasattr(layer, "num_heads") or hasattr(layer, "attn_drop"):
            raise BadInput(f"{OTHER} (attention).", hint="Choose another method.")
        if next(layer.children(), None) is not None or isinstance(layer, (*ACTIVATIONS, *GATES, *PLAIN)):
            continue
        if isinstance(layer, nn.Conv2d) and type(layer).forward is nn.Conv2d.forward:  # one that pads by itself is not
            continue
        name = type(layer).__name__
        if any(True for _ in layer.parameters()) or "norm" in name.lower() or "softmax" in name.lower():
            raise BadInput(f"{OTHER} ({name}).", hint="Choose another method.")


@contextmanager
def _rules(body: nn.Module, gamma: float) -> Iterator[None]:
    """While open, the network gives the same answers, and its gradients follow the rules."""
    before: dict[int, tuple[Tensor, nn.Conv2d, Tensor]] = {}  # of a convolution's output: itself, layer and input
    with ExitStack() as undo:
        for layer in body.modules():
            if isinstance(layer, nn.Conv2d):
                undo.callback(layer.register_forward_hook(_favouring(gamma, before)).remove)
            elif isinstance(layer, _BatchNorm):
                undo.callback(layer.register_forward_hook(_merging(gamma, before)).remove)
            elif isinstance(layer, ACTIVATIONS):
                _in_place(layer, undo)
                undo.callback(layer.register_forward_hook(_handing_on).remove)
            elif isinstance(layer, GATES):
                _in_place(layer, undo)
                undo.callback(layer.register_forward_hook(lambda _l, _i, output: output.detach()).remove)
        yield


def _in_place(layer: nn.Module, undo: ExitStack) -> None:
    if getattr(layer, "inplace", False):  # the rule needs what went in
        undo.callback(setattr, layer, "inplace", True)
        layer.inplace = False  # type: ignore[assignment]


def _favouring(gamma: float, before: dict[int, tuple[Tensor, nn.Conv2d, Tensor]]) -> Any:
    def hook(layer: nn.Conv2d, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        followed = _gamma(layer, inputs[0], layer.weight, layer.bias, gamma)
        given = followed * _ratio(output, followed)
        before[id(given)] = given, layer, inputs[0]
        return given

    return hook


def _merging(gamma: float, before: dict[int, tuple[Tensor, nn.Conv2d, Tensor]]) -> Any:
    def hook(norm: _BatchNorm, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        found = before.get(id(inputs[0]))
        if found is None or norm.running_var is None or norm.running_mean is None:
            return output
        _, layer, given = found
        scale = (norm.running_var + norm.eps).rsqrt() * (1 if norm.weight is None else norm.weight)
        shift = (0 if norm.bias is None else norm.bias) - norm.running_mean * scale
        bias = shift if layer.bias is None else shift + layer.bias * scale
        followed = _gamma(layer, given, layer.weight * scale[:, None, None, None], bias, gamma)
        return followed * _ratio(output, followed)

    return hook


def _gamma(layer: nn.Conv2d, given: Tensor, weight: Tensor, bias: Tensor | None, gamma: float) -> Tensor:
    """The convolution; where it is positive what makes it so counts more by gamma, where negative likewise."""
    above, below = given.clamp_min(0), given.clamp_max(0)
    raising, lowering = weight.clamp_min(0), weight.clamp_max(0)
    up: Tensor = layer._conv_forward(above, raising, None) + layer._conv_forward(below, lowering, None)
    down: Tensor = layer._conv_forward(above, lowering, None) + layer._conv_forward(below, raising, None)
    if bias is not None:
        up, down = up + bias.clamp_min(0)[:, None, None], down + bias.clamp_max(0)[:, None, None]
    plain = up + down
    return plain + gamma * torch.where(plain > 0, up, down)


def _handing_on(_layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    return inputs[0] * _ratio(output, inputs[0])


def _ratio(wanted: Tensor, given: Tensor) -> Tensor:
    """What makes `wanted` of `given`, as a constant; 0 where nothing was given."""
    something = given.abs() > NOTHING
    return torch.where(something, wanted / torch.where(something, given, 1.0), 0.0).detach()
