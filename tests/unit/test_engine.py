"""What the engine tries and remembers, and that its faster ways say the same."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from app.parts.run_engine import sentences
from core.errors import BadInput
from core.features import PixelCache
from core.features.bodies import fingerprint
from core.features.threads import ThreadTrial
from core.inference import PLAIN, RUNTIMES, choose_runtime, compute_features, conversion, has_bfloat16, remembered
from core.inference.runtimes import PIECE, operations
from core.inference.trial import NAME, fastest, measure, recalled
from core.models import Network
from core.recipes import PRESETS, Recipe
from core.settings import Settings
from core.training import precision, with_precision
from core.training.ahead import read_ahead
from core.training.augment import STRENGTHS, _by_bytes, _by_planes, _light, _placement

CPU = torch.device("cpu")
RECIPE, FULL = Recipe(), Recipe(precision="float32")


def network(backbone: str = "mobilenet_v3_small", size: int = 32) -> Network:
    torch.manual_seed(0)
    return Network(backbone, 2, image_size=size)


def openvino_or_skip() -> ModuleType:
    if find_spec("openvino") is None:
        pytest.skip("OpenVINO is not installed here")
    return conversion.load_openvino()


def test_openvino_tells_nobody_that_it_is_used() -> None:
    openvino_or_skip()
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__ == "openvino.tools.ovc.telemetry_stub"


def test_what_is_faster_is_tried_once_and_then_remembered(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr("psutil.getloadavg", lambda: (0.5, 0.5, 0.5))

    def tries() -> dict[str, object]:
        calls.append("tried")
        return {"plain": lambda: sum(range(300_000)), "quick": lambda: None}

    assert [remembered(settings, "a sum", CPU, tries) for _ in range(3)] == ["quick"] * 3  # type: ignore[arg-type]
    assert calls == ["tried"]
    assert remembered(settings, "another sum", CPU, lambda: {"plain": lambda: None}) == "plain"
    (settings.home / NAME).write_text("{ damaged")
    assert remembered(settings, "a sum", CPU, tries) == "quick" and calls == ["tried", "tried"]  # type: ignore[arg-type]


def test_what_was_tried_on_a_busy_machine_is_tried_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter(["disturbed", "quiet", "never asked"])
    for load, expected in ((99.0, "disturbed"), (0.5, "quiet"), (0.5, "quiet")):
        monkeypatch.setattr("os.cpu_count", lambda: 2)
        monkeypatch.setattr("psutil.getloadavg", lambda load=load: (load, 0.0, 0.0))
        assert recalled(settings, "a sum", CPU, lambda: next(found)) == expected


def test_another_way_must_be_clearly_faster_and_must_work() -> None:
    assert fastest({"plain": 1.0, "other": 0.95}, "plain") == "plain"
    assert fastest({"plain": 1.0, "other": 0.5}, "plain") == "other"
    assert fastest({"other": 0.5}, "plain") == "other"

    def broken() -> None:
        raise RuntimeError("no such layer in 16 bits")

    assert set(measure({"plain": lambda: None, "broken": broken})) == {"plain"}


def test_what_is_clear_after_three_rounds_is_not_tried_further() -> None:
    tried = Counter[str]()

    def way(name: str, seconds: float) -> Callable[[], object]:
        return lambda: (tried.update([name]), time.sleep(seconds))

    found = measure({"plain": way("plain", 0.02), "quick": way("quick", 0.0)})
    assert tried == {"plain": 3, "quick": 3} and fastest(found, "plain") == "quick"


def test_a_converted_network_is_kept_and_converted_again_only_if_it_is_damaged_or_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    openvino_or_skip()
    conversions = []
    convert = conversion.convert
    monkeypatch.setattr(conversion, "convert", lambda *asked: conversions.append(1) or convert(*asked))
    pictures = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)

    def say(network: Network) -> torch.Tensor:
        return RUNTIMES["openvino"](network, settings)(pictures)

    def small() -> Network:
        return network("graft:tiny_cnn")

    first = say(small())
    assert torch.equal(say(small()), first) and len(conversions) == 1
    (kept,) = settings.converted.iterdir()
    with (kept / "network.bin").open("r+b") as file:
        file.seek(1000)
        file.write(b"damaged!")
    assert torch.equal(say(small()), first) and len(conversions) == 2
    assert torch.equal(say(small()), first) and len(conversions) == 2
    other = small()
    with torch.no_grad():
        next(other.body.parameters()).mul_(2)
    assert not torch.equal(say(other), first) and len(list(settings.converted.iterdir())) == 2


def test_only_the_converted_networks_used_last_are_kept_and_a_full_disk_stops_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    openvino = openvino_or_skip()
    monkeypatch.setattr(conversion, "MOST", 1)
    monkeypatch.setattr(conversion, "convert", lambda *asked: "a model")

    def save(model: str, path: Path, **_: object) -> None:
        for name in ("network.xml", "network.bin"):
            (path.parent / name).write_text(model)

    monkeypatch.setattr(openvino, "save_model", save)
    for width in (32, 64):
        conversion.converted(Network("mobilenet_v3_small", 2, image_size=width), settings)
    assert len(list(settings.converted.iterdir())) == 1

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(openvino, "save_model", full)
    assert conversion.converted(Network("mobilenet_v3_small", 2, image_size=96), settings) == "a model"
    assert len(list(settings.converted.iterdir())) == 1


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_runtime_computes_the_same_features(runtime: str, settings: Settings) -> None:
    if runtime.startswith("openvino"):
        openvino_or_skip()
    pictures = torch.randint(0, 256, (2 * PIECE + 3, 3, 32, 32), dtype=torch.uint8)  # more than are asked for at once
    plain = compute_features(network(), [pictures])
    found = RUNTIMES[runtime](network(), settings)(pictures)
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
    monkeypatch.setattr("core.inference.runtimes.has_bfloat16", lambda device: True)
    assert choose_runtime(network(), 299, RECIPE, settings) == PLAIN and not asked
    assert choose_runtime(network(), 300, RECIPE, settings) == "torch-bf16"
    assert choose_runtime(network(), 300, FULL, settings) == PLAIN
    assert len(asked) == 1 and "openvino" not in asked[0]
    choose_runtime(network(), 5000, RECIPE, settings)
    assert "mobilenet_v3_small at 32" in asked[1]
    openvino_or_skip()
    monkeypatch.setattr("core.inference.runtimes.HEAVY", 400 * operations(network()))
    choose_runtime(network(), 399, RECIPE, settings)
    choose_runtime(network(), 400, RECIPE, settings)
    assert ["openvino" in what for what in asked] == [False, True, False, True]


def test_operations_are_two_for_each_weight_and_place() -> None:
    one = Network("resnet18", 2, image_size=224)
    # 1.814 G multiplications with an addition each are published for all layers at 224 px, the head of 1,000 included.
    assert operations(one) == pytest.approx(2 * (1.814e9 - 512 * 1000), rel=1e-3)
    assert one.training, "it is left as it was"


@pytest.mark.parametrize(("known", "tried"), [("AVX2", False), ("NO AVX", False), ("AVX512", True), ("DEFAULT", True)])
def test_a_processor_that_would_imitate_bfloat16_is_not_asked_to(
    known: str, tried: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: known)
    monkeypatch.setattr("core.inference.runtimes.remembered", lambda *_: "torch-bf16")
    monkeypatch.setattr(precision, "remembered", lambda *_: "bfloat16")
    assert choose_runtime(network(), 300, RECIPE, settings) == ("torch-bf16" if tried else PLAIN)
    recipe = PRESETS["thorough"].with_settings({"epochs": "10"})
    assert with_precision(network(), recipe, 300, settings).precision == ("bfloat16" if tried else "float32")
    assert has_bfloat16(torch.device("cuda"))


@pytest.mark.parametrize("capable", [True, False])
def test_sixteen_bits_of_openvino_are_tried_only_where_the_processor_has_them(
    capable: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    openvino_or_skip()
    tried: list[str] = []

    def find(settings: Settings, what: str, device: torch.device, tries: Callable[[], Mapping[str, object]]) -> str:
        tried.extend(tries())
        return PLAIN

    monkeypatch.setattr("core.inference.runtimes.remembered", find)
    monkeypatch.setattr("core.inference.runtimes._has_16_bits", lambda: capable)
    for name in ("openvino", "openvino-bf16"):
        monkeypatch.setitem(RUNTIMES, name, RUNTIMES[PLAIN])
    choose_runtime(network(), 5000, RECIPE, settings)
    assert "openvino" in tried and ("openvino-bf16" in tried) is capable


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
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    recipe = PRESETS["thorough"].with_settings({"epochs": "10"})
    assert with_precision(network(), recipe, 299, settings).precision == "float32"
    assert with_precision(network(), recipe, 300, settings).precision == "bfloat16"
    heavy = Network("resnet18", 2, image_size=224)  # 3.6 billion operations a picture
    assert with_precision(heavy, recipe, 27, settings).precision == "float32"
    assert with_precision(heavy, recipe, 28, settings).precision == "bfloat16"
    forced = recipe.with_settings({"precision": "float32"})
    assert with_precision(network(), forced, 10_000, settings) == forced


def test_trying_a_precision_changes_neither_the_network_nor_chance(settings: Settings, tmp_path: Path) -> None:
    tried = network()
    before = {name: value.clone() for name, value in tried.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    for way in precision._tries(tried, 4).values():
        way()
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, before[name]) for name, value in tried.state_dict().items())
    assert all(item.grad is None for item in tried.parameters())


@settings_of_hypothesis(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(STRENGTHS)), st.integers(0, 2**31), st.sampled_from([16, 33, 64]))
def test_pictures_vary_alike_on_a_processor_and_on_a_gpu(name: str, seed: int, side: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 256, (3, 3, side, side), dtype=torch.uint8, generator=generator)
    placement = _placement(3, STRENGTHS[name], generator)
    factor, offset = _light(3, STRENGTHS[name], generator)
    bytes_, planes = (way(pictures, placement, factor, offset) for way in (_by_bytes, _by_planes))
    # Sampled bytes are rounded, then lit.
    assert float((bytes_ - planes).abs().max()) <= 0.51 * float(factor.max())
    assert bytes_.shape == planes.shape == pictures.shape
    assert all(item.is_contiguous(memory_format=torch.channels_last) for item in (bytes_, planes))


def test_more_threads_decode_only_where_they_were_clearly_faster() -> None:
    def settled(seconds: dict[int, float]) -> int:
        trial = ThreadTrial(2)
        for _ in range(5):
            trial.took(64, seconds[trial.count])
        return trial.count

    assert settled({2: 1.0, 4: 0.95, 8: 0.95}) == 2
    assert settled({2: 1.0, 4: 0.5, 8: 0.49}) == 4
    assert settled({2: 1.0, 4: 0.9, 8: 0.3}) == 8
    assert settled({2: 1.0, 4: 3.0, 8: 0.5}) == 8


def test_as_many_threads_decode_as_there_are_cores_that_the_process_may_use(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    class Trial(ThreadTrial):
        def __init__(self, cores: int) -> None:
            tried.append(cores)
            super().__init__(cores)

    monkeypatch.setattr("core.features.pixels.ThreadTrial", Trial)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {5}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    PixelCache(settings, 8, "squash").fill([])
    assert tried == [1]


def test_a_processor_reads_each_batch_when_it_is_asked_for() -> None:
    read: list[int] = []

    def reading(batch: torch.Tensor) -> torch.Tensor:
        read.append(int(batch))
        return batch

    batches = list(torch.arange(3))
    for number, found in enumerate(read_ahead(reading, batches, CPU)):
        assert int(found) == number and read == list(range(number + 1))


def test_a_gpu_has_the_next_batch_read_and_pinned_while_it_computes() -> None:
    begun = [threading.Event() for _ in range(4)]
    pinned: list[int] = []

    class Gpu:
        type = "cuda"

    class Batch:
        def __init__(self, number: int) -> None:
            self.number = number

        def to(self, device: object, *, non_blocking: bool) -> "Batch":
            assert non_blocking and self.number in pinned
            return self

    def read(batch: Batch) -> Batch:
        begun[batch.number].set()
        return batch

    def pin(batch: Batch) -> Batch:
        pinned.append(batch.number)
        return batch

    batches = [Batch(number) for number in range(4)]
    for number, found in enumerate(read_ahead(read, batches, Gpu(), pin=pin)):  # type: ignore[arg-type]
        assert found is batches[number]
        if number < 3:
            assert begun[number + 1].wait(5)
        assert not any(event.is_set() for event in begun[number + 2 :])
    assert pinned == [0, 1, 2, 3]


def test_how_a_training_was_computed_is_told_in_sentences() -> None:
    assert sentences({}) == []
    assert sentences({"precision": "float32", "runtime": "openvino-bf16", "compiling": "Not compiled."}) == [
        "Numbers of 32 bits.",
        "What looked through the network while it was frozen: OpenVINO, half precision.",
        "Not compiled.",
    ]
    assert sentences({"batch_size": "128", "learning_rate": "0.0056568"}) == [
        "Each step learns from 128 pictures, the fewest that keep this machine busy, at a learning rate raised with "
        "them, to 0.0057."
    ]
