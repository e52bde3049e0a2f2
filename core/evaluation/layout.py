"""Pictures as points: features of many numbers laid out in two, so that what looks alike lies together.

`directions` are the first two principal components (Pearson 1901, https://doi.org/10.1080/14786440109462720): true to
large distances, and blind to what the first two leave out. `neighbours` is t-SNE (van der Maaten & Hinton 2008,
https://jmlr.org/papers/v9/vandermaaten08a.html), begun from those components (Kobak & Berens 2019,
https://doi.org/10.1038/s41467-019-13056-x): true to who is near whom, while distances between heaps mean nothing. It is
scikit-learn's, not UMAP: for up to a few thousand pictures it is done sooner than umap-learn has compiled itself, and
it brings no compiler of 210 MB along.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

Values = NDArray[np.float32]
FEWEST = 3
"""Pictures below which there is nothing to lay out."""
KEPT = 50
"""Principal components that neighbours are looked for in."""
PERPLEXITY = 30.0
FEWEST_NEIGHBOURS = 10


def directions(features: Values) -> tuple[Values, float]:
    """The layout (N, 2), and which share of all variance it shows, 0 to 1. At least FEWEST pictures."""
    standard = _standard(features)
    if not standard.any():
        return np.zeros((len(features), 2), np.float32), 0.0  # pictures that are all the same lie in one place
    pca = PCA(2, random_state=0)
    return _scaled(pca.fit_transform(standard)), float(pca.explained_variance_ratio_.sum())


def neighbours(features: Values) -> Values | None:
    """The layout (N, 2); None for fewer than FEWEST_NEIGHBOURS pictures."""
    count = len(features)
    if count < FEWEST_NEIGHBOURS:
        return None
    standard = _standard(features)
    if not standard.any():
        return np.zeros((count, 2), np.float32)
    kept = PCA(min(KEPT, count - 1, features.shape[1]), random_state=0).fit_transform(standard)
    tsne = TSNE(perplexity=min(PERPLEXITY, (count - 1) / 3), init="pca", random_state=0)
    return _scaled(tsne.fit_transform(kept))


def _standard(features: Values) -> Values:
    spread = features.std(0)
    return np.asarray((features - features.mean(0)) / np.where(spread > 1e-6, spread, 1.0), np.float32)


def _scaled(points: NDArray[np.floating]) -> Values:
    """Centred, the farther side in [-1, 1]."""
    centred = points - (points.max(0) + points.min(0)) / 2
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-9), np.float32)
