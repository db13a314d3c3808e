"""Correlation and deviation of session returns, the input of risk-based allocation."""

import numpy as np

from engine.errors import InsufficientHistory, PanelError
from engine.types import FloatArray

# Below this standard deviation per session a price is taken to stand still.
ZERO_VOLATILITY = 1e-8


def correlate(returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the sample correlations and the standard deviations, divisor ``n_sessions - 1``.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_assets)
        Simple returns as decimal fractions. Gaps are refused, since correlations of different
        samples need not form a correlation matrix: drop the asset or the session first.

    Returns
    -------
    correlation : ndarray of shape (n_assets, n_assets)
        Symmetric to the last bit, one on the diagonal to rounding.
    deviation : ndarray of shape (n_assets,)
        Decimal fractions per session; never zero.
    """
    if len(returns) < 2:
        raise InsufficientHistory(f"correlation needs 2 sessions of returns, {len(returns)} found")
    scores = returns - returns.mean(axis=0)
    length = np.sqrt(np.einsum("tk,tk->k", scores, scores))
    deviation = length / np.sqrt(len(returns) - 1)
    require_variance(deviation)
    scores /= length
    return scores.T @ scores, deviation


def require_variance(deviation: FloatArray) -> None:
    """Refuse a deviation that is unknown, or zero to rounding, and name its column."""
    gaps = np.flatnonzero(~np.isfinite(deviation))
    if gaps.size:
        raise PanelError(
            f"returns of column {gaps[0]} have a gap; drop the asset or the session first"
        )
    still = np.flatnonzero(deviation <= ZERO_VOLATILITY)
    if still.size:
        raise PanelError(
            f"returns of column {still[0]} have no variance; drop the asset before allocating"
        )
