"""Order by score, the same on every machine and for every order of columns."""

from typing import Final

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray

SIGNIFICANT_DIGITS: Final = 12


def quantise(scores: FloatArray) -> FloatArray:
    """Return ``scores`` rounded to twelve significant digits; NaN and 0 stay.

    A difference in the last bits, such as one linear-algebra build against another, must not
    decide who is held.
    """
    size = np.abs(scores)
    real = np.isfinite(size) & (size > 0.0)
    exponent = np.floor(np.log10(np.where(real, size, 1.0)))
    scale = 10.0 ** (SIGNIFICANT_DIGITS - 1 - exponent)
    return np.where(real, np.rint(scores * scale) / scale, scores)


def rank(scores: FloatArray, asset_id: IntArray, eligible: BoolArray) -> IntArray:
    """Return the positions of ``eligible`` assets, best score first, ties by ascending id."""
    candidates = np.flatnonzero(eligible & ~np.isnan(scores))
    order = np.lexsort((asset_id[candidates], -quantise(scores[candidates])))
    return candidates[order]


def percentiles(scores: FloatArray, eligible: BoolArray) -> FloatArray:
    """Return each eligible asset's rank from the worst as a share, 0 to 1; NaN elsewhere.

    Equal scores share the mean of their ranks; one candidate alone gets a half.
    """
    found = np.full(len(scores), np.nan)
    candidates = np.flatnonzero(eligible & ~np.isnan(scores))
    if len(candidates) == 1:
        found[candidates] = 0.5
    elif len(candidates):
        _, place, count = np.unique(
            quantise(scores[candidates]), return_inverse=True, return_counts=True
        )
        mean_rank = np.cumsum(count) - (count + 1) / 2  # from 0
        found[candidates] = mean_rank[place] / (len(candidates) - 1)
    return found
