"""Labels that are probably wrong: confident learning.

Northcutt, Jiang & Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels
(https://arxiv.org/abs/1911.00068). A picture counts as confidently of class j if its probability of j reaches the mean
probability of j among the pictures labelled j (equation 2); with several such classes the likeliest counts. Those
confidently of a class that is not their label are the off-diagonal of the confident joint (section 3.1): the suspects
of the method "C_confusion". Probabilities must come from a model that has not seen the picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A picture labelled `given` that looks like `suggested`. `margin`: how much likelier that is, 0 to 1."""

    index: int
    given: int
    suggested: int
    margin: float


def suspects(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> list[Suspect]:
    """Pictures with probabilities (N, K), rows sum to 1, and labels (N,) that disagree; the surest first."""
    classes = probabilities.shape[1]
    bars = np.full(classes, np.inf)
    for k in range(classes):
        if (labels == k).any():
            bars[k] = probabilities[labels == k, k].mean()
    confident = np.where(probabilities >= bars, probabilities, -1.0)
    seems = confident.argmax(1)
    wrong = (confident.max(1) >= 0) & (seems != labels)
    found = [
        Suspect(
            index=index,
            given=int(labels[index]),
            suggested=int(seems[index]),
            margin=float(probabilities[index, seems[index]] - probabilities[index, labels[index]]),
        )
        for index in np.flatnonzero(wrong).tolist()
    ]
    # A class with a low bar can claim a picture whose own label is likelier still; that is no suspicion.
    return sorted((item for item in found if item.margin > 0), key=lambda item: -item.margin)
