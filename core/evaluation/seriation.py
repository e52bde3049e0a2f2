"""An order of many classes in which those that are taken for each other stand side by side.

Classes are joined by average linkage, the more confused the earlier, and the tree's leaves are turned so that
neighbours are as alike as they can be (Bar-Joseph, Gifford & Jaakkola 2001,
https://doi.org/10.1093/bioinformatics/17.suppl_1.S22).
"""

from collections.abc import Sequence

import numpy as np
import scipy


def alike_together(cells: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Positions of the K classes of a matrix (K, K), truth as rows, in that order; as they are if none is confused."""
    counts = np.array(cells, np.float64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    confused = (shares + shares.T) / 2
    np.fill_diagonal(confused, 0)
    if len(counts) < 3 or not confused.any():
        return tuple(range(len(counts)))
    distances = 1 - confused / confused.max()
    np.fill_diagonal(distances, 0)
    hierarchy = scipy.cluster.hierarchy
    tree = hierarchy.linkage(
        scipy.spatial.distance.squareform(distances, checks=False), "average", optimal_ordering=True
    )
    leaves = [int(leaf) for leaf in hierarchy.leaves_list(tree)]
    # A tree can be read from either end: begin where the classes begin.
    return tuple(leaves if leaves[0] <= leaves[-1] else reversed(leaves))
