"""The difference of two Sharpe ratios, tested by a bootstrap that studentises each draw."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.bootstrap import DRAWN_AT_ONCE, DRAWS, LEVEL, Interval, block_length
from engine.sharpe_difference import difference, influences
from engine.types import SESSIONS_PER_YEAR, FloatArray

# Blocks of one length suit a series when they are so much longer than the mean of random ones.
FIXED_TO_RANDOM: Final = 1.5 ** (1 / 3)


@dataclass(frozen=True, kw_only=True)
class SharpeTest:
    """How much a run's Sharpe ratio is above another's, a year's; and how far to believe it."""

    difference: float
    interval: Interval  # at 95 %
    p_value: float  # chance of a difference as large, either way, if there were none
    block: int  # sessions
    draws: int


def sharpe_test(
    excess: FloatArray,
    other: FloatArray,
    *,
    seed: int,
    draws: int = DRAWS,
    block: int | None = None,
) -> SharpeTest | None:
    """Test whether two Sharpe ratios are one, on circular blocks of the sessions of both.

    Parameters
    ----------
    excess, other : ndarray of shape (n,)
        Simple returns per session beyond the risk-free one, of the same sessions, no NaN.
    block : int, optional
        Sessions drawn together; by default as many as the more persistent of both asks for.

    Returns
    -------
    SharpeTest or None
        None with fewer than 250 sessions, where one does not vary, or both are the same.

    References
    ----------
    Ledoit, O. & Wolf, M. (2008). Robust Performance Hypothesis Testing with the Sharpe Ratio.
    Journal of Empirical Finance, 15(5).
    """
    one, two = influences(excess.tolist()), influences(other.tolist())
    observed = None if one is None or two is None else difference(one, two)
    if observed is None:
        return None
    if block is None:
        suits = max(block_length(excess), block_length(other))
        block = math.ceil(FIXED_TO_RANDOM * suits)
    sums = _block_sums(np.stack([excess, other, excess**2, other**2]), block)
    spread = _studentised(sums, observed.value, block, draws, seed)
    year = math.sqrt(SESSIONS_PER_YEAR)
    reach = float(np.quantile(spread, LEVEL)) * observed.error
    seen = int((spread >= abs(observed.value) / observed.error).sum())
    return SharpeTest(
        difference=year * observed.value,
        interval=(year * (observed.value - reach), year * (observed.value + reach)),
        p_value=(seen + 1) / (draws + 1),
        block=block,
        draws=draws,
    )


def _block_sums(series: FloatArray, block: int) -> FloatArray:
    """Return, per session, the sums (4, n) of the block that begins with it, wrapping around."""
    n = series.shape[1]
    wrapped = np.concatenate([np.zeros((len(series), 1)), series, series[:, : block - 1]], axis=1)
    summed = wrapped.cumsum(axis=1)
    sums: FloatArray = summed[:, block : block + n] - summed[:, :n]
    return sums


def _studentised(
    sums: FloatArray, observed: float, block: int, draws: int, seed: int
) -> FloatArray:
    """Return how far each draw's difference is from the observed one, in its own errors (draws,).

    The blocks of a draw are independent of each other: their scatter tells its error.
    """
    n = sums.shape[1]
    count = n // block
    rng = np.random.Generator(np.random.PCG64(seed))
    found = []
    for start in range(0, draws, DRAWN_AT_ONCE):
        starts = rng.integers(n, size=(min(DRAWN_AT_ONCE, draws - start), count))
        drawn = sums[:, starts]  # (4, draws, blocks)
        mean = drawn.mean(axis=2) / block
        value, slope = _difference(mean)
        scatter = np.einsum("kd,kdj->dj", slope, drawn - block * mean[:, :, None])
        error = np.sqrt(np.square(scatter).mean(axis=1) / block / (count * block))
        found.append(np.abs(value - observed) / np.where(error > 0.0, error, np.inf))
    return np.concatenate(found)


def _difference(mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the difference of two ratios and its slope (4, d) in means and mean squares (4, d)."""
    first, square = mean[:2], mean[2:]
    variance = np.maximum(square - first**2, np.finfo(np.float64).tiny)
    ratio = first / np.sqrt(variance)
    sign = np.array([[1.0], [-1.0]])
    slope = np.concatenate([sign * square, -0.5 * sign * first]) / np.tile(variance**1.5, (2, 1))
    return ratio[0] - ratio[1], slope
