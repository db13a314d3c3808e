"""Positions opened and closed again: what was put in, and what came of it net of every fee."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.account import Payment
from engine.actions import Actions
from engine.activity import Risk, RoundTrips
from engine.books import Books
from engine.orders import Orders
from engine.types import BoolArray, FloatArray, IntArray

NOTHING: Final = 5e-5  # shares; half the smallest lot there is


@dataclass(frozen=True, kw_only=True)
class Moves:
    """What moved positions, by asset and then in order of time; (t,)."""

    row: IntArray  # of the books
    asset: IntArray  # column of the books
    opens: BoolArray  # away from nothing held, long or short
    closes: BoolArray  # to nothing held
    flow: FloatArray  # cash, base currency


def round_trips(
    books: Books,
    orders: Orders,
    payments: Sequence[Payment],
    actions: Actions,
    risks: Sequence[Risk] = (),
) -> RoundTrips:
    """Return the closed round trips of a run, by asset and then in order of time.

    A trip lasts from the first order, a purchase or a short sale, to the one after which nothing
    is held any more; what is traded, received and paid in between belongs to it. An order that
    turns a position round ends one trip and begins the next. A position still open is none.
    """
    moves = _moves(books, orders, actions)
    # A number for each trip, asset after asset, and one per asset for what is still open.
    ended = np.concatenate([[0], np.cumsum(moves.closes)])
    trip = ended[:-1] + moves.asset
    trips = int(ended[-1]) + len(books.held)
    put_in, gain = np.zeros((2, trips))
    risked = np.full(trips, np.nan)
    np.add.at(put_in, trip, np.where(moves.opens, np.abs(moves.flow), 0.0))
    np.add.at(gain, trip, moves.flow)
    place = moves.asset * len(books.row) + moves.row
    for payment in payments:
        column = np.searchsorted(books.held, payment.asset)
        met = np.searchsorted(place, column * len(books.row) + payment.row - books.row[0])
        np.add.at(gain, ended[met] + column, payment.amount - payment.cost)
    for risk in risks:
        held = int(np.searchsorted(books.held, risk.asset))
        bought = np.searchsorted(place, held * len(books.row) + risk.row - books.row[0])
        risked[trip[bought]] = risk.amount
    closed = trip[moves.closes]
    return RoundTrips(cost=put_in[closed], profit=gain[closed], risked=risked[closed])


def _moves(books: Books, orders: Orders, actions: Actions) -> Moves:
    traded = np.flatnonzero(orders.filled > 0.0)
    asset = np.searchsorted(books.held, orders.asset[traded])
    by_asset = np.argsort(asset, kind="stable")
    traded, asset = traded[by_asset], asset[by_asset]
    row = orders.row[traded] - books.row[0]
    ratio = actions.split[books.row][:, books.held].cumprod(axis=0)[row, asset]
    moved = (orders.side * orders.filled)[traded] / ratio
    total = np.concatenate([[0.0], np.cumsum(moved)])
    before_asset = total[np.searchsorted(asset, asset)]
    before, after = total[:-1] - before_asset, total[1:] - before_asset
    nothing = NOTHING / ratio
    was, left = np.abs(before) >= nothing, np.abs(after) >= nothing
    turns = was & left & (before * after < 0.0)
    # An order that turns a position round is two: one closes it, the next opens the other way.
    parts = np.where(turns, 2, 1)
    second = np.zeros(int(parts.sum()), np.bool_)
    second[(np.cumsum(parts) - 1)[turns]] = True
    closing = np.where(turns, np.abs(before) / np.where(turns, np.abs(moved), 1.0), 1.0)
    part = np.repeat(closing, parts)
    share = np.where(second, 1.0 - part, part)
    return Moves(
        row=np.repeat(row, parts),
        asset=np.repeat(asset, parts),
        opens=np.repeat(~was | (before * moved > 0.0), parts) | second,
        closes=np.repeat(~left, parts) | (np.repeat(turns, parts) & ~second),
        flow=np.repeat(orders.cash_flow[traded], parts) * share,
    )
