"""Positions opened and closed again: what was put in, and what came of it net of every fee."""

from collections.abc import Sequence

import numpy as np

from engine.account import Payment
from engine.books import Books
from engine.metrics import RoundTrips
from engine.orders import Orders


def round_trips(books: Books, orders: Orders, payments: Sequence[Payment]) -> RoundTrips:
    """Return the closed round trips of a run, by asset and then in order of time.

    A trip lasts from the first purchase to the session on which nothing is held any more; what
    is bought, sold and received in between belongs to it. A position still open is none.
    """
    held = books.quantity > 0.0
    closes = np.zeros(held.shape, np.int64)
    closes[1:] = held[:-1] & ~held[1:]
    closed = closes.sum(axis=0)
    before = closes.cumsum(axis=0) - closes
    # One number per trip and one for what is still open, asset after asset.
    first = np.concatenate([[0], np.cumsum(closed + 1)])
    trip = before + first[:-1]
    traded = orders.filled > 0.0
    row = orders.row[traded] - books.row[0]
    of_order = trip[row, np.searchsorted(books.held, orders.asset[traded])]
    flow = orders.cash_flow[traded]
    paid, gain = np.zeros(int(first[-1])), np.zeros(int(first[-1]))
    np.add.at(paid, of_order, np.where(orders.side[traded] > 0, -flow, 0.0))
    np.add.at(gain, of_order, flow)
    for payment in payments:
        at = trip[payment.row - books.row[0], np.searchsorted(books.held, payment.asset)]
        np.add.at(gain, at, payment.amount - payment.fx_cost)
    is_closed = np.ones(len(gain), np.bool_)
    is_closed[first[1:] - 1] = False
    return RoundTrips(cost=paid[is_closed], profit=gain[is_closed])
