"""Cash and holdings of one run, and what happens to them without a trade."""

from dataclasses import dataclass, field

import numpy as np

from engine.actions import DELISTING_RETURN, Actions
from engine.costs import AssetRules, CostModel
from engine.execution import FillPolicy
from engine.orders import OrderBook, Reason
from engine.panel import Panel
from engine.sizing import ROUNDING
from engine.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a run trades under; nothing in it changes while it runs."""

    panel: Panel
    actions: Actions
    rules: AssetRules
    costs: CostModel
    policy: FillPolicy
    foreign: BoolArray  # (m,) quoted in another currency than the base
    lots_per_share: float
    growth: FloatArray  # (n,) value of one unit of cash left alone since row 0
    last_row: int

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

    def rate(self, row: int, asset: IntArray) -> FloatArray:
        """Return base currency per unit of each asset's currency."""
        rate: FloatArray = self.panel.fx[row, self.panel.currency[asset]]
        return rate


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Dividends paid on one row."""

    row: int
    asset: IntArray
    local: FloatArray  # net of withholding, the asset's currency
    amount: FloatArray  # the same in base currency, before conversion
    fx_cost: FloatArray


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The account at the end of a row on which it changed."""

    row: int
    cash: float
    quantity: FloatArray


@dataclass(kw_only=True)
class Account:
    """Holdings and cash, carried forward row by row."""

    terms: Terms
    cash: float
    quantity: FloatArray
    row: int
    book: OrderBook = field(default_factory=OrderBook)
    payments: list[Payment] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    def snapshot(self) -> None:
        """Keep the state of this row; a later one on the same row replaces it."""
        if self.snapshots and self.snapshots[-1].row == self.row:
            self.snapshots.pop()
        kept = Snapshot(row=self.row, cash=self.cash, quantity=self.quantity.copy())
        self.snapshots.append(kept)

    def advance(self, row: int) -> None:
        """Bring the account to the opening of `row`: interest, then each row's actions."""
        for met in self.terms.actions.between(self.row, row):
            self._earn(met)
            self._split(met)
            self._collect(met)
            self._delist(met)
            self.snapshot()
        self._earn(row)

    def _earn(self, row: int) -> None:
        growth = self.terms.growth
        if row > self.row:
            self.cash *= float(growth[row] / growth[self.row])
            self.row = row

    def _split(self, row: int) -> None:
        ratio = self.terms.actions.split[row]
        asset = np.flatnonzero((ratio != 1.0) & (self.quantity != 0.0))
        if not len(asset):
            return
        after = self.quantity[asset] * ratio[asset]
        self.quantity[asset] = self.terms.whole_lots(after)
        # A difference of the last bits is rounding, not a fraction anybody pays out.
        fraction = after - self.quantity[asset]
        left = fraction > 1e-9 * after
        price = self.terms.first_price(row, asset)
        self._cash_out(row, asset[left], fraction[left], price[left], Reason.SPLIT_FRACTION)

    def _collect(self, row: int) -> None:
        dividend = self.terms.actions.dividend[row]
        asset = np.flatnonzero((dividend != 0.0) & (self.quantity != 0.0))
        if not len(asset):
            return
        kept = 1.0 - self.terms.rules.withholding[asset]
        local = self.quantity[asset] * dividend[asset] * kept
        amount = local * self.terms.rate(row, asset)
        fx_cost = self.terms.costs.conversion(amount, self.terms.foreign[asset])
        self.cash += float((amount - fx_cost).sum())
        self.payments.append(
            Payment(row=row, asset=asset, local=local, amount=amount, fx_cost=fx_cost)
        )

    def _delist(self, row: int) -> None:
        actions, panel = self.terms.actions, self.terms.panel
        asset = np.flatnonzero(actions.delisted[row] & (self.quantity != 0.0))
        known = actions.terminal[row, asset]
        guessed = panel.marks()[row, asset] * (1.0 + DELISTING_RETURN)
        price = np.where(np.isnan(known), guessed, known)
        quantity = self.quantity[asset]
        self.quantity[asset] = 0.0
        self._cash_out(row, asset, quantity, price, Reason.DELISTED)

    def _cash_out(
        self, row: int, asset: IntArray, quantity: FloatArray, price: FloatArray, reason: Reason
    ) -> None:
        fx = self.terms.rate(row, asset)
        notional = quantity * price * fx
        fx_cost = self.terms.costs.conversion(notional, self.terms.foreign[asset])
        self.cash += float((notional - fx_cost).sum())
        entry = {"side": -1, "quantity": quantity, "filled": quantity, "fx": fx, "decision": -1}
        prices = {"price": price, "reference": price, "fx_cost": fx_cost}
        self.book.enter(row=row, asset=asset, reason=reason, **entry, **prices)
