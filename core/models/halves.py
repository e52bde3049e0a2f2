"""A network cut in two where learning begins: the lower half stays as it is, so that what it says may be kept."""

import inspect
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn

from core.models.network import Network
from core.models.stages import stages


class _Glue(fx.Tracer):
    """Traces only what lies between a body's units; each unit stays whole."""

    def __init__(self, units: list[nn.Module]) -> None:
        super().__init__()
        self._units = {id(unit) for unit in units}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether it stays whole."""
        return id(m) in self._units or not any(id(child) in self._units for child in m.modules())


class Upper(nn.Module):
    """What the lower half says -> logits (N, K)."""

    def __init__(self, network: Network, above: fx.GraphModule) -> None:
        super().__init__()
        self.above = above
        self._network = [network]  # not a child: its modes are its own

    @property
    def network(self) -> Network:
        """The whole network."""
        return self._network[0]

    def forward(self, said: Tensor) -> Tensor:
        """(N, ...) -> (N, K)."""
        return self.network.forward_head(self.above(said))


@dataclass(frozen=True, slots=True)
class Halves:
    """Both share their layers with the network they were cut from. `below` takes normalised pictures."""

    below: fx.GraphModule
    upper: Upper


def cut(network: Network, thawed: int) -> Halves | None:
    """Cut below the last `thawed` stages, as `set_trainable` counts them; 0 cuts below the head.

    None if the lower half learns, or where a body cannot be cut there: its upper half needs more than one tensor, or
    its code branches on what it sees.
    """
    groups = stages(network)
    nodes = _traced(network.body, [unit for group in groups for unit in group])
    halves = _parted(network, nodes, _border(nodes, network.body, groups[-thawed][0] if thawed else None))
    return None if halves and any(item.requires_grad for item in halves.below.parameters()) else halves


def cut_behind(network: Network, layer: nn.Module) -> Halves | None:
    """Cut behind a layer of the body, whether it learns or not; None where that cannot be done, as for `cut`."""
    nodes = _traced(network.body, [layer])
    return _parted(network, nodes, next((node for node in nodes if _calls(node, network.body, layer)), None))


def _traced(body: nn.Module, units: list[nn.Module]) -> list[fx.Node]:
    """What the body does, one after the other; nothing where that depends on what it sees."""
    try:
        _, *options = inspect.signature(body.forward).parameters.values()
        defaults = {item.name: item.default for item in options if item.default is not item.empty}
        return list(_Glue(units).trace(body, defaults).nodes)
    except (fx.proxy.TraceError, RuntimeError, TypeError, ValueError, NotImplementedError):
        return []


def _parted(network: Network, nodes: list[fx.Node], border: fx.Node | None) -> Halves | None:
    """Both sides of the border, if all that lies above it needs nothing else of what lies below."""
    if border is None:
        return None
    place = nodes.index(border)
    below, above = fx.Graph(), fx.Graph()
    known: dict[fx.Node, fx.Node] = {}
    for node in nodes[: place + 1]:
        known[node] = below.node_copy(node, known.__getitem__)
    below.output(known[border])
    known = {border: above.placeholder("said")}
    try:
        for node in nodes[place + 1 :]:
            known[node] = above.node_copy(node, known.__getitem__)
    except KeyError:  # something above looks past the border
        return None
    return Halves(fx.GraphModule(network.body, below), Upper(network, fx.GraphModule(network.body, above)))


def _border(nodes: list[fx.Node], body: nn.Module, first: nn.Module | None) -> fx.Node | None:
    """What goes into the first unit that learns, or comes out of the body."""
    for node in nodes:
        if node.op == "output" if first is None else _calls(node, body, first):
            return node.all_input_nodes[0] if len(node.all_input_nodes) == 1 else None
    return None


def _calls(node: fx.Node, body: nn.Module, layer: nn.Module) -> bool:
    return node.op == "call_module" and body.get_submodule(str(node.target)) is layer


def is_random(module: nn.Module) -> bool:
    """Whether, while learning, it says something else each time: dropout, or stochastic depth."""
    return any(
        item.training and (getattr(item, "p", 0.0) or getattr(item, "drop_prob", 0.0)) > 0
        for item in module.modules()
        if isinstance(item, nn.modules.dropout._DropoutNd) or type(item).__name__ in ("StochasticDepth", "DropPath")
    )


def compute_below(network: Network, halves: Halves, pictures: Tensor, *, half: bool) -> Tensor:
    """(N, 3, S, S) in [0, 255] on the network's device -> what the lower half says, in 16 bits if `half`."""
    with torch.no_grad(), torch.autocast(pictures.device.type, torch.bfloat16, enabled=half):
        said: Tensor = halves.below(network.normalise(pictures))
    return said
