"""When an order fills, at which price and how much of it; and what a decision knows of prices.

An order fills in the first session of the asset's own market that opens strictly after the
decision and on which the asset is tradable: at its open where one is known, else at its close.
Never on a carried-forward price.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from engine.actions import Actions
from engine.panel import NEVER, Panel
from engine.types import BoolArray, FloatArray, IntArray

MAX_WAIT: Final = 5  # own sessions an order waits for its asset to trade
REACH: Final = 4 * MAX_WAIT  # rows searched; five sessions of one market lie well within
AVERAGE_SESSIONS: Final = 20  # window of average volume and volatility before a fill


class FillPolicy(StrEnum):
    NEXT_OPEN = "NEXT_OPEN"
    NEXT_CLOSE = "NEXT_CLOSE"
    DECISION_CLOSE = "DECISION_CLOSE"


@dataclass(frozen=True, kw_only=True)
class FirstFills:
    """Where orders first fill, by order."""

    row: IntArray  # -1 where none
    gave_up: IntArray  # row on which the wait ends without a fill; -1 while it may go on
    opens: BoolArray  # whether the asset's market opens again before the run ends


def first_fills(
    panel: Panel, asset: IntArray, *, row: int, instant: int, policy: FillPolicy, last_row: int
) -> FirstFills:
    """Find the fill session of orders in `asset` decided on `row` at `instant` (ns UTC)."""
    rows = slice(row, min(row + REACH, last_row) + 1)
    market = panel.market[asset]
    if policy is FillPolicy.DECISION_CLOSE:
        own = panel.closes_at[rows] != NEVER
    else:
        opens_at = panel.opens_at[rows]
        own = (opens_at > instant) & (opens_at != NEVER)
    waited = own.cumsum(axis=0)
    may_fill = own & (waited <= MAX_WAIT)
    found = _first(may_fill, row)[market]
    # Nearly all trade on the first session their market has.
    late = ((found < 0) | ~panel.tradable[found, asset]).nonzero()[0]
    if len(late):
        fills = may_fill[:, market[late]] & panel.tradable[rows][:, asset[late]]
        found[late] = _first(fills, row)
    gave_up = _first(waited >= MAX_WAIT, row)
    return FirstFills(row=found, gave_up=gave_up[market], opens=own.any(axis=0)[market])


def next_session(panel: Panel, asset: IntArray, *, row: int, last_row: int) -> IntArray:
    """Return the next session after `row` of each asset's market; -1 where the run ends first."""
    rows = slice(row + 1, min(row + REACH, last_row) + 1)
    own = (panel.opens_at[rows] != NEVER)[:, panel.market[asset]]
    return _first(own, row + 1)


def fills_at_open(
    panel: Panel, row: IntArray | int, asset: IntArray, policy: FillPolicy
) -> BoolArray:
    """Tell which orders fill at an open: NEXT_OPEN where the open is known."""
    if policy is not FillPolicy.NEXT_OPEN:
        return np.zeros(len(asset), np.bool_)
    known: BoolArray = np.isfinite(panel.open[row, asset])
    return known


def fill_instants(panel: Panel, row: IntArray, asset: IntArray, policy: FillPolicy) -> IntArray:
    """Return the instant (ns UTC) at which orders in `asset` fill on their `row`."""
    market = panel.market[asset]
    at_open = fills_at_open(panel, row, asset, policy)
    return np.where(at_open, panel.opens_at[row, market], panel.closes_at[row, market])


def volume_allowance(
    panel: Panel, row: IntArray | int, asset: IntArray, share: float
) -> FloatArray:
    """Return the shares a session's volume lets us trade; infinite where volume is unknown."""
    volume = panel.volume[row, asset]
    return np.where(np.isnan(volume), np.inf, share * volume)


@dataclass(frozen=True, kw_only=True)
class Liquidity:
    """What the sessions before a fill say of an asset; NaN unknown."""

    sigma: FloatArray  # standard deviation of session returns, ddof 1
    turnover: FloatArray  # average money traded per session, the asset's currency


def liquidity_before(panel: Panel, row: int, asset: IntArray) -> Liquidity:
    """Measure volatility and average turnover over the sessions before `row`."""
    rows = slice(max(row - AVERAGE_SESSIONS - 1, 0), row)
    close, volume = panel.close[rows, asset], panel.volume[rows, asset]
    level = close * panel.tr_factor[rows, asset]
    returns = level[1:] / level[:-1] - 1.0
    return Liquidity(sigma=_deviation(returns), turnover=_average((close * volume)[1:]))


@dataclass(frozen=True, kw_only=True)
class KnownPrices:
    """Prices and rates as a decision knows them, by asset; NaN where nothing is known."""

    mark: FloatArray  # last known close, the asset's own currency, ex of actions met since
    fx: FloatArray  # last known fixing


def known_prices(
    panel: Panel, actions: Actions, asset: IntArray, *, row: int, instant: int
) -> KnownPrices:
    """Return the last close and rate known at `instant` of each `asset`, for sizing on `row`.

    A split or dividend met after that close is taken out of it, because the account has it.
    """
    return KnownPrices(
        mark=_known_marks(panel, actions, asset, row, instant),
        fx=known_rates(panel, row, instant)[panel.currency[asset]],
    )


def _known_marks(
    panel: Panel, actions: Actions, asset: IntArray, row: int, instant: int
) -> FloatArray:
    at = np.where(np.isfinite(panel.marks()[row, asset]), row, -1)
    while (unseen := (at >= 0) & ~_seen(panel, at, asset, instant)).any():
        at = np.where(unseen, at - 1, at)
    mark = np.where(at >= 0, panel.close[at, asset], np.nan)
    _believe(panel, asset, at, mark, row, instant)
    for met in actions.between(int(at[at >= 0].min(initial=row)), row):
        ex = mark / actions.split[met, asset] - actions.dividend[met, asset]
        mark = np.where(met > at, ex, mark)
    return mark


def _believe(
    panel: Panel, asset: IntArray, at: IntArray, mark: FloatArray, row: int, instant: int
) -> None:
    """Take a later close that was believed at `instant` and corrected since, in place."""
    if not len(panel.superseded.row):
        return
    was = panel.superseded.believed(instant, 0, row)
    place = np.full(len(panel.symbols), -1)
    place[asset] = np.arange(len(asset))
    was = was.take(np.flatnonzero((place[was.asset] >= 0) & np.isfinite(was.close)))
    k = place[was.asset]
    later = was.row > at[k]
    at[k[later]], mark[k[later]] = was.row[later], was.close[later]


def _seen(panel: Panel, at: IntArray, asset: IntArray, instant: int) -> BoolArray:
    seen: BoolArray = np.isfinite(panel.close[at, asset]) & (panel.known_at[at, asset] <= instant)
    return seen


def known_rates(panel: Panel, row: int, instant: int) -> FloatArray:
    """Return the last rate of each currency (c,) known at `instant`; NaN where none is."""
    rates: FloatArray = panel.fx[row].copy()
    for column in range(1, len(rates)):
        known = panel.fx_known_at[: row + 1, column] <= instant
        if not known[-1]:
            seen = np.flatnonzero(known)
            rates[column] = panel.fx[seen[-1], column] if len(seen) else np.nan
    return rates


def _first(found: BoolArray, offset: int) -> IntArray:
    """Return the first true row of each column plus `offset`; -1 where there is none."""
    if not len(found):
        return np.full(found.shape[1], -1, np.int64)
    return np.where(found.any(axis=0), found.argmax(axis=0) + offset, -1)


def _average(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _deviation(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    count = known.sum(axis=0)
    spread = np.where(known, values - _average(values), 0.0)
    variance = (spread**2).sum(axis=0) / np.maximum(count - 1, 1)
    return np.where(count > 1, np.sqrt(variance), np.nan)
