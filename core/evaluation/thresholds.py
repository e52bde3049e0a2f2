"""From which probability a class is said to be there, when several may be."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST = 3
UNTOLD = 0.5


def choose_thresholds(truth: ArrayLike, probabilities: ArrayLike) -> NDArray[np.float64]:
    """Per class the threshold (K,) of the best F1 on validation pictures; `probability >= threshold` says the class.

    truth (N, K) of 0 and 1, probabilities (N, K) in [0, 1]. Each lies midway between two neighbouring
    probabilities; of equally good ones the nearest to 0.5 wins. A class with fewer than 3 pictures, or on all
    pictures, keeps 0.5: there is nothing to choose by.
    """
    there, shares = np.asarray(truth, dtype=bool), np.asarray(probabilities, dtype=np.float64)
    return np.array([_best(there[:, k], shares[:, k]) for k in range(there.shape[1])], dtype=np.float64)


def _best(there: NDArray[np.bool_], shares: NDArray[np.float64]) -> float:
    if there.sum() < FEWEST or there.all():
        return UNTOLD
    order = np.argsort(-shares, kind="stable")
    ranked, hits = shares[order], np.cumsum(there[order])
    below = np.append(ranked[1:], 0.0)
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + there.sum())
    f1[ranked == below] = -1.0  # equal probabilities cannot be told apart
    middle = (ranked + below) / 2
    best = np.flatnonzero(np.isclose(f1, f1.max()))
    return float(middle[best[np.argmin(np.abs(middle[best] - UNTOLD))]])
