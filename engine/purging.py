"""Folds in time that share no label with what they are judged by.

References
----------
López de Prado, M. (2018). Advances in Financial Machine Learning, chapter 7.
"""

from collections.abc import Iterator

import numpy as np

from engine.types import BoolArray, IntArray
from engine.validation import group_edges


def purged_folds(
    start: IntArray, end: IntArray, *, folds: int, embargo: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the labels to train on and those to judge by, for each of `folds` in order of time.

    Parameters
    ----------
    start, end : ndarray of shape (e,)
        First and last session of each label, ascending by start.
    embargo : int
        Sessions behind a fold's last label end in which no label to train on may begin.
    """
    for first, stop in group_edges(len(start), folds):
        test = np.arange(first, stop)
        if len(test):
            yield np.flatnonzero(apart(start, end, test, embargo=embargo)), test


def apart(start: IntArray, end: IntArray, test: IntArray, *, embargo: int) -> BoolArray:
    """Tell which labels share no session with those of `test`, nor begin right behind them."""
    first, last = int(start[test].min()), int(end[test].max())
    meets = (start <= last) & (end >= first)
    follows = (start > last) & (start <= last + embargo)
    shared: BoolArray = meets | follows
    return ~shared
