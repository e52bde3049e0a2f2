"""The head of an earlier model carried over to classes that may differ: those of one name keep their row.

So a model of synthetic pictures goes on with real ones: Chuquimarca, Vintimilla & Velastin 2023, Banana Ripeness Level
Classification using a Simple CNN Model Trained with Real and Synthetic Datasets (https://arxiv.org/abs/2504.08568).
"""

from dataclasses import dataclass

import safetensors.torch
import torch
from torch import Tensor

from core.labels.matching import Match, match_classes
from core.models.files import CARD, WEIGHTS, read_card
from core.models.network import Network
from core.recipes import earlier_model
from core.settings import Settings
from core.types import Task


@dataclass(frozen=True, slots=True)
class OldHead:
    """Weight (K, F) and bias (K,) for the new classes, zero in the rows of new ones, and how the classes met.

    For numbers there is one row, which gives what it gave before in the new labels' scale; for grades that are learnt
    rank by rank a row for each rank. `helps` is False once a head that began anew was better.
    """

    weight: Tensor
    bias: Tensor
    match: Match
    helps: bool = True


def old_head(
    network: Network, weights: str, settings: Settings, task: Task, classes: tuple[str, ...], scale: tuple[float, float]
) -> OldHead | None:
    """What the run named by `weights` (as in a recipe) knows of these classes; `scale` is mean and spread of numbers.

    None where nothing can be kept: no training of the same task, no class of the same name, another network, or another
    kind of head. What is learnt rank by rank is kept for the same grades only: a rank lies between two of them.
    """
    earlier = earlier_model(weights)
    if earlier is None or not (settings.models / earlier.folder / CARD).is_file():
        return None
    folder = settings.models / earlier.folder
    card, state = read_card(folder), safetensors.torch.load_file(folder / WEIGHTS)
    weight, bias = state["head.weight"], state["head.bias"]
    fits = weight.shape[1] == network.head.in_features
    single = len(weight) == max(1, len(card.classes)) - card.ranked  # of folds that are joined there are more rows
    alike = (card.ranked, card.shared) == (network.ranked, network.shared)
    if card.task is not task or not fits or not single or not alike:
        return None
    if task is Task.REGRESSION:
        mean, std = scale
        shifted = (bias * card.number_std + card.number_mean - mean) / std
        return OldHead(weight * (card.number_std / std), shifted, match_classes(["number"], ["number"]))
    match = match_classes(card.classes, classes)
    if card.ranked:
        return OldHead(weight, bias, match) if match.same else None
    if not match.kept:
        return None
    rows = [index for index, position in enumerate(match.positions) if position is not None]
    taken = [position for position in match.positions if position is not None]
    kept_weight, kept_bias = torch.zeros(len(classes), weight.shape[1]), torch.zeros(len(classes))
    kept_weight[rows], kept_bias[rows] = weight[taken], bias[taken]
    return OldHead(kept_weight, kept_bias, match)
