"""What becomes of a position when its listing ends: cash, shares of another company, or both.

Shares come at a rate for one and cost nothing: the old position leaves at what it became, the new
one enters at the successor's first price of the session, whole lots of it, and the fraction is paid
out at that price. Cash is converted like that of any sale. Where shares cannot be taken - nobody
lends them to who was short, or the account follows stops of the old share - their worth comes as
cash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.orders import Reason
from engine.purse import Conversion
from engine.shorting import is_lent
from engine.types import FloatArray, IntArray

if TYPE_CHECKING:
    from engine.account import Account
    from engine.actions import Merger
    from engine.terms import Terms

ROUNDING: Final = 1e-12  # of a quantity: its last bits are no fraction that anybody pays out


def end_listings(account: Account, row: int) -> None:
    """Turn what the account holds of listings that end on `row` into what holders get."""
    terms = account.terms
    for merger in terms.actions.mergers.get(row, ()):
        if account.quantity[merger.asset] != 0.0 and _takes_shares(account, merger):
            _exchange(account, row, merger)
    asset = np.flatnonzero(terms.actions.delisted[row] & (account.quantity != 0.0))
    if not len(asset):
        return
    quantity = account.quantity[asset]
    known = np.array([_ending(terms, row, each) for each in asset.tolist()])
    # What holders may have lost is no gain of whoever is short: the loan ends at the last mark.
    lost = np.where(quantity > 0.0, terms.costs.delist_return, 0.0)
    guessed = terms.panel.marks()[row, asset] * (1.0 + lost)
    account.quantity[asset] = 0.0
    price = np.where(np.isnan(known), guessed, known)
    cash_out(account, row, asset, quantity, price, Reason.DELISTED)


def pay_fractions(account: Account, row: int, asset: IntArray, price: FloatArray) -> None:
    """Keep whole lots of each `asset` and turn the rest into cash at `price`."""
    after, lots = account.quantity[asset], account.terms.lots_per_share
    whole = np.trunc(after * lots * (1.0 + ROUNDING)) / lots
    account.quantity[asset] = whole
    fraction = after - whole
    left = np.abs(fraction) > ROUNDING * np.abs(after)
    cash_out(account, row, asset[left], fraction[left], price[left], Reason.SPLIT_FRACTION)


def cash_out(
    account: Account,
    row: int,
    asset: IntArray,
    quantity: FloatArray,
    price: FloatArray,
    reason: Reason,
) -> None:
    """Turn `quantity`, below 0 where it was short, into cash at `price`."""
    money = quantity * price * account.terms.rate(row, asset)
    fx_cost = account.settle(row, asset, money, np.zeros(len(asset)))
    _enter(account, row, asset, -quantity, price, reason, fx_cost)


def _takes_shares(account: Account, merger: Merger) -> bool:
    if not account.takes_shares:
        return False
    panel = account.terms.panel
    market = panel.market[[merger.successor]]
    long = bool(account.quantity[merger.asset] > 0.0)
    return long or bool(is_lent(panel.markets, market, account.terms.shorting)[0])


def _exchange(account: Account, row: int, merger: Merger) -> None:
    terms = account.terms
    old, new = np.array([merger.asset]), np.array([merger.successor])
    held = account.quantity[old]
    got = held * merger.ratio
    worth = np.array([_worth(terms, row, merger.successor)])
    shares = got * worth * terms.rate(row, new)
    cash = held * terms.actions.terminal[row, old] * terms.rate(row, old)
    nothing = np.zeros(1)
    cost = account.settle(row, old, cash, nothing) if cash[0] != 0.0 else nothing
    account.quantity[old] = 0.0
    account.quantity[new] += got
    price = (cash + shares) / (held * terms.rate(row, old))
    _enter(account, row, old, -held, price, Reason.MERGED, cost)
    _enter(account, row, new, got, worth, Reason.MERGED, nothing)
    if terms.costs.holds:
        _across(account, row, merger, float(shares[0]))
    pay_fractions(account, row, new, worth)


def _across(account: Account, row: int, merger: Merger, shares: float) -> None:
    """Note that what left one currency entered another, where shares of both were exchanged."""
    panel = account.terms.panel
    left, entered = panel.currency[[merger.asset, merger.successor]].tolist()
    if left != entered:
        into = np.zeros(len(panel.currencies))
        into[left] -= shares / panel.fx[row, left]
        into[entered] += shares / panel.fx[row, entered]
        into[0] = 0.0
        account.conversions.append(Conversion(row=row, into=into))


def _ending(terms: Terms, row: int, asset: int) -> float:
    """Return what a share becomes on `row`, its own currency; NaN where nobody knows."""
    value = float(terms.actions.terminal[row, asset])
    for merger in terms.actions.mergers.get(row, ()):
        if merger.asset == asset:
            theirs, ours = terms.rate(row, np.array([merger.successor, asset])).tolist()
            value += merger.ratio * _worth(terms, row, merger.successor) * theirs / ours
    return value


def _worth(terms: Terms, row: int, asset: int) -> float:
    """Return what a share is worth to who gets it on `row`, its own currency.

    That is its first price, the last mark where it does not trade, or what it ends in itself.
    """
    if terms.actions.delisted[row, asset]:
        ending = _ending(terms, row, asset)
        if not np.isnan(ending):
            return ending
    price = float(terms.first_price(row, np.array([asset]))[0])
    return float(terms.panel.marks()[row, asset]) if np.isnan(price) else price


def _enter(
    account: Account,
    row: int,
    asset: IntArray,
    quantity: FloatArray,
    price: FloatArray,
    reason: Reason,
    fx_cost: FloatArray,
) -> None:
    """Enter shares that came, or went where `quantity` is below 0, at no commission."""
    filled = np.abs(quantity)
    account.book.enter(
        row=row,
        asset=asset,
        reason=reason,
        decision=-1,
        side=np.sign(quantity),
        quantity=filled,
        filled=filled,
        price=price,
        reference=price,
        fx=account.terms.rate(row, asset),
        fx_cost=fx_cost,
    )
