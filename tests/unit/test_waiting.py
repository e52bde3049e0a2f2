"""What keeps a GPU busy: losses that are read late, pictures that stay there, averages of all weights at once."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.errors import GraftError
from core.training.ahead import Kept, keep_on, read_ahead
from core.training.augment import STRENGTHS, _placement
from core.training.average import Average
from core.training.reading import Losses
from core.training.sampling import placement_grid

CPU = torch.device("cpu")


def test_the_mean_loss_weighs_each_step_by_its_pictures() -> None:
    losses = Losses()
    losses.add(torch.tensor(1.0), 3, GraftError("first"))
    losses.add(torch.tensor(5.0), 1, GraftError("second"))
    assert losses.take() == 2.0
    losses.add(torch.tensor(7.0), 1, GraftError("third"))
    assert losses.take() == 7.0


def test_a_loss_that_is_no_number_is_noticed_with_the_next_step_or_at_the_end() -> None:
    broken = torch.tensor(float("nan"))
    losses = Losses()
    losses.add(broken, 1, GraftError("the first step"))
    with pytest.raises(GraftError, match="the first step"):
        losses.add(torch.tensor(1.0), 1, GraftError("the second step"))
    losses = Losses()
    losses.add(broken, 1, GraftError("the last step"))
    with pytest.raises(GraftError, match="the last step"):
        losses.take()


def test_pictures_that_were_all_there_once_are_found_again_in_any_order() -> None:
    pictures = torch.randint(0, 256, (6, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    kept = Kept(6, CPU)
    kept.put(torch.tensor([4, 0, 2]), pictures[[4, 0, 2]])
    assert not kept.complete
    kept.put(torch.tensor([1, 5, 3]), pictures[[1, 5, 3]])
    found = kept.take(torch.tensor([3, 4, 4]))
    assert kept.complete and torch.equal(found, pictures[[3, 4, 4]])
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_a_gpu_that_has_all_pictures_reads_none_again() -> None:
    class Gpu:
        type = "cuda"

    kept = Kept(2, CPU)
    kept.put(torch.arange(2), torch.tensor([10, 11], dtype=torch.uint8).view(2, 1, 1, 1))

    def read(batch: torch.Tensor) -> torch.Tensor:
        raise AssertionError("read again")

    found = list(read_ahead(read, [torch.tensor([1]), torch.tensor([0])], Gpu(), kept))  # type: ignore[arg-type]
    assert [int(item) for item in found] == [11, 10]


def test_pictures_are_kept_on_no_processor_and_on_no_gpu_they_would_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep_on(CPU, 1, 1) is None
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 2000))
    gpu = torch.device("cuda")
    assert keep_on(gpu, 25, 10) is not None and keep_on(gpu, 26, 10) is None


def test_averaged_weights_are_those_of_the_formula_and_counters_are_copied() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    average = Average(model, 0.25)
    expected = None
    for count in range(4):
        with torch.no_grad():
            model[0].weight.add_(1.0)  # type: ignore[operator]
        model(torch.randn(5, 3))
        average.update(model)
        now = torch.cat([model[0].weight.detach().flatten(), model[1].running_mean])  # type: ignore[list-item]
        kept = min(0.25, (1 + count) / (10 + count))
        expected = now.clone() if expected is None else kept * expected + (1 - kept) * now
    shown = average.module
    found = torch.cat([shown[0].weight.flatten(), shown[1].running_mean])  # type: ignore[index]
    assert expected is not None and torch.allclose(found, expected, atol=1e-6)
    assert int(shown[1].num_batches_tracked) == 4  # type: ignore[index]
    other = Average(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), 0.25)
    other.load_state_dict(average.state_dict())
    for one in (average, other):
        one.update(model if one is average else copy.deepcopy(model))
    assert torch.equal(other.module[0].weight, average.module[0].weight), "it goes on as it would have"


def test_the_grid_is_that_of_torch() -> None:
    placement = _placement(3, STRENGTHS["strong"], torch.Generator().manual_seed(0))
    theirs = functional.affine_grid(placement, [3, 3, 17, 17], align_corners=False)
    assert torch.allclose(placement_grid(placement, 17), theirs, atol=1e-6)
