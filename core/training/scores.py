"""The one number by which validation chooses an epoch: higher is better."""

import numpy as np
import torch
from sklearn.metrics import average_precision_score, cohen_kappa_score, r2_score, recall_score
from torch import Tensor

from core.inference import median_grade
from core.types import Task


def score(task: Task, logits: Tensor, targets: Tensor) -> float:
    """The task's score of logits (N, K) against targets as in `build_loss`; 0.0 where it is not defined.

    single: mean recall of the classes that are there; multi: mean average precision of the classes that are and
    are not there; ordinal: Cohen's kappa with quadratic weights; regression: R².
    """
    truth = targets.numpy()
    match task:
        case Task.SINGLE:
            said = logits.argmax(1).numpy()
            present = np.unique(truth)
            return float(recall_score(truth, said, labels=present, average="macro", zero_division=0))
        case Task.ORDINAL:
            said = median_grade(torch.softmax(logits, 1)).numpy()
            if len({*truth.tolist(), *said.tolist()}) < 2:
                return 0.0
            return float(cohen_kappa_score(truth, said, weights="quadratic"))
        case Task.MULTI:
            mixed = [index for index in range(truth.shape[1]) if 0 < truth[:, index].sum() < len(truth)]
            found = [average_precision_score(truth[:, index], logits[:, index].numpy()) for index in mixed]
            return float(np.mean(found)) if found else 0.0
        case Task.REGRESSION:
            # In 64 bits: the square of one number that was mistyped by many zeros does not fit 32.
            return float(r2_score(truth.astype(float), logits[:, 0].double().numpy())) if len(truth) > 1 else 0.0
