"""Which sessions a choice may be made on, and which it is then judged by."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from engine.errors import InsufficientHistory
from engine.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One window: rows to choose on and rows to judge by, each [start, stop)."""

    train: tuple[int, int]
    test: tuple[int, int]
    partial: bool  # the test is shorter than asked for, because the data end


def windows(rows: int, *, train: int, test: int, step: int, gap: int, anchored: bool) -> list[Fold]:
    """Return the windows of a walk-forward over so many rows, oldest first.

    The rows between train and test are the gap. An anchored train begins with row 0. A step is at
    most the test, so that tests leave no row out, and ends the test before it. Raises
    InsufficientHistory.
    """
    length = min(test, step)
    if train + gap >= rows:
        raise InsufficientHistory(
            f"{train} train sessions and a gap of {gap} leave none of {rows} to test on; "
            "choose an earlier start or a shorter train"
        )
    made = []
    for first in range(train + gap, rows, step):
        begin = 0 if anchored else first - gap - train
        stop = min(first + length, rows)
        made.append(
            Fold(train=(begin, first - gap), test=(first, stop), partial=stop - first < length)
        )
    return made


@dataclass(frozen=True, kw_only=True)
class Split:
    """One choice of test groups: the rows left to choose on, and the groups judged by."""

    train: IntArray
    groups: tuple[int, ...]


def group_edges(rows: int, groups: int) -> list[tuple[int, int]]:
    """Return [start, stop) of groups of nearly equal length, in order."""
    edges = [round(rows * group / groups) for group in range(groups + 1)]
    return list(pairwise(edges))


def cpcv_splits(
    rows: int, *, groups: int, test_groups: int, span: int, embargo: int
) -> Iterator[Split]:
    """Yield every choice of `test_groups` of `groups`, purged and embargoed around each group.

    A row s carries a label that ends at ``s + span``. For each test group, with a its first row
    and b the end of its last label, a train row goes whose label span meets [a, b], and so does
    one of the `embargo` rows behind b.

    Raises
    ------
    InsufficientHistory
        With fewer rows than groups, and where nothing is left to choose on beside some groups.

    References
    ----------
    López de Prado, M. (2018). Advances in Financial Machine Learning, chapters 7 and 12.
    """
    if rows < groups:
        raise InsufficientHistory(
            f"{rows} sessions make no {groups} groups; choose an earlier start or fewer groups"
        )
    edges = group_edges(rows, groups)
    for chosen in combinations(range(groups), test_groups):
        kept = np.ones(rows, np.bool_)
        for group in chosen:
            _purge(kept, *edges[group], span=span, embargo=embargo)
        if not kept.any():
            raise InsufficientHistory(
                f"a purge of {span} and an embargo of {embargo} leave none of {rows} sessions to"
                f" choose on beside {test_groups} of {groups} groups; choose an earlier start or"
                " less of them"
            )
        yield Split(train=np.flatnonzero(kept), groups=chosen)


def _purge(kept: BoolArray, start: int, stop: int, *, span: int, embargo: int) -> None:
    last = min(stop - 1 + span, len(kept) - 1)
    kept[max(start - span, 0) : last + embargo + 1] = False


def paths_of(groups: int, test_groups: int) -> int:
    """Return how many whole paths the splits of `cpcv_splits` make."""
    return math.comb(groups, test_groups) * test_groups // groups


def stitch(predictions: dict[tuple[int, int], FloatArray], groups: int) -> list[FloatArray]:
    """Join the predictions of (split, group) into whole paths, each group once in each path.

    The n-th path takes of each group its n-th prediction, in the order of the splits.
    """
    by_group = [
        [predictions[key] for key in sorted(predictions) if key[1] == group]
        for group in range(groups)
    ]
    return [np.concatenate(parts) for parts in zip(*by_group, strict=True)]
