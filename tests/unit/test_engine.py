"""What the engine tries and remembers, and that its faster ways say the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.errors import BadInput
from core.features import PixelCache
from core.features.bodies import fingerprint
from core.inference import PLAIN, RUNTIMES, choose_runtime, compute_features, remembered
from core.inference.trial import NAME, fastest, measure
from core.models import Network
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.training import precision, with_precision
from core.training.augment import STRENGTHS, _grid, _placement

CPU = torch.device("cpu")
RECIPE, FULL = Recipe(), Recipe(precision="float32")


def network(backbone: str = "mobilenet_v3_small", size: int = 32) -> Network:
    torch.manual_seed(0)
    return Network(backbone, 2, image_size=size)


def test_what_is_faster_is_tried_once_and_then_remembered(settings: Settings) -> None:
    calls: list[str] = []

    def tries() -> dict[str, object]:
        calls.append("tried")
        return {"plain": lambda: sum(range(300_000)), "quick": lambda: None}

    assert [remembered(settings, "a sum", CPU, tries) for _ in range(3)] == ["quick"] * 3  # type: ignore[arg-type]
    assert calls == ["tried"]
    assert remembered(settings, "another sum", CPU, lambda: {"plain": lambda: None}) == "plain"
    (settings.home / NAME).write_text("{ damaged")
    assert remembered(settings, "a sum", CPU, tries) == "quick" and calls == ["tried", "tried"]  # type: ignore[arg-type]


def test_another_way_must_be_clearly_faster_and_must_work() -> None:
    assert fastest({"plain": 1.0, "other": 0.95}, "plain") == "plain"
    assert fastest({"plain": 1.0, "other": 0.5}, "plain") == "other"
    assert fastest({"other": 0.5}, "plain") == "other"

    def broken() -> None:
        raise RuntimeError("no such layer in 16 bits")

    assert set(measure({"plain": lambda: None, "broken": broken})) == {"plain"}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_runtime_computes_the_same_features(runtime: str) -> None:
    if runtime.startswith("openvino"):
        pytest.importorskip("openvino")
    pictures = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    plain = compute_features(network(), [pictures])
    found = RUNTIMES[runtime](network())(pictures)
    assert found.shape == plain.shape and found.dtype == torch.float32
    error = float((found - plain).norm() / plain.norm())
    assert error < (0.03 if "bf16" in runtime else 1e-5)


def test_few_pictures_are_looked_at_the_plain_way_and_many_by_what_was_found_faster(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def find(settings: Settings, what: str, device: torch.device, tries: object) -> str:
        asked.append(what)
        return "torch-bf16"

    monkeypatch.setattr("core.inference.runtimes.remembered", find)
    assert choose_runtime(network(), 299, RECIPE, settings) == PLAIN and not asked
    assert choose_runtime(network(), 300, RECIPE, settings) == "torch-bf16"
    assert choose_runtime(network(), 300, FULL, settings) == PLAIN
    assert len(asked) == 1 and "openvino" not in asked[0]
    choose_runtime(network(), 5000, RECIPE, settings)
    assert "mobilenet_v3_small at 32" in asked[1]


def test_a_runtime_that_the_recipe_names_is_taken_untried_if_it_is_installed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.inference.runtimes.remembered", lambda *_: pytest.fail("tried"))
    for precision_ in ("auto", "float32"):
        recipe = Recipe(runtime="torch-bf16", precision=precision_)  # type: ignore[arg-type]
        assert choose_runtime(network(), 2, recipe, settings) == "torch-bf16"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadInput, match="OpenVINO is not installed"):
        choose_runtime(network(), 2, Recipe(runtime="openvino"), settings)


def test_features_of_another_runtime_are_kept_apart(settings: Settings) -> None:
    pixels = PixelCache(settings, 32, "squash")
    assert len({fingerprint(network(), pixels, name) for name in RUNTIMES}) == len(RUNTIMES)


def test_a_networks_fingerprint_does_not_depend_on_the_order_of_its_memory(settings: Settings) -> None:
    pixels = PixelCache(settings, 32, "squash")
    turned = network().to(memory_format=torch.channels_last)
    assert fingerprint(turned, pixels) == fingerprint(network(), pixels)


def test_a_short_training_is_float32_and_a_long_one_what_was_found_faster(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "remembered", lambda *_: "bfloat16")
    recipe = PRESETS["thorough"].with_settings({"epochs": "10"})
    assert with_precision(network(), recipe, 299, settings).precision == "float32"
    assert with_precision(network(), recipe, 300, settings).precision == "bfloat16"
    forced = recipe.with_settings({"precision": "float32"})
    assert with_precision(network(), forced, 10_000, settings) == forced


def test_trying_a_precision_changes_neither_the_network_nor_chance(settings: Settings, tmp_path: Path) -> None:
    tried = network()
    before = {name: value.clone() for name, value in tried.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    for way in precision._tries(tried).values():
        way()
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, before[name]) for name, value in tried.state_dict().items())
    assert all(item.grad is None for item in tried.parameters())


def test_the_quick_grid_is_torchs_own() -> None:
    placement = _placement(4, STRENGTHS["strong"], torch.Generator().manual_seed(0))
    expected = functional.affine_grid(placement, [4, 3, 17, 17], False)
    assert np.allclose(_grid(placement, 17, CPU), expected, atol=1e-6)
