"""Gradients of a whole batch, added up over parts that fit the memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from core.errors import OutOfMemory
from core.models import Network
from core.training.gradients import Gradients
from core.training.group import ALONE, Group, devices_for

PICTURES = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
TARGETS = torch.randn(8, 1, generator=torch.Generator().manual_seed(1))


class Small:
    """A device whose memory holds `most` pictures at a time, and what was asked of it."""

    def __init__(self, most: int) -> None:
        self.most, self.spared = most, 0
        self.asked: list[int] = []
        self.notes: list[str] = []

    def loss(self, model: nn.Module, pictures: Tensor, targets: Tensor) -> Tensor:
        self.asked.append(len(pictures))
        said = model(pictures)
        if len(pictures) > self.most:
            raise torch.OutOfMemoryError("too much")
        return ((said - targets) ** 2).mean()

    def spare(self) -> None:
        self.spared += 1

    def gradients(self, network: nn.Module, group: Group = ALONE) -> Gradients:
        return Gradients(cast(Network, network), len(PICTURES), group, self.loss, self.spare, self.notes.append)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 1))


def gradient(model: nn.Module) -> Tensor:
    return torch.cat([cast(Tensor, item.grad).flatten() for item in model.parameters()])


@pytest.fixture
def whole() -> tuple[float, Tensor]:
    """The mean loss of all pictures at once, and its gradient."""
    model = network()
    loss = ((model(PICTURES) - TARGETS) ** 2).mean()
    torch.autograd.backward(loss)
    return float(loss.detach()), gradient(model)


@pytest.mark.parametrize(("most", "asked"), [(8, [8]), (5, [8, 4, 4]), (3, [8, 4, 2, 2, 2, 2])])
def test_the_parts_that_fit_add_up_to_the_whole_batch(most: int, asked: list[int], whole: tuple[float, Tensor]) -> None:
    model, device = network(), Small(most)
    gradients = device.gradients(model)
    loss = gradients.add(model, PICTURES, TARGETS)
    assert float(loss) == pytest.approx(whole[0], rel=1e-5) and not loss.requires_grad
    assert torch.allclose(gradient(model), whole[1], atol=1e-6)
    assert device.asked == asked and device.spared == len(device.notes) == sum(most < size for size in (8, 4))
    assert device.notes == [
        f"The device's memory is too small for 8 pictures at a time: going on with {size}, gradients added up."
        for size in (4, 2)[: len(device.notes)]
    ]
    device.asked.clear()
    gradients.add(model, PICTURES, TARGETS)
    assert len(set(device.asked)) == 1, "it stays with what fits"


def test_a_weighed_batch_adds_to_what_is_there_already(whole: tuple[float, Tensor]) -> None:
    model, device = network(), Small(8)
    gradients = device.gradients(model)
    gradients.add(model, PICTURES, TARGETS)
    assert float(gradients.add(model, PICTURES, TARGETS, 0.5)) == pytest.approx(whole[0] / 2, rel=1e-5)
    assert torch.allclose(gradient(model), 1.5 * whole[1], atol=1e-6)


def test_parts_of_unlike_length_weigh_as_much_as_they_hold(whole: tuple[float, Tensor]) -> None:
    model, device = network(), Small(8)
    gradients = device.gradients(model)
    gradients.micro_batch = 3  # 3, 3 and 2
    assert float(gradients.add(model, PICTURES, TARGETS)) == pytest.approx(whole[0], rel=1e-5)
    assert torch.allclose(gradient(model), whole[1], atol=1e-6) and device.asked == [3, 3, 2]


def test_where_two_pictures_do_not_fit_nothing_does() -> None:
    device = Small(1)
    with pytest.raises(OutOfMemory, match="Not even two pictures"):
        device.gradients(network()).add(network(), PICTURES, TARGETS)
    assert device.asked == [8, 4, 2]


@dataclass(frozen=True, slots=True)
class Pretended(Group):
    """A group whose other processes fit as much as their memory, which `fits` tells when asked."""

    rank: int = 0
    size: int = 2
    others: Callable[[], bool] = lambda: False

    def any(self, here: bool) -> bool:
        return here or self.others()


class Remembers(nn.Module):
    """Draws by chance and counts what it sees, as dropout and batch norm do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = network()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, pictures: Tensor) -> Tensor:
        cast(Any, self).seen += 1
        return self.layer(pictures) + 0 * torch.rand(1)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_group_finds_out_together_what_fits_and_leaves_everything_as_it_was(
    elsewhere: bool, whole: tuple[float, Tensor]
) -> None:
    """Whether it is this process's memory or another's that is too small."""
    fails = iter([True, False, False, False])
    device, model = Small(8 if elsewhere else 2), Remembers()
    group = Pretended(others=lambda: elsewhere and next(fails))
    gradients = device.gradients(model, group)
    share = PICTURES[:4], TARGETS[:4]
    wanted = network()
    torch.autograd.backward(((wanted(share[0]) - share[1]) ** 2).mean())
    torch.manual_seed(5)
    gradients.add(model, *share)
    assert gradients.micro_batch == 2 and len(device.notes) == 1 and "for 4 pictures" in device.notes[0]
    assert torch.allclose(gradient(model), gradient(wanted), atol=1e-6), "what was tried adds nothing"
    assert float(cast(Any, model).seen) == 2, "only the step itself, in two parts"
    drawn = torch.rand(1)
    torch.manual_seed(5)
    torch.rand(2)
    assert torch.equal(torch.rand(1), drawn), "what is drawn by chance goes on as if nothing had been tried"
    device.asked.clear()
    gradients.add(model, *share)
    assert device.asked == [2, 2], "tried once"
    gradients.more_learns()
    device.asked.clear()
    gradients.add(model, *share)
    assert device.asked == [2, 2, 2, 2], "tried again when more learns"


def test_a_group_that_runs_out_of_memory_amid_a_step_says_so() -> None:
    device, model = Small(8), network()
    gradients = device.gradients(model, Pretended())
    gradients.add(model, PICTURES, TARGETS)
    device.most = 1
    with pytest.raises(OutOfMemory, match="ran out amid a step"):
        gradients.add(model, PICTURES, TARGETS)


def test_all_gpus_learn_together_where_none_was_named_and_each_gets_two_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    gpu = torch.device("cuda")
    assert [str(item) for item in devices_for(gpu, "auto", 32)] == ["cuda:0", "cuda:1", "cuda:2", "cuda:3"]
    assert [str(item) for item in devices_for(gpu, "auto", 5)] == ["cuda:0", "cuda:1"]
    assert devices_for(gpu, "auto", 3) == [gpu], "one and a half pictures are too few for each of two"
    assert devices_for(gpu, "cuda", 32) == [gpu]
    assert devices_for(torch.device("cpu"), "auto", 32) == [torch.device("cpu")]


def test_the_shares_of_a_group_are_the_batch() -> None:
    batch = torch.tensor([5, 2, 7, 1, 0])
    shares = [Group(rank, 3).share(batch).tolist() for rank in range(3)]
    assert shares == [[5, 2], [7, 1], [0]] and ALONE.share(batch).tolist() == batch.tolist()
    assert [Group(rank, 3).leads for rank in range(3)] == [True, False, False]
