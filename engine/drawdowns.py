"""Falls from a running peak, and the episodes they form."""

import math
from dataclasses import dataclass

import numpy as np

from engine.types import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class DrawdownPeriod:
    """One fall from a high to the next session at or above it; days since 1970-01-01."""

    peak: int
    trough: int
    recovered: int | None  # None while it lasts
    depth: float  # below 0
    days: int  # calendar days from the peak to the recovery, or to the last session


@dataclass(frozen=True, kw_only=True)
class DrawdownTimes:
    """How long a drawdown fell, and how long it then took to be made good."""

    fall_days: int  # calendar days, peak to trough
    fall_sessions: int
    recovery_days: int | None  # trough to recovery; None while it lasts
    recovery_sessions: int | None
    sessions: int  # peak to recovery, or to the last session while it lasts


def drawdowns(equity: FloatArray) -> FloatArray:
    """Return ``V_t / max(V_0..V_t) - 1`` for equity (k,) above 0 at its start; at most 0."""
    return equity / np.maximum.accumulate(equity) - 1.0


def ulcer_index(equity: FloatArray) -> float:
    """Return the root mean square of the drawdowns of equity (k,), V_0's zero included.

    A fraction of the peak, at least 0: deep and long falls weigh most. NaN without equity.

    References
    ----------
    Martin, P. & McCann, B. (1989). The Investor's Guide to Fidelity Funds.
    """
    return math.sqrt(np.mean(np.square(drawdowns(equity)))) if len(equity) else math.nan


def drawdown_times(episode: DrawdownPeriod, session: IntArray) -> DrawdownTimes:
    """Return an episode's durations; `session` (k,) are the days it was found on."""
    peak, trough = np.searchsorted(session, [episode.peak, episode.trough]).tolist()
    back = episode.recovered
    end = len(session) - 1 if back is None else int(np.searchsorted(session, back))
    return DrawdownTimes(
        fall_days=episode.trough - episode.peak,
        fall_sessions=trough - peak,
        recovery_days=None if back is None else back - episode.trough,
        recovery_sessions=None if back is None else end - trough,
        sessions=end - peak,
    )


def drawdown_episodes(equity: FloatArray, session: IntArray) -> list[DrawdownPeriod]:
    """Return every drawdown in order of time; (k,) equity and session days, no NaN."""
    depth = drawdowns(equity)
    edges = np.diff((depth < 0.0).astype(np.int8), append=np.int8(0))
    peaks = np.flatnonzero(edges == 1).tolist()
    ends = (np.flatnonzero(edges == -1) + 1).tolist()
    return [_period(depth, session, a, b) for a, b in zip(peaks, ends, strict=True)]


def _period(depth: FloatArray, session: IntArray, peak: int, end: int) -> DrawdownPeriod:
    trough = peak + 1 + int(np.argmin(depth[peak + 1 : end]))
    recovered = int(session[end]) if end < len(session) else None
    last = int(session[-1]) if recovered is None else recovered
    return DrawdownPeriod(
        peak=int(session[peak]),
        trough=int(session[trough]),
        recovered=recovered,
        depth=float(depth[trough]),
        days=last - int(session[peak]),
    )
