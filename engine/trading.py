"""One session's trading: sales first, then what their proceeds and the cash can buy."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.account import Account
from engine.costs import BASIS_POINT, impact_bps, quote_on_tick
from engine.execution import (
    fill_instants,
    liquidity_before,
    next_session,
    volume_allowance,
)
from engine.orders import CODES, Reason
from engine.panel import NEVER
from engine.spending import affordable
from engine.terms import Terms
from engine.types import BoolArray, FloatArray, IntArray
from engine.working import Working, join

WORST_SALE_BPS: Final = 9_999.0  # slippage and impact together never make a price negative


def trade(account: Account, orders: Working, row: int) -> Working:
    """Fill `orders` on `row` as far as volume and cash allow; return what is carried on."""
    open_for_us = account.terms.panel.tradable[row, orders.asset]
    trading = orders.select(open_for_us)
    quote = _quote(account, trading, row)
    sales, purchases = trading.quantity < 0.0, trading.quantity > 0.0
    sold = _sell(account, trading.select(sales), row, quote.select(sales))
    bought = _buy(account, trading.select(purchases), row, quote.select(purchases))
    account.snapshot()
    waiting = orders.select(~open_for_us)
    return _carry(account, join(waiting, join(sold, bought)), row)


def trade_at(
    account: Account,
    orders: Working,
    row: int,
    *,
    reference: FloatArray,
    allowed: FloatArray,
    reason: Reason = Reason.FILLED,
) -> FloatArray:
    """Fill tradable `orders`, all of one side, at prices the caller found within the session.

    Parameters
    ----------
    reference : ndarray of shape (k,)
        Prices before slippage and impact, the assets' own currencies.
    allowed : ndarray of shape (k,)
        Shares the session's volume still lets us trade; infinite where volume is unknown.
    reason : Reason
        How an order ends that is filled whole.

    Returns
    -------
    ndarray of shape (k,)
        Shares filled, at least 0. Nothing is carried on.
    """
    if not len(orders):
        return np.zeros(0)
    before = account.quantity[orders.asset].copy()
    quote = quote_at(account.terms, orders, row, reference, allowed, reason)
    act = _sell if orders.quantity[0] < 0.0 else _buy
    act(account, orders, row, quote)
    account.snapshot()
    filled: FloatArray = np.abs(account.quantity[orders.asset] - before)
    return filled


def cancel(account: Account, orders: Working, row: int | IntArray, reason: Reason) -> None:
    """Enter `orders` as ended on `row` without a further fill."""
    if not len(orders):
        return
    if isinstance(row, int):
        nothing = np.zeros(len(orders))
        _enter(account, orders, row, filled=nothing, price=orders.price, reason=reason)
        return
    for at in np.unique(row).tolist():
        cancel(account, orders.select(row == at), at, reason)


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What the session offers each order, before cash is counted."""

    filled: FloatArray
    reference: FloatArray
    price: FloatArray
    fx: FloatArray
    code: IntArray

    def select(self, chosen: BoolArray) -> "Quote":
        """Return what is offered to the orders that are chosen, (k,)."""
        return Quote(**{name: values[chosen] for name, values in vars(self).items()})


def _sell(account: Account, orders: Working, row: int, quote: Quote) -> Working:
    if not len(orders):
        return orders
    foreign, costs = account.terms.foreign[orders.asset], account.terms.costs
    notional = quote.filled * quote.price * quote.fx
    proceeds = notional - costs.commission(notional)
    if not costs.holds:
        proceeds = proceeds - costs.conversion(notional, foreign)
    senseless = (quote.filled > 0.0) & (proceeds <= 0.0)
    quote = _cut(quote, np.where(senseless, 0.0, quote.filled), Reason.UNECONOMIC)
    return _book(account, orders, quote, row)


def _buy(account: Account, orders: Working, row: int, quote: Quote) -> Working:
    if not len(orders):
        return orders
    unit = quote.price * quote.fx
    bought = affordable(account, orders.asset, filled=quote.filled, unit=unit, gap=orders.gap)
    partly = _cut(quote, bought, Reason.PARTIAL_CASH)
    nothing = (bought == 0.0) & (quote.filled > 0.0)
    if nothing.any():
        partly = replace(partly, code=np.where(nothing, CODES[Reason.NO_CASH], partly.code))
    small = (bought < quote.filled) & _below_parcel(account, orders.asset, bought * quote.price)
    if small.any():
        left = np.where(small, 0.0, bought)
        partly = _cut(partly, left, Reason.MINIMUM_PARCEL)
    return _book(account, orders, partly, row)


def _below_parcel(account: Account, asset: IntArray, money: FloatArray) -> BoolArray:
    """Tell which first purchases for so much (k,), own currency, their market would not take."""
    first = account.quantity[asset] == 0.0
    below = (money > 0.0) & (money < account.terms.rules.minimum_parcel[asset])
    small: BoolArray = first & below
    return small


def _quote(account: Account, orders: Working, row: int) -> Quote:
    terms = account.terms
    share = volume_allowance(terms.panel, row, orders.asset, terms.costs.max_volume_share)
    allowed = np.maximum(share - account.traded_on(row)[orders.asset], 0.0)
    reference = terms.reference(row, orders.asset)
    reason = Reason.FILLED if orders.decision >= 0 else Reason.MARGIN_CALL
    return quote_at(terms, orders, row, reference, allowed, reason)


def quote_at(
    terms: Terms,
    orders: Working,
    row: int,
    reference: FloatArray,
    allowed: FloatArray,
    reason: Reason = Reason.FILLED,
) -> Quote:
    """Return what the session offers `orders` around their reference prices."""
    wanted = np.abs(orders.quantity)
    filled = np.minimum(wanted, terms.whole_lots(allowed))
    code = np.where(filled < wanted, CODES[Reason.PARTIAL_VOLUME], CODES[reason])
    fx = terms.rate(row, orders.asset)
    bps = terms.slippage_bps(orders.asset)
    if terms.costs.impact_coefficient > 0.0:
        impact, silent = _impact(terms, orders.asset, filled * reference, row)
        bps += impact
        filled = np.where(silent, 0.0, filled)
        code = np.where(silent, CODES[Reason.NO_VOLUME], code)
    price = _slipped(terms, orders, reference, bps)
    return Quote(filled=filled, reference=reference, price=price, fx=fx, code=code)


def _impact(
    terms: Terms, asset: IntArray, notional: FloatArray, row: int
) -> tuple[FloatArray, BoolArray]:
    """Return impact in bps and which orders have nothing to be measured against.

    That is where nothing was traded before, or nothing is known of it although the session's own
    volume is. Where that is unknown too, impact is left out and the run flagged.
    """
    before = liquidity_before(terms.panel, row, asset)
    still = before.turnover == 0.0
    share = notional / np.where(still, 1.0, before.turnover)
    impact = impact_bps(terms.costs.impact_coefficient, before.sigma, share)
    unknown = np.isnan(impact)
    silent = still | (unknown & np.isfinite(terms.panel.volume[row, asset]))
    return np.where(unknown, 0.0, impact), silent


def _slipped(terms: Terms, orders: Working, reference: FloatArray, bps: FloatArray) -> FloatArray:
    """Move reference prices against the trader, onto the market's tick where prices are raw."""
    if not bps.any():
        return reference
    buys = orders.quantity > 0.0
    signed = np.where(buys, bps, -np.minimum(bps, WORST_SALE_BPS))
    price = reference * (1.0 + signed * BASIS_POINT)
    if "vendor_adjusted" in terms.panel.flags:
        return price
    limits, per_unit = terms.rules.tick_limits, terms.rules.ticks_per_unit
    on_tick = quote_on_tick(
        price, buys=buys, limits=limits[orders.asset], per_unit=per_unit[orders.asset]
    )
    return np.where(bps > 0.0, on_tick, reference)


def _cut(quote: Quote, filled: FloatArray, reason: Reason) -> Quote:
    less = filled < quote.filled
    if not less.any():
        return quote
    return replace(quote, filled=filled, code=np.where(less, CODES[reason], quote.code))


def _book(account: Account, orders: Working, quote: Quote, row: int) -> Working:
    """Move cash and shares, enter the orders, return what volume left over."""
    side = np.sign(orders.quantity)
    notional = quote.filled * quote.price * quote.fx
    commission = account.terms.costs.commission(notional)
    fx_cost = account.settle(row, orders.asset, -side * notional, commission)
    held = account.quantity[orders.asset] + side * quote.filled
    account.traded_on(row)[orders.asset] += quote.filled
    per_share = account.terms.lots_per_share
    account.quantity[orders.asset] = np.round(held * per_share) / per_share
    _enter(
        account,
        orders,
        row,
        filled=quote.filled,
        price=quote.price,
        reason=quote.code,
        reference=quote.reference,
        fx=quote.fx,
        commission=commission,
        slippage=quote.filled * np.abs(quote.price - quote.reference) * quote.fx,
        fx_cost=fx_cost,
    )
    partly = quote.code == CODES[Reason.PARTIAL_VOLUME]
    left = orders.select(partly)
    if not len(left):
        return left
    return left.changed(quantity=left.quantity - (side * quote.filled)[partly])


def _enter(
    account: Account,
    orders: Working,
    row: int,
    *,
    filled: FloatArray,
    price: FloatArray,
    reason: Reason | IntArray,
    **values: FloatArray,
) -> None:
    account.book.enter(
        row=row,
        asset=orders.asset,
        reason=reason,
        decision=orders.decision,
        side=np.sign(orders.quantity),
        quantity=np.abs(orders.quantity),
        filled=filled,
        price=price,
        **values,
    )


def _carry(account: Account, orders: Working, row: int) -> Working:
    """Give each order its next session, as long as it may be carried on."""
    if not len(orders):
        return orders
    terms = account.terms
    spent = orders.carried >= terms.costs.max_carry
    cancel(account, orders.select(spent), row, Reason.EXPIRED)
    alive = orders.select(~spent)
    following = next_session(terms.panel, alive.asset, row=row, last_row=terms.last_row)
    instant = fill_instants(terms.panel, following, alive.asset, terms.policy)
    instant = np.where(following < 0, NEVER, instant)
    return alive.changed(row=following, instant=instant, carried=alive.carried + 1)
