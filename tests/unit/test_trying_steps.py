"""What is found by trying steps: whether compiling pays, and how many pictures a step learns from."""

from collections import Counter
from collections.abc import Mapping

import pytest
import torch

from core.models import Network
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.training import batch_size, compiling, with_batch_size, with_compiling
from core.training.rehearsal import Rehearsal


def network() -> Network:
    torch.manual_seed(0)
    return Network("mobilenet_v3_small", 2, image_size=32)


def test_a_training_is_compiled_only_where_that_pays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found, seconds = [compiling.Gain(cost=10, saved=0.01)], [1.2]
    monkeypatch.setattr(compiling, "_gain", lambda *_: found[0])
    monkeypatch.setattr(compiling, "_step_seconds", lambda *_: seconds[0])
    whole = PRESETS["thorough"].with_settings({"batch_size": "100"})
    assert whole.compile == "auto", "unless somebody chooses"

    def decided(pictures: int, epochs: int, gpus: int = 1, **changes: str) -> tuple[str, str]:
        recipe = whole.with_settings({"epochs": str(epochs), **changes})
        told, words = with_compiling(network(), recipe, pictures, settings, gpus)
        return told.compile, words

    assert decided(1000, 99) == ("off", ""), "less than twenty minutes in all"
    assert decided(1000, 100) == ("off", "Not compiled: compiling would cost 10 s and save 10 s.")
    assert decided(1000, 101) == ("on", "Compiled by torch.compile: it costs about 10 s and saves about 10 s.")
    # Each of the five sets of parts that learn one after the other is compiled, and batches of two lengths.
    assert decided(1000, 200, tune="gradual")[1] == "Not compiled: compiling would cost 50 s and save 20 s."
    assert decided(1005, 101)[1] == "Not compiled: compiling would cost 20 s and save 11 s."
    assert decided(10, 1, compile="on")[0] == "on"
    assert decided(10**6, 100, compile="off") == ("off", "")
    assert decided(1000, 101, gpus=2) == ("off", "")
    assert decided(1000, 101, gpus=2, compile="on") == ("off", "Not compiled: several GPUs learn together.")
    seconds[0] = 1e6
    assert decided(199, 100) == ("off", ""), "how long so few take is not even tried"
    found[0] = compiling.Gain(failed="InvalidCxxCompiler: No working C++ compiler found")
    assert decided(10, 1, compile="on") == (
        "off", "Not compiled: this machine cannot compile it (InvalidCxxCompiler: No working C++ compiler found)."
    )  # fmt: skip


def test_a_recipe_from_before_there_was_compiling_is_not_compiled() -> None:
    earlier = Recipe().to_json()
    del earlier["compile"]
    assert Recipe.from_json(earlier).compile == "off"


def test_what_a_step_takes_is_measured_once_per_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.5, 0.5, 0.5))
    monkeypatch.setattr(Rehearsal, "steps", lambda *_, **__: steps.append(1))
    recipe = PRESETS["thorough"].with_settings({"precision": "float32", "batch_size": "4", "epochs": "200"})
    for _ in range(2):
        assert with_compiling(network(), recipe, 100, settings) == (recipe.with_settings({"compile": "off"}), "")
    assert len(steps) == compiling.STEPS


SPEEDS = {32: 1000.0, 64: 1300.0, 128: 1900.0, 256: 2000.0}
"""A GPU's pictures a second, by how many it is given at once."""


@pytest.mark.parametrize(
    ("pictures", "found"),
    [(3199, 0), (3200, 64), (6400, 128), (12_800, 128)],
    ids=["fifty steps at least", "64", "128", "as fast as 256"],
)
@pytest.mark.parametrize(("optimizer", "power"), [("sgd", 1.0), ("adamw", 0.5)])
def test_a_gpu_learns_from_as_many_pictures_a_step_as_it_takes_to_keep_it_busy(
    pictures: int, found: int, optimizer: str, power: float, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(ways: Mapping[str, object]) -> dict[str, float]:
        return {name: 256 / SPEEDS[int(name)] for name in ways}

    monkeypatch.setattr(batch_size, "TRIED_ON", ("cpu",))
    monkeypatch.setattr(batch_size, "measure", measured)
    recipe = PRESETS["thorough"].with_settings({"optimizer": optimizer, "precision": "float32"})
    told = with_batch_size(network(), recipe, pictures, settings)
    assert told.batch_size == found
    assert told.learning_rate == pytest.approx(recipe.learning_rate * (found / 32 or 1) ** power)
    named = recipe.with_settings({"batch_size": "16"})
    assert with_batch_size(network(), named, pictures, settings) == named, "somebody said how many"


def test_each_batch_is_tried_with_as_many_pictures_and_one_too_large_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[int] = Counter()

    def steps(self: Rehearsal, count: int, *, half: bool, pictures: int) -> None:
        if pictures > 32:
            raise torch.OutOfMemoryError("too large")
        seen[pictures] += count * pictures

    monkeypatch.setattr(batch_size, "TRIED_ON", ("cpu",))
    monkeypatch.setattr(Rehearsal, "steps", steps)
    recipe = PRESETS["thorough"].with_settings({"precision": "float32"})
    told = with_batch_size(network(), recipe, 6400, settings, 2)
    assert told.batch_size in (0, 64), "128 is 64 for each of two"
    assert set(seen) == {16, 32} and seen[16] == seen[32]


def test_a_processor_learns_from_the_usual_batch_untried(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_size, "recalled", lambda *_: pytest.fail("tried"))
    recipe = PRESETS["thorough"]
    assert with_batch_size(network(), recipe, 100_000, settings) == recipe


@pytest.mark.filterwarnings("ignore:Guards may run slower")  # torch of Python 3.13.0
def test_what_compiling_brings_is_measured_once_and_a_missing_compiler_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def broken(model: torch.nn.Module) -> torch.nn.Module:
        calls.append("compiled")
        raise RuntimeError("No working C++ compiler found\nand much more")

    monkeypatch.setattr(compiling, "compiled", broken)
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.5, 0.5, 0.5))
    recipe = PRESETS["thorough"].with_settings({"compile": "on", "precision": "float32"})
    for _ in range(2):
        told, words = with_compiling(network(), recipe, 8, settings)
        assert told.compile == "off" and "cannot compile it (No working C++ compiler found)" in words
    assert calls == ["compiled"]
    monkeypatch.setattr(compiling, "compiled", lambda model: torch.compile(model, backend="eager"))  # needs no compiler
    gain = compiling._measured(network(), recipe, 4)
    assert set(gain) == {"cost", "saved"}
