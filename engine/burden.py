"""What trading costs a run, and what it could bear."""

import math

import numpy as np

from engine.orders import Orders
from engine.ratios import cagr
from engine.types import FloatArray, IntArray

BASIS_POINTS = 1e4


def burden(
    orders: Orders, *, net: FloatArray, gross: FloatArray, session: IntArray, paid: float
) -> dict[str, float | None]:
    """Return growth before and after costs, and costs by what was traded.

    `break_even_bps` is the cost of each unit traded at which nothing would have been earned: what
    the run made before its costs over its traded notional. None where nothing was traded, growth
    None under a year.

    Parameters
    ----------
    net, gross : ndarray of shape (k,)
        Equity with costs, and of the same run without.
    paid : float
        All costs, base currency.
    """
    days = int(session[-1] - session[0])
    traded = float((orders.filled * orders.price * orders.fx).sum())
    earned = float(net[-1] - net[0]) + paid
    return {
        "growth_before_costs": _known(cagr(float(gross[0]), float(gross[-1]), days)),
        "growth_after_costs": _known(cagr(float(net[0]), float(net[-1]), days)),
        "traded_times_capital": traded / float(net[0]),
        "paid_bps": BASIS_POINTS * paid / traded if traded else None,
        "break_even_bps": BASIS_POINTS * earned / traded if traded else None,
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) or not np.isfinite(value) else value
