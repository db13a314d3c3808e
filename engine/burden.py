"""What trading costs a run, and what it could bear."""

import math

import numpy as np

from engine.books import Books
from engine.drawdowns import drawdowns
from engine.orders import Orders
from engine.ratios import ZERO_DEVIATION, cagr, deviation, session_returns, sharpe_ratio
from engine.shorting import DAYS
from engine.types import FloatArray, IntArray

BASIS_POINTS = 1e4


def burden(
    orders: Orders,
    *,
    net: FloatArray,
    gross: FloatArray,
    rf: FloatArray,
    session: IntArray,
    paid: float,
) -> dict[str, float | None]:
    """Return what a run made before and after costs, and costs by what was traded.

    `break_even_bps` is the cost of each unit traded at which nothing would have been earned: what
    the run made before its costs over its traded notional. None where nothing was traded, growth
    None under a year.

    Parameters
    ----------
    net, gross : ndarray of shape (k,)
        Equity with costs, and of the same run without.
    rf : ndarray of shape (k,)
        Simple risk-free return per session; the first is not used.
    paid : float
        All costs, base currency.
    """
    days = int(session[-1] - session[0])
    made = orders.select(orders.traded)
    traded = float((made.filled * made.price * made.fx).sum())
    earned = float(net[-1] - net[0]) + paid
    return {
        **_figures("before", gross, rf, days),
        **_figures("after", net, rf, days),
        "traded_times_capital": traded / float(net[0]),
        "paid_bps": BASIS_POINTS * paid / traded if traded else None,
        "break_even_bps": BASIS_POINTS * earned / traded if traded else None,
    }


def interest_told(books: Books) -> dict[str, float]:
    """Return what cash earned and debts cost, base currency, and the mean annual rate of each.

    Of what brought or cost no interest nothing is said.
    """
    paid = books.interest[1:]
    held = books.home[:-1] * np.diff(books.session) / DAYS  # money times years
    told: dict[str, float] = {}
    for flow, rate, sign in (("earned", "cash", 1.0), ("paid", "debt", -1.0)):
        money = _above(sign * paid)
        if money > 0.0:
            told[f"{flow}_on_{rate}"] = money
            told[f"rate_on_{rate}"] = money / _above(sign * held)
    return told


def _above(values: FloatArray) -> float:
    return float(values[values > 0.0].sum())


def _figures(when: str, equity: FloatArray, rf: FloatArray, days: int) -> dict[str, float | None]:
    first, last, returns = float(equity[0]), float(equity[-1]), session_returns(equity)
    still = len(returns) < 2 or deviation(returns) <= ZERO_DEVIATION
    figures = {
        "growth": cagr(first, last, days),
        "total_return": last / first - 1.0,
        "sharpe": math.nan if still else sharpe_ratio(returns - rf[1:]),
        "max_drawdown": float(drawdowns(equity).min()),
    }
    return {f"{name}_{when}_costs": _known(value) for name, value in figures.items()}


def _known(value: float) -> float | None:
    return None if math.isnan(value) or not np.isfinite(value) else value
