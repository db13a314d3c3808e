"""What purchases the cash of an account allows, the smallest distance of weights cut first.

Covering a short position may spend all cash, for it releases collateral. Whatever is bought on top
may spend only what is nobody's collateral, and on credit as much as the targets ask for.
"""

from dataclasses import replace

import numpy as np

from engine.account import Account
from engine.costs import BASIS_POINT
from engine.sizing import ROUNDING
from engine.types import FloatArray, IntArray


def affordable(
    account: Account, asset: IntArray, *, filled: FloatArray, unit: FloatArray, gap: FloatArray
) -> FloatArray:
    """Return purchases (k,) cut to what the account may spend.

    `unit` is the price of one share in base currency, `gap` the priority of each order.
    """
    terms = account.terms
    cash = account.money(account.row)
    if not terms.may_borrow:
        return _within(account, asset, cash, filled, unit, gap)
    cover = np.minimum(filled, np.maximum(-account.quantity[asset], 0.0))
    covered = _within(account, asset, max(cash, 0.0), cover, unit, gap)
    left = account.quantity.copy()
    left[asset] += covered
    price = _prices(account, left)
    equity = cash + float((account.quantity * price).sum())
    collateral = -float((np.minimum(left, 0.0) * price).sum())
    spent = float(_cost(account, asset, covered * unit).sum())
    free = cash - spent - collateral + (terms.leverage - 1.0) * equity
    whole = np.where(covered == cover, filled - cover, 0.0)
    return covered + _within(account, asset, max(free, 0.0), whole, unit, gap)


def _prices(account: Account, quantity: FloatArray) -> FloatArray:
    """Return the session's prices (m,) in base currency, of what is held; last marks elsewhere."""
    row, terms = account.row, account.terms
    held = np.flatnonzero((quantity != 0.0) | (account.quantity != 0.0))
    quoted = terms.reference(row, held)
    # Without a bar the mark is that of an earlier session.
    local = np.where(np.isnan(quoted), terms.panel.marks()[row, held], quoted)
    prices = np.zeros(len(quantity))
    prices[held] = local * terms.rate(row, held)
    return prices


def _cost(account: Account, asset: IntArray, notional: FloatArray) -> FloatArray:
    terms = account.terms
    commission = terms.costs.commission(notional)
    # Where cash stays in its currency, commissions are paid in that of the asset.
    converted = notional + commission if terms.costs.holds else notional
    return notional + commission + terms.costs.conversion(converted, terms.foreign[asset])


def _within(
    account: Account,
    asset: IntArray,
    cash: float,
    filled: FloatArray,
    unit: FloatArray,
    gap: FloatArray,
) -> FloatArray:
    """Return purchases cut to `cash`, that of all currencies at today's rates."""
    terms, costs = account.terms, account.terms.costs
    if costs.holds:
        return _within_purse(account, asset, cash, filled, unit, gap)
    needed = _cost(account, asset, filled * unit)
    limit = cash * (1.0 + ROUNDING)
    if needed.sum() <= limit:
        return filled
    first = np.lexsort((asset, -gap))
    running = np.cumsum(needed[first])
    whole = int(np.searchsorted(running, limit, side="right"))
    bought = np.zeros(len(asset))
    bought[first[:whole]] = filled[first[:whole]]
    edge = first[whole]
    left = cash - (running[whole - 1] if whole else 0.0)
    rate = costs.fx_spread_bps * BASIS_POINT * terms.foreign[asset[edge]]
    with_rates = (left - costs.commission_flat) / (
        unit[edge] * (1.0 + costs.commission_bps * BASIS_POINT + rate)
    )
    with_minimum = (left - costs.minimum_commission) / (unit[edge] * (1.0 + rate))
    lots = terms.whole_lots(np.array([min(with_rates, with_minimum)]))[0]
    bought[edge] = min(max(lots, 0.0), filled[edge])
    return bought


def most_spendable(account: Account, asset: int, kept: float) -> float:
    """Return what an order in `asset` may cost, commission included and no conversion.

    Base currency, where cash stays in its currency; `kept` of it is not to be spent.
    """
    terms = account.terms
    purse = account.purse(terms.panel.fx[account.row])
    purse = replace(purse, home=purse.home - kept)
    return purse.spendable(int(terms.panel.currency[asset]), np.zeros(len(purse.abroad)))


def _within_purse(
    account: Account,
    asset: IntArray,
    cash: float,
    filled: FloatArray,
    unit: FloatArray,
    gap: FloatArray,
) -> FloatArray:
    """Return purchases cut to what currencies hold and `cash` leaves of the base one."""
    terms, costs = account.terms, account.terms.costs
    purse = account.purse(terms.panel.fx[account.row])
    purse = replace(purse, home=cash - float(purse.abroad.sum()))
    currency = terms.panel.currency[asset]
    needed = filled * unit + costs.commission(filled * unit)
    first = np.lexsort((asset, -gap))
    owed = np.zeros((len(first) + 1, len(purse.abroad)))
    owed[np.arange(1, len(first) + 1), currency[first]] = needed[first]
    owed = np.cumsum(owed, axis=0)
    within = purse.slack(owed[1:]) >= -ROUNDING * abs(cash)
    whole = int(np.argmin(within)) if not within.all() else len(first)
    bought = np.zeros(len(asset))
    bought[first[:whole]] = filled[first[:whole]]
    if whole < len(first):
        edge = first[whole]
        most = purse.spendable(int(currency[edge]), owed[whole])
        bought[edge] = min(_lots(account, most, float(unit[edge])), filled[edge])
    return bought


def _lots(account: Account, money: float, unit: float) -> float:
    """Return the whole lots that `money` pays for with their commission, no conversion counted."""
    costs = account.terms.costs
    with_rate = (money - costs.commission_flat) / (
        unit * (1.0 + costs.commission_bps * BASIS_POINT)
    )
    with_minimum = (money - costs.minimum_commission) / unit
    lots = account.terms.whole_lots(np.array([min(with_rate, with_minimum)]))[0]
    return max(float(lots), 0.0)
