"""Learning with few parameters: norm layers, biases, attention, or additions of low rank."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from core.catalogue import OTHER_PART, PARTS, without_part
from core.errors import BadInput
from core.models.network import Network
from core.models.residuals import residual_ends

Chooser = Callable[[str, nn.Module, str], bool]


def _is_attention(path: str, module: nn.Module, name: str) -> bool:
    return any(word in path.lower() for word in ("attn", "attention"))


KINDS: dict[str, Chooser] = {
    # By name: the libraries have a dozen of them without a common class.
    "norm": lambda path, module, name: "Norm" in type(module).__name__,
    "bias": lambda path, module, name: name.endswith("bias"),
    "attention": _is_attention,
}
"""A recipe's `tune` -> whether a body's parameter learns: by its module's path, the module and its own name."""


def set_trainable_kind(network: Network, kind: str) -> None:
    """Let the head and one kind of the body's parameters learn: of KINDS, or "lora" for what `add_lora` added.

    Raises BadInput if the body has none of that kind.
    """
    check_kind(network, kind)
    for path, module in network.body.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            learns = isinstance(module, LowRank) if kind == "lora" else KINDS[kind](path, module, name)
            parameter.requires_grad = learns


def check_kind(network: Network, tune: str) -> None:
    """Raises BadInput if `tune`, as in a recipe, names parts that the body has none of."""
    if why := without_part(tune, lacking_kinds(network.body)):
        raise BadInput(f"{network.backbone} {why}.", hint=OTHER_PART)


def lacking_kinds(body: nn.Module) -> tuple[str, ...]:
    """Those of PARTS that a body has none of."""
    found = {"lora"} if any(True for _ in _linear(body)) else set()
    found |= {"gamma"} if residual_ends(body) else set()
    for path, module in body.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            found |= {kind for kind, chooser in KINDS.items() if chooser(path, module, name)}
    return tuple(kind for kind in PARTS if kind not in found)


class LowRank(nn.Module):
    """W + B A with A (r, in) random and B (out, r) zero at first: https://arxiv.org/abs/2106.09685, section 4.1."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        """Beside a weight (out, in)."""
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, weight.shape[1]) / rank)
        self.b = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, weight: Tensor) -> Tensor:
        """(out, in) -> (out, in)."""
        return weight + self.b @ self.a


def add_lora(network: Network, rank: int) -> None:
    """Put additions of that rank beside every linear layer of the body. Raises BadInput if it has none."""
    check_kind(network, "lora")
    for layer, name in list(_linear(network.body)):
        weight = getattr(layer, name)
        parametrize.register_parametrization(layer, name, LowRank(weight, rank).to(weight.device))


def _linear(body: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """Its linear layers and their weights' names; torch's own attention holds those of queries, keys and values."""
    for layer in body.modules():
        if isinstance(layer, nn.Linear):
            yield layer, "weight"
        if isinstance(layer, nn.MultiheadAttention) and layer.in_proj_weight is not None:
            yield layer, "in_proj_weight"


PARAMETRIZED = ".parametrizations."
"""What torch puts between a layer's name and its weight's while something is added to that."""


def merged_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a network that had `add_lora`, as it is after `merge_lora`; of another, as it was."""
    found = {name: value for name, value in state.items() if PARAMETRIZED not in name}
    for name, value in state.items():
        layer, _, part = name.rpartition(PARAMETRIZED)
        weight, _, role = part.partition(".")
        if layer and role == "original":
            beside = f"{layer}{PARAMETRIZED}{weight}.0"
            found[f"{layer}.{weight}"] = value + state[f"{beside}.b"] @ state[f"{beside}.a"]
    return found


def merge_lora(network: Network) -> None:
    """Make the additions part of the weights, so that the network is again an ordinary one."""
    for layer, name in list(_linear(network.body)):
        if parametrize.is_parametrized(layer, name):
            parametrize.remove_parametrizations(layer, name, leave_parametrized=True)
