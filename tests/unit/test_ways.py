"""Heatmaps of many pictures are computed by whatever is faster, and look the same."""

import functools
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor

from core.explanation import explain, ways
from core.explanation.below import METHODS_ABOVE, with_openvino_below
from core.inference import trial
from core.models import Network
from core.settings import Settings
from tests.unit.test_explanation import pictures, small_cnn


@pytest.mark.parametrize(
    ("seconds", "apart", "chosen"),
    [
        ((1.0, 0.5, 0.6), 0.01, "bfloat16"), ((1.0, 0.6, 0.5), 0.01, "openvino"), ((1.0, 0.9, 0.9), 0.01, "float32"),
        ((1.0, 0.5, 0.6), 0.2, "openvino"), ((1.0, 0.5, 0.9), 0.2, "float32"),
    ],
)  # fmt: skip
def test_another_way_is_chosen_only_where_it_pays_and_keeps_the_maps(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, seconds: tuple[float, ...], apart: float, chosen: str
) -> None:
    clock, network, helped = [0.0], small_cnn(), small_cnn()
    cost = dict(zip(("float32", "bfloat16", "openvino"), seconds, strict=True))

    def slow(asked: Network, *_: object, precision: str) -> Tensor:
        name = "openvino" if asked is helped else precision
        clock[0] += cost[name]
        return torch.full((1, 4, 4), 1 - {"float32": 0.0, "bfloat16": apart, "openvino": 0.001}[name])

    monkeypatch.setattr(ways, "has_bfloat16", lambda device: True)
    monkeypatch.setattr(ways, "worth_converting", lambda network, total: total == 9)
    monkeypatch.setattr(ways, "with_openvino_below", lambda *_: helped)
    monkeypatch.setattr(ways, "explain", slow)
    monkeypatch.setattr(trial.time, "perf_counter", lambda: clock[0])
    ask = functools.partial(ways.choose_way, network, pictures(), torch.tensor([0, 0]), settings=settings)
    found = ask("gradcam", total=9)
    assert found.name == chosen and found.network is (helped if chosen == "openvino" else network)
    assert ask("gradcam", total=8).name != "openvino", "too few to convert it for"
    assert ask("relevance", total=9).name != "openvino", "it looks into the layers below"


def test_openvino_below_the_layer_that_is_looked_at_changes_no_map(settings: Settings) -> None:
    if find_spec("openvino") is None:
        pytest.skip("OpenVINO is not installed here")
    network = Network("mobilenet_v3_small", 3, image_size=64).eval()
    batch, targets = pictures(9, 64), torch.arange(9) % 3
    helped = with_openvino_below(network, 64, settings)
    assert helped is not None and helped.head is network.head
    assert not isinstance(network.body, type(helped.body)), "the network itself stays as it is"
    for method in sorted(METHODS_ABOVE - {"rise", "scorecam", "occlusion"}):  # these ask it hundreds of times
        maps = explain(helped, batch, targets, method)
        assert torch.allclose(maps, explain(network, batch, targets, method), atol=1e-4), method
    assert float(explain(helped, batch, targets).amax()) == 1.0, "there is something to be seen"
