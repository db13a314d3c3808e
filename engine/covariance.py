"""Covariance of session returns, the input of every risk-based allocation."""

import numpy as np

from engine.errors import InsufficientHistory, PanelError
from engine.types import FloatArray

# Below this standard deviation per session a price is taken to stand still.
ZERO_VOLATILITY = 1e-8


def sample_covariance(returns: FloatArray) -> FloatArray:
    """Return the sample covariance per session, divisor ``n_sessions - 1``.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_assets)
        Simple returns as decimal fractions. Gaps are refused, since covariances of different
        samples need not form a covariance matrix: drop the asset or the session first.

    Returns
    -------
    ndarray of shape (n_assets, n_assets)
        Squared decimal fractions per session; symmetric to the last bit.
    """
    if len(returns) < 2:
        raise InsufficientHistory(f"covariance needs 2 sessions of returns, {len(returns)} found")
    centred = returns - returns.mean(axis=0)
    covariance: FloatArray = centred.T @ centred
    covariance /= len(returns) - 1
    # A gap or an infinity anywhere in a column reaches that column's variance.
    broken = np.flatnonzero(~np.isfinite(covariance.diagonal()))
    if broken.size:
        raise PanelError(
            f"returns of column {broken[0]} have a gap; drop the asset or the session first"
        )
    return covariance


def require_variance(covariance: FloatArray) -> FloatArray:
    """Return the standard deviations per asset; refuse one that is zero to rounding."""
    deviation = np.sqrt(covariance.diagonal())
    still = np.flatnonzero(~(deviation > ZERO_VOLATILITY))
    if still.size:
        raise PanelError(
            f"returns of column {still[0]} have no variance; drop the asset before allocating"
        )
    return deviation
