"""Correlation and covariance of session returns, the input of risk-based allocation."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np

from engine.errors import Infeasible, InsufficientHistory, PanelError
from engine.types import FloatArray

CovarianceEstimator = Literal["sample", "ledoit_wolf", "ewma", "denoise"]

# Below this standard deviation per session a price is taken to stand still.
ZERO_VOLATILITY = 1e-8
SINGULAR: Final = 1e-12  # least eigenvalue as a share of the largest
HALFLIFE: Final = 63  # sessions, of the decaying estimator
NOISE_ROUNDS: Final = 100


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


def estimate_covariance(
    returns: FloatArray, estimator: CovarianceEstimator = "ledoit_wolf"
) -> FloatArray:
    """Return the covariance of the columns of `returns`, per session.

    Parameters
    ----------
    returns : ndarray of shape (n_sessions, n_assets)
        Simple returns as decimal fractions, two sessions or more, no NaN, no column that stands
        still.
    estimator : {"sample", "ledoit_wolf", "ewma", "denoise"}
        `sample` divides by ``n_sessions - 1``. `ledoit_wolf` shrinks it towards the identity times
        the mean variance. `ewma` halves a session's weight every 63 sessions. `denoise` replaces
        the eigenvalues of the correlation that chance alone would make by their mean.

    Returns
    -------
    ndarray of shape (n_assets, n_assets)
        Symmetric to the last bit.

    References
    ----------
    Ledoit, O. & Wolf, M. (2004). A Well-Conditioned Estimator for Large-Dimensional Covariance
    Matrices. Journal of Multivariate Analysis, 88(2).
    López de Prado, M. (2020). Machine Learning for Asset Managers. Cambridge University Press.
    """
    if len(returns) < 2:
        raise InsufficientHistory(f"covariance needs 2 sessions of returns, {len(returns)} found")
    covariance = _ESTIMATORS[estimator](returns)
    return (covariance + covariance.T) / 2.0


def require_invertible(covariance: FloatArray, *, observations: int) -> None:
    """Refuse a covariance that has no inverse to rounding, in numbers.

    Raises
    ------
    Infeasible
        When the least eigenvalue is not above 1e-12 of the largest.
    """
    if not len(covariance):
        return
    eigenvalues = np.linalg.eigvalsh(covariance)
    if not eigenvalues[0] > SINGULAR * eigenvalues[-1]:
        raise Infeasible(
            f"singular_covariance: {observations} observations, {len(covariance)} assets"
        )


def _sample(returns: FloatArray) -> FloatArray:
    centred = returns - returns.mean(axis=0)
    covariance: FloatArray = centred.T @ centred / (len(returns) - 1)
    return covariance


def _ledoit_wolf(returns: FloatArray) -> FloatArray:
    """Shrink by the share of the distance to the target that is noise; divisor ``n_sessions``."""
    sessions, size = returns.shape
    centred = returns - returns.mean(axis=0)
    covariance = centred.T @ centred / sessions
    target = covariance.trace() / size * np.eye(size)
    distance = float(np.square(covariance - target).sum())
    lengths = np.square(np.square(centred).sum(axis=1))
    noise = (float(lengths.mean()) - float(np.square(covariance).sum())) / sessions
    share = min(max(noise, 0.0), distance) / distance if distance > 0.0 else 0.0
    shrunk: FloatArray = (1.0 - share) * covariance + share * target
    return shrunk


def _ewma(returns: FloatArray) -> FloatArray:
    age = np.arange(len(returns))[::-1]
    weight = 0.5 ** (age / HALFLIFE)
    weight /= weight.sum()
    centred = returns - weight @ returns
    covariance: FloatArray = (weight[:, None] * centred).T @ centred
    return covariance


def _denoise(returns: FloatArray) -> FloatArray:
    """Keep the eigenvalues above the Marchenko-Pastur edge and level the others."""
    correlation, deviation = correlate(returns)
    values, vectors = np.linalg.eigh(correlation)
    noise = int(np.count_nonzero(values <= noise_edge(values, sessions=len(returns))))
    levelled = np.concatenate(
        [np.full(noise, values[:noise].sum() / max(noise, 1)), values[noise:]]
    )
    rebuilt = (vectors * levelled) @ vectors.T
    scale = deviation / np.sqrt(rebuilt.diagonal())
    cleaned: FloatArray = rebuilt * np.outer(scale, scale)
    return cleaned


def noise_edge(eigenvalues: FloatArray, *, sessions: int) -> float:
    """Return the largest eigenvalue (of k, ascending) of a correlation that chance would make.

    ``v (1 + sqrt(k / sessions))^2`` with v the mean of the eigenvalues under the edge, found by
    repetition from v = 1: what the market moves together is no noise and must not widen it.
    """
    spread = (1.0 + np.sqrt(len(eigenvalues) / sessions)) ** 2
    edge = float(spread)
    for _ in range(NOISE_ROUNDS):
        below = eigenvalues[eigenvalues <= edge]
        if not len(below) or float(below.mean()) * spread == edge:
            break
        edge = float(below.mean() * spread)
    return edge


_ESTIMATORS: Final[Mapping[str, Callable[[FloatArray], FloatArray]]] = {
    "sample": _sample,
    "ledoit_wolf": _ledoit_wolf,
    "ewma": _ewma,
    "denoise": _denoise,
}
