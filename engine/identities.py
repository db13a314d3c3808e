"""What has to add up on every session of every run. What does not voids the run.

1. Equity is cash, currency by currency, and holdings replayed from orders, payments and
   conversions alone.
2. Its change is asset, currency and interaction gains, costs, interest, and what exchange rates
   made of cash abroad.
3. The gains of the assets, replayed from the money each took and gave, and interest are the
   change of equity over the run.
4. Quantities follow from splits and fills; fills happen on real bars, later than the decision,
   all of an asset's in a session within the share of volume.
5. No negative quantity of what nobody lends, and no negative cash, unless shares are short or the
   targets asked for more than the equity.
6. Weights and cash make one after every decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.account import Payment
from engine.books import Books
from engine.decide import Targets
from engine.errors import BrokenIdentity
from engine.execution import FillPolicy, fill_instants, volume_allowance
from engine.orders import CODES, Orders, Reason
from engine.purse import Conversion
from engine.shorting import interest, is_lent
from engine.terms import Terms
from engine.types import BoolArray, FloatArray, IntArray

MONEY: Final = 1e-6  # smallest difference that counts, base currency
RELATIVE: Final = 1e-10  # of equity
SHARES: Final = 1e-9  # of a quantity
WEIGHT: Final = 1e-12
# How orders end that the margin asked for.
IN_THE_MARKET: Final = tuple(
    CODES[reason] for reason in (Reason.MARGIN_CALL, Reason.PARTIAL_VOLUME, Reason.PARTIAL_CASH)
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a run leaves behind, as far as its identities speak of it."""

    books: Books
    orders: Orders
    payments: Sequence[Payment]
    terms: Terms
    targets: Targets
    weights: FloatArray  # (d, m) after band and turnover cap
    conversions: Sequence[Conversion] = ()

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
    ratio = evidence.terms.actions.split[books.span][:, books.held].cumprod(axis=0)
    replayed: FloatArray = ratio * np.cumsum(moved / ratio, axis=0)
    return replayed


def _check_equity(evidence: Evidence, replayed: FloatArray) -> None:
    books, terms = evidence.books, evidence.terms
    home, abroad = _flows(evidence)
    rates = terms.panel.fx[books.row]
    mark = terms.panel.marks()[books.span][:, books.held]
    rate = rates[:, terms.panel.currency[books.held]]
    value = np.where(np.abs(replayed) > SHARES, replayed * mark * rate, 0.0)
    kept, awaited = (np.cumsum(own, axis=0)[:-1] for own in abroad)
    free = _worth(kept, rates)
    cash = _replay_cash(evidence, home[0][:-1], value, free) + free
    receivable = np.cumsum(home[1])[:-1] + _worth(awaited, rates)
    _require(evidence, 1, cash + receivable + value.sum(axis=1) - books.equity)


def _worth(own: FloatArray, rates: FloatArray) -> FloatArray:
    worth: FloatArray = np.where(np.abs(own) > MONEY, own * rates, 0.0).sum(axis=1)
    return worth


def _flows(evidence: Evidence) -> tuple[FloatArray, FloatArray]:
    """Return what came as cash and what came to be awaited on each row of the books.

    In base currency, (2, k + 1), and in each other one's own units, (2, k + 1, j); what falls due
    after the last row stands behind it.
    """
    books, terms, orders = evidence.books, evidence.terms, evidence.orders
    first, size = int(books.row[0]), len(books.row) + 1
    home, abroad = np.zeros((2, size)), np.zeros((2, size, len(terms.panel.currencies)))
    stays = terms.foreign[orders.asset] & terms.costs.holds
    traded = orders.cash_flow + orders.fx_cost
    np.add.at(home[0], orders.row - first, np.where(stays, 0.0, traded) - orders.fx_cost)
    own = np.divide(traded, orders.fx, out=np.zeros(len(orders)), where=stays & (orders.fx > 0.0))
    np.add.at(abroad[0], (orders.row - first, terms.panel.currency[orders.asset]), own)
    for each in evidence.conversions:
        rates = np.where(each.into != 0.0, terms.panel.fx[each.row], 0.0)
        abroad[0, each.row - first] += each.into
        home[0, each.row - first] -= float(each.into @ rates)
    for paid in evidence.payments:
        _add_payment(evidence, paid, home, abroad)
    return home, abroad


def _add_payment(evidence: Evidence, paid: Payment, home: FloatArray, abroad: FloatArray) -> None:
    terms, first = evidence.terms, int(evidence.books.row[0])
    stays = terms.stays(paid.asset, paid.local)
    here, there = np.where(stays, 0.0, paid.amount - paid.cost), np.where(stays, paid.local, 0.0)
    met = np.full(len(here), paid.row - first)
    at = met if paid.paid is None else np.minimum(paid.paid - first, home.shape[1] - 1)
    currency = terms.panel.currency[paid.asset]
    np.add.at(home[0], at, here)
    np.add.at(abroad[0], (at, currency), there)
    for row, sign in ((met, 1.0), (at, -1.0)):
        np.add.at(home[1], row, sign * here)
        np.add.at(abroad[1], (row, currency), sign * there)


def _replay_cash(
    evidence: Evidence, flow: FloatArray, value: FloatArray, abroad: FloatArray
) -> FloatArray:
    """Return cash (k,) of the base currency from what flowed and what else was worth alone.

    That is positions, (k, c), and cash `abroad`, (k,).
    """
    books, terms = evidence.books, evidence.terms
    growth = terms.growth[books.row] / terms.growth[books.row[0]]
    short: BoolArray = np.any(value < 0.0, axis=1)
    if not terms.may_borrow:
        replayed: FloatArray = growth * (books.capital + np.cumsum(flow / growth))
        return replayed
    collateral = np.maximum(np.maximum(-value, 0.0).sum(axis=1) - abroad, 0.0)
    rates = growth[1:] / growth[:-1] - 1.0
    cash = np.full(len(books.row), books.capital + flow[0])
    for k in range(1, len(cash)):
        before, rate = float(cash[k - 1]), float(rates[k - 1])
        earned = before * rate
        if short[k - 1] or before < 0.0:
            owed = float(collateral[k - 1])
            debit = float(terms.debit[books.row[k]])
            earned = interest(before, collateral=owed, credit=rate, debit=debit)
        cash[k] = before + earned + flow[k]
    return cash


def _check_change(evidence: Evidence) -> None:
    books = evidence.books
    explained = books.asset + books.currency + books.interaction + books.costs
    explained = explained + books.interest + books.revalued
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
    kept = books.interest.sum() + books.revalued.sum()
    total = books.by_asset.sum() + kept - (books.equity[-1] - books.capital)
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
    # What no decision caused went through the market only where the margin asked for it.
    ours = evidence.traded & ((orders.decision >= 0) | np.isin(orders.code, IN_THE_MARKET))
    row, asset = orders.row[ours], orders.asset[ours]
    broken = ~panel.tradable[row, asset]
    _require_none_at(evidence, row[broken], "a fill without a bar to trade on")
    place, order = np.unique(row * len(panel.symbols) + asset, return_inverse=True)
    filled = np.bincount(order, orders.filled[ours], minlength=len(place))
    row, asset = np.divmod(place, len(panel.symbols))
    allowed = volume_allowance(panel, row, asset, evidence.terms.costs.max_volume_share)
    _require_none_at(
        evidence, row[filled > allowed * (1.0 + SHARES)], "a fill above the share of volume"
    )
    if evidence.terms.policy is not FillPolicy.DECISION_CLOSE:
        decided = evidence.traded & (orders.decision >= 0)
        row, asset = orders.row[decided], orders.asset[decided]
        instants = targets.instants[np.searchsorted(targets.rows, orders.decision[decided])]
        early = fill_instants(panel, row, asset, evidence.terms.policy) <= instants
        _require_none_at(evidence, row[early], "a fill before its decision")


def _check_signs(evidence: Evidence) -> None:
    books, panel, shorting = evidence.books, evidence.terms.panel, evidence.terms.shorting
    short = books.quantity < 0.0
    any_short: BoolArray = np.asarray(short.any(axis=1))
    on_credit = _may_owe(evidence, any_short) | (evidence.terms.leverage > 1.0)
    _require(evidence, 5, np.where(on_credit, 0.0, np.minimum(books.home, 0.0)))
    _require(evidence, 5, np.minimum(books.abroad, 0.0).sum(axis=1))
    lent = is_lent(panel.markets, panel.market[books.held], shorting)
    if evidence.terms.written is not None:
        lent |= evidence.terms.written[books.held]
    _require_none(evidence, 5, short & ~lent, "a negative quantity")


def _may_owe(evidence: Evidence, short: BoolArray) -> BoolArray:
    """Tell on which rows (k,) cash may be below 0: beside a short, and by what outlives one.

    A takeover ends a short for more than the cash there was, a dividend owed on one falls due after
    its purchase, and a debit stays until it is paid.
    """
    books, owes = evidence.books, short.copy()
    owes[1:] |= short[:-1] | (books.home[:-1] < 0.0)
    for payment in evidence.payments:
        falls = payment.row if payment.paid is None else payment.paid
        due = np.broadcast_to(falls, payment.amount.shape)[payment.amount < 0.0] - books.row[0]
        owes[due[due < len(owes)]] = True
    return owes


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
