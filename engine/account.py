"""Cash and holdings of one run, and what happens to them without a trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.actions import Actions
from engine.costs import AssetRules, CostModel
from engine.execution import FillPolicy
from engine.orders import OrderBook, Orders, Reason
from engine.panel import Panel
from engine.shorting import Shorting, interest
from engine.sizing import ROUNDING
from engine.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from engine.activity import RoundTrips
    from engine.decide import Targets
    from engine.option_risk import OpenContracts


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
        common = self.costs.half_spread(self.panel.markets)[self.panel.market[asset]]
        return common if self.extra_slippage is None else common + self.extra_slippage[asset]

    def reference(self, row: int, asset: IntArray) -> FloatArray:
        """Return the session's price before slippage of orders in `asset`; NaN without a bar."""
        if self.policy is FillPolicy.NEXT_OPEN:
            return self.first_price(row, asset)
        close: FloatArray = self.panel.close[row, asset]
        return close

    def rate(self, row: int, asset: IntArray) -> FloatArray:
        """Return base currency per unit of each asset's currency."""
        rate: FloatArray = self.panel.fx[row, self.panel.currency[asset]]
        return rate


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Money that came or went on one row without a trade: dividends, fees of borrowed shares."""

    row: int
    asset: IntArray
    local: FloatArray  # dividend net of withholding, the asset's currency; below 0 where short
    amount: FloatArray  # the same in base currency, before conversion
    cost: FloatArray  # of converting it, or of borrowing; base currency
    paid: IntArray | None = None  # rows on which it becomes cash; None: on its own


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The account at the end of a row on which it changed."""

    row: int
    cash: float
    quantity: FloatArray
    receivable: float  # dividends met and not yet paid, below 0 where owed


class Derivatives(Protocol):
    """Contracts an account holds beside its shares, booked at each close."""

    row: int  # last close that was booked

    @property
    def missed(self) -> Mapping[str, int]:
        """Return how often contracts were not opened, by reason."""

    def close(self, account: Account, row: int) -> None:
        """Do what is to be done at the close of `row`, after shares have traded."""

    def wind_up(
        self, account: Account, targets: Targets, weights: FloatArray
    ) -> tuple[Account, Targets, FloatArray]:
        """Book the run's last close; return all with a column for each contract behind the assets.

        `weights` (d, m) are those of the decisions.
        """

    def labels(self, orders: Orders) -> tuple[str, ...]:
        """Return what each order traded."""

    def round_trips(self) -> RoundTrips:
        """Return the positions that were closed."""

    def still_open(self) -> OpenContracts | None:
        """Return those that were not, as they stand at the last close."""


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
    awaited: dict[int, float] = field(default_factory=dict)  # dividends by the row of payment
    interest: dict[int, float] = field(default_factory=dict)  # by row, after a night with a loan
    watched: int = -1  # last row whose close was held against the margin
    derivatives: Derivatives | None = None

    @property
    def borrows(self) -> bool:
        """Whether shares or cash are on loan."""
        return self.terms.may_borrow and (self.cash < 0.0 or bool((self.quantity < 0.0).any()))

    def values(self, row: int) -> FloatArray:
        """Return what each position (m,) is worth at the marks of `row`, base currency."""
        worth, held = np.zeros(len(self.quantity)), np.flatnonzero(self.quantity)
        mark = self.terms.panel.marks()[row, held]
        worth[held] = self.quantity[held] * mark * self.terms.rate(row, held)
        return worth

    def snapshot(self) -> None:
        """Keep the state of this row; a later one on the same row replaces it."""
        if self.snapshots and self.snapshots[-1].row == self.row:
            self.snapshots.pop()
        kept = Snapshot(
            row=self.row,
            cash=self.cash,
            quantity=self.quantity.copy(),
            receivable=sum(self.awaited.values()),
        )
        self.snapshots.append(kept)

    def advance(self, row: int) -> None:
        """Bring the account to the opening of `row`: interest, then each row's actions."""
        if self.derivatives is not None:
            for closing in range(max(self.row, self.derivatives.row + 1), row):
                self._meet(closing)
                self.derivatives.close(self, closing)
        self._meet(row)

    def _meet(self, row: int) -> None:
        for met in self.terms.actions.between(self.row, row):
            self._earn(met)
            self._split(met)
            self._collect(met)
            self.cash += self.awaited.pop(met, 0.0)
            self._delist(met)
            self.snapshot()
        self._earn(row)

    def _earn(self, row: int) -> None:
        growth = self.terms.growth
        while self.borrows and row > self.row:
            self._carry_loans()
        if row > self.row:
            self.cash *= float(growth[row] / growth[self.row])
            self.row = row

    def _carry_loans(self) -> None:
        """Go on by one session: interest on free cash or a debit, the fee of borrowed shares."""
        terms, row = self.terms, self.row + 1
        value = self.values(self.row)
        asset = np.flatnonzero(value < 0.0)
        days = int(terms.panel.session[row] - terms.panel.session[self.row])
        rate = float(terms.growth[row] / terms.growth[self.row]) - 1.0
        earned = interest(self.cash, collateral=-float(value[asset].sum()), rate=rate, days=days)
        self.cash += earned
        self.interest[row] = earned
        if terms.shorting is not None and len(asset):
            self._pay_lenders(row, asset, terms.shorting.borrow_fee(value[asset], days))
        self.row = row
        self.snapshot()

    def _pay_lenders(self, row: int, asset: IntArray, fee: FloatArray) -> None:
        self.cash -= float(fee.sum())
        nothing = np.zeros(len(asset))
        self.payments.append(Payment(row=row, asset=asset, local=nothing, amount=nothing, cost=fee))

    def _split(self, row: int) -> None:
        ratio = self.terms.actions.split[row]
        asset = np.flatnonzero((ratio != 1.0) & (self.quantity != 0.0))
        if not len(asset):
            return
        after = self.quantity[asset] * ratio[asset]
        self.quantity[asset] = self.terms.whole_lots(after)
        # A difference of the last bits is rounding, not a fraction anybody pays out.
        fraction = after - self.quantity[asset]
        left = np.abs(fraction) > 1e-9 * np.abs(after)
        price = self.terms.first_price(row, asset)
        self._cash_out(row, asset[left], fraction[left], price[left], Reason.SPLIT_FRACTION)

    def _collect(self, row: int) -> None:
        dividend = self.terms.actions.dividend[row]
        asset = np.flatnonzero((dividend != 0.0) & (self.quantity != 0.0))
        if not len(asset):
            return
        # Whoever is short owes the lender the whole dividend: no taxman keeps part of it.
        withheld = np.where(self.quantity[asset] > 0.0, self.terms.rules.withholding[asset], 0.0)
        kept = 1.0 - withheld
        local = self.quantity[asset] * dividend[asset] * kept
        amount = local * self.terms.rate(row, asset)
        cost = self.terms.costs.conversion(np.abs(amount), self.terms.foreign[asset])
        rows = self.terms.actions.paid
        paid = None if rows is None else rows[row, asset]
        if paid is None:
            self.cash += float((amount - cost).sum())
        else:
            for at, due in zip(paid.tolist(), (amount - cost).tolist(), strict=True):
                self.awaited[at] = self.awaited.get(at, 0.0) + due
        self.payments.append(
            Payment(row=row, asset=asset, local=local, amount=amount, cost=cost, paid=paid)
        )

    def _delist(self, row: int) -> None:
        actions, panel = self.terms.actions, self.terms.panel
        asset = np.flatnonzero(actions.delisted[row] & (self.quantity != 0.0))
        if not len(asset):
            return
        known, quantity = actions.terminal[row, asset], self.quantity[asset]
        # What holders may have lost is no gain of whoever is short: the loan ends at the last mark.
        lost = np.where(quantity > 0.0, self.terms.costs.delist_return, 0.0)
        guessed = panel.marks()[row, asset] * (1.0 + lost)
        price = np.where(np.isnan(known), guessed, known)
        self.quantity[asset] = 0.0
        self._cash_out(row, asset, quantity, price, Reason.DELISTED)

    def _cash_out(
        self, row: int, asset: IntArray, quantity: FloatArray, price: FloatArray, reason: Reason
    ) -> None:
        """Turn `quantity`, below 0 where it was short, into cash at `price`."""
        fx = self.terms.rate(row, asset)
        notional, filled = quantity * price * fx, np.abs(quantity)
        fx_cost = self.terms.costs.conversion(np.abs(notional), self.terms.foreign[asset])
        self.cash += float((notional - fx_cost).sum())
        side = -np.sign(quantity)
        entry = {"side": side, "quantity": filled, "filled": filled, "fx": fx, "decision": -1}
        prices = {"price": price, "reference": price, "fx_cost": fx_cost}
        self.book.enter(row=row, asset=asset, reason=reason, **entry, **prices)
