"""Pictures as points: features of many numbers laid out in two, so that what looks alike lies together.

`directions` are the first two principal components (Pearson 1901, https://doi.org/10.1080/14786440109462720): true to
large distances, and blind to what the first two leave out. `neighbours` is UMAP (McInnes, Healy & Melville 2018,
https://arxiv.org/abs/1802.03426), begun from those components (Kobak & Linderman 2021,
https://doi.org/10.1038/s41587-020-00809-z): true to who is near whom, while distances between heaps mean little.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

Values = NDArray[np.float32]
FEWEST = 3
"""Pictures below which there is nothing to lay out."""
KEPT = 50
"""Principal components that neighbours are looked for in."""
NEIGHBOURS = 15
"""umap-learn's default, the picture itself among them."""


def directions(features: Values) -> tuple[Values, float]:
    """The layout (N, 2), and which share of all variance it shows, 0 to 1. At least FEWEST pictures."""
    standard = _standard(features)
    if not standard.any():
        return np.zeros((len(features), 2), np.float32), 0.0  # pictures that are all the same lie in one place
    pca = PCA(2, random_state=0)
    return _scaled(pca.fit_transform(standard)), float(pca.explained_variance_ratio_.sum())


def neighbours(features: Values) -> Values | None:
    """The layout (N, 2); None for so few pictures that all would be neighbours of all."""
    count = len(features)
    if count <= NEIGHBOURS:
        return None
    standard = _standard(features)
    if not standard.any():
        return np.zeros((count, 2), np.float32)
    kept = PCA(min(KEPT, count - 1, features.shape[1]), random_state=0).fit_transform(standard)
    return _scaled(_umap(kept))


def _umap(points: Values) -> NDArray[np.floating]:
    """The points (N, D) in two dimensions. Slow the first time in a process: umap-learn compiles itself."""
    # Exact neighbours from scikit-learn are found sooner than umap-learn has compiled its own search for them.
    distances, nearest = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(points).kneighbors(points)
    with warnings.catch_warnings():
        # It warns of TensorFlow, which is not needed, and that no pictures can be added to the map later.
        warnings.simplefilter("ignore")
        from umap import UMAP

        known = (nearest, distances.astype(np.float32), None)
        umap = UMAP(n_neighbors=NEIGHBOURS, init="pca", precomputed_knn=known, random_state=0, n_jobs=1)
        return np.asarray(umap.fit_transform(points))


def _standard(features: Values) -> Values:
    spread = features.std(0)
    return np.asarray((features - features.mean(0)) / np.where(spread > 1e-6, spread, 1.0), np.float32)


def _scaled(points: NDArray[np.floating]) -> Values:
    """Centred, the farther side in [-1, 1]."""
    centred = points - (points.max(0) + points.min(0)) / 2
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-9), np.float32)
