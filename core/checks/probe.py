"""Short cuts: can the class be told from what should not matter?

A small model sees only the borders of the pictures, or only facts of their files. If it names classes it has not
learnt from clearly better than chance, a network can take the same way. On PlantVillage, eight background pixels
alone name 49% of 38 classes (Noyan 2022, https://arxiv.org/abs/2206.04374). The model is a forest of extremely
randomised trees (Geurts et al. 2006, https://doi.org/10.1007/s10994-006-6226-1), cross-validated by case or group.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from core.checks.folds import FOLDS, fold_of, units_per_class
from core.evaluation import Interval, proportion, score_classes, units_of

LEAST_PICTURES, LEAST_UNITS = 10, FOLDS
"""Of a class, to be probed for; the others are left out."""
MOST_PICTURES = 3000
TREES = 100
CLEAR = 0.25
"""Share of the way from chance to perfect that the lower end of the interval must reach to be called clear.

What lies below is often honest: a leaf reaches the border, and a spotted one makes a larger file.
"""
BASIS = (
    "The probe looks at all labelled pictures, those to test by as well, but is asked only about cases, groups or "
    "pictures it has not learnt from. What counts as clear was fixed beforehand, on Graft's own drawn pictures (the "
    "demo): no other picture had a part in it."
)
"""Which pictures the limits come from, and which the score is of."""
GIVEN_AWAY = 0.5
"""A class is given away if it is found more often than others are mistaken for it by at least that share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a probe found. `interval` is the 95% interval of `score`, its balanced accuracy; `chance` is 1 / classes.

    given_away  positions of classes that can be told by it alone, the clearest first
    """

    score: float
    interval: tuple[float, float]
    chance: float
    flagged: bool
    given_away: tuple[int, ...]
    pictures: int


def enough(classes: NDArray[np.int64], units: Sequence[str]) -> NDArray[np.bool_]:
    """Which pictures (N,) can be probed: their classes have enough of them. All False with fewer than two classes."""
    counts, independent = np.bincount(classes), units_per_class(classes, units)
    kept = [k for k, number in independent.items() if number >= LEAST_UNITS and counts[k] >= LEAST_PICTURES]
    return np.isin(classes, kept) if len(kept) > 1 else np.zeros(len(classes), bool)


def probe(facts: NDArray[np.float32], classes: NDArray[np.int64], units: Sequence[str]) -> Probe:
    """How well classes (N,) can be told from facts (N, D). All classes must have `enough` pictures."""
    chosen = _some(classes)
    facts, units = facts[chosen], [units[index] for index in chosen]
    kinds, codes = np.unique(classes[chosen], return_inverse=True)
    said = np.empty(len(codes), np.int64)
    folds = fold_of(codes, units)
    for fold in range(FOLDS):
        held_out = folds == fold
        forest = ExtraTreesClassifier(
            TREES, min_samples_leaf=2, max_features=0.3, class_weight="balanced", random_state=fold
        )
        said[held_out] = forest.fit(facts[~held_out], codes[~held_out]).predict(facts[held_out])
    chance = 1 / len(kinds)
    found = _balanced(codes, said, len(kinds), units)
    given = _given_away(codes, said, len(kinds), units)
    return Probe(
        score=found.value,
        interval=(found.low, found.high),
        chance=chance,
        flagged=bool(given) or (found.low - chance) / (1 - chance) >= CLEAR,
        given_away=tuple(int(kinds[k]) for k in given),
        pictures=len(codes),
    )


def _some(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    order: NDArray[np.int64] = np.random.default_rng(0).permutation(len(classes))
    return np.sort(order[:MOST_PICTURES])


def _balanced(truth: NDArray[np.int64], said: NDArray[np.int64], classes: int, units: list[str]) -> Interval:
    found = score_classes(truth, said, classes, units=units).figures["balanced_accuracy"]
    if found is not None:
        return found
    recalls = [float((said[truth == k] == k).mean()) for k in range(classes)]
    return Interval(float(np.mean(recalls)), 0.0, 1.0)


def _given_away(truth: NDArray[np.int64], said: NDArray[np.int64], classes: int, units: list[str]) -> list[int]:
    """Classes whose share found, at its lower end, exceeds the share of others taken for it, at its upper end."""
    together = units_of(units)
    margins = {}
    for k in range(classes):
        own = truth == k
        right = proportion(said[own] == k, together.chosen(own))
        wrong = proportion(said[~own] == k, together.chosen(~own))
        if right and wrong:
            margins[k] = right.low - wrong.high
    return sorted((k for k, margin in margins.items() if margin >= GIVEN_AWAY), key=lambda k: -margins[k])
