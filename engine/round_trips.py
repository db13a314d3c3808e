"""Positions opened and closed again: what was put in, and what came of it net of every fee."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.account import Payment
from engine.actions import Actions
from engine.activity import RoundTrips
from engine.books import Books
from engine.orders import Orders

NOTHING: Final = 5e-5  # shares; half the smallest lot there is


def round_trips(
    books: Books, orders: Orders, payments: Sequence[Payment], actions: Actions
) -> RoundTrips:
    """Return the closed round trips of a run, by asset and then in order of time.

    A trip lasts from the first purchase to the order after which nothing is held any more; what
    is bought, sold and received in between belongs to it. A position still open is none.
    """
    traded = np.flatnonzero(orders.filled > 0.0)
    asset = np.searchsorted(books.held, orders.asset[traded])
    by_asset = np.argsort(asset, kind="stable")
    traded, asset = traded[by_asset], asset[by_asset]
    row = orders.row[traded] - books.row[0]
    ratio = actions.split[books.row][:, books.held].cumprod(axis=0)[row, asset]
    moved = (orders.side * orders.filled)[traded] / ratio
    total = np.concatenate([[0.0], np.cumsum(moved)])
    before_asset = total[np.searchsorted(asset, asset)]
    closes = np.abs(total[1:] - before_asset) * ratio < NOTHING
    # A number for each trip, asset after asset, and one per asset for what is still open.
    ended = np.concatenate([[0], np.cumsum(closes)])
    trip = ended[:-1] + asset
    flow, buys = orders.cash_flow[traded], orders.side[traded] > 0
    paid, gain = np.zeros((2, int(ended[-1]) + len(books.held)))
    np.add.at(paid, trip, np.where(buys, -flow, 0.0))
    np.add.at(gain, trip, flow)
    place = asset * len(books.row) + row
    for payment in payments:
        column = np.searchsorted(books.held, payment.asset)
        met = np.searchsorted(place, column * len(books.row) + payment.row - books.row[0])
        np.add.at(gain, ended[met] + column, payment.amount - payment.fx_cost)
    return RoundTrips(cost=paid[trip[closes]], profit=gain[trip[closes]])
