"""Trades a strategy opened: what was known of each, and, once it has ended, how.

A trade is opened at the first open behind its decision and ends at one of three barriers.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.barriers import Outcome, triple_barrier
from engine.costs import BASIS_POINT, CostModel
from engine.meta_model import Labelled
from engine.panel import Window
from engine.returns import simple_returns
from engine.trade_features import bars_of
from engine.types import BoolArray, FloatArray, IntArray
from engine.weighting import volatility

MAX_WAIT: Final = 5  # sessions of its own an asset may stay without a bar before no trade is made
VOLATILITY_SESSIONS: Final = 252
HALFLIFE: Final = 22  # sessions: an exponential mean of span 63


@dataclass(frozen=True, kw_only=True)
class Trade:
    """A trade as it was decided, and its outcome once that is known."""

    day: int  # of the decision
    asset_id: int
    short: bool
    features: tuple[float, ...]
    width: float  # volatility over the horizon, of which barriers are multiples; NaN unknown
    cost: float  # of going in and out, a fraction
    probability: float  # of winning, as the model of that day told; NaN without one
    start: int = 0  # sessions, counted by the holder
    end: int = 0
    outcome: Outcome | None = None
    void: bool = False  # never filled, or out of sight: there is nothing to learn


@dataclass(frozen=True, kw_only=True)
class Barriers:
    """Where trades end: multiples of their volatility, and sessions of the asset's own."""

    gain: float
    loss: float
    horizon: int


def widths(window: Window, horizon: int) -> FloatArray:
    """Return the decayed daily volatility times the root of the horizon, (m,); NaN unknown."""
    returns = simple_returns(window.total_return[-VOLATILITY_SESSIONS - 1 :])
    scale: FloatArray = volatility(returns, estimator="ewma", halflife=HALFLIFE)
    return scale * math.sqrt(horizon)


def round_trip(
    costs: CostModel, notional: FloatArray, *, foreign: BoolArray, slippage_bps: FloatArray
) -> FloatArray:
    """Return what going in and out takes of each position, (m,), as a fraction of its size.

    Parameters
    ----------
    notional : ndarray of shape (m,)
        Money in each position, base currency, by which a flat fee and a least one count; of what
        has none only the rates are returned.
    slippage_bps : ndarray of shape (m,)
        Against the trader, each way. Market impact is left out.
    """
    fee = costs.commission(notional)
    share = np.divide(fee, notional, out=np.zeros_like(notional), where=notional > 0.0)
    # Money that stays abroad between trades is not converted for one of them.
    abroad = costs.conversion(np.ones_like(notional), foreign & (not costs.holds))
    one_way: FloatArray = share + slippage_bps * BASIS_POINT + abroad
    return 2.0 * one_way


def follow(
    trades: Iterable[Trade], window: Window, barriers: Barriers, *, clock: int
) -> tuple[Trade, ...]:
    """Return open trades with the outcome of those that have ended; ``clock`` is the last row's."""
    columns = {int(each): at for at, each in enumerate(window.asset_id)}
    return tuple(
        _follow(trade, window, columns[trade.asset_id], barriers, clock) for trade in trades
    )


def _follow(trade: Trade, window: Window, asset: int, barriers: Barriers, clock: int) -> Trade:
    if window.session[0] > trade.day or not trade.width > 0.0:
        return replace(trade, void=True)
    rows = np.flatnonzero((window.session > trade.day) & window.due[:, asset])
    opens, high, low, close = (each[rows] for each in bars_of(window, asset))
    filled = np.flatnonzero(np.isfinite(close[:MAX_WAIT]))
    if not len(filled):
        return replace(trade, void=len(rows) >= MAX_WAIT)
    first = int(filled[0])
    fill, high, low = _fill(first, opens, high, low, close)
    outcome = triple_barrier(
        fill,
        high[first:],
        low[first:],
        close[first:],
        upper=barriers.gain * trade.width,
        lower=barriers.loss * trade.width,
        horizon=barriers.horizon,
        cost=trade.cost,
        short=trade.short,
    )
    if outcome is None:
        return trade
    behind = clock - (len(window.session) - 1)
    ended = rows[first + outcome.bars]
    return replace(trade, outcome=outcome, start=behind + int(rows[first]), end=behind + int(ended))


def _fill(
    first: int, opens: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Return the fill, and the bars behind it: of a fill at the close its own bar is over."""
    if np.isfinite(opens[first]):
        return float(opens[first]), high, low
    high, low = high.copy(), low.copy()
    high[first] = low[first] = close[first]
    return float(close[first]), high, low


def labelled(trades: Sequence[Trade]) -> Labelled:
    """Return what can be learnt of trades that have ended, ascending by start, then by asset."""
    ended = [(trade, trade.outcome) for trade in trades if trade.outcome is not None]
    ended.sort(key=lambda each: (each[0].start, each[0].asset_id))
    return Labelled(
        features=np.array([trade.features for trade, _ in ended], np.float64),
        start=_ints(trade.start for trade, _ in ended),
        end=_ints(trade.end for trade, _ in ended),
        won=np.array([outcome.won for _, outcome in ended], np.bool_),
        gain=np.array([outcome.gain for _, outcome in ended], np.float64),
    )


def _ints(values: Iterable[int]) -> IntArray:
    return np.array(list(values), np.int64)
