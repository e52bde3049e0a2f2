"""How explanations are graded: hand-computed areas and hits, and methods that must pass or fail."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from core.demo.picture import draw_leaf
from core.evaluation import best, in_order, judge, units_of
from core.explanation import explain
from core.explanation.grading import chance_maps, deletion_insertion, kept, likeness, points_inside, randomised
from core.labels import Circle
from core.models import Network
from core.tasks.grade import region
from tests.unit.test_explanation import with_body

SIDE = 8


class Mean(nn.Module):
    """A network whose only output is the mean of the red channel."""

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, 0].mean((1, 2))[:, None]


def red() -> Network:
    network = with_body(Mean(), 1, 1)
    network.normalise = lambda pictures: pictures.float()  # type: ignore[method-assign]
    with torch.no_grad():
        network.head.weight.fill_(1), network.head.bias.zero_()
    return network


def test_deletion_is_the_area_that_the_hand_computes() -> None:
    picture = torch.zeros(1, 3, SIDE, SIDE)
    picture[0, 0, :4] = 1  # the upper half is red: the mean is 1/2
    maps = torch.zeros(1, SIDE, SIDE)
    maps[0, :4] = 1
    gone, _ = deletion_insertion(red(), picture, torch.tensor([0]), maps, lambda logits: logits, steps=2)
    # After half of the pixels the red half has become grey, 1/2: (1/2 * 1 + 1/2 * 0... ) mean 1/4; then all is grey.
    # Values 1/2, 1/4, 1/2: the area is (1/2 + 1/4) / 4 + (1/4 + 1/2) / 4 = 3/8.
    assert gone.tolist() == pytest.approx([3 / 8])
    wrong = 1 - maps  # deletes the black half first: it becomes grey
    gone, _ = deletion_insertion(red(), picture, torch.tensor([0]), wrong, lambda logits: logits, steps=2)
    assert gone.tolist() == pytest.approx([5 / 8])


def test_a_number_is_held_against_what_the_model_says_of_the_whole_picture() -> None:
    class Corner(nn.Module):
        """The number is the mean of the red of the upper half."""

        def forward(self, pictures: Tensor) -> Tensor:
            return pictures[:, 0, : SIDE // 2].mean((1, 2))[:, None]

    network = red()
    network.body = Corner()
    picture = torch.zeros(1, 3, SIDE, SIDE)
    picture[0, 0, :4] = 8  # the number is 8; of the mean colour it is 4
    maps = torch.zeros(1, SIDE, SIDE)
    maps[0, :4] = 1
    share = kept(network, picture)
    assert share(torch.tensor([[8.0]])).item() == 1 and share(torch.tensor([[6.0]])).item() == pytest.approx(0.5)
    assert share(torch.tensor([[0.0]])).item() == 0 and share(torch.tensor([[12.0]])).item() == 0
    gone, _ = deletion_insertion(network, picture, torch.tensor([0]), maps, share, steps=2)
    # Kept 1, then nothing: (1 + 0) / 2 / 2. Deleting the lower half first keeps all until the end: (1 + 1) / 4 + 1 / 4.
    assert gone.tolist() == pytest.approx([1 / 4])
    gone, _ = deletion_insertion(network, picture, torch.tensor([0]), 1 - maps, share, steps=2)
    assert gone.tolist() == pytest.approx([3 / 4])


def test_insertion_rises_sooner_for_the_map_that_knows() -> None:
    picture = torch.zeros(1, 3, 32, 32)
    picture[0, 0, 15:17, 15:17] = 200  # blurred, it is not bright any more
    knows = picture[:, 0] / 200
    share = lambda logits: torch.sigmoid(logits - 8)  # noqa: E731

    class Peak(nn.Module):
        def forward(self, pictures: Tensor) -> Tensor:
            return pictures[:, 0].amax((1, 2))[:, None] / 16

    network = red()
    network.body = Peak()
    _, knowing = deletion_insertion(network, picture, torch.tensor([0]), knows, share)
    _, guessing = deletion_insertion(network, picture, torch.tensor([0]), 1 - knows, share)
    assert float(knowing) > float(guessing) + 0.3


def test_equal_pixels_go_in_no_order_of_rows() -> None:
    flat = torch.zeros(1, SIDE, SIDE)
    picture = torch.zeros(1, 3, SIDE, SIDE)
    picture[0, 0, :4] = 1
    gone, _ = deletion_insertion(red(), picture, torch.tensor([0]), flat, lambda logits: logits, steps=8)
    assert gone.tolist() == pytest.approx([0.5], abs=0.05)  # row by row it would be 3/8


def test_the_hottest_place_must_lie_in_the_region_or_close_to_it() -> None:
    maps, regions = torch.zeros(4, 100, 100), torch.zeros(4, 100, 100, dtype=torch.bool)
    regions[:, 40:60, 40:60] = True
    for index, (row, column) in enumerate(((50, 50), (50, 62), (50, 64))):
        maps[index, row, column] = 1
    hits, chance = points_inside(maps, regions)  # 3 pixels of tolerance; the last map is empty
    assert hits.tolist() == [True, True, False, False]
    assert chance.tolist() == pytest.approx([26 * 26 / 10_000] * 4)


def test_a_map_of_the_lesions_of_drawn_leaves_always_points_at_them_and_one_of_the_rest_never() -> None:
    lesions = torch.stack(
        [
            torch.from_numpy(np.array(draw_leaf("blight", seed, False, plant=seed, field=1).lesions)) > 0
            for seed in (1, 2)
        ]
    )
    assert points_inside(lesions.float(), lesions)[0].all()
    assert not points_inside((~points_region(lesions)).float(), lesions)[0].any()


def points_region(regions: Tensor) -> Tensor:
    return nn.functional.max_pool2d(regions[:, None].float(), 41, stride=1, padding=20)[:, 0] > 0


def test_a_circle_lies_where_it_was_drawn_whatever_the_framing() -> None:
    drawn = [Circle(0.5, 0.25, 0.1, 0.25)]
    squashed = region(drawn, 200, 100, 40, "squash")
    assert squashed[10, 20] and squashed[1, 20] and squashed[18, 20] and not squashed[21, 20]
    assert squashed[10, 17] and not squashed[10, 14]
    cropped = region(drawn, 200, 100, 40, "crop")  # the middle square: as wide as high, so twice as wide a circle
    assert cropped[10, 14] and not cropped[10, 10]
    assert squashed.sum() == pytest.approx(np.pi * 4 * 10, rel=0.05)


def test_likeness_is_scipys_rank_correlation() -> None:
    one, other = torch.rand(3, 8, 8), torch.rand(3, 8, 8)
    wanted = [spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(one, other, strict=True)]
    assert likeness(one, other) == pytest.approx(np.array(wanted))
    assert likeness(one, one) == pytest.approx(1) and likeness(one, torch.zeros(3, 8, 8)) == pytest.approx(0)


def test_random_weights_keep_spread_and_life_and_leave_the_network_alone() -> None:
    torch.manual_seed(0)
    network = Network("resnet18", 3, image_size=64).eval()
    batch = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    before = network(batch)
    other = randomised(network, batch)
    assert torch.equal(network(batch), before)
    old, new = (item.body.conv1.weight.detach() for item in (network, other))
    assert float(new.std()) == pytest.approx(float(old.std()), rel=0.05)
    assert not torch.equal(new, old)
    answers = other(batch).detach()
    assert bool(answers.isfinite().all()) and float(answers.std()) > 0
    assert torch.equal(answers, randomised(network, batch)(batch))


def test_an_edge_detector_is_caught_by_the_randomised_weights_and_gradcam_is_not() -> None:
    torch.manual_seed(0)
    network = Network("resnet18", 3, image_size=64).eval()
    batch = torch.stack([chance_maps(3, 64, seed) * 255 for seed in range(4)])
    targets = torch.tensor([0, 1, 2, 0])
    other = randomised(network, batch)
    edges = (batch[:, :, 1:, 1:] - batch[:, :, :-1, :-1]).abs().sum(1)  # looks at the picture, never at the network
    assert likeness(edges, edges).mean() > 0.5
    assert likeness(explain(network, batch, targets), explain(other, batch, targets)).mean() < 0.5


def judged(
    gain: float, alike: float = 0.1, hits: int = 8, circled: int = 10, count: int = 20, chance: float = 0.0,
    measured: int = 6,
) -> object:  # fmt: skip
    noise = np.random.default_rng(0).normal(0, 0.05, count)
    return judge(
        deletion=np.full(count, 0.3), insertion=0.3 + gain + noise, chance_gain=np.full(count, chance),
        units=units_of([""] * count), hits=np.arange(circled) < hits, areas=np.full(circled, 0.5),
        alike=np.full(measured, alike),
    )  # fmt: skip


def test_each_failed_test_is_a_reason_and_few_pictures_are_no_verdict() -> None:
    good = judged(0.3)
    assert good.passes is True and good.reasons == () and good.pointing.value == 0.8 and good.chance == 0.5
    assert good.gain.low < 0.3 < good.gain.high
    assert "by chance" in judged(0.0).reasons[0] and judged(0.0).passes is False
    assert "forgets" in judged(0.3, alike=0.8).reasons[0]
    few = judged(0.3, alike=0.8, count=5)
    assert few.passes is None and few.reasons == () and few.alike == pytest.approx(0.8), "told, but no verdict"
    assert "circled" in judged(0.3, hits=0).reasons[0]
    lucky = judged(0.3, chance=0.3)
    assert lucky.passes is False and lucky.gain.value == pytest.approx(judged(0.0).gain.value), "as chance maps do"
    assert judged(0.3, chance=-0.1).gain.value == pytest.approx(judged(0.4).gain.value)
    unmeasured = judged(0.3, measured=0)
    assert (unmeasured.passes, unmeasured.alike, unmeasured.reasons) == (None, None, ())
    few = judged(0.3, count=9, circled=4)
    assert (few.passes, few.gain, few.pointing) == (None, None, None)


def test_the_best_is_the_one_that_gains_most_among_those_that_pass() -> None:
    grades = {"a": judged(0.2), "b": judged(0.4, alike=0.9), "c": judged(0.3), "d": judged(0.9, count=5)}
    assert in_order(grades) == ["c", "a", "d", "b"]
    quick = dict.fromkeys(grades, 0.1)
    assert best(grades, quick) == "c"
    assert best(grades, {**quick, "c": 5.0}) == "a"  # nobody waits five seconds for each click
    assert best(grades, dict.fromkeys(grades, 5.0)) == "c"
    assert best({"b": grades["b"], "d": grades["d"]}, quick) is None
