"""What has to add up on every session of every run. What does not voids the run.

1. Equity is cash and holdings replayed from the orders alone.
2. Its change is asset, currency and interaction gains, costs and interest.
3. The gains of the assets, replayed from the money each took and gave, and interest are the
   change of equity over the run.
4. Quantities follow from splits and fills; fills happen on real bars, later than the decision,
   within the share of volume.
5. No negative quantity of what nobody lends, and no negative cash, unless shares are short or the
   targets asked for more than the equity.
6. Weights and cash make one after every decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.account import Payment, Terms
from engine.books import Books
from engine.decide import Targets
from engine.errors import BrokenIdentity
from engine.execution import FillPolicy, fill_instants, volume_allowance
from engine.orders import Orders
from engine.shorting import interest, is_lent
from engine.types import BoolArray, FloatArray, IntArray

MONEY: Final = 1e-6  # smallest difference that counts, base currency
RELATIVE: Final = 1e-10  # of equity
SHARES: Final = 1e-9  # of a quantity
WEIGHT: Final = 1e-12


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a run leaves behind, as far as its identities speak of it."""

    books: Books
    orders: Orders
    payments: Sequence[Payment]
    terms: Terms
    targets: Targets
    weights: FloatArray  # (d, m) after band and turnover cap

    @property
    def cell(self) -> tuple[IntArray, IntArray]:
        """Row and column in the books' (k, c) arrays of each order that traded."""
        row = self.orders.row - int(self.books.row[0])
        column = np.searchsorted(self.books.held, self.orders.asset)
        return row[self.traded], column[self.traded]

    @property
    def traded(self) -> BoolArray:
        return self.orders.filled > 0.0


def check(evidence: Evidence) -> None:
    """Raise BrokenIdentity naming the identity, the first session and the amount."""
    replayed = _replay(evidence)
    _check_equity(evidence, replayed)
    _check_change(evidence)
    _check_assets(evidence)
    _check_quantities(evidence, replayed)
    _check_fills(evidence)
    _check_signs(evidence)
    _check_weights(evidence)


def _replay(evidence: Evidence) -> FloatArray:
    """Return quantities (k, c) from orders and splits alone."""
    books, orders = evidence.books, evidence.orders
    moved = np.zeros_like(books.quantity)
    np.add.at(moved, evidence.cell, (orders.side * orders.filled)[evidence.traded])
    ratio = evidence.terms.actions.split[books.row][:, books.held].cumprod(axis=0)
    replayed: FloatArray = ratio * np.cumsum(moved / ratio, axis=0)
    return replayed


def _check_equity(evidence: Evidence, replayed: FloatArray) -> None:
    books, terms = evidence.books, evidence.terms
    flow, awaited = np.zeros((2, len(books.row) + 1))
    np.add.at(flow, evidence.orders.row - books.row[0], evidence.orders.cash_flow)
    for paid in evidence.payments:
        due = paid.amount - paid.cost
        met = paid.row - int(books.row[0])
        at = np.full(len(due), met) if paid.paid is None else paid.paid - int(books.row[0])
        at = np.minimum(at, len(books.row))
        np.add.at(flow, at, due)
        awaited[met] += due.sum()
        np.add.at(awaited, at, -due)
    flow, receivable = flow[:-1], np.cumsum(awaited)[:-1]
    mark = terms.panel.marks()[books.row][:, books.held]
    rate = terms.panel.fx[books.row][:, terms.panel.currency[books.held]]
    value = np.where(np.abs(replayed) > SHARES, replayed * mark * rate, 0.0)
    cash = _replay_cash(evidence, flow, value)
    _require(evidence, 1, cash + receivable + value.sum(axis=1) - books.equity)


def _replay_cash(evidence: Evidence, flow: FloatArray, value: FloatArray) -> FloatArray:
    """Return cash (k,) from what flowed and what positions (k, c) were worth alone."""
    books, terms = evidence.books, evidence.terms
    growth = terms.growth[books.row] / terms.growth[books.row[0]]
    short: BoolArray = np.any(value < 0.0, axis=1)
    if not terms.may_borrow:
        replayed: FloatArray = growth * (books.capital + np.cumsum(flow / growth))
        return replayed
    collateral = np.maximum(-value, 0.0).sum(axis=1)
    days, rates = np.diff(books.session), growth[1:] / growth[:-1] - 1.0
    cash = np.full(len(books.row), books.capital + flow[0])
    for k in range(1, len(cash)):
        before, rate = float(cash[k - 1]), float(rates[k - 1])
        earned = before * rate
        if short[k - 1] or before < 0.0:
            owed = float(collateral[k - 1])
            earned = interest(before, collateral=owed, rate=rate, days=int(days[k - 1]))
        cash[k] = before + earned + flow[k]
    return cash


def _check_change(evidence: Evidence) -> None:
    books = evidence.books
    explained = books.asset + books.currency + books.interaction + books.costs + books.interest
    change = np.diff(books.equity, prepend=books.capital)
    _require(evidence, 2, change - explained)


def _check_assets(evidence: Evidence) -> None:
    """Money in, money out and what is left of each asset against its attributed gain."""
    books, orders = evidence.books, evidence.orders
    traded = evidence.traded
    column = np.searchsorted(books.held, orders.asset[traded])
    gain = books.value[-1].copy()
    np.add.at(gain, column, orders.cash_flow[traded])
    for paid in evidence.payments:
        gain[np.searchsorted(books.held, paid.asset)] += paid.amount - paid.cost
    off = gain - books.by_asset
    worst = off[np.argmax(np.abs(off))] if len(off) else 0.0
    total = books.by_asset.sum() + books.interest.sum() - (books.equity[-1] - books.capital)
    at_end = np.zeros(len(books.row))
    at_end[-1] = worst if abs(worst) > abs(total) else total
    _require(evidence, 3, at_end)


def _check_quantities(evidence: Evidence, replayed: FloatArray) -> None:
    quantity = evidence.books.quantity
    # What was sold leaves the rounding of the largest quantity that was ever held.
    largest = np.maximum.accumulate(np.abs(quantity), axis=0)
    off = np.abs(replayed - quantity) - SHARES * np.maximum(largest, 1.0)
    _require_none(evidence, 4, off > 0.0, "a quantity does not follow from its fills")


def _check_fills(evidence: Evidence) -> None:
    orders, panel, targets = evidence.orders, evidence.terms.panel, evidence.targets
    ours = evidence.traded & (orders.decision >= 0)
    row, asset, filled = orders.row[ours], orders.asset[ours], orders.filled[ours]
    broken = ~panel.tradable[row, asset]
    _require_none_at(evidence, row[broken], "a fill without a bar to trade on")
    share = evidence.terms.costs.max_volume_share
    allowed = volume_allowance(panel, row, asset, share)
    _require_none_at(
        evidence, row[filled > allowed * (1.0 + SHARES)], "a fill above the share of volume"
    )
    if evidence.terms.policy is not FillPolicy.DECISION_CLOSE:
        decided = targets.instants[np.searchsorted(targets.rows, orders.decision[ours])]
        early = fill_instants(panel, row, asset, evidence.terms.policy) <= decided
        _require_none_at(evidence, row[early], "a fill before its decision")


def _check_signs(evidence: Evidence) -> None:
    books, panel, shorting = evidence.books, evidence.terms.panel, evidence.terms.shorting
    short = books.quantity < 0.0
    on_credit = short.any(axis=1) | (evidence.terms.leverage > 1.0)
    _require(evidence, 5, np.where(on_credit, 0.0, np.minimum(books.cash, 0.0)))
    lent = is_lent(panel.markets, panel.market[books.held], shorting)
    if evidence.terms.written is not None:
        lent |= evidence.terms.written[books.held]
    _require_none(evidence, 5, short & ~lent, "a negative quantity")


def _check_weights(evidence: Evidence) -> None:
    books, weights = evidence.books, evidence.weights
    off = books.value.sum(axis=1) + books.cash + books.receivable - books.equity
    wrong = ~(np.abs(off) <= WEIGHT * _scale(books))
    _require_none(evidence, 6, wrong[:, None], "shares of equity do not make one")
    legal = (weights >= 0.0).all(axis=1) & (weights.sum(axis=1) <= 1.0 + WEIGHT)
    if evidence.terms.may_borrow:
        legal = np.isfinite(weights).all(axis=1)
    rows = evidence.targets.rows[~legal]
    _require_none_at(evidence, rows, "target weights and cash do not make one", number=6)


def _scale(books: Books) -> FloatArray:
    """Return what rounding is measured by: equity, or gross exposure where shorts make it more."""
    scale: FloatArray = np.maximum(books.equity, np.abs(books.value).sum(axis=1))
    return scale


def _require(evidence: Evidence, number: int, off: FloatArray) -> None:
    """Refuse differences of shape (k,) above the tolerance; NaN is above it."""
    allowed = np.maximum(MONEY, RELATIVE * _scale(evidence.books))
    broken = ~(np.abs(off) <= allowed)
    if broken.any():
        at = int(np.argmax(broken))
        currency = evidence.terms.panel.currencies[0]
        day = _day(evidence, int(evidence.books.row[at]))
        raise BrokenIdentity(f"identity {number} at {day}, off by {off[at]:.6g} {currency}")


def _require_none(evidence: Evidence, number: int, broken: BoolArray, what: str) -> None:
    """Refuse any true cell of shape (k, c)."""
    rows = evidence.books.row[broken.any(axis=1)]
    _require_none_at(evidence, rows, what, number=number)


def _require_none_at(evidence: Evidence, rows: IntArray, what: str, number: int = 4) -> None:
    if len(rows):
        day = _day(evidence, int(rows.min()))
        raise BrokenIdentity(f"identity {number} at {day}: {what}")


def _day(evidence: Evidence, row: int) -> str:
    return str(evidence.terms.panel.session[row].astype("datetime64[D]"))
