"""A panel as the kernel trades it: total-return levels, what cash earns, what a trade costs."""

from collections.abc import Callable, Mapping

import numpy as np

from engine.backtest import Request
from engine.cash_rates import cash_growth
from engine.costs import BASIS_POINT, CostModel
from engine.execution import FillPolicy
from engine.panel import Panel
from engine.simulate import Market
from engine.trial_endings import pay_out
from engine.types import FloatArray


def market_of(
    panel: Panel, request: Request, sold: Callable[[int, int], bool] = lambda *_: False
) -> Market:
    """Return the panel up to the last row as the kernel reads it.

    Marks are total-return levels in the base currency. A column whose listing ends goes on as what
    holders got, or as the assumed return leaves it; what was `sold` short by that row, of that
    asset, is bought back at the last mark instead.
    """
    rows = slice(0, request.last_row + 1)
    scale = panel.total_return()[rows] / panel.close[rows]
    close = panel.total_return()[rows].copy()
    fill = close.copy()
    if request.fill is FillPolicy.NEXT_OPEN:
        opening = panel.open[rows] * scale
        fill = np.where(np.isfinite(opening), opening, close)
    fill = np.where(panel.tradable[rows], fill, np.nan)
    pay_out(panel, close, fill, request.costs.delist_return, sold)
    growth = cash_growth(panel, request.costs)[rows]
    steps = np.concatenate([[0.0], growth[1:] / growth[:-1] - 1.0])
    return Market.of(close, fill=fill, rf=steps)


def cost_rates(panel: Panel, costs: CostModel, extra: Mapping[str, float]) -> FloatArray:
    """Return the cost of a unit traded, (m,), decimal fraction; `extra` basis points by symbol."""
    own = [extra.get(symbol, 0.0) for symbol in panel.symbols]
    abroad = np.where(panel.currency != 0, costs.fx_spread_bps, 0.0)
    spread = costs.half_spread(panel.markets)[panel.market]
    return (costs.commission_bps + spread + abroad + own) * BASIS_POINT
