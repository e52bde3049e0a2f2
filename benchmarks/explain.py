"""Grad-CAM of a batch, beside pytorch-grad-cam, captum, and the bare passes that any Grad-CAM needs.

All take turns on the same network and pictures, so that a disturbance falls on each; ratios are medians over the
rounds. The peers run at their defaults. `floor` is one forward pass, and one backward pass to the last block.
`product` multiplies two large matrices: no float32 pass does more multiplications a second than that, so that captum's
share of its rate bounds what can be gained on it.

python -m benchmarks.explain [--backbone resnet18] [--batch 16] [--rounds 12]
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytorch_grad_cam
import torch
from captum.attr import LayerAttribution, LayerGradCam
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.table import Figure, show
from core.explanation import choose_way, explain
from core.explanation.below import with_openvino_below
from core.explanation.layers import target_layer
from core.models import Network
from core.settings import Settings

MOST_OF_FLOOR, OF_GRAD_CAM, OF_CAPTUM, SAME = 1.2, 4.0, 1.5, 1e-4
MANY = 1000
"""So many pictures in a job, for which converting pays."""
OUTPUTS = 10
MATRIX = 2048


def bare(network: Network, pictures: Tensor, targets: Tensor) -> None:
    """One forward pass without gradients up to the target layer, the rest forth and back."""
    layer, kept = target_layer(network, pictures.shape[-1]), []

    def cut(_layer: torch.nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[0]

    handle = layer.register_forward_hook(cut)
    try:
        logits = network(pictures)
        torch.autograd.grad(logits.gather(1, targets[:, None]).sum(), kept[0])
    finally:
        handle.remove()


def contenders(
    network: Network, pictures: Tensor, targets: Tensor, settings: Settings
) -> dict[str, Callable[[], object]]:
    """Everything measured, by name. The peers get a network of their own, whose parameters learn, as is usual."""
    side, names = pictures.shape[-1], [ClassifierOutputTarget(int(item)) for item in targets]
    peer = Network(network.backbone, OUTPUTS, image_size=side)
    peer.load_state_dict(network.state_dict())
    peer.eval()
    layer = target_layer(peer, side)
    grad_cam, captum = pytorch_grad_cam.GradCAM(peer, [layer]), LayerGradCam(peer, layer)
    plain = pictures.float().contiguous()  # as their users' transforms give it
    frozen = network.requires_grad_(False)
    last = pictures.contiguous(memory_format=torch.channels_last)
    matrix = torch.randn(MATRIX, MATRIX)
    helped = with_openvino_below(network, side, settings)
    assert helped is not None, "OpenVINO cannot convert it"

    def theirs() -> Tensor:
        maps = captum.attribute(plain, targets, relu_attributions=True)
        return LayerAttribution.interpolate(maps, (side, side), "bilinear")[:, 0]

    return {
        "floor": lambda: bare(frozen, last, targets),
        "product": lambda: matrix @ matrix,
        "pytorch-grad-cam": lambda: grad_cam(plain, names),
        "captum": theirs,
        "float32": lambda: explain(network, last, targets),
        "bfloat16": lambda: explain(network, last, targets, precision="bfloat16"),
        "openvino": lambda: explain(helped, last, targets),
    }


def multiplications(network: Network, picture: Tensor) -> int:
    """Of one forward pass."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(picture)
    return int(counter.get_total_flops()) // 2  # it counts the additions, too


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    torch.manual_seed(0)
    network = Network(options.backbone, OUTPUTS, image_size=224).eval()
    pictures = torch.randint(0, 256, (options.batch, 3, 224, 224), dtype=torch.uint8)
    targets = torch.arange(options.batch) % OUTPUTS
    with tempfile.TemporaryDirectory() as home:
        compare(network, pictures, targets, options.rounds, Settings(home=Path(home), device="cpu"))


def compare(network: Network, pictures: Tensor, targets: Tensor, rounds: int, settings: Settings) -> None:
    """All contenders in turns, and the table."""
    count = len(pictures)
    runs = contenders(network, pictures, targets, settings)
    answers = {name: run() for name, run in runs.items()}  # warms up, too
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name in random.sample(list(runs), len(runs)):
            begin = time.perf_counter()
            runs[name]()
            spent[name].append(1000 * (time.perf_counter() - begin) / count)

    def ratio(name: str, to: str) -> float:
        return statistics.median(a / b for a, b in zip(spent[to], spent[name], strict=True))

    exact = answers["float32"]
    assert isinstance(exact, Tensor)
    others = [name for name in runs if name not in ("floor", "product")]
    apart = {name: float((_stretched(answers[name]) - _stretched(exact)).abs().max()) for name in others}
    rows = [
        Figure(name=name, value=f"{statistics.median(times):.1f} ms/picture")
        for name, times in spent.items()
        if name != "product"
    ]
    work = multiplications(network, pictures[:1]) * count / MATRIX**3
    rows += [
        Figure(
            name=f"{name}'s forward passes to a matrix product's rate", value=f"{work * ratio(name, 'product'):.2f} x"
        )
        for name in ("captum", "float32", "openvino")
    ]
    for own in ("float32", "bfloat16", "openvino"):
        cost = 1 / ratio(own, "floor")
        rows.append(_held(f"{own} to the bare passes", f"{cost:.2f} x", f"<= {MOST_OF_FLOOR} x", cost <= MOST_OF_FLOOR))
        for peer, least in (("pytorch-grad-cam", OF_GRAD_CAM), ("captum", OF_CAPTUM)):
            gain = ratio(own, peer)
            rows.append(_held(f"{own} to {peer}", f"{gain:.2f} x", f">= {least} x", gain >= least))
    for other in ("pytorch-grad-cam", "captum", "openvino"):
        off = apart[other]
        rows.append(_held(f"float32 maps from {other}'s", f"{off:.1e}", f"<= {SAME:g}", off <= SAME))
    rows.append(Figure(name="bfloat16 maps from float32's", value=f"{apart['bfloat16']:.1e}"))
    chosen = choose_way(network, pictures, targets, "gradcam", total=MANY, settings=settings)
    rows.append(Figure(name=f"chosen for a job of {MANY:,} pictures", value=chosen.name))
    show(f"Grad-CAM, {network.backbone}, batch {count}, {torch.get_num_threads()} threads", rows)


def _held(name: str, value: str, target: str, met: bool) -> Figure:
    return Figure(name=name, value=value, target=target, met=met)


def _stretched(maps: object) -> Tensor:
    """(N, S, S) from 0 to 1, as pytorch-grad-cam gives them."""
    found = torch.as_tensor(maps).detach()
    low, high = found.amin((1, 2), keepdim=True), found.amax((1, 2), keepdim=True)
    return (found - low) / (high - low).clamp_min(1e-12)


if __name__ == "__main__":
    main()
