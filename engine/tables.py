"""Calendar tables of a run: months, years, worst drawdowns."""

import numpy as np

from engine.drawdowns import DrawdownPeriod, drawdown_episodes
from engine.types import FloatArray, IntArray


def monthly_returns(
    equity: FloatArray, session: IntArray, benchmark: FloatArray | None = None
) -> list[tuple[int, int, float, float | None]]:
    """Return (year, month, return, benchmark's) per calendar month in which a return falls.

    Parameters
    ----------
    equity, session : ndarray of shape (k,)
        Equity and its days since 1970-01-01. The first month runs from the first session, the
        last to the last: both may be partial.
    benchmark : ndarray of shape (k,), optional
        Its level; the month's return is None where the level at either end is unknown.
    """
    months = session.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return [
        (1970 + key // 12, 1 + key % 12, value, other)
        for key, value, other in _beside(equity, months, benchmark)
    ]


def annual_returns(
    equity: FloatArray, session: IntArray, benchmark: FloatArray | None = None
) -> list[tuple[int, float, float | None]]:
    """Return (year, return, benchmark's return) per calendar year; the last None where unknown."""
    years = session.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    return [(1970 + year, value, other) for year, value, other in _beside(equity, years, benchmark)]


def drawdown_periods(
    equity: FloatArray, session: IntArray, *, first: int = 10
) -> list[DrawdownPeriod]:
    """Return the ``first`` deepest drawdowns, deepest first, ties by the date of the peak."""
    episodes = drawdown_episodes(equity, session)
    return sorted(episodes, key=lambda episode: (episode.depth, episode.peak))[:first]


def _beside(
    equity: FloatArray, period: IntArray, benchmark: FloatArray | None
) -> list[tuple[int, float, float | None]]:
    keys, values = _by_period(equity, period)
    _, others = _by_period(np.full(len(equity), np.nan) if benchmark is None else benchmark, period)
    return [
        (key, value, None if np.isnan(other) else other)
        for key, value, other in zip(keys.tolist(), values.tolist(), others.tolist(), strict=True)
    ]


def _by_period(level: FloatArray, period: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the periods that hold a return, and the compounded return of each."""
    last = np.flatnonzero(np.append(period[1:] != period[:-1], True))
    if len(last) and last[0] == 0:
        base, last = level[last[:-1]], last[1:]
    else:
        base = level[np.concatenate([[0], last[:-1]])]
    return period[last], level[last] / base - 1.0
