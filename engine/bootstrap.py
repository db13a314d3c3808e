"""How much of a figure is luck: the stationary bootstrap, and tests against data snooping.

Returns are drawn in blocks of random length, so that what follows what survives the drawing, and
the series wraps around, so that each return is drawn as often as any other.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.ratios import ZERO_DEVIATION
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray

DRAWS: Final = 2_000
LEAST: Final = 250  # returns; with fewer nothing is said
SHORTEST_BLOCK: Final = 5.0
LEVEL: Final = 0.95
DRAWN_AT_ONCE: Final = 100  # bounds the memory: so many rows of the series' length

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Where figures lie in `level` of the draws; Sharpe, growth and alpha are a year's."""

    draws: int
    block: float  # mean length of a block, sessions
    level: float
    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    alpha: Interval | None  # None without a benchmark


@dataclass(frozen=True, kw_only=True)
class Snooping:
    """Chances that the best of many would look as good without any skill among them.

    `reality` is White's; the three others are Hansen's, whose recentring is the least, the
    consistent and the most severe on those who lost.
    """

    reality: float
    lower: float
    consistent: float
    upper: float


def block_length(returns: FloatArray) -> float:
    """Return the mean block of the stationary bootstrap that suits a series (n,), at least 5.

    References
    ----------
    Politis, D. N. & White, H. (2004). Automatic Block-Length Selection for the Dependent
    Bootstrap. Patton, A., Politis, D. N. & White, H. (2009). Correction.
    """
    n = len(returns)
    run = max(5, math.ceil(math.log10(n)))
    longest = min(math.ceil(math.sqrt(n)) + run, n - 1)
    centred = returns - returns.mean()
    lags = np.arange(longest + 1)
    covariance = np.array([centred[: n - lag] @ centred[lag:] for lag in lags]) / n
    if covariance[0] <= ZERO_DEVIATION**2:
        return SHORTEST_BLOCK
    reach = min(2 * max(_last_lag(centred, longest, run), 1), longest)
    taper = np.minimum(1.0, 2.0 * (1.0 - lags[: reach + 1] / reach))
    weighed = taper * covariance[: reach + 1]
    level = weighed[0] + 2.0 * weighed[1:].sum()
    slope = 2.0 * (lags[: reach + 1] * weighed).sum()
    length = (slope**2 / level**2) ** (1 / 3) * n ** (1 / 3)
    return float(max(SHORTEST_BLOCK, min(length, math.ceil(min(3.0 * math.sqrt(n), n / 3)))))


def _last_lag(centred: FloatArray, longest: int, run: int) -> int:
    """Return the lag after which `run` autocorrelations in a row are within the noise."""
    n = len(centred)
    within = 2.0 * math.sqrt(math.log10(n) / n)
    found = np.array(
        [
            (centred[lag:] @ centred[: n - lag])
            / math.sqrt((centred[lag:] @ centred[lag:]) * (centred[: n - lag] @ centred[: n - lag]))
            for lag in range(1, longest + 1)
        ]
    )
    beyond = np.abs(found) > within
    for lag in range(longest - run + 1):
        if not beyond[lag : lag + run].any():
            return lag
    loud = np.flatnonzero(beyond)
    return int(loud[-1]) + 1 if len(loud) else 1


def seed_of(content_key: str, purpose: str = "bootstrap") -> int:
    """Return where the draws of a content begin: the same content is drawn the same way."""
    return int.from_bytes(hashlib.sha256(f"{content_key} {purpose}".encode()).digest()[:16])


def draw(n: int, draws: int, block: float, rng: np.random.Generator) -> IntArray:
    """Return places (draws, n) of returns: blocks of geometric length, mean `block`, wrapping."""
    begins = rng.random((draws, n)) * block < 1.0
    begins[:, 0] = True
    starts = rng.integers(n, size=(draws, n))
    column = np.arange(n)
    begun = np.maximum.accumulate(np.where(begins, column, 0), axis=1)
    places: IntArray = (np.take_along_axis(starts, begun, axis=1) + column - begun) % n
    return places


def intervals(
    returns: FloatArray,
    *,
    rf: FloatArray,
    years: float,
    seed: int,
    benchmark: FloatArray | None = None,
    draws: int = DRAWS,
    block: float | None = None,
    checkpoint: Callable[[float], None] | None = None,
) -> Intervals | None:
    """Return percentile intervals of a run's figures.

    None with fewer than 250 returns, or where they do not vary: cash only mirrors the bill rate.

    Parameters
    ----------
    returns, rf : ndarray of shape (n,)
        Net simple returns per session and the risk-free ones, no NaN.
    years : float
        Length of the run by the calendar.
    benchmark : ndarray of shape (n,), optional
        Its returns, drawn from the same sessions.
    """
    n = len(returns)
    if n < LEAST or returns.std() <= ZERO_DEVIATION:
        return None
    block = block_length(returns) if block is None else block
    found: list[FloatArray] = []
    for places in _drawn(n, draws, block, seed):
        found.append(_figures(returns, rf, places, years, benchmark))
        if checkpoint is not None:
            checkpoint(DRAWN_AT_ONCE * len(found) / draws)
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(np.concatenate(found, axis=1), [tail, 1.0 - tail], axis=1)
    pairs = list(zip(low.tolist(), high.tolist(), strict=True))
    return Intervals(
        draws=draws,
        block=block,
        level=LEVEL,
        sharpe=pairs[0],
        cagr=pairs[1],
        max_drawdown=pairs[2],
        alpha=None if benchmark is None else pairs[3],
    )


def _drawn(n: int, draws: int, block: float, seed: int) -> Iterator[IntArray]:
    rng = np.random.Generator(np.random.PCG64(seed))
    for start in range(0, draws, DRAWN_AT_ONCE):
        yield draw(n, min(DRAWN_AT_ONCE, draws - start), block, rng)


def _figures(
    returns: FloatArray,
    rf: FloatArray,
    places: IntArray,
    years: float,
    benchmark: FloatArray | None,
) -> FloatArray:
    """Return Sharpe ratio, growth, drawdown and alpha of each draw, (3 or 4, draws)."""
    drawn, excess = returns[places], (returns - rf)[places]
    deviation = excess.std(axis=1, ddof=1)
    still = deviation <= ZERO_DEVIATION
    sharpe = np.where(still, 0.0, excess.mean(axis=1) / np.where(still, 1.0, deviation))
    wealth = np.cumprod(1.0 + drawn, axis=1)
    peaks = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    figures = [
        math.sqrt(SESSIONS_PER_YEAR) * sharpe,
        np.maximum(wealth[:, -1], 0.0) ** (1.0 / years) - 1.0,
        np.minimum((wealth / peaks).min(axis=1) - 1.0, 0.0),
    ]
    if benchmark is not None:
        figures.append(_alpha(excess, (benchmark - rf)[places]))
    return np.stack(figures)


def _alpha(excess: FloatArray, market: FloatArray) -> FloatArray:
    """Return Jensen's alpha of each row, a year's."""
    ours, theirs = excess.mean(axis=1), market.mean(axis=1)
    moved = market - theirs[:, None]
    spread = (moved * moved).sum(axis=1)
    beta = (moved * excess).sum(axis=1) / np.where(spread > 0.0, spread, np.inf)
    alpha: FloatArray = SESSIONS_PER_YEAR * (ours - beta * theirs)
    return alpha


def snooping(
    gains: FloatArray, *, seed: int, draws: int = DRAWS, block: float | None = None
) -> Snooping | None:
    """Return how likely the best of K rules would gain so much if none had any edge.

    Parameters
    ----------
    gains : ndarray of shape (n, K)
        What each rule made per session beyond what it is compared with, no NaN.

    Returns
    -------
    Snooping or None
        None with fewer than 250 sessions, or where no rule differs from the benchmark.

    References
    ----------
    White, H. (2000). A Reality Check for Data Snooping. Econometrica, 68(5).
    Hansen, P. R. (2005). A Test for Superior Predictive Ability. JBES, 23(4).
    """
    n = len(gains)
    if n < LEAST:
        return None
    mean = gains.mean(axis=0)
    moves = gains.std(axis=0) > ZERO_DEVIATION
    if not moves.any():
        return None
    gains, mean = gains[:, moves], mean[moves]
    block = max(map(block_length, gains.T)) if block is None else block
    drawn = np.concatenate(
        [_means(gains, places) for places in _drawn(n, draws, block, seed)]
    )  # (draws, K)
    root = math.sqrt(n)
    omega = root * drawn.std(axis=0)
    observed = float(max(0.0, (root * mean / omega).max()))
    hopeless = root * mean / omega <= -math.sqrt(2.0 * math.log(math.log(n)))
    recentred = {
        "lower": np.maximum(mean, 0.0),
        "consistent": np.where(hopeless, 0.0, mean),
        "upper": mean,
    }
    reality = (root * (drawn - mean)).max(axis=1) >= (root * mean).max()
    return Snooping(
        reality=float(reality.mean()),
        **{
            name: _share(root * (drawn - each) / omega, observed)
            for name, each in recentred.items()
        },
    )


def _means(gains: FloatArray, places: IntArray) -> FloatArray:
    """Return the mean of each rule over each draw, without copying the returns of all of them."""
    n = len(gains)
    counts = np.stack([np.bincount(row, minlength=n) for row in places]).astype(np.float64)
    means: FloatArray = counts @ gains / n
    return means


def _share(statistics: FloatArray, observed: float) -> float:
    return float((np.maximum(statistics.max(axis=1), 0.0) >= observed).mean())
