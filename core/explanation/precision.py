"""In which numbers the heatmaps of many pictures are computed: bfloat16 where it pays on this very machine.

bfloat16 halves the work on processors that have it and slows down the others, and its maps differ a little from
float32's. A trial on the job's first pictures decides: it must be clearly faster, and every map must stay the same to
the eye. Single questions are always answered in float32.
"""

import time
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from core.explanation.explain import explain
from core.inference import has_bfloat16
from core.models import Network

PAYS, SAME = 0.8, 0.05
"""At most this share of float32's time; at most this difference of any pixel, of a map's highest value."""
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Precision:
    """What was chosen, with the figures of the trial: time of bfloat16 to float32, largest difference of the maps.

    1 and 0 where nothing was tried, because the processor has no bfloat16.
    """

    name: Literal["float32", "bfloat16"]
    time_ratio: float
    apart: float


def choose_precision(network: Network, pictures: Tensor, targets: Tensor, method: str = "gradcam") -> Precision:
    """Try both on these pictures, as in `explain`."""
    if not has_bfloat16(pictures.device):
        return Precision("float32", 1.0, 0.0)
    spent = {"float32": float("inf"), "bfloat16": float("inf")}
    maps = {}
    for _ in range(ROUNDS + 1):  # the first round warms up, and counts only where it was the fastest
        for name in ("float32", "bfloat16"):
            begin = time.perf_counter()
            maps[name] = explain(network, pictures, targets, method, precision=name)
            spent[name] = min(spent[name], time.perf_counter() - begin)
    ratio = spent["bfloat16"] / spent["float32"]
    apart = float((maps["bfloat16"] - maps["float32"]).abs().max())
    return Precision("bfloat16" if ratio <= PAYS and apart <= SAME else "float32", ratio, apart)
