"""The margin of an account that is short, held against each close."""

import numpy as np

from engine.account import Account
from engine.ordering import queue
from engine.panel import NEVER
from engine.shorting import share_kept
from engine.working import Working


def margin_call(account: Account) -> Working | None:
    """Return the orders that reduce every position in proportion on the next open; None to go on.

    Each close is looked at once. Long positions are sold and short ones bought back alike, down
    to what equity carries at the marks of that close.
    """
    row, panel = account.row, account.terms.panel
    if account.watched >= row:
        return None
    account.watched = row
    value = account.values(row)
    kept = share_kept(value, account.money(row))
    if kept == 1.0:
        return None
    asset = np.flatnonzero(account.quantity)
    held = account.quantity[asset]
    closes = panel.closes_at[row]
    orders = queue(
        account.terms,
        decision=-1,
        asset=asset,
        quantity=account.terms.whole_lots(held * kept) - held,
        gap=np.abs(value[asset]),
        price=panel.marks()[row, asset],
        row=row,
        instant=int(closes[closes != NEVER].max(initial=0)),
    )
    return orders if len(orders) else None
