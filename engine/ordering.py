"""One decision: value the account as it was known, size the targets, place the orders."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.account import Account
from engine.errors import EngineError
from engine.execution import fill_instants, first_fills, known_prices, known_rates
from engine.orders import Reason
from engine.panel import NEVER
from engine.purse import Purse
from engine.shorting import is_lent
from engine.sizing import Sizing, size_targets
from engine.terms import Terms
from engine.trading import cancel
from engine.trimming import PROMISE, Trim, trim_trades
from engine.types import BoolArray, FloatArray, IntArray
from engine.working import Working


@dataclass(frozen=True, kw_only=True)
class Decided:
    """One decision after sizing."""

    orders: Working
    weights: FloatArray  # (m,)
    equity: float
    unpriced: bool  # a wanted asset had no known price and was left out
    shortfall: str  # what the turnover cap kept out of reach or was loosened for, in numbers


@dataclass(frozen=True, kw_only=True)
class Valued:
    """The assets a decision concerns, held or wanted, at the prices it knows."""

    asset: IntArray  # (k,)
    mark: FloatArray  # own currency
    price: FloatArray  # base currency
    held: FloatArray
    equity: float
    unpriced: bool
    purse: Purse | None  # where cash stays in its currency


def place_orders(
    account: Account,
    wanted: FloatArray,
    row: int,
    instant: int,
    trim: Trim,
    keep: BoolArray | None = None,
) -> Decided:
    """Value the account as the decision knows it and turn its weights into orders.

    Assets marked in `keep` (m,) are wanted at what they weigh by now; all others at their share of
    what the buffer of cash leaves to be invested.
    """
    known = _value(account, wanted, row, instant)
    terms, asset = account.terms, known.asset
    drifted = known.held * known.price / known.equity
    asked = wanted[asset] * terms.costs.invested
    if keep is not None:
        asked = np.where(keep[asset], drifted, asked)
    leaving = ~terms.panel.member[row, asset] & (asked == 0.0)
    target, shortfall = trim_trades(asked, drifted, trim.at(known.equity), leaving=leaving)
    sizing = size_targets(
        target,
        held=known.held,
        drifted=drifted,
        price=known.price,
        foreign=terms.foreign[asset],
        equity=known.equity,
        costs=terms.costs,
        slippage_bps=terms.slippage_bps(asset),
        lots_per_share=terms.lots_per_share,
        most=trim.max_weight,
        purse=known.purse,
        currency=terms.panel.currency[asset],
    )
    weights = np.zeros_like(wanted)
    weights[asset] = target
    orders = _place(account, known, sizing, trim.min_trade, row, instant)
    return Decided(
        orders=orders,
        weights=weights,
        equity=known.equity,
        unpriced=known.unpriced,
        shortfall=shortfall,
    )


def _value(account: Account, wanted: FloatArray, row: int, instant: int) -> Valued:
    terms = account.terms
    asset = np.flatnonzero((wanted != 0.0) | (account.quantity != 0.0))
    known = known_prices(terms.panel, terms.actions, asset, row=row, instant=instant)
    price = known.mark * known.fx
    priced = np.isfinite(price)
    held = account.quantity[asset[priced]]
    purse, cash = None, account.cash
    if terms.costs.holds:
        purse = account.purse(known_rates(terms.panel, row, instant))
        cash += float(purse.abroad.sum())
    equity = cash + float((held * price[priced]).sum())
    if not equity > 0.0:
        day = terms.panel.session[row].astype("datetime64[D]")
        raise EngineError(f"equity was {equity:.2f} on {day}; the run is ruined")
    return Valued(
        asset=asset[priced],
        mark=known.mark[priced],
        price=price[priced],
        held=held,
        equity=equity,
        unpriced=not priced.all(),
        purse=purse,
    )


def _place(
    account: Account, known: Valued, sizing: Sizing, min_trade: float, row: int, instant: int
) -> Working:
    """Turn target quantities into working orders.

    Those below the minimum parcel are refused, and so is the part of a sale nobody lends. What lots
    leave of a trade is not ordered where it is worth less than `min_trade`, base currency.
    """
    terms, asset, held = account.terms, known.asset, known.held
    lent = is_lent(terms.panel.markets, terms.panel.market[asset], terms.shorting)
    target = np.where(lent, sizing.quantity, np.maximum(sizing.quantity, np.minimum(held, 0.0)))
    order = partial(
        queue,
        terms,
        decision=row,
        asset=asset,
        gap=sizing.gap,
        price=known.mark,
        row=row,
        instant=instant,
    )
    refused = sizing.quantity - target
    if refused.any():
        cancel(account, order(quantity=refused), row, Reason.NOT_LENT)
    change = target - held
    least = min_trade * (1.0 - PROMISE)
    orders = order(quantity=np.where(np.abs(change) * known.price < least, 0.0, change))
    small = _below_minimum(terms, account.quantity, orders)
    cancel(account, orders.select(small), row, Reason.MINIMUM_PARCEL)
    return orders.select(~small)


def queue(
    terms: Terms,
    *,
    decision: int,
    asset: IntArray,
    quantity: FloatArray,
    gap: FloatArray,
    price: FloatArray,
    row: int,
    instant: int,
) -> Working:
    """Give each order the first session after `instant`; none for what is no lot or too late."""
    quantity = np.round(quantity * terms.lots_per_share) / terms.lots_per_share
    some = quantity.nonzero()[0]
    asset, quantity = asset[some], quantity[some]
    fills = first_fills(
        terms.panel, asset, row=row, instant=instant, policy=terms.policy, last_row=terms.last_row
    )
    due = fill_instants(terms.panel, fills.row, asset, terms.policy)
    return Working(
        decision=decision,
        asset=asset,
        quantity=quantity,
        gap=gap[some],
        price=price[some],
        row=fills.row,
        instant=np.where(fills.row < 0, NEVER, due),
        gave_up=fills.gave_up,
        carried=np.zeros(len(asset), np.int64),
    ).select(fills.opens)


def _below_minimum(terms: Terms, held: FloatArray, orders: Working) -> BoolArray:
    first = (held[orders.asset] == 0.0) & (orders.quantity > 0.0)
    below = orders.quantity * orders.price < terms.rules.minimum_parcel[orders.asset]
    small: BoolArray = first & below
    return small
