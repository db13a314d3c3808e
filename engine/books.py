"""The accounts of a run, session by session: what it was worth and where each change came from.

With ``a`` an asset's return in its own currency and ``f`` the change of that currency, a session's
return in the base currency is ``a + f + a f``; in money, on the holding at the previous close:

* asset ``q dP fx_before``, dividends included; plus what fills made or lost to the close;
* currency ``q P_before dfx``; interaction ``q dP dfx``;
* costs: commissions, slippage and impact, conversions; interest on cash of the base currency;
* what exchange rates did to cash that stays in its own currency.

They add up to each session's change of equity, and so over the run to its total return.
"""

from dataclasses import dataclass

import numpy as np

from engine.account import Account
from engine.orders import Orders
from engine.types import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Books:
    """Money in base currency. The first session is the one before anything was traded.

    `held` lists the c assets that were ever traded; arrays of shape (k, c) follow it.
    """

    capital: float
    row: IntArray  # (k,) panel rows
    session: IntArray  # (k,) days since 1970-01-01
    equity: FloatArray  # (k,)
    cash: FloatArray  # (k,) of all currencies
    home: FloatArray  # (k,) of the base currency alone
    abroad: FloatArray  # (k, j) of each currency, worth in the base; 0 in the base's column
    receivable: FloatArray  # (k,) dividends met and not yet paid
    held: IntArray  # (c,) asset indices
    quantity: FloatArray  # (k, c) at the close
    value: FloatArray  # (k, c)
    asset: FloatArray  # (k,) parts of each session's change of equity, 0 in the first
    currency: FloatArray
    interaction: FloatArray
    costs: FloatArray  # at most 0
    interest: FloatArray
    dividends: FloatArray  # met on each session, net of withholding, below 0 where owed
    revalued: FloatArray  # what exchange rates made of cash and dividends abroad
    by_asset: FloatArray  # (c,) gain of each asset over the run, its costs included
    stale_sessions: int  # longest run of sessions a position was valued at one old mark

    @property
    def span(self) -> slice:
        """The panel's rows of the run, which follow each other."""
        return slice(int(self.row[0]), int(self.row[-1]) + 1)

    def local_curve(self) -> FloatArray:
        """Return the curve with currency and interaction taken out, chained from the capital."""
        change = (self.asset + self.costs + self.interest)[1:] / self.equity[:-1]
        curve: FloatArray = self.capital * np.cumprod(np.concatenate([[1.0], 1.0 + change]))
        return curve

    def price_curve(self) -> FloatArray:
        """Return the curve as if no dividend had come, chained from the capital."""
        change = (np.diff(self.equity) - self.dividends[1:]) / self.equity[:-1]
        curve: FloatArray = self.capital * np.cumprod(np.concatenate([[1.0], 1.0 + change]))
        return curve


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Prices and holdings of the traded assets over the run, shape (k, c)."""

    quantity: FloatArray
    mark: FloatArray  # own currency, carried forward; 0 before the first bar
    rate: FloatArray
    split: FloatArray
    dividend: FloatArray  # cash received, own currency, net of withholding
    intraday: FloatArray  # made or lost between fill and close, base currency
    cost: FloatArray  # base currency, above 0


def close_books(account: Account, orders: Orders, *, first_row: int, capital: float) -> Books:
    """Compute every session of the run from the account's snapshots and its orders."""
    terms = account.terms
    rows = np.arange(first_row, terms.last_row + 1)
    held = np.unique(orders.asset[orders.filled > 0.0])
    kept = [shot.row for shot in account.snapshots]
    segment = np.searchsorted(kept, rows, side="right") - 1
    at_snapshot = np.array([shot.cash for shot in account.snapshots])[segment]
    home = at_snapshot * terms.growth[rows] / terms.growth[np.array(kept)[segment]]
    own = np.array([shot.abroad for shot in account.snapshots])[segment]
    due = np.array([shot.due for shot in account.snapshots])[segment]
    rates = np.where(own + due != 0.0, terms.panel.fx[rows], 0.0)
    abroad = own * rates
    receivable = np.array([shot.receivable for shot in account.snapshots])[segment]
    receivable = receivable + (due * rates).sum(axis=1)
    cash = home + abroad.sum(axis=1)
    grid = _grid(account, orders, rows, held, segment)
    value = grid.quantity * grid.mark * grid.rate
    asset, currency, interaction = _parts(grid)
    growth = terms.growth[rows]
    interest = np.zeros(len(rows))
    interest[1:] = home[:-1] * (growth[1:] / growth[:-1] - 1.0)
    for row, earned in account.interest.items():
        interest[row - first_row] = earned
    return Books(
        capital=capital,
        row=rows,
        session=terms.panel.session[rows],
        equity=_across(value) + cash + receivable,
        cash=cash,
        home=home,
        abroad=abroad,
        receivable=receivable,
        held=held,
        quantity=grid.quantity,
        value=value,
        asset=_across(asset),
        currency=_across(currency),
        interaction=_across(interaction),
        costs=-_across(grid.cost),
        interest=interest,
        dividends=_across(grid.dividend * grid.rate),
        revalued=_revalued(own + due, terms.panel.fx[rows]),
        by_asset=(asset + currency + interaction - grid.cost).sum(axis=0),
        stale_sessions=_stale_sessions(
            terms.panel.close[first_row : terms.last_row + 1][:, held], grid.quantity
        ),
    )


def _grid(
    account: Account, orders: Orders, rows: IntArray, held: IntArray, segment: IntArray
) -> Grid:
    terms, shape = account.terms, (len(rows), len(held))
    quantity = np.array([shot.quantity[held] for shot in account.snapshots])[segment]
    span = slice(int(rows[0]), int(rows[-1]) + 1)
    mark = terms.panel.marks()[span][:, held]
    rate = terms.panel.fx[span][:, terms.panel.currency[held]]
    cell = (orders.row - rows[0], np.searchsorted(held, orders.asset))
    filled = orders.filled > 0.0
    cell = (cell[0][filled], cell[1][filled])
    distance = mark[cell] - orders.reference[filled]
    made = (orders.side * orders.filled * orders.fx)[filled] * distance
    charged = (orders.commission + orders.slippage + orders.fx_cost)[filled]
    intraday, cost, dividend = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    np.add.at(intraday, cell, made)
    np.add.at(cost, cell, charged)
    for payment in account.payments:
        at = (payment.row - int(rows[0]), np.searchsorted(held, payment.asset))
        dividend[at] += payment.local
        cost[at] += payment.cost
    return Grid(
        quantity=quantity,
        # Before its first bar an asset has no mark; nothing can be held of it then.
        mark=np.where((quantity == 0.0) & np.isnan(mark), 0.0, mark),
        rate=np.where(np.isnan(rate), 0.0, rate),
        split=terms.actions.split[span][:, held],
        dividend=dividend,
        intraday=intraday,
        cost=cost,
    )


def _parts(grid: Grid) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Split each session's gain into asset, currency and interaction, shape (k, c)."""
    asset = grid.intraday
    currency, interaction = np.zeros_like(asset), np.zeros_like(asset)
    before, held = slice(None, -1), grid.quantity[:-1]
    local = held * (grid.split[1:] * grid.mark[1:] - grid.mark[before]) + grid.dividend[1:]
    change = grid.rate[1:] - grid.rate[before]
    asset[1:] += local * grid.rate[before]
    currency[1:] = held * grid.mark[before] * change
    interaction[1:] = local * change
    return asset, currency, interaction


def _revalued(own: FloatArray, rates: FloatArray) -> FloatArray:
    """Return what the changes of `rates` (k, j) made of what was held in each currency before."""
    gained = np.zeros(len(own))
    change = np.where(own[:-1] != 0.0, rates[1:] - rates[:-1], 0.0)
    gained[1:] = (own[:-1] * change).sum(axis=1)
    return gained


def _across(values: FloatArray) -> FloatArray:
    """Sum the assets of each session, one after the other.

    NumPy's own order hangs on how many there are, so what is first bought later would move the
    last bit of the sessions before.
    """
    total = np.zeros(len(values))
    for column in values.T:
        total += column
    return total


def _stale_sessions(close: FloatArray, quantity: FloatArray) -> int:
    """Return the longest stretch of sessions in which a held asset had no bar."""
    stale = np.isnan(close) & (quantity != 0.0)
    if not stale.any():
        return 0
    rows = np.arange(1, len(stale) + 1)[:, None]
    fresh = np.maximum.accumulate(np.where(stale, 0, rows), axis=0)
    return int((rows - fresh).max())
