"""What a run held and traded: turnover, exposure, breadth, and its closed round trips."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.ratios import DAYS_PER_YEAR, ZERO_DEVIATION, deviation
from engine.sheet import Sheet
from engine.types import BoolArray, FloatArray, IntArray

NO_POSITION: Final = 1e-9  # of equity; what rounding leaves of a position that was sold


@dataclass(frozen=True, kw_only=True)
class Risk:
    """What a purchase loses at its first stop, base currency, before what selling costs."""

    row: int  # of the panel
    asset: int
    amount: float


@dataclass(frozen=True, kw_only=True)
class RoundTrips:
    """Positions opened and closed again: money put in, and profit net of every fee."""

    cost: FloatArray
    profit: FloatArray
    risked: FloatArray  # between the purchase and its first stop; NaN where there was none

    def join(self, other: "RoundTrips") -> "RoundTrips":
        return RoundTrips(
            cost=np.concatenate([self.cost, other.cost]),
            profit=np.concatenate([self.profit, other.profit]),
            risked=np.concatenate([self.risked, other.risked]),
        )


def average_holdings(weights: FloatArray) -> float:
    """Return the mean number of positions over all sessions, those all in cash included.

    Parameters
    ----------
    weights : ndarray of shape (k, c)
        Fractions of equity at each close, no NaN; what is not in them is cash.

    Returns
    -------
    float
        A count, 0 when nothing was ever held; NaN without a session.
    """
    return float(_held(weights).sum(axis=1).mean()) if len(weights) else math.nan


def effective_holdings(weights: FloatArray) -> float:
    """Return the mean of ``1 / sum w^2`` over the sessions in which anything was held.

    The w are shares of what was invested, not of equity: a lone position of a tenth of the
    equity counts as one holding, where its share of equity would make it a hundred.

    Parameters
    ----------
    weights : ndarray of shape (k, c)
        Fractions of equity at each close, no NaN; what is not in them is cash.

    Returns
    -------
    float
        From 1, all in one asset, to the number of positions, all equal; NaN when all was cash.

    References
    ----------
    Hirschman, A. O. (1964). The Paternity of an Index. American Economic Review, 54(5).
    """
    held = _held(weights)
    invested = np.where(held, np.abs(weights), 0.0)[held.any(axis=1)]
    if not len(invested):
        return math.nan
    return float(np.mean(invested.sum(axis=1) ** 2 / np.square(invested).sum(axis=1)))


def time_invested(weights: FloatArray) -> float:
    """Return the share of sessions with any position, of weights (k, c); NaN without one."""
    return float(_held(weights).any(axis=1).mean()) if len(weights) else math.nan


def trade_hit_rate(profit: FloatArray) -> float:
    """Return the share of closed round trips (n,) with a profit above 0; NaN without any.

    One that came out even counts, but not as a win.
    """
    return float(np.count_nonzero(profit > 0.0)) / len(profit) if len(profit) else math.nan


def payoff_ratio(returns: FloatArray) -> float:
    """Return the mean win over the size of the mean loss of round trips; NaN without either.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Net profit of each closed round trip over the money put in, decimal fractions, no NaN.
    """
    wins, losses = returns[returns > 0.0], returns[returns < 0.0]
    return float(wins.mean() / -losses.mean()) if len(wins) and len(losses) else math.nan


def expectancy(multiples: FloatArray) -> float:
    """Return the mean R-multiple of round trips; NaN without any.

    Parameters
    ----------
    multiples : ndarray of shape (n,)
        Net profit of each closed round trip over what its first stop put at risk, no NaN.

    References
    ----------
    Tharp, V. K. (2008). Definitive Guide to Position Sizing.
    """
    return float(multiples.mean()) if len(multiples) else math.nan


def system_quality(multiples: FloatArray) -> float:
    """Return Tharp's SQN, ``sqrt(n) * mean / sd`` of R-multiples (n,), no NaN.

    NaN with fewer than two of them, or where all are alike.
    """
    spread = deviation(multiples) if len(multiples) > 1 else math.nan
    if not spread > ZERO_DEVIATION:
        return math.nan
    return math.sqrt(len(multiples)) * float(multiples.mean()) / spread


def put_activity(
    sheet: Sheet, session: IntArray, turnover: FloatArray | None, exposure: FloatArray | None
) -> None:
    years = int(session[-1] - session[0]) / DAYS_PER_YEAR
    known = turnover is not None and years > 0.0
    traded = float(turnover.sum()) / years if turnover is not None and known else math.nan
    sheet.put("turnover", traded, "no time passed" if turnover is not None else "not recorded")
    held = float(exposure.mean()) if exposure is not None else math.nan
    sheet.put("exposure", held, "not recorded")


def put_holdings(sheet: Sheet, weights: FloatArray | None) -> None:
    given = np.empty((0, 0)) if weights is None else weights
    sheet.put("average_holdings", average_holdings(given), "not recorded")
    all_cash = "not recorded" if weights is None else "nothing was held"
    sheet.put("effective_holdings", effective_holdings(given), all_cash)
    sheet.put("time_invested", time_invested(given), "not recorded")


def put_round_trips(sheet: Sheet, trips: RoundTrips | None) -> None:
    profit = np.empty(0) if trips is None else trips.profit
    relative = profit if trips is None else profit / trips.cost
    wins, losses = profit > 0.0, profit < 0.0
    none = "no closed trade" if not len(profit) else ""
    lost = float(-profit[losses].sum())
    factor = float(profit[wins].sum()) / lost if lost > 0.0 else math.nan
    sheet.put("profit_factor", factor, none or "no losing trade")
    won = float(relative[wins].mean()) if wins.any() else math.nan
    sheet.put("average_win", won, none or "no winning trade")
    fell = float(relative[losses].mean()) if losses.any() else math.nan
    sheet.put("average_loss", fell, none or "no losing trade")
    sheet.put("trade_hit_rate", trade_hit_rate(profit), none)
    one_sided = "no losing trade" if not losses.any() else "no winning trade"
    sheet.put("payoff_ratio", payoff_ratio(relative), none or one_sided)
    _put_multiples(sheet, trips, none)


def _put_multiples(sheet: Sheet, trips: RoundTrips | None, none: str) -> None:
    stopped = np.empty(0, np.bool_) if trips is None else np.isfinite(trips.risked)
    multiples = np.empty(0) if trips is None else trips.profit[stopped] / trips.risked[stopped]
    reason = none or ("" if len(multiples) else "no trade had a stop")
    sheet.put("expectancy", expectancy(multiples), reason)
    few = "fewer than 2 trades with a stop"
    alike = few if len(multiples) < 2 else "every trade made the same multiple of its risk"
    sheet.put("sqn", system_quality(multiples), reason or alike)


def _held(weights: FloatArray) -> BoolArray:
    held: BoolArray = np.abs(weights) > NO_POSITION
    return held
