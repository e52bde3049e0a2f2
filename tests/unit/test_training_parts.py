"""The pieces of the training engine, by hand and against scikit-learn."""

import io
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps
from scipy.optimize import minimize_scalar
from sklearn.metrics import average_precision_score, balanced_accuracy_score, cohen_kappa_score, log_loss, r2_score
from torch import nn

from core.catalogue import BACKBONES, ModelCard, all_backbones, backbone_info, search_backbones
from core.errors import BadInput, Diverged, GraftError
from core.features.rows import RowCache
from core.inference import answers, frame_picture, median_grade, open_pixels
from core.models import Network, begin_residuals, channels_last, hasten_batch_norm, units
from core.models.parts import add_lora, check_kind, lacking_kinds, merge_lora, merged_state, set_trainable_kind
from core.recipes import PRESETS
from core.training import score
from core.training.augment import STRENGTHS, augment, mix
from core.training.checkpoint import (
    DECIDED,
    NAME,
    delete_checkpoint,
    load_checkpoint,
    load_decisions,
    save_checkpoint,
    save_decisions,
)
from core.training.head import fit_head, fit_temperature
from core.training.losses import build_loss, class_weights, effective_weights, rarity
from core.training.plan import build_optimizer, choose_batch_size, rate_factor, scheduled, settled_epoch, thawed_stages
from core.training.policies import POLICIES
from core.types import Task

BALANCED = PRESETS["balanced"]


def test_the_learning_rate_climbs_and_then_falls_along_a_cosine() -> None:
    factors = [rate_factor(step, 10, 0.2) for step in range(10)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[6] == pytest.approx(0.5)
    assert factors[-1] == pytest.approx(0.5 * (1 + math.cos(math.pi * 7 / 8)))
    assert [rate_factor(step, 4, 1.0) for step in range(4)] == [0.25, 0.5, 0.75, 1.0], "it may climb to the end"


def test_a_constant_schedule_climbs_and_stays() -> None:
    recipe = BALANCED.with_settings({"epochs": "2", "warmup": "0.2", "schedule": "constant"})
    assert [scheduled(recipe, step, 5) for step in range(10)] == [0.5, *[1.0] * 9]


def test_gradual_training_thaws_from_the_top_until_everything_learns() -> None:
    recipe = BALANCED.with_settings({"epochs": "10"})
    assert [thawed_stages(recipe, epoch, 3) for epoch in range(1, 11)] == [1, 1, 2, 2, *([None] * 6)]
    assert thawed_stages(PRESETS["thorough"], 1, 3) is None


def test_what_still_thaws_has_not_settled() -> None:
    recipe = BALANCED.with_settings({"epochs": "10"})
    assert settled_epoch(recipe, 3) == 5
    assert settled_epoch(recipe.with_settings({"epochs": "1"}), 3) == 1
    assert settled_epoch(PRESETS["thorough"], 3) == 1
    assert settled_epoch(recipe.with_settings({"tune": "last:2"}), 3) == 1


@pytest.mark.parametrize(("pictures", "size"), [(12, 4), (200, 20), (5000, 32)])
def test_the_batch_grows_with_the_data(pictures: int, size: int) -> None:
    assert choose_batch_size(BALANCED, pictures) == size


def test_rare_classes_weigh_more_by_hand() -> None:
    assert class_weights(torch.tensor([0, 0, 0, 1]), 3).tolist() == pytest.approx([4 / (3 * 2), 4 / (1 * 2), 0])


def test_losses_of_every_task_by_hand() -> None:
    plain = BALANCED.with_settings({"imbalance": "ignore"})
    logits = torch.tensor([[math.log(3.0), 0.0]])
    one = build_loss(Task.SINGLE, plain, torch.tensor([0, 1]), 2)(logits, torch.tensor([0]))
    assert float(one) == pytest.approx(math.log(4 / 3))
    several = build_loss(Task.MULTI, plain, torch.ones(2, 2), 2)(logits, torch.tensor([[1.0, 0.0]]))
    assert float(several) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    number = build_loss(Task.REGRESSION, plain, torch.zeros(2), 1)(torch.tensor([[3.0]]), torch.tensor([1.0]))
    assert float(number) == pytest.approx(1.5)  # Huber: |2| - 1/2
    squared = build_loss(Task.REGRESSION, plain.with_settings({"loss": "squared"}), torch.zeros(2), 1)
    assert float(squared(torch.tensor([[3.0]]), torch.tensor([1.0]))) == 4


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_scores_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth = torch.tensor([pair[0] for pair in pairs])
    said = torch.tensor([pair[1] for pair in pairs])
    logits = nn.functional.one_hot(said, 4).float() * 9
    if set(said.tolist()) <= set(truth.tolist()) and len(set(truth.tolist())) > 1:
        assert score(Task.SINGLE, logits, truth) == pytest.approx(balanced_accuracy_score(truth, said))
    if len({*truth.tolist(), *said.tolist()}) > 1:
        assert score(Task.ORDINAL, logits, truth) == pytest.approx(cohen_kappa_score(truth, said, weights="quadratic"))
    numbers = said.float()
    assert score(Task.REGRESSION, numbers[:, None], truth.float()) == pytest.approx(r2_score(truth, numbers))


def test_mean_average_precision_leaves_out_classes_that_are_everywhere_or_nowhere() -> None:
    truth = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    logits = torch.tensor([[2.0, 0, 0], [1.0, 0, 0], [0.0, 0, 0]])
    assert score(Task.MULTI, logits, truth) == pytest.approx(average_precision_score(truth[:, 0], logits[:, 0]))
    once = truth.clone()
    once[2, 2] = 1  # told from the others by one picture alone
    logits[2, 2] = -1
    assert score(Task.MULTI, logits, once) == pytest.approx((score(Task.MULTI, logits, truth) + 1 / 3) / 2)
    assert score(Task.MULTI, logits, torch.ones(3, 3)) == 0


def test_the_median_grade_by_hand() -> None:
    shares = torch.tensor([[0.4, 0.2, 0.4], [0.6, 0.2, 0.2], [0.1, 0.2, 0.7]])
    assert median_grade(shares).tolist() == [1, 0, 2]


def card(task: Task, **changes: object) -> ModelCard:
    values = {
        "task": task, "classes": ("a", "b"), "class_ids": (1, 2), "backbone": "resnet18", "image_size": 8,
        "framing": "squash", "mean": (0.5,) * 3, "std": (0.5,) * 3, **changes,
    }  # fmt: skip
    return ModelCard(**values)  # type: ignore[arg-type]


def test_answers_of_every_task_by_hand() -> None:
    logits = torch.tensor([[math.log(3.0), 0.0]])
    one = answers(card(Task.SINGLE), logits)[0]
    assert (one.index, one.confidence) == (0, pytest.approx(0.75))
    cooler = answers(card(Task.SINGLE, temperature=2.0), logits)[0]
    assert cooler.confidence == pytest.approx(math.sqrt(3) / (1 + math.sqrt(3)))
    several = answers(card(Task.MULTI, thresholds=(0.8, 0.4)), logits)[0]
    assert several.classes == (1,) and several.confidence == pytest.approx(0.25)
    number = answers(card(Task.REGRESSION, number_mean=10.0, number_std=2.0), torch.tensor([[1.5]]))[0]
    assert number.number == 13.0 and number.probabilities is None


@pytest.mark.parametrize("name", [*STRENGTHS, *POLICIES])
def test_variation_stays_a_picture_and_follows_its_seed(name: str) -> None:
    pictures = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8)
    first, second = (augment(pictures, name, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == pictures.shape and float(first.min()) >= 0 and float(first.max()) <= 255
    assert not torch.equal(first, augment(pictures, name, torch.Generator().manual_seed(4)))


@pytest.mark.parametrize("name", ["none", *STRENGTHS, *POLICIES])
def test_a_square_of_the_asked_share_of_pictures_is_hidden_however_they_are_varied(name: str) -> None:
    pictures = torch.full((64, 3, 40, 40), 255, dtype=torch.uint8)
    shown = {share: augment(pictures, name, torch.Generator().manual_seed(3), share) for share in (0.0, 0.25, 1.0)}
    hidden = {share: (found == 127.5).all(1) for share, found in shown.items()}
    counts = {share: int(found.flatten(1).any(1).sum()) for share, found in hidden.items()}
    assert counts[0.0] == 0 and 8 <= counts[0.25] <= 24 and counts[1.0] == 64
    sides = hidden[1.0].any(2).sum(1)
    assert int(sides.min()) >= 4 and int(sides.max()) <= 16, "from a tenth to two fifths of the side"
    assert torch.equal(hidden[1.0].flatten(1).sum(1), sides * hidden[1.0].any(1).sum(1)), "in one piece"
    assert int(pictures.min()) == 255, "what is given stays as it was"


def test_light_variation_never_mirrors() -> None:
    half = torch.zeros(32, 3, 32, 32, dtype=torch.uint8)
    half[..., 16:] = 200
    light = augment(half, "light", torch.Generator().manual_seed(0))
    standard = augment(half, "standard", torch.Generator().manual_seed(0))
    mirrored = [float(item[..., :8].mean()) > float(item[..., 24:].mean()) for item in standard]
    assert all(float(item[..., :8].mean()) < float(item[..., 24:].mean()) for item in light)
    assert 5 < sum(mirrored) < 27


def test_mixup_keeps_the_sum_of_the_targets() -> None:
    targets = nn.functional.one_hot(torch.tensor([0, 1, 2, 1]), 3).float()
    pictures = torch.rand(4, 3, 8, 8)
    for alphas in ({"mixup": 0.4}, {"cutmix": 0.4}, {"mixup": 0.4, "cutmix": 0.4}):
        mixed, shares = mix(pictures, targets, torch.Generator().manual_seed(2), **alphas)
        assert shares.sum(1).tolist() == pytest.approx([1.0] * 4)
        assert not torch.equal(mixed, pictures)


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_a_target_has_the_share_that_its_picture_has_of_the_pixels(kind: str) -> None:
    pictures = torch.stack([torch.zeros(3, 16, 16), torch.ones(3, 16, 16)])
    targets = torch.eye(2)
    for seed in range(10):
        mixed, shares = mix(pictures, targets, torch.Generator().manual_seed(seed), **{kind: 1.0})
        assert mixed.mean((1, 2, 3)).tolist() == pytest.approx(shares[:, 1].tolist(), abs=1e-6)
        blended = int(((mixed > 0) & (mixed < 1)).sum())
        assert kind == "mixup" or blended == 0, "a rectangle is put in as it is"


def test_losses_for_rare_classes_by_hand() -> None:
    targets = torch.tensor([0, 0, 0, 1])
    effective = effective_weights(targets, 2)
    ratio = (1 - 0.999**3) / (1 - 0.999)
    assert float(effective[1] / effective[0]) == pytest.approx(ratio, rel=1e-3)
    assert float((effective[targets]).mean()) == pytest.approx(1.0)
    assert effective_weights(targets, 3).tolist() == pytest.approx([*effective.tolist(), 0]), "no picture, no weight"
    shifted = build_loss(Task.SINGLE, BALANCED.with_settings({"imbalance": "logits"}), targets, 2)
    # With the prior as the only knowledge the shifted softmax is the prior itself.
    assert float(shifted(torch.zeros(1, 2), torch.tensor([1]))) == pytest.approx(math.log(4))


def test_for_rare_classes_among_several_presence_weighs_more_or_is_corrected_for() -> None:
    targets = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])  # of four pictures three and one
    said = torch.zeros(1, 2)

    def loss(imbalance: str, classes: list[int], kind: str = "standard") -> float:
        recipe = BALANCED.with_settings({"imbalance": imbalance, "loss": kind})
        return float(build_loss(Task.MULTI, recipe, targets, 2)(said, torch.tensor([classes]).float()))

    assert loss("ignore", [1, 1]) == loss("sampling", [1, 1]) == pytest.approx(math.log(2))
    assert loss("weights", [1, 1]) == pytest.approx((1 / 3 + 3) / 2 * math.log(2))
    three = (1 - 0.999**3) / (1 - 0.999)
    assert loss("effective", [1, 1]) == pytest.approx((1 / three + three) / 2 * math.log(2), rel=1e-4)
    assert loss("weights", [0, 0]) == loss("effective", [0, 0]) == pytest.approx(math.log(2)), "absence is not weighed"
    # With the prior as the only knowledge the shifted shares are the prior itself: 3/4 and 1/4.
    assert loss("logits", [1, 1]) == pytest.approx(-(math.log(3 / 4) + math.log(1 / 4)) / 2)
    assert loss("logits", [1, 1], "focal") == pytest.approx(
        -((1 / 4) ** 2 * math.log(3 / 4) + (3 / 4) ** 2 * math.log(1 / 4)) / 2
    )
    assert all(math.isfinite(loss(name, [1, 0])) for name in ("weights", "effective", "logits"))


@pytest.mark.parametrize("imbalance", ["weights", "effective", "logits"])
@pytest.mark.parametrize("named", [0.0, 1.0])
def test_a_class_that_no_picture_or_every_picture_has_gives_a_finite_loss(imbalance: str, named: float) -> None:
    targets = torch.tensor([[1.0, named], [0.0, named]])
    loss = build_loss(Task.MULTI, BALANCED.with_settings({"imbalance": imbalance}), targets, 2)
    assert math.isfinite(float(loss(torch.zeros(2, 2), targets)))


def test_pictures_are_drawn_by_the_rarest_of_their_classes() -> None:
    one = rarity(torch.tensor([0, 0, 0, 1]), 3)
    assert float(one[:3].sum()) == pytest.approx(float(one[3])), "both classes that there are come equally often"
    several = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert rarity(several, 2).tolist() == pytest.approx([1, 1 / 3, 1 / 3, 1]), "none of them is a class, too"


def test_focal_loss_by_hand_and_as_cross_entropy_without_focus() -> None:
    plain = BALANCED.with_settings({"imbalance": "ignore", "loss": "focal"})
    logits = torch.tensor([[math.log(3.0), 0.0]])
    one = build_loss(Task.SINGLE, plain, torch.tensor([0, 1]), 2)(logits, torch.tensor([0]))
    assert float(one) == pytest.approx(0.25**2 * math.log(4 / 3))
    several = build_loss(Task.MULTI, plain, torch.ones(2, 2), 2)(logits, torch.tensor([[1.0, 0.0]]))
    assert float(several) == pytest.approx((0.25**2 * math.log(4 / 3) + 0.5**2 * math.log(2)) / 2)


def test_the_asymmetric_loss_forgives_absent_classes_said_softly() -> None:
    logits = torch.tensor([[-4.0, 0.0]])  # 0.018, below the margin, and 0.5
    loss = build_loss(Task.MULTI, BALANCED.with_settings({"loss": "asymmetric"}), torch.ones(2, 2), 2)
    assert float(loss(logits, torch.zeros(1, 2))) == pytest.approx(-(0.45**4) * math.log(0.55) / 2, rel=1e-4)


@pytest.mark.parametrize(("backbone", "size"), [("mobilenet_v3_small", 32), ("timm:vit_tiny_patch16_224", 32)])
def test_each_lower_block_learns_more_slowly_with_layer_decay(backbone: str, size: int) -> None:
    network = Network(backbone, 2, image_size=size)
    recipe = BALANCED.with_settings({"layer_decay": "0.5", "learning_rate": "1", "backbone_factor": "1"})
    optimizer = build_optimizer(network, recipe)
    rates = {id(item): group["lr"] for group in optimizer.param_groups for item in group["params"]}
    assert (
        len(rates) == len(list(network.parameters())) == sum(len(group["params"]) for group in optimizer.param_groups)
    )
    for above, block in enumerate(reversed(units(network))):
        assert {rates[id(item)] for item in block.parameters()} == {0.5**above}
    if backbone.startswith("timm:vit"):
        assert len(units(network)) == 14, "the last norm, twelve blocks, and what cuts the picture into patches"


@pytest.mark.parametrize("spared", [True, False])
def test_biases_and_norms_are_spared_from_weight_decay_unless_told_otherwise(spared: bool) -> None:
    network = Network("mobilenet_v3_small", 2, image_size=32)
    recipe = BALANCED.with_settings({"weight_decay": "0.3", "no_bias_decay": str(spared)})
    groups = build_optimizer(network, recipe).param_groups
    decays = {id(item): group["weight_decay"] for group in groups for item in group["params"]}
    for name, item in network.named_parameters():
        assert decays[id(item)] == (0 if spared and item.ndim == 1 else 0.3), name


def test_a_last_layer_whose_loss_is_no_number_stops_with_a_sentence() -> None:
    x, y = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1] * 20)
    recipe = PRESETS["instant"].with_settings({"weight_decay": "1", "learning_rate": "10", "patience": "0"})
    told: list[dict[str, float]] = []

    def fit(features: torch.Tensor) -> None:
        fit_head(Task.SINGLE, (features, y), (features, y), 2, recipe, lambda epoch, values: told.append(values))

    with pytest.raises(Diverged, match=r"in epoch \d+ of the last layer, at a learning rate of 10\. .* ten times"):
        fit(x)
    assert told and all(math.isfinite(value) for values in told for value in values.values())
    with pytest.raises(Diverged, match=r"features are no numbers\. Start again from other weights"):
        fit(torch.cat([x[:, :2], x[:, 2:] / x.new_zeros(())], 1))


def test_a_head_that_goes_on_says_at_first_what_it_said_before() -> None:
    random = torch.Generator().manual_seed(0)
    x = 3 + 2 * torch.randn(60, 3, generator=random)
    weight, bias = torch.randn(3, 3, generator=random), torch.tensor([0.3, -0.2, 0.1])
    said = x @ weight.T + bias
    y, wrong = said.argmax(1), (said.argmax(1) + 1) % 3
    recipe = PRESETS["instant"].with_settings({"learning_rate": "1e-8", "epochs": "1", "imbalance": "ignore"})
    for targets, wanted in ((y, said), (wrong, 0 * said)):  # it is made less sure only where it was wrong
        told: list[dict[str, float]] = []
        part = (x, targets)
        fit_head(Task.SINGLE, part, part, 3, recipe, lambda epoch, values: told.append(values), start=(weight, bias))  # noqa: B023
        assert told[0]["train/loss"] == pytest.approx(float(nn.functional.cross_entropy(wanted, targets)), abs=1e-2)
        assert told[0]["validation/loss"] == pytest.approx(told[0]["train/loss"], abs=1e-4)


@pytest.mark.parametrize("task", [Task.SINGLE, Task.ORDINAL, Task.MULTI])
def test_the_temperature_is_where_the_pictures_are_likeliest(task: Task) -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(300, 3, generator=random)
    if task is Task.MULTI:
        targets = torch.bernoulli(logits.sigmoid(), generator=random)
    else:
        targets = torch.multinomial(logits.softmax(1), 1, generator=random)[:, 0]
    shown = 5 * logits  # five times as sure as it should be

    def surprise(power: float) -> float:
        shares = shown.double() / math.exp(power)
        if task is Task.MULTI:
            return float(log_loss(targets.flatten(), shares.sigmoid().flatten()))
        return float(log_loss(targets, shares.softmax(1)))

    best = math.exp(minimize_scalar(surprise, bounds=(math.log(0.01), math.log(100)), method="bounded").x)
    assert fit_temperature(task, shown, targets) == pytest.approx(best, rel=0.02) and 4 < best < 6.5
    assert fit_temperature(task, shown[:0], targets[:0]) == fit_temperature(Task.REGRESSION, shown, targets) == 1


def test_the_last_layer_s_bias_is_spared_unless_told_otherwise() -> None:
    x, rare = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0] * 36 + [1] * 4)
    recipe = PRESETS["instant"].with_settings({"weight_decay": "1", "learning_rate": "0.1", "imbalance": "ignore"})

    def bias(spared: bool) -> float:
        chosen = recipe.with_settings({"no_bias_decay": str(spared), "patience": "0"})
        fit = fit_head(Task.SINGLE, (x, rare), (x, rare), 2, chosen, lambda epoch, values: None)
        return float(fit.bias[0] - fit.bias[1])

    assert bias(True) == pytest.approx(math.log(9), abs=0.3), "of nine pictures to one"
    assert bias(False) < math.log(9) - 0.5


@pytest.mark.parametrize("kind", ["norm", "bias"])
def test_only_the_chosen_kind_of_parameters_learns(kind: str) -> None:
    network = Network("mobilenet_v3_small", 2, image_size=32)
    set_trainable_kind(network, kind)
    learning = {name for name, item in network.body.named_parameters() if item.requires_grad}
    assert learning and all(name.endswith("bias") or kind == "norm" for name in learning)
    with pytest.raises(BadInput, match="mobilenet_v3_small has no attention that could learn alone"):
        set_trainable_kind(network, "attention")


def test_parts_that_a_network_has_none_of_are_told_before_it_learns() -> None:
    plain = Network("resnet18", 2, image_size=32)
    for tune in ("head", "gradual", "last:2", "all", "norm", "bias"):
        check_kind(plain, tune)
    for tune in ("lora:4", "attention"):
        with pytest.raises(BadInput, match=r"What learns.*tune"):
            check_kind(plain, tune)


@pytest.mark.parametrize(
    "backbone", [*BACKBONES, "squeezenet1_0", "timm:test_nfnet", "timm:test_vit", "timm:test_resnet"]
)
def test_the_catalogue_knows_by_name_which_parts_a_network_has_none_of(backbone: str) -> None:
    info = backbone_info(backbone)
    network = Network(backbone, 2, image_size=info.image_size)
    assert lacking_kinds(network.body) == info.lacks
    for tune in ("norm", "bias", "attention", "lora:4"):
        if why := info.why_not(tune):
            with pytest.raises(BadInput, match=f"{backbone} {why}"):
                check_kind(network, tune)
        else:
            check_kind(network, tune)


def test_lora_begins_as_the_network_it_was_and_merges_into_an_ordinary_one() -> None:
    network = Network("timm:test_vit", 2, image_size=160).eval()
    pictures = torch.randint(0, 256, (2, 3, 160, 160), dtype=torch.uint8)
    names, before = set(network.state_dict()), network(pictures)
    add_lora(network, 4)
    assert torch.allclose(network(pictures), before, atol=1e-5)
    set_trainable_kind(network, "lora")
    for name, item in network.body.named_parameters():
        assert item.requires_grad == name.endswith((".a", ".b"))
        if item.requires_grad:
            nn.init.normal_(item, std=0.1)
    changed, state = network(pictures), merged_state(network.state_dict())
    merge_lora(network)
    assert set(network.state_dict()) == names == set(state)
    assert all(torch.allclose(value, state[name]) for name, value in network.state_dict().items())
    assert torch.allclose(network(pictures), changed, atol=1e-5) and not torch.allclose(changed, before, atol=1e-3)


def test_lora_is_beside_queries_keys_and_values_of_torchs_own_attention_too() -> None:
    network = Network("vit_b_16", 2, image_size=32).eval()
    pictures = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    names, before = set(network.state_dict()), network(pictures)
    add_lora(network, 2)
    set_trainable_kind(network, "lora")
    learning = [name for name, item in network.named_parameters() if item.requires_grad and name.startswith("body")]
    assert len([name for name in learning if "in_proj_weight" in name]) == 2 * 12, "A and B of each of twelve blocks"
    assert len(learning) == 2 * 12 * 4, "and of what follows: the way out and two layers"
    network.train()(pictures).sum().backward()
    assert all(item.grad is not None for name, item in network.named_parameters() if name in learning)
    network.eval()
    assert torch.allclose(network(pictures), before, atol=1e-4)
    merged = merged_state(network.state_dict())
    assert set(merged) == names
    merge_lora(network)
    assert set(network.state_dict()) == names and torch.allclose(network(pictures), before, atol=1e-4)


@pytest.mark.parametrize("backbone", ["timm:convnext_atto_rms", "timm:resnetv2_50d_evos", "timm:resnetv2_50d_frn"])
def test_norm_layers_of_every_kind_can_learn_alone(backbone: str) -> None:
    network = Network(backbone, 2, image_size=64)
    set_trainable_kind(network, "norm")
    learning = [item for item in network.body.parameters() if item.requires_grad]
    assert len(learning) > 10 and all(item.ndim == 1 for item in learning)


def test_only_weights_of_four_dimensions_are_laid_out_as_pictures_are() -> None:
    """The third dimension is that of the position weights of timm's lambda layers, which `Module.to` refuses."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv3d(1, 4, (3, 3, 1)), nn.BatchNorm2d(4))
    assert channels_last(network) is network
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert network[1].weight.is_contiguous()
    apart = channels_last(nn.Conv2d(4, 4, 3, groups=4)).weight
    assert apart.stride() == nn.Conv2d(4, 4, 3, groups=4).to(memory_format=torch.channels_last).weight.stride()
    pictures = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    plain = nn.Conv2d(3, 4, 3)
    plain.load_state_dict(network[0].state_dict())
    assert torch.allclose(network[0](pictures), plain(pictures), atol=1e-5)


def test_a_wide_picture_is_stretched_or_cut() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, :10] = 250
    assert frame_picture(pixels, 10, "squash")[:, :2].mean() > 200
    assert frame_picture(pixels, 10, "crop").max() == 0
    assert frame_picture(pixels, 10, "squash").flags.c_contiguous  # rows are written as they lie


@pytest.mark.parametrize("size", [(640, 480), (57, 301), (20, 20), (1, 90)])
def test_framing_is_pillows_triangle_filter(size: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    image = Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    pillows = np.asarray(image.resize((48, 48), Image.Resampling.BILINEAR))
    assert np.abs(frame_picture(np.array(image), 48, "squash").astype(int) - pillows).max() <= 1


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31), st.sampled_from(["RGB", "L", "CMYK"]), st.tuples(st.integers(1, 130), st.integers(1, 130)),
    st.integers(1, 40), st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]), st.booleans(), st.sampled_from([1, 3, 6]),
)  # fmt: skip
def test_whoever_decodes_a_jpeg_the_pixels_are_pillows(
    seed: int, mode: str, size: tuple[int, int], side: int, sampling: str, progressive: bool, turned: int
) -> None:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, len(mode)), dtype=np.uint8).squeeze(), mode)
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = turned
    subsampling = {} if mode == "L" else {"subsampling": sampling}
    coarse.resize(size).save(file, "JPEG", quality=85, progressive=progressive, exif=exif, **subsampling)
    with Image.open(file) as image:
        if mode != "CMYK":
            image.draft("RGB", (side, side))
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    found = open_pixels(file.getvalue(), "a.jpg", min_side=side)
    assert np.array_equal(found, expected)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12), st.integers(0, 200))
def test_kept_rows_come_back_whatever_was_cut_off_the_files(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")

    def row(name: str) -> np.ndarray:
        return np.full((2, 3), ord(name), np.float32)

    addresses = [name * 64 for name in names]
    cache = RowCache(folder, (2, 3), np.float32)
    missing = cache.missing(addresses)
    cache.add(missing, np.stack([row(address[0]) for address in missing]))
    for file in ("rows.bin", "index.bin"):
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: max(0, len(content) - cut)])
    again = RowCache(folder, (2, 3), np.float32)
    lost = again.missing(addresses)
    if lost:
        again.add(lost, np.stack([row(address[0]) for address in lost]))
    found = again.read(addresses, lambda _: pytest.fail("nothing is damaged"))
    assert np.array_equal(found, np.stack([row(name) for name in names]))


def test_of_an_empty_cache_nothing_can_be_read_and_one_that_was_emptied_comes_back(tmp_path: Path) -> None:
    cache = RowCache(tmp_path / "none yet", (4,), np.uint8)
    assert cache.read([], lambda _: pytest.fail("nothing was asked for")).shape == (0, 4)
    rows = {name * 64: np.full(4, number, np.uint8) for number, name in enumerate("abc")}
    cache.add(cache.missing(list(rows)), np.stack(list(rows.values())))
    shutil.rmtree(cache.folder)
    for _ in range(2):  # what was made anew lies at other places than before
        found = cache.read(list(rows)[::-1], rows.__getitem__)
        assert np.array_equal(found, np.stack(list(rows.values())[::-1]))


def test_a_damaged_row_is_noticed_and_made_anew(tmp_path: Path) -> None:
    cache = RowCache(tmp_path, (4,), np.uint8)
    cache.missing(["a" * 64, "b" * 64])
    cache.add(["a" * 64, "b" * 64], np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint8))
    content = bytearray((tmp_path / "rows.bin").read_bytes())
    content[1] = 99
    (tmp_path / "rows.bin").write_bytes(content)
    remade = []

    def remake(address: str) -> np.ndarray:
        remade.append(address)
        return np.array([1, 2, 3, 4], np.uint8)

    for _ in range(2):
        assert cache.read(["a" * 64, "b" * 64], remake).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert remade == ["a" * 64]


def test_a_full_disk_keeps_the_last_good_checkpoint_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, {"epoch": 1})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(GraftError, match="disk is full"):
        save_checkpoint(tmp_path, {"epoch": 2})
    assert load_checkpoint(tmp_path) == {"epoch": 1}
    assert [item.name for item in tmp_path.iterdir()] == [NAME]


def test_a_training_whose_folder_was_deleted_keeps_its_state_anew(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "models" / "7", {"epoch": 1})
    assert load_checkpoint(tmp_path / "models" / "7") == {"epoch": 1}


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"half of it")
    assert load_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path, {"weights": torch.ones(10_000)})
    assert load_checkpoint(tmp_path) is not None
    content = bytearray((tmp_path / NAME).read_bytes())
    content[len(content) // 2] ^= 1  # it can be read, and would go on with other numbers
    (tmp_path / NAME).write_bytes(content)
    assert load_checkpoint(tmp_path) is None


def test_what_a_training_found_fastest_is_kept_with_its_state_and_goes_with_it(tmp_path: Path) -> None:
    assert load_decisions(tmp_path) is None
    save_decisions(tmp_path, {"precision": "bfloat16"})
    assert load_decisions(tmp_path) == {"precision": "bfloat16"}
    (tmp_path / DECIDED).write_bytes(b"{half of it")
    assert load_decisions(tmp_path) is None
    save_checkpoint(tmp_path, {"epoch": 1})
    delete_checkpoint(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_short_list_is_in_the_whole_list_and_found_by_words() -> None:
    assert set(BACKBONES) <= set(all_backbones())
    assert [item.name for item in search_backbones("phone")][:2] == ["graft:tiny_cnn", "mobilenet_v3_large"]
    assert [item.name for item in search_backbones("")] == list(BACKBONES)
    assert backbone_info("timm:resnext101_32x8d.fb_wsl_ig1b_ft_in1k").name == "timm:resnext101_32x8d"
    for asked, offered in (
        ("resnet19", "resnet18, "), ("graft:tinycnn", "graft:tiny_cnn"), ("nothing like it", "mobilenet_v3_small, "),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=f"no backbone '{asked}'\\. Choose one such as {offered}"):
            backbone_info(asked)
    with pytest.raises(BadInput) as told:
        backbone_info("timm:vit_bas_patch16_224")
    assert told.value.hint.count("timm:") == 5 and "timm:vit_base_patch16_224," in told.value.hint, "a few"
    assert {name for name, info in BACKBONES.items() if not info.pretrained} == {"graft:tiny_cnn", "graft:light_cnn"}


@pytest.mark.parametrize("name", [name for name in BACKBONES if ":" not in name])
def test_the_short_list_tells_what_torchvision_publishes(name: str) -> None:
    published = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
    info = backbone_info(name)
    assert info.parameters_m == round(published.meta["num_params"] / 1e6, 1)
    assert [info.image_size] == published.transforms().crop_size


def test_zero_gamma_makes_every_residual_block_pass_its_input_on() -> None:
    network = Network("resnet18", 2, image_size=32).eval()
    begin_residuals(network.body, silent=True)
    block = network.body.get_submodule("layer1.1")
    values = torch.rand(1, 64, 8, 8)
    assert torch.equal(block(values), values)


@pytest.mark.parametrize(
    ("backbone", "branches"),
    [("resnet18", 8), ("timm:resnet50", 16), ("timm:regnety_002", 13), ("regnet_y_400mf", 16), ("mobilenet_v2", 10),
     ("timm:rexnet_100", 11), ("timm:halonet26t", 8), ("timm:efficientnet_b0", 9), ("densenet121", 0)],
)  # fmt: skip
def test_zero_gamma_is_on_or_off_whatever_the_library_begins_with(backbone: str, branches: int) -> None:
    body = Network(backbone, 2, image_size=64).body
    norms = [item for item in body.modules() if isinstance(item, nn.BatchNorm2d)]
    for silent in (True, False):
        begin_residuals(body, silent=silent)
        zeroed = sum(not bool(item.weight.any()) for item in norms)
        assert zeroed == (branches if silent else 0)
    assert ("gamma" in backbone_info(backbone).lacks) is (branches == 0)


def test_what_inception_and_googlenet_learnt_from_lies_in_minus_one_to_one() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for name in ("inception_v3", "googlenet"):
        network = Network(name, 2, image_size=96)
        mean, std = (torch.tensor(item).view(1, 3, 1, 1) for item in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        theirs = torchvision.models.get_model(name, init_weights=False, transform_input=True)
        assert torch.allclose(
            network.normalise(255 * picture), theirs._transform_input((picture - mean) / std), atol=1e-5
        )


def test_batch_norm_follows_quickly_in_a_training_from_scratch() -> None:
    network = Network("mobilenet_v3_small", 2, image_size=32)
    norms = [item for item in network.modules() if isinstance(item, nn.BatchNorm2d)]
    assert {item.momentum for item in norms} == {0.01}
    hasten_batch_norm(network)
    assert {item.momentum for item in norms} == {0.1}
