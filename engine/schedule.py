"""When decisions are made: the calendar's last session of each period, and the instant on it."""

from enum import StrEnum
from typing import Final

import numpy as np

from engine.panel import NEVER, Panel
from engine.types import IntArray


class Rebalance(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"


class DecisionClock(StrEnum):
    ASX_CLOSE = "ASX_CLOSE"
    US_CLOSE = "US_CLOSE"


CLOCK_MARKETS: Final = {
    DecisionClock.ASX_CLOSE: ("XASX",),
    DecisionClock.US_CLOSE: ("XNYS", "XNAS"),
}
# Close of the clock's market on a day it does not trade, or when the panel has no calendar of it:
# 06:10 UTC lies between the US close and the next US open, 21:00 UTC before the next ASX open.
NOMINAL_CLOSE_SECONDS: Final = {
    DecisionClock.ASX_CLOSE: 6 * 3600 + 600,
    DecisionClock.US_CLOSE: 21 * 3600,
}
# New York's attack came before the open: until then these four were sessions of its calendar, and
# the Monday before them was not known to be the last of its week.
SHUT_UNFORESEEN: Final = ("2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14")
UNFORESEEN: Final = {"XNYS": SHUT_UNFORESEEN, "XNAS": SHUT_UNFORESEEN}
DAY_SECONDS: Final = 86_400
NANOSECONDS: Final = 1_000_000_000


def decision_rows(
    session: IntArray,
    rebalance: Rebalance,
    *,
    first_row: int,
    last_row: int,
    offset: int = 0,
    market: str = "",
) -> IntArray:
    """Return the rows of ``session`` on which a period ends, ``offset`` sessions later.

    It ends by the calendar as it was known on that day: a closure of ``market`` that nobody saw
    coming ends none, and a period that it cuts short has no end.

    Parameters
    ----------
    session : ndarray of shape (n,)
        Days since 1970-01-01, ascending. A row ends its period when the next row lies in another:
        the very last row is no decision, since nothing after it could be traded.

    Returns
    -------
    ndarray
        Rows within [first_row, last_row], ascending.
    """
    ends = _periods(_expected_next(session, market), rebalance) != _periods(session, rebalance)[:-1]
    rows = np.flatnonzero(ends) + offset
    return rows[(rows >= first_row) & (rows <= min(last_row, len(session) - 2))]


def decision_instants(panel: Panel, rows: IntArray, clock: DecisionClock) -> IntArray:
    """Return the instant (ns UTC) of a decision on each of ``rows``."""
    nominal = panel.session[rows] * DAY_SECONDS + NOMINAL_CLOSE_SECONDS[clock]
    instants: IntArray = nominal * NANOSECONDS
    columns = [k for k, name in enumerate(panel.markets) if name in CLOCK_MARKETS[clock]]
    for column in columns:
        closes = panel.closes_at[rows, column]
        instants = np.where(closes == NEVER, instants, closes)
    return instants


def primary_rows(panel: Panel) -> IntArray:
    """Return the rows on which the universe's primary market trades."""
    return np.flatnonzero(panel.closes_at[:, 0] != NEVER)


def _expected_next(session: IntArray, market: str) -> IntArray:
    """Return for each session but the last the day that was then expected to be the next."""
    shut = np.array(UNFORESEEN.get(market, ()), "datetime64[D]").astype(np.int64)
    following = np.searchsorted(shut, session[:-1], side="right")
    known = following < len(shut)
    expected = session[1:].copy()
    expected[known] = np.minimum(expected[known], shut[following[known]])
    return expected


def _periods(session: IntArray, rebalance: Rebalance) -> IntArray:
    if rebalance is Rebalance.DAILY:
        return session
    if rebalance is Rebalance.WEEKLY:
        return (session + 3) // 7  # 1970-01-01 was a Thursday; weeks begin on Monday
    month: IntArray = session.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return month if rebalance is Rebalance.MONTHLY else month // 3
