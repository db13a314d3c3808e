"""A random forest as tables of numbers: grown by scikit-learn, kept and read without it.

References
----------
Breiman, L. (2001). Random Forests. Machine Learning, 45.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray

TREES: Final = 200
DEPTH: Final = 6
LEAF: Final = 20
NO_CHILD: Final = -1
LARGEST_SEED: Final = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Forest:
    """The nodes of all trees behind one another; children are places in these tables."""

    root: IntArray  # (trees,)
    feature: IntArray  # (nodes,), 0 at a leaf
    threshold: FloatArray  # at most this goes left
    unknown_left: BoolArray  # where NaN goes
    left: IntArray  # NO_CHILD at a leaf, as is right
    right: IntArray
    share: FloatArray  # of wins among what ended in the node, by weight

    def score(self, features: FloatArray) -> FloatArray:
        """Return the mean share of wins over the trees for each row of `features` (e, f)."""
        # Thresholds lie between numbers of single precision, which is what trees were grown on.
        x = features.astype(np.float32)
        rows = np.arange(len(x))[:, None]
        node = np.broadcast_to(self.root, (len(x), len(self.root)))
        for _ in range(DEPTH):
            value = x[rows, self.feature[node]]
            goes_left = np.where(
                np.isnan(value), self.unknown_left[node], value <= self.threshold[node]
            )
            child = np.where(goes_left, self.left[node], self.right[node])
            node = np.where(child == NO_CHILD, node, child)
        mean: FloatArray = self.share[node].mean(axis=1)
        return mean


def grow(
    features: FloatArray, won: BoolArray, weights: FloatArray, *, max_samples: float, seed: int
) -> Forest:
    """Grow a forest of 200 trees on labelled events, of which some won and some did not.

    Parameters
    ----------
    features : ndarray of shape (e, f)
        NaN where unknown: each split says which way it goes.
    weights : ndarray of shape (e,)
        Weight of each event beside that which balances the classes.
    max_samples : float
        Share of the events each tree is grown on, above 0 and at most 1.
    seed : int
        The same seed and events give the same forest.
    """
    tables = _grow_trees(
        np.ascontiguousarray(features, np.float32),
        won,
        _balanced(weights, won),
        size=max(round(max_samples * len(won)), 1),
        seed=seed % 2**32,
    )
    sizes = np.array([table.node_count for table in tables])
    root = np.cumsum(sizes) - sizes
    joined = {
        name: np.concatenate([getattr(table, name) for table in tables])
        for name in ("feature", "threshold", "missing_go_to_left")
    }
    return Forest(
        root=root,
        feature=np.maximum(joined["feature"], 0).astype(np.int64),
        threshold=joined["threshold"],
        unknown_left=joined["missing_go_to_left"].astype(np.bool_),
        left=_placed([table.children_left for table in tables], root),
        right=_placed([table.children_right for table in tables], root),
        share=np.concatenate([_share(table.value[:, 0, :]) for table in tables]),
    )


def _balanced(weights: FloatArray, won: BoolArray) -> FloatArray:
    """Return weights (e,) under which what was won and what was not count as much."""
    totals = np.bincount(won, weights=weights, minlength=2)
    balanced: FloatArray = weights * (totals.sum() / (2.0 * totals))[won.astype(np.int64)]
    return balanced


def _grow_trees(
    features: FloatArray, won: BoolArray, weights: FloatArray, *, size: int, seed: int
) -> list[Any]:
    """Return the tables of each tree, grown on `size` events drawn by their weights.

    Those of ``sklearn.ensemble.RandomForestClassifier``, which around each tree spends ten times
    what it takes to grow one; a test holds the two together.
    """
    # Seconds when cold.
    from sklearn.tree._criterion import Gini
    from sklearn.tree._splitter import BestSplitter
    from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

    classes, target = np.array([2]), won.astype(np.float64)[:, None]
    unknown = np.isnan(features).any(axis=0)
    share = weights / weights.sum()
    looked_at = max(1, int(np.sqrt(features.shape[1])))
    grown, draws = [], np.random.RandomState(seed)
    for own in draws.randint(LARGEST_SEED, size=TREES):
        draws.seed(own)
        drawn = draws.choice(len(won), size, replace=True, p=share)
        counts = np.bincount(drawn, minlength=len(won)).astype(np.float64)
        draws.seed(own)
        splitter = BestSplitter(Gini(1, classes), looked_at, LEAF, 0.0, draws, None)
        tree = Tree(features.shape[1], classes, 1)
        builder = DepthFirstTreeBuilder(splitter, 2 * LEAF, LEAF, 0.0, DEPTH, 0.0)
        builder.build(tree, features, target, counts, unknown if unknown.any() else None)
        grown.append(tree)
    return grown


def _placed(children: list[IntArray], root: IntArray) -> IntArray:
    moved = [
        np.where(each == NO_CHILD, NO_CHILD, each + first)
        for each, first in zip(children, root, strict=True)
    ]
    return np.concatenate(moved).astype(np.int64)


def _share(value: FloatArray) -> FloatArray:
    share: FloatArray = value[:, 1] / value.sum(axis=1)
    return share
