"""A linear head on features computed once: seconds, and hard to beat with few pictures (https://arxiv.org/abs/1805.08974)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from sklearn.metrics import recall_score
from torch import Tensor, nn

from core.recipes import Recipe


@dataclass(frozen=True, slots=True)
class HeadFit:
    """The best epoch's head. `score` is balanced accuracy on validation, in [0, 1]."""

    weight: Tensor
    bias: Tensor
    best_epoch: int
    score: float


Report = Callable[[int, dict[str, float]], None]


def fit_head(
    train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], classes: int, recipe: Recipe, report: Report
) -> HeadFit:
    """Fit K-class logistic regression by AdamW on features (N, F) and targets (N,); validation chooses the epoch."""
    torch.manual_seed(recipe.seed)
    mean, scale = train[0].mean(0), train[0].std(0, correction=0).clamp_min(1e-6)
    x, y = (train[0] - mean) / scale, train[1]
    x_validation, y_validation = (validation[0] - mean) / scale, validation[1]
    counts = torch.bincount(y, minlength=classes).float()
    weights = torch.where(counts > 0, len(y) / (counts.clamp_min(1) * (counts > 0).sum()), 0.0)
    loss_of = nn.CrossEntropyLoss(weights if recipe.balance else None, label_smoothing=recipe.label_smoothing)
    head = nn.Linear(x.shape[1], classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimizer = torch.optim.AdamW(head.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    present = sorted(set(y_validation.tolist()))
    best: HeadFit | None = None
    best_loss = float("inf")
    for epoch in range(1, recipe.epochs + 1):
        loss = loss_of(head(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            logits = head(x_validation)
            validation_loss = float(loss_of(logits, y_validation))
        said = logits.argmax(1).numpy()
        score = float(recall_score(y_validation.numpy(), said, labels=present, average="macro", zero_division=0))
        report(
            epoch, {"train/loss": float(loss.detach()), "validation/loss": validation_loss, "validation/score": score}
        )
        if best is None or (score, -validation_loss) > (best.score, -best_loss):
            # Standardising is folded into the head, so that the network needs no extra layer.
            weight = (head.weight / scale).detach().clone()
            bias = (head.bias - (head.weight * mean / scale).sum(1)).detach().clone()
            best, best_loss = HeadFit(weight, bias, epoch, score), validation_loss
        elif recipe.patience and epoch - best.best_epoch >= recipe.patience:
            break
    if best is None:
        raise ValueError("a fit needs at least one epoch")
    return best


def fit_temperature(logits: Tensor, targets: Tensor) -> float:
    """The temperature that makes validation likeliest (https://arxiv.org/abs/1706.04599); 1 without pictures."""
    if not len(targets):
        return 1.0
    candidates = torch.logspace(-1, 1, 201)
    losses = torch.stack([nn.functional.cross_entropy(logits / value, targets) for value in candidates])
    return float(candidates[losses.argmin()])
