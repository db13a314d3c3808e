"""What a run trades under; nothing in it changes while it runs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.actions import Actions
from engine.costs import AssetRules, CostModel
from engine.execution import FillPolicy
from engine.panel import Panel
from engine.shorting import Shorting
from engine.sizing import ROUNDING
from engine.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Market, costs and rules of one run."""

    panel: Panel
    actions: Actions
    rules: AssetRules
    costs: CostModel
    policy: FillPolicy
    foreign: BoolArray  # (m,) quoted in another currency than the base
    lots_per_share: float
    growth: FloatArray  # (n,) value of one unit of cash left alone since row 0
    debit: FloatArray  # (n,) what a unit of debt cost over the nights before each session
    last_row: int
    shorting: Shorting | None = None  # None: what is not held cannot be sold
    leverage: float = 1.0  # most that purchases may make of the equity
    extra_slippage: FloatArray | None = None  # (m,) bps on top of the cost model's
    written: BoolArray | None = None  # (m,) options, which are sold without being borrowed

    @property
    def may_borrow(self) -> bool:
        return self.shorting is not None or self.leverage > 1.0

    def whole_lots(self, quantity: FloatArray) -> FloatArray:
        """Round quantities towards zero to whole lots."""
        lots: FloatArray = np.trunc(quantity * self.lots_per_share * (1.0 + ROUNDING))
        lots /= self.lots_per_share
        return lots

    def first_price(self, row: int, asset: IntArray) -> FloatArray:
        """Return each asset's first price of the session: the open where known, else the close."""
        opening = self.panel.open[row, asset]
        price: FloatArray = np.where(np.isfinite(opening), opening, self.panel.close[row, asset])
        return price

    def slippage_bps(self, asset: IntArray) -> FloatArray:
        """Return the slippage of orders in `asset`, in basis points."""
        return self._slippage_bps[asset]

    def reference(self, row: int, asset: IntArray) -> FloatArray:
        """Return the session's price before slippage of orders in `asset`; NaN without a bar."""
        if self.policy is FillPolicy.NEXT_OPEN:
            return self.first_price(row, asset)
        close: FloatArray = self.panel.close[row, asset]
        return close

    def stays(self, asset: IntArray, received: FloatArray) -> BoolArray:
        """Tell of dividends (k,), below 0 where owed, which stay in their own currency."""
        stays: BoolArray = self.foreign[asset] & (received > 0.0) & self.costs.holds
        return stays

    def rate(self, row: int, asset: IntArray) -> FloatArray:
        """Return base currency per unit of each asset's currency."""
        rate: FloatArray = self.panel.fx[row, self.panel.currency[asset]]
        return rate

    @cached_property
    def _slippage_bps(self) -> FloatArray:
        common = self.costs.half_spread(self.panel.markets)[self.panel.market]
        return common if self.extra_slippage is None else common + self.extra_slippage
