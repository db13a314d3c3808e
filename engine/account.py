"""Cash and holdings of one run, and what happens to them without a trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from engine.costs import BASIS_POINT
from engine.endings import end_listings, pay_fractions
from engine.orders import OrderBook, Orders
from engine.purse import Conversion, Purse
from engine.shorting import interest
from engine.terms import Terms
from engine.types import FloatArray, IntArray

if TYPE_CHECKING:
    from engine.activity import RoundTrips
    from engine.decide import Targets
    from engine.option_risk import OpenContracts

CENTLESS: Final = 1e-7  # what rounding leaves of a balance that was all spent


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
    cash: float  # of the base currency
    abroad: FloatArray  # (c,) of each other one, its own units
    quantity: FloatArray
    receivable: float  # dividends met and not yet paid, below 0 where owed; base currency
    due: FloatArray  # (c,) those that stay in their currency, its own units


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
    awaited_abroad: dict[int, FloatArray] = field(default_factory=dict)  # of those, what stays (c,)
    conversions: list[Conversion] = field(default_factory=list)  # where cash stays in its currency
    interest: dict[int, float] = field(default_factory=dict)  # by row, after a night with a loan
    watched: int = -1  # last row whose close was held against the margin
    derivatives: Derivatives | None = None
    traded: tuple[int, FloatArray] = (-1, np.zeros(0))  # last row with orders, see `traded_on`
    takes_shares: bool = True  # of a company that follows another; else their worth in cash
    abroad: FloatArray = field(default_factory=lambda: np.zeros(0))  # (c,) own units, 0 in the base

    def __post_init__(self) -> None:
        if not len(self.abroad):
            self.abroad = np.zeros(len(self.terms.panel.currencies))

    def traded_on(self, row: int) -> FloatArray:
        """Return the shares (m,) that orders have filled on `row` so far, to be added to."""
        if self.traded[0] != row:
            self.traded = (row, np.zeros(len(self.quantity)))
        return self.traded[1]

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

    def purse(self, rates: FloatArray) -> Purse:
        """Return its cash at `rates` (c,), base currency per unit of each."""
        worth = np.where(self.abroad != 0.0, self.abroad * rates, 0.0)
        rate = self.terms.costs.fx_spread_bps * BASIS_POINT
        return Purse(home=self.cash, abroad=worth, rate=rate)

    def money(self, row: int) -> float:
        """Return what all of its cash is worth at the rates of `row`, base currency."""
        if not self.terms.costs.holds:
            return self.cash
        purse = self.purse(self.terms.panel.fx[row])
        return purse.home + float(purse.abroad.sum())

    def settle(
        self, row: int, asset: IntArray, money: FloatArray, commission: FloatArray
    ) -> FloatArray:
        """Take `money` (k,) of trades in `asset` into cash, below 0 where it is paid out of it.

        Both are in base currency, before the conversions that they make necessary; these are paid
        and returned, (k,). `commission` is taken off. Where cash stays in its currency, that pays
        first, and only what it is short of is converted.
        """
        terms = self.terms
        if not terms.costs.holds:
            cost = terms.costs.conversion(np.abs(money), terms.foreign[asset])
            self.cash += float((money - commission - cost).sum())
            return cost
        if not (money.any() or commission.any()):
            return np.zeros(len(asset))
        rates, currency = terms.panel.fx[row], terms.panel.currency[asset]
        purse, owed = self.purse(rates), commission - money
        needs = purse.needs(owed, currency)
        into = purse.moved(needs)
        cost = purse.shared(owed, currency, into)
        self.cash -= float(needs[0] + into.sum() + cost.sum())
        self._exchange(row, into, into - needs, rates)
        return cost

    def _repay(self, row: int) -> float:
        """Pay a debt of the base currency from other cash; return what converting it cost."""
        if not self.terms.costs.holds or self.cash >= 0.0:
            return 0.0
        rates = self.terms.panel.fx[row]
        purse = self.purse(rates)
        into = purse.moved(np.zeros_like(self.abroad))
        cost = purse.rate * float(np.abs(into).sum())
        self.cash -= float(into.sum()) + cost
        self._exchange(row, into, into, rates)
        return cost

    def _exchange(
        self, row: int, into: FloatArray, received: FloatArray, rates: FloatArray
    ) -> None:
        """Take what each currency `received` (c,) into its balance; `into` of it was converted."""
        known = np.where(np.isnan(rates), 1.0, rates)
        self.abroad += received / known
        # The base has its own balance, and what was all spent leaves no rounding.
        self.abroad[(into > 0.0) | (np.arange(len(into)) == 0)] = 0.0
        self.abroad = np.maximum(self.abroad, 0.0)
        if abs(self.cash) <= CENTLESS:
            self.cash = 0.0
        if into.any():
            self.conversions.append(Conversion(row=row, into=into / known))

    def snapshot(self) -> None:
        """Keep the state of this row; a later one on the same row replaces it."""
        if self.snapshots and self.snapshots[-1].row == self.row:
            self.snapshots.pop()
        kept = Snapshot(
            row=self.row,
            cash=self.cash,
            abroad=self.abroad.copy(),
            quantity=self.quantity.copy(),
            receivable=sum(self.awaited.values()),
            due=sum(self.awaited_abroad.values(), np.zeros_like(self.abroad)),
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
            self.abroad += self.awaited_abroad.pop(met, 0.0)
            end_listings(self, met)
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
        # What was sold short is the lender's in whichever currency it brought; other cash is free.
        abroad = self.money(self.row) - self.cash
        collateral = max(-float(value[asset].sum()) - abroad, 0.0)
        debit = float(terms.debit[row])
        earned = interest(self.cash, collateral=collateral, credit=rate, debit=debit)
        self.cash += earned
        self.interest[row] = earned
        if terms.shorting is not None and len(asset):
            self._pay_lenders(row, asset, terms.shorting.borrow_fee(value[asset], days))
        self.row = row
        self.snapshot()

    def _pay_lenders(self, row: int, asset: IntArray, fee: FloatArray) -> None:
        self.cash -= float(fee.sum())
        fee = fee + self._repay(row) / len(fee)
        nothing = np.zeros(len(asset))
        self.payments.append(Payment(row=row, asset=asset, local=nothing, amount=nothing, cost=fee))

    def _split(self, row: int) -> None:
        ratio = self.terms.actions.split[row]
        asset = np.flatnonzero((ratio != 1.0) & (self.quantity != 0.0))
        if not len(asset):
            return
        self.quantity[asset] *= ratio[asset]
        pay_fractions(self, row, asset, self.terms.first_price(row, asset))

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
        stays = self.terms.stays(asset, local)
        cost = self.terms.costs.conversion(np.abs(amount), self.terms.foreign[asset] & ~stays)
        rows = self.terms.actions.paid
        paid = None if rows is None else rows[row, asset]
        currency = self.terms.panel.currency[asset]
        home, abroad = np.where(stays, 0.0, amount - cost), np.where(stays, local, 0.0)
        if paid is None:
            self.cash += float(home.sum())
            np.add.at(self.abroad, currency, abroad)
            cost = cost + self._repay(row) / len(cost)
        else:
            for at, here, there, column in zip(paid, home, abroad, currency, strict=True):
                self._await(int(at), float(here), column, there)
        self.payments.append(
            Payment(row=row, asset=asset, local=local, amount=amount, cost=cost, paid=paid)
        )

    def _await(self, row: int, home: float, column: int, abroad: float) -> None:
        self.awaited[row] = self.awaited.get(row, 0.0) + home
        waiting = self.awaited_abroad.setdefault(row, np.zeros_like(self.abroad))
        waiting[column] += abroad
