"""The microcontroller network trained in two steps, as the study does, through the job."""

import pytest
import torch

from core.graft import Graft
from core.models import load_model
from core.recipes import PRESETS, from_nothing
from core.training import Trainer
from core.training import fit as fit_module
from core.types import ProjectId
from tests.at_once import complete

RECIPE = from_nothing(
    PRESETS["balanced"].with_settings(
        {"backbone": "graft:tiny_cnn", "epochs": "12", "patience": "0", "image_size": "32"}
    )
)


def test_both_steps_are_taken_and_the_joint_model_tells_red_from_green(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart: list[int] = []
    learnt: dict[int, set[str]] = {}
    speak, thaw = fit_module.branch_logits, Trainer._thaw
    current = 0

    def watched(network: torch.nn.Module, pictures: torch.Tensor) -> list[torch.Tensor]:
        apart.append(current)
        return speak(network, pictures)  # type: ignore[arg-type]

    def thawed(self: Trainer, epoch: int) -> None:
        nonlocal current
        current = epoch
        thaw(self, epoch)
        learnt[epoch] = {name for name, item in self.network.named_parameters() if item.requires_grad}

    monkeypatch.setattr(fit_module, "branch_logits", watched)
    monkeypatch.setattr(Trainer, "_thaw", thawed)
    run_id = graft.training.start(project, RECIPE)
    complete(graft, run_id)
    assert set(apart) == set(range(1, 7))
    assert learnt[7] == {"head.weight", "head.bias"}
    assert learnt[7] < learnt[9] < learnt[12] == learnt[1]
    network = load_model(graft.settings.models / str(run_id)).network
    assert sum(item.numel() for item in network.parameters()) < 20_000
    run = graft.training.read(run_id)
    assert run.result is not None and run.result["score"] == 1.0
    first = dict(graft.training.curves(run_id)["train/loss"])[1]
    assert first < 1.2, "of branches apart the mean is told, not the sum"


def test_a_training_is_not_given_up_before_all_of_it_learns(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_module, "score", lambda *given: 0.5)  # nothing ever gets better
    monkeypatch.setattr(fit_module, "compute_logits", lambda network, batches, watch: torch.zeros(6, 2))
    run_id = graft.training.start(project, RECIPE.with_settings({"patience": "1"}))
    complete(graft, run_id)
    assert [step for step, _ in graft.training.curves(run_id)["train/loss"]] == list(range(1, 13))
