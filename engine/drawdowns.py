"""Falls from a running peak, and the episodes they form."""

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


def drawdowns(equity: FloatArray) -> FloatArray:
    """Return ``V_t / max(V_0..V_t) - 1`` for equity (k,) above 0 at its start; at most 0."""
    return equity / np.maximum.accumulate(equity) - 1.0


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
