"""How the heatmaps of many pictures are computed: by torch in float32, in bfloat16, or with OpenVINO's help.

bfloat16 halves the work on processors that have it and slows down the others, and its maps differ a little from
float32's. A trial on the job's first pictures decides: another way must be clearly faster, and every map must stay
the same to the eye. Single questions are always answered by torch in float32.
"""

import functools
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from core.explanation.below import METHODS_ABOVE, with_openvino_below
from core.explanation.explain import explain
from core.inference import has_bfloat16, worth_converting
from core.inference.trial import measure
from core.models import Network
from core.settings import Settings

PAYS, SAME = 0.8, 0.05
"""At most this share of float32's time; at most this difference of any pixel, of a map's highest value."""

Name = Literal["float32", "bfloat16", "openvino"]


@dataclass(frozen=True, slots=True)
class Way:
    """What was chosen, with the figures of the trial: time of the best other way to float32's, its maps' difference.

    1 and 0 where nothing was tried, because the processor has no bfloat16 and the pictures are few.
    """

    name: Name
    time_ratio: float
    apart: float
    network: Network

    def explain(self, pictures: Tensor, targets: Tensor, method: str) -> Tensor:
        """As `core.explanation.explain`."""
        precision: Literal["float32", "bfloat16"] = "bfloat16" if self.name == "bfloat16" else "float32"
        return explain(self.network, pictures, targets, method, precision=precision)


def way_again(
    network: Network, name: str, *, time_ratio: float, apart: float, side: int, settings: Settings
) -> Way | None:
    """A way that was chosen before for pictures of `side` pixels, untried; None where it cannot be had any more."""
    if name == "openvino":
        helped = with_openvino_below(network, side, settings)
        return None if helped is None else Way("openvino", time_ratio, apart, helped)
    return Way("bfloat16" if name == "bfloat16" else "float32", time_ratio, apart, network)


def choose_way(
    network: Network, pictures: Tensor, targets: Tensor, method: str, *, total: int, settings: Settings
) -> Way:
    """Try what there is on these pictures, as in `explain`, the first of `total`."""
    plain = Way("float32", 1.0, 0.0, network)
    ways = [plain]
    if has_bfloat16(pictures.device):
        ways.append(Way("bfloat16", 1.0, 0.0, network))
    if isinstance(network, Network) and method in METHODS_ABOVE and worth_converting(network, total):
        helped = with_openvino_below(network, pictures.shape[-1], settings)
        if helped is not None:
            ways.append(Way("openvino", 1.0, 0.0, helped))
    if len(ways) == 1:
        return plain
    maps: dict[str, Tensor] = {}

    def keep(way: Way) -> None:
        maps[way.name] = way.explain(pictures, targets, method)

    spent = measure({way.name: functools.partial(keep, way) for way in ways})
    if plain.name not in spent:
        return plain  # it will say itself what is wrong
    tried = [
        Way(
            way.name, spent[way.name] / spent[plain.name], float((maps[way.name] - maps[plain.name]).abs().max()),
            way.network,
        )
        for way in ways[1:]
        if way.name in spent
    ]  # fmt: skip
    if not tried:
        return plain
    best = min(tried, key=lambda way: (way.apart > SAME, way.time_ratio))
    if best.time_ratio <= PAYS and best.apart <= SAME:
        return best
    return Way(plain.name, best.time_ratio, best.apart, network)
