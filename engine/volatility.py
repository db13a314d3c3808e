"""How much a market moved, and how much it was expected to move."""

import numpy as np

from engine.types import SESSIONS_PER_YEAR, FloatArray


def realised_volatility(log_returns: FloatArray) -> float:
    """Return ``100 sqrt(252 mean(l^2))``: annual per cent, the mean return taken as zero.

    `log_returns` (n,) are those of sessions, no NaN. Comparable with a quoted volatility index.
    """
    return 100.0 * float(np.sqrt(SESSIONS_PER_YEAR * np.mean(np.square(log_returns))))


def percentile_of_last(values: FloatArray) -> float:
    """Return the share of `values` (n,) strictly below the last one, plus half of those equal.

    No NaN; the last value is one of those equal to it.
    """
    below = np.count_nonzero(values < values[-1])
    equal = np.count_nonzero(values == values[-1])
    return (below + 0.5 * equal) / len(values)
