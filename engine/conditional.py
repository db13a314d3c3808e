"""A run's sessions by what was known of the market at the close before them."""

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import ratios
from engine.types import SESSIONS_PER_YEAR, BoolArray, FloatArray, IntArray

LEAST_FOR_RATIO: Final = 30  # sessions
UNKNOWN: Final = -1
TERCILE_HISTORY: Final = 252  # levels before a tercile means something
STALE_DAYS: Final = 7  # as for a benchmark's level


@dataclass(frozen=True, kw_only=True)
class Group:
    """The sessions of one label; over all groups they sum to the run. None where undefined."""

    label: int  # UNKNOWN before anything was known
    sessions: int
    share: float
    mean: float | None  # a year
    volatility: float | None  # a year
    sharpe: float | None
    cagr: float | None  # its sessions one after another, 252 a year
    hit_rate: float | None
    beta: float | None


def by_label(
    returns: FloatArray, rf: FloatArray, market: FloatArray, label: IntArray
) -> list[Group]:
    """Return one group for each label that occurs, in order of the labels.

    Parameters
    ----------
    returns, rf, market : ndarray of shape (n,)
        Simple returns of the run, the risk-free asset and the benchmark; the last NaN where it is
        absent.
    label : ndarray of shape (n,)
        What was known at the close before each session.
    """
    return [
        _group(int(each), label == each, returns, rf, market) for each in np.unique(label).tolist()
    ]


def _group(
    label: int, own: BoolArray, returns: FloatArray, rf: FloatArray, market: FloatArray
) -> Group:
    r, excess = returns[own], (returns - rf)[own]
    known = own & np.isfinite(market)
    n = len(r)
    regressed = int(known.sum()) >= LEAST_FOR_RATIO
    beta = ratios.beta((returns - rf)[known], (market - rf)[known]) if regressed else math.nan
    grown = float(np.prod(1.0 + r))
    cagr = grown ** (SESSIONS_PER_YEAR / n) - 1.0 if n >= SESSIONS_PER_YEAR else math.nan
    return Group(
        label=label,
        sessions=n,
        share=n / len(returns),
        mean=SESSIONS_PER_YEAR * float(r.mean()),
        volatility=_or_none(ratios.volatility(r)),
        sharpe=_or_none(ratios.sharpe_ratio(excess) if n >= LEAST_FOR_RATIO else math.nan),
        cagr=_or_none(cagr),
        hit_rate=_or_none(ratios.hit_rate(r)),
        beta=_or_none(beta),
    )


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def known_before(
    session: IntArray, day: IntArray, label: IntArray, *, early: BoolArray | None = None
) -> IntArray:
    """Return, for each session but the first, the label of the last day up to the one before it.

    `day` (k,) are ascending days since 1970-01-01, `label` what became known at their closes. A
    label older than `STALE_DAYS` is known no more: the series may have ended. On a session that is
    `early` (n,) every market had closed before that of the label, whose last one is a day older.
    """
    if not len(day):
        return np.full(len(session) - 1, UNKNOWN)
    until = session[:-1] if early is None else session[:-1] - early[:-1]
    row = np.searchsorted(day, until, side="right") - 1
    last = np.maximum(row, 0)
    fresh = (row >= 0) & (session[:-1] - day[last] <= STALE_DAYS)
    return np.where(fresh, label[last], UNKNOWN)


def terciles(level: Sequence[float]) -> IntArray:
    """Return 0, 1 or 2 for the third of its own past each level lies in, UNKNOWN for the first."""
    past: list[float] = []
    found = np.full(len(level), UNKNOWN, np.int64)
    for t, now in enumerate(level):
        insort(past, now)
        if len(past) >= TERCILE_HISTORY:
            found[t] = min(3 * bisect_left(past, now) // len(past), 2)
    return found
