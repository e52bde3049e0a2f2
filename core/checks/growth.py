"""What a linear head finds of a class when it has learnt from fewer of the class's pictures than there are.

Subsets are nested: each holds the smaller ones. All other classes stay whole, and classes weigh alike, so that what
changes is what the head knows of that class. It is judged by pictures of cases or groups it has not learnt from.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from core.checks.folds import FOLDS, fold_of, units_per_class
from core.checks.heads import STRENGTH

SHARES = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
LEAST_PICTURES, LEAST_UNITS = 20, 2 * FOLDS
"""Of a class, to have a curve."""
REPEATS = 2
FEWEST = 2
"""Pictures in the smallest subset."""
KEPT = 100
"""Principal components that the head sees; found without labels."""
Codes = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Growth:
    """A class tried: mean numbers of its pictures learnt from (S,), and hits (n, S), 0 to 1, of its own pictures.

    `members` (n,) are their positions.
    """

    sizes: Values
    hits: Values
    members: Codes


def enough(labels: Codes, units: Sequence[str]) -> list[int]:
    """Classes with enough pictures, of enough cases or groups; none where there is only one class."""
    counts, independent = np.bincount(labels), units_per_class(labels, units)
    found = [k for k, number in sorted(independent.items()) if number >= LEAST_UNITS and counts[k] >= LEAST_PICTURES]
    return found if len(independent) > 1 else []


def grow(
    features: NDArray[np.float32],
    labels: Codes,
    units: Sequence[str],
    classes: Sequence[int],
    watch: Callable[[float], None] = lambda done: None,
) -> dict[int, Growth]:
    """Try each of the classes; labels are 0..K-1, `watch` is told the share done."""
    scaled = StandardScaler().fit_transform(features)
    kept = PCA(min(KEPT, *scaled.shape), random_state=0).fit_transform(scaled)
    hits = {k: np.zeros((len(labels), len(SHARES))) for k in classes}
    sizes: dict[int, list[list[int]]] = {k: [] for k in classes}
    done, total = 0, REPEATS * FOLDS * (1 + len(classes))
    for repeat in range(REPEATS):
        folds = fold_of(labels, units, seed=repeat)
        for fold in range(FOLDS):
            pool, judged = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            whole = _said(kept, labels, pool, judged)
            done += 1
            for k in classes:
                own = judged[labels[judged] == k]
                parts = list(_nested(pool, labels, units, k, np.random.default_rng([repeat, fold, k])))
                sizes[k].append([int((labels[part] == k).sum()) for part in parts])
                for column, part in enumerate(parts[:-1]):
                    hits[k][own, column] += _said(kept, labels, part, own) == k
                hits[k][own, -1] += whole[labels[judged] == k] == k
                done += 1
                watch(done / total)
    found = {}
    for k in classes:
        members = np.flatnonzero(labels == k)
        found[k] = Growth(np.mean(sizes[k], 0), hits[k][members] / REPEATS, members)
    return found


def _nested(pool: Codes, labels: Codes, units: Sequence[str], k: int, random: np.random.Generator) -> Iterator[Codes]:
    """The pool with more and more of class k, whole cases or groups after each other."""
    own, others = pool[labels[pool] == k], pool[labels[pool] != k]
    names = [units[index] or f"\0{index}" for index in own.tolist()]
    place = {name: position for position, name in enumerate(random.permutation(sorted(set(names))).tolist())}
    order = own[np.argsort([place[name] for name in names], kind="stable")]
    for share in SHARES:
        yield np.sort(np.concatenate([others, order[: max(FEWEST, round(share * len(order)))]]))


def _said(features: Values, labels: Codes, learnt: Codes, asked: Codes) -> Codes:
    if not len(asked):
        return np.empty(0, np.int64)
    head = LogisticRegression(C=STRENGTH * 5, class_weight="balanced", max_iter=300, tol=1e-3)
    said: Codes = head.fit(features[learnt], labels[learnt]).predict(features[asked])
    return said
