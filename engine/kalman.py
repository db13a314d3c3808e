"""A hedge ratio that drifts, followed by a Kalman filter, for many pairs at once.

``y = alpha + beta x + noise`` where alpha and beta walk at random. What a session says of a pair is
the innovation: y less its expectation from the sessions before. The residual after the update is no
spread; the filter has just pulled it towards zero.
"""

from dataclasses import dataclass

import numpy as np

from engine.types import FloatArray


@dataclass(frozen=True)
class Hedge:
    """What is believed of each pair after its last session."""

    state: FloatArray  # (p, 2) alpha, beta
    covariance: FloatArray  # (p, 2, 2)
    noise: FloatArray  # (p,) variance of y around the line


@dataclass(frozen=True)
class Innovation:
    """What one session was against its expectation, (p,)."""

    error: FloatArray  # y less its expectation
    variance: FloatArray  # of that error, as expected
    slope: FloatArray  # beta as expected, from the sessions before

    @property
    def score(self) -> FloatArray:
        """Return the error in standard deviations."""
        z: FloatArray = self.error / np.sqrt(self.variance)
        return z


def follow(hedge: Hedge, y: FloatArray, x: FloatArray, *, delta: float) -> tuple[Innovation, Hedge]:
    """Return the innovation of one session and what is believed after it.

    Parameters
    ----------
    y, x : ndarray of shape (p,)
        Log prices. A pair with a NaN keeps its belief and has a NaN innovation.
    delta : float
        How fast the ratio may drift: the walk has variance ``delta / (1 - delta)`` a session.

    References
    ----------
    Elliott, R., van der Hoek, J. & Malcolm, W. (2005). Pairs Trading. Quantitative Finance, 5(3).
    """
    expected = hedge.covariance + np.eye(2) * (delta / (1.0 - delta))
    observed = np.stack([np.ones_like(x), x], axis=1)
    error = y - (observed * hedge.state).sum(axis=1)
    reach = (expected @ observed[:, :, None])[:, :, 0]
    variance = (observed * reach).sum(axis=1) + hedge.noise
    gain = reach / variance[:, None]
    known = np.isfinite(error)
    state = hedge.state + gain * error[:, None]
    covariance = expected - gain[:, :, None] * reach[:, None, :]
    after = Hedge(
        np.where(known[:, None], state, hedge.state),
        np.where(known[:, None, None], covariance, hedge.covariance),
        hedge.noise,
    )
    return Innovation(error, np.where(known, variance, np.nan), hedge.state[:, 1]), after
