"""Finished trainings for tests that need a model but no learning."""

import torch

from core.catalogue import ModelCard
from core.graft import Graft
from core.models import Network, save_model
from core.store import predictions, runs
from core.store.db import writing
from core.types import Lane, ProjectId, RunId, RunKind, Task
from tests.finished import NOW, end


def model_of(
    graft: Graft, project: ProjectId, *, task: Task = Task.SINGLE, framing: str = "squash", seed: int = 0
) -> RunId:
    """A finished training whose network has random weights."""
    torch.manual_seed(seed)
    classes = () if task is Task.REGRESSION else ("healthy", "rust", "mildew")
    card = ModelCard(
        task=task, classes=classes, class_ids=tuple(range(1, len(classes) + 1)), backbone="mobilenet_v3_small",
        image_size=64, framing=framing, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), number_mean=10.0,
    )  # fmt: skip
    with writing(graft.engine) as session:
        run_id = runs.create_run(
            session, project_id=project, kind=RunKind.TRAIN, lane=Lane.TRAINING, payload={}, now=NOW, name="Trial"
        )
    end(graft, run_id, result={})
    network = Network("mobilenet_v3_small", max(1, len(classes)), image_size=64)
    with torch.no_grad():
        network.head.weight *= 30  # so that the classes differ
    files = save_model(graft.settings.models / str(run_id), network, card)
    with writing(graft.engine) as session:
        predictions.save_model(session, run_id, files=files, card=card.to_json())
    return run_id
