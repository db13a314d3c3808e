"""The share-exact ledger: target weights in, orders, cash and an equity curve out.

For each decision, in order of time:

1. Fill what earlier orders still may before the instant of the decision; the rest is superseded.
2. Bring the account to the decision's session: interest, splits, dividends, delistings.
3. Value it at prices known at that instant and turn the weights into whole lots.
4. Give each order the first session on which it may fill, and fill it there, sales first.
5. While anything is borrowed, go on session by session, charge for it and watch the margin.

Between those sessions nothing moves but prices, so the curve is computed for all of them at once,
and every identity of `engine.identities` is asserted on every session.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.account import Account, Derivatives, Payment
from engine.actions import Actions, settle_actions
from engine.activity import Risk
from engine.books import Books, close_books
from engine.cash_rates import cash_growth, debit_rates, require_cash_rates
from engine.costs import CostModel, asset_rules
from engine.decide import Targets
from engine.errors import EngineError, InsufficientHistory, MissingData
from engine.execution import FillPolicy
from engine.identities import Evidence, check
from engine.ledger_flags import ledger_flags
from engine.margin import margin_call
from engine.ordering import Decided, place_orders
from engine.orders import Orders, Reason
from engine.panel import NEVER, Panel
from engine.shorting import Shorting
from engine.sizing import FRACTIONS_PER_SHARE, SHARES_PER_UNIT
from engine.terms import Terms
from engine.trading import cancel, trade
from engine.trimming import Trim
from engine.types import FloatArray, IntArray
from engine.working import NO_ORDERS, Working, join

ON_CREDIT: Final = 1e-9  # weights above the equity by more than rounding are meant
UNTRIMMED: Final = Trim()
CHECK_EVERY: Final = 32  # decisions between two looks at whether to go on


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """One run's accounts. Row 0 is the last session before anything could be traded."""

    books: Books
    orders: Orders
    decisions: IntArray  # (d,) rows of decisions
    weights: FloatArray  # (d, m) target weights after band and turnover cap
    turnover: FloatArray  # (d,) larger of purchases and sales over equity at the decision
    payments: tuple[Payment, ...]
    actions: Actions
    cash_rate: float
    flags: tuple[str, ...]
    panel: Panel  # traded on: assets, and behind them the columns of contracts held beside them
    derivatives: Derivatives | None = None  # contracts held beside the shares
    notes: tuple[str, ...] = ()  # limits that could not hold, by decision
    risks: tuple[Risk, ...] = ()  # of purchases with a stop, in order of time


def simulate(
    panel: Panel,
    targets: Targets,
    *,
    costs: CostModel,
    fill: FillPolicy,
    whole_shares: bool,
    capital: float,
    first_row: int,
    last_row: int,
    trim: Trim = UNTRIMMED,
    shorting: Shorting | None = None,
    extra_slippage: FloatArray | None = None,
    derivatives: Derivatives | None = None,
    checkpoint: Callable[[float], None] | None = None,
) -> Ledger:
    """Trade `targets` from `first_row` to `last_row` with `capital` in base currency.

    Weights below 0 are sold short on the terms of `shorting`; what weights above 0 ask for beyond
    the equity is bought on credit. `extra_slippage` (m,) comes on top of the model's, in bps.

    Raises BrokenIdentity when the accounts do not add up, MissingData where a rate is unknown.
    """
    terms = replace(
        settle_terms(panel, costs, fill, last_row, whole_shares, shorting),
        leverage=_leverage(targets),
        extra_slippage=extra_slippage,
    )
    base = base_row(panel, targets, fill, first_row)
    require_rates(panel, targets, base, last_row)
    require_cash_rates(panel, costs, base, last_row)
    account = Account(
        terms=terms,
        cash=capital,
        quantity=np.zeros(len(panel.symbols)),
        row=base,
        derivatives=derivatives,
    )
    account.snapshot()
    within = replace(trim, invested=costs.invested)
    decided: list[Decided] = []
    orders = NO_ORDERS
    decisions = zip(targets.rows.tolist(), targets.instants.tolist(), strict=True)
    for k, (row, instant) in enumerate(decisions):
        orders = _fill_until(account, orders, instant, row)
        _end(account, orders, row, Reason.SUPERSEDED)
        account.advance(row)
        account.watched = row  # the decision itself restores the margin
        keep = targets.keep.get(row)
        decided.append(place_orders(account, targets.weights[k], row, instant, within, keep))
        orders = decided[-1].orders
        if checkpoint is not None and k % CHECK_EVERY == 0:
            checkpoint(k / len(targets.rows))
    orders = _fill_until(account, orders, NEVER - 1, last_row)
    _end(account, orders, last_row, Reason.RUN_ENDED)
    account.advance(last_row)
    account.snapshot()
    ledger = close_ledger(
        account,
        targets,
        weights=np.array([one.weights for one in decided]).reshape(targets.weights.shape),
        equity=np.array([one.equity for one in decided]),
        base=base,
        capital=capital,
        unpriced=any(one.unpriced for one in decided),
    )
    return replace(ledger, notes=_shortfalls(panel, targets, decided))


def _shortfalls(panel: Panel, targets: Targets, decided: list[Decided]) -> tuple[str, ...]:
    days = panel.session[targets.rows].astype("datetime64[D]")
    told = zip(days, decided, strict=True)
    return tuple(f"{day}: {one.shortfall}" for day, one in told if one.shortfall)


def close_ledger(
    account: Account,
    targets: Targets,
    *,
    weights: FloatArray,
    equity: FloatArray,
    base: int,
    capital: float,
    unpriced: bool = False,
) -> Ledger:
    """Close the books, assert every identity, and keep what reports need.

    `weights` (d, m) and `equity` (d,) are what each decision aimed at and was worth.
    """
    contracts = account.derivatives
    if contracts is not None:
        account, targets, weights = contracts.wind_up(account, targets, weights)
    orders = account.book.orders(account.terms.panel.session)
    books = close_books(account, orders, first_row=base, capital=capital)
    _require_equity(books)
    check(
        Evidence(
            books=books,
            orders=orders,
            payments=account.payments,
            terms=account.terms,
            targets=targets,
            weights=weights,
            conversions=account.conversions,
        )
    )
    return Ledger(
        books=books,
        orders=orders,
        decisions=targets.rows,
        weights=weights,
        payments=tuple(account.payments),
        actions=account.terms.actions,
        cash_rate=account.terms.costs.cash_rate,
        turnover=_turnover(orders, targets.rows, equity),
        flags=ledger_flags(account.terms, orders, books, weights, unpriced=unpriced),
        panel=account.terms.panel,
        derivatives=contracts,
    )


def _require_equity(books: Books) -> None:
    ruined = books.equity <= 0.0
    if ruined.any():
        at = int(np.argmax(ruined))
        day = books.session[at].astype("datetime64[D]")
        raise EngineError(f"equity was {books.equity[at]:.2f} on {day}; the run is ruined")


def settle_terms(
    panel: Panel,
    costs: CostModel,
    fill: FillPolicy,
    last_row: int,
    whole_shares: bool,
    shorting: Shorting | None = None,
) -> Terms:
    """Gather what a run trades under."""
    return Terms(
        panel=panel,
        actions=settle_actions(panel),
        rules=asset_rules(panel.markets, panel.market),
        costs=costs,
        policy=fill,
        foreign=panel.currency != 0,
        lots_per_share=SHARES_PER_UNIT if whole_shares else FRACTIONS_PER_SHARE,
        growth=cash_growth(panel, costs),
        debit=debit_rates(panel, costs),
        last_row=last_row,
        shorting=shorting,
    )


def base_row(panel: Panel, targets: Targets, fill: FillPolicy, first_row: int) -> int:
    """Return the last row on which nothing can have been traded: where the curve begins."""
    if not len(targets.rows) or targets.rows[0] > first_row:
        return first_row
    opens = panel.opens_at[first_row]
    later_today = ((opens > targets.instants[0]) & (opens != NEVER)).any()
    if fill is not FillPolicy.DECISION_CLOSE and not later_today:
        return first_row
    if first_row == 0:
        raise InsufficientHistory(
            "the first order fills on the panel's first session; start one session later"
        )
    return first_row - 1


def _leverage(targets: Targets) -> float:
    asked = float(np.maximum(targets.weights, 0.0).sum(axis=1).max(initial=0.0))
    return asked if asked > 1.0 + ON_CREDIT else 1.0


def require_rates(panel: Panel, targets: Targets, base: int, last_row: int) -> None:
    wanted = (targets.weights != 0.0).any(axis=0)
    for column in np.unique(panel.currency[wanted]).tolist():
        unknown = np.isnan(panel.fx[base : last_row + 1, column])
        if unknown.any():
            day = panel.session[base + int(np.argmax(unknown))].astype("datetime64[D]")
            raise MissingData(
                f"{panel.currencies[0]} per {panel.currencies[column]} is unknown on {day}; "
                "start where the rate exists"
            )


def _fill_until(account: Account, orders: Working, instant: int, last_row: int) -> Working:
    """Fill orders whose time comes up to `instant` on `last_row`; return those still waiting."""
    while True:
        due = orders.instant <= instant
        row = int(orders.row[due].min(initial=last_row + 1))
        if account.borrows and account.row < min(row, last_row):
            orders = _carry_loans(account, orders)
            continue
        if not due.any():
            return orders
        orders = _advance(account, row, orders)
        now = (orders.instant <= instant) & (orders.row == row)
        orders = join(orders.select(~now), trade(account, orders.select(now), row))


def _carry_loans(account: Account, orders: Working) -> Working:
    """Go on to the next session, or stay where the margin at this close calls for orders."""
    called = margin_call(account)
    if called is None:
        return _advance(account, account.row + 1, orders)
    _end(account, orders, account.row, Reason.SUPERSEDED)
    return called


def _advance(account: Account, row: int, orders: Working) -> Working:
    """Bring account and orders to `row`: a split multiplies both, a delisting ends both."""
    actions = account.terms.actions
    for met in actions.between(account.row, row):
        ended = actions.delisted[met, orders.asset]
        cancel(account, orders.select(ended), met, Reason.ASSET_DELISTED)
        orders = orders.select(~ended)
        ratio = actions.split[met, orders.asset]
        split = account.terms.whole_lots(orders.quantity * ratio)
        orders = replace(orders, quantity=np.where(ratio == 1.0, orders.quantity, split))
    account.advance(row)
    return orders.select(orders.quantity != 0.0)


def _end(account: Account, orders: Working, row: int, reason: Reason) -> None:
    """Enter what never filled: it waited in vain, or `reason` came first."""
    if not len(orders):
        return
    in_vain = (orders.row < 0) & (orders.gave_up >= 0) & (orders.gave_up <= row)
    cancel(account, orders.select(in_vain), orders.gave_up[in_vain], Reason.NO_FILL)
    cancel(account, orders.select(~in_vain), row, reason)


def _turnover(orders: Orders, decisions: IntArray, equity: FloatArray) -> FloatArray:
    """Return, per decision, the larger of purchases and sales over equity: half of all changes."""
    notional = orders.filled * orders.price * orders.fx
    caused = orders.decision >= 0
    at = np.searchsorted(decisions, orders.decision[caused])
    sides = [
        np.bincount(at, (notional * (orders.side == side))[caused], minlength=len(decisions))
        for side in (1, -1)
    ]
    return np.maximum(*sides) / np.where(equity > 0.0, equity, 1.0)
