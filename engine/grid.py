"""Rankings of many parameter combinations at once, equal name for name to one at a time."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.ranking import quantise
from engine.types import BoolArray, FloatArray, IntArray

# Scores that agree in twelve digits lie closer than this, relative to one plus the score.
NEAR: Final = 1e-11


class MomentumGrid:
    """Names in order of ``P[t - skip] / P[t - lookback] - 1`` for G pairs of lookback and skip.

    Parameters
    ----------
    prices : ndarray of shape (n, m)
        Total-return levels, columns ascending by asset id, NaN where there is no bar. A name
        without a real bar at both ends is not ranked.
    lookbacks, skips : sequences of length G
        Sessions; a skip is below its lookback.
    eligible : ndarray of shape (n, m), optional
        Names that may be held when deciding on a row.
    """

    def __init__(
        self,
        prices: FloatArray,
        *,
        lookbacks: Sequence[int] | IntArray,
        skips: Sequence[int] | IntArray,
        eligible: BoolArray | None = None,
    ) -> None:
        self.prices = prices
        self.lookbacks, self.skips = np.asarray(lookbacks), np.asarray(skips)
        self.eligible = eligible

    def best(self, row: int, count: int, part: slice = slice(None)) -> IntArray:
        """Return the `count` best names of each ranking in `part`, decided on `row`.

        Shape (g, count), best first, equal scores by ascending column; where fewer are eligible
        the places left are m, the column after the last.
        """
        start = self.prices[row - self.lookbacks[part]]
        end = self.prices[row - self.skips[part]]
        # Ascending order of start / end is descending order of the score; NaN sorts last.
        falling = start / end
        if self.eligible is not None:
            falling[:, ~self.eligible[row]] = np.nan
        return best_names(falling, start, end, count)


def best_names(falling: FloatArray, start: FloatArray, end: FloatArray, count: int) -> IntArray:
    """Return per row the `count` columns of highest ``end / start - 1``; see `MomentumGrid.best`.

    `falling` (g, m) is ``start / end``, NaN where not eligible. Only what lies at or above the
    last place is sorted: a partition finds that place, and where scores equal to twelve digits
    straddle it, the row is sorted whole.
    """
    rankings, m = falling.shape
    places = min(count, m)
    last = np.partition(falling, places - 1, axis=1)[:, places - 1 : places]
    reached = falling <= last * (1.0 + NEAR)
    clear = np.count_nonzero(reached, axis=1) == places
    reached[~clear] = False
    rows = np.flatnonzero(clear)[:, None]
    columns = np.flatnonzero(reached).reshape(-1, places) - rows * m
    names = np.full((rankings, count), m)
    names[rows, np.arange(places)] = _sorted(rows, columns, start, end)
    for row in np.flatnonzero(~clear):
        eligible = np.flatnonzero(~np.isnan(falling[row]))[None, :]
        order = _sorted(np.array([[row]]), eligible, start, end)[0, :places]
        names[row, : len(order)] = order
    return names


def _sorted(rows: IntArray, columns: IntArray, start: FloatArray, end: FloatArray) -> IntArray:
    """Return ascending `columns` (g, k) of `rows` (g, 1) by score, best first, ties in order."""
    score = end[rows, columns] / start[rows, columns] - 1.0
    order = np.argsort(-quantise(score), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)
