"""What cash earns and what a debit costs, over the nights before each session.

Interest is simple within a step and paid at the next session: ``max(0, rate - margin) days / 365``
on credit, ``(rate + spread) days / 365`` on a debit. The rate is the cost model's own, or what a
central bank published: then the one in force on the session before, as far as it was known when
the session's day began.
"""

import numpy as np

from engine.costs import BASIS_POINT, CashRateBasis, CostModel
from engine.errors import MissingData
from engine.panel import Panel
from engine.shorting import DAYS
from engine.types import FloatArray, IntArray


def cash_growth(panel: Panel, costs: CostModel) -> FloatArray:
    """Return the value of one unit of cash left alone since row 0.

    Parameters
    ----------
    panel : Panel
        Its `cash_rate` where the model asks for published rates.
    costs : CostModel
        Basis, rate and margin.

    Returns
    -------
    ndarray of shape (n,)
        No NaN: what is unknown earns nothing, and `require_cash_rates` refuses a run over it.
    """
    earned = np.maximum(np.nan_to_num(_rates(panel, costs)) - _margin(costs), 0.0)
    growth: FloatArray = (1.0 + earned / DAYS * _days(panel)).cumprod()
    return growth


def debit_rates(panel: Panel, costs: CostModel) -> FloatArray:
    """Return what a unit of debt cost over the nights before each session, (n,), no NaN."""
    days = _days(panel)
    spread = costs.borrow_spread_bps * BASIS_POINT * days / DAYS
    owed: FloatArray = np.nan_to_num(_rates(panel, costs)) / DAYS * days + spread
    return owed


def require_cash_rates(panel: Panel, costs: CostModel, base: int, last_row: int) -> None:
    """Refuse published rates that do not cover a run. Raises MissingData naming the day.

    Nothing is earned on row `base`, where the curve begins.
    """
    unknown = np.isnan(_rates(panel, costs)[base + 1 : last_row + 1])
    if unknown.any():
        day = panel.session[base + 1 + int(np.argmax(unknown))].astype("datetime64[D]")
        raise MissingData(
            f"no cash rate of {panel.currencies[0]} was known on {day}; run on days it covers, or"
            " at a fixed rate"
        )


def _rates(panel: Panel, costs: CostModel) -> FloatArray:
    """Return the annual rate (n,) that holds over the nights before each session; NaN unknown."""
    if costs.cash_rate_basis == CashRateBasis.FIXED:
        return np.full(len(panel.session), costs.cash_rate)
    if panel.cash_rate is None:
        return np.full(len(panel.session), np.nan)
    return panel.cash_rate


def _margin(costs: CostModel) -> float:
    return costs.cash_margin_bps * BASIS_POINT


def _days(panel: Panel) -> IntArray:
    """Return the calendar days since the session before, 0 on the first row."""
    return np.diff(panel.session, prepend=panel.session[:1])
