"""Purchases that wait for one session: at its open, or when the price rises to a buy stop."""

import math
from dataclasses import dataclass

import numpy as np

from engine.account import Account
from engine.brackets import Bar
from engine.costs import BASIS_POINT
from engine.orders import Reason
from engine.panel import NEVER
from engine.signals import Rules, share_of_equity
from engine.spending import most_spendable
from engine.terms import Terms
from engine.trading import quote_at
from engine.working import Working


@dataclass(kw_only=True, eq=False)
class Entry:
    """A purchase decided on one session for the asset's next; prices in today's shares."""

    asset: int
    decision: int  # row of the decision
    instant: int  # of the decision, ns UTC
    equity: float  # at the decision, base currency
    mark: float  # price at the decision, own currency
    trigger: float  # NaN buys at the open
    limit: float
    floor: float
    distance: float
    rules: Rules
    scale: float

    @property
    def rests(self) -> bool:
        """Whether it is a buy stop, to be reached within the session."""
        return not math.isnan(self.trigger)

    def split(self, ratio: float) -> None:
        """Take a split of so many new shares per old into account."""
        self.mark /= ratio
        self.convert(ratio)

    def convert(self, ratio: float) -> None:
        """Put what the strategy said into new shares; the mark is in them already."""
        for name in ("trigger", "limit", "floor", "distance"):
            setattr(self, name, getattr(self, name) / ratio)

    def price(self, bar: Bar) -> float | None:
        """Return the price of the purchase before slippage; None where there is none.

        A buy stop is filled at the open above it, else at itself; a purchase at the open is not
        made above its limit.
        """
        if not self.rests:
            return bar.first if bar.first <= self.limit else None
        if bar.highest < self.trigger:
            return None
        return max(self.trigger, bar.open if bar.opened else bar.lowest)

    def stop(self, paid: float) -> float:
        return max(self.floor, paid - self.distance)


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What a share of a purchase costs, and where its first stop stands, in its own currency."""

    price: float  # slippage included
    stop: float
    fx: float  # base currency per unit

    @property
    def risk(self) -> float:
        """A share's loss down to the stop, base currency; inf without a stop."""
        return (self.price - self.stop) * self.fx


@dataclass(frozen=True, kw_only=True)
class Size:
    """What is asked for, and why nothing is where nothing is."""

    quantity: float
    refused: Reason | None = None


def orders_of(decision: int, asset: int, quantity: float, price: float) -> Working:
    """Return one order as the trading floor takes it; above 0 it buys."""
    nowhere = np.full(1, -1, np.int64)
    return Working(
        decision=decision,
        asset=np.array([asset], np.int64),
        quantity=np.array([quantity]),
        gap=np.zeros(1),
        price=np.array([price]),
        row=nowhere,
        instant=np.full(1, NEVER),
        gave_up=nowhere,
        carried=np.zeros(1, np.int64),
    )


def paid_for(entry: Entry, account: Account, row: int, price: float, *, shares: float) -> Paid:
    """Return what each of so many shares costs, their impact on the price included."""
    order = orders_of(entry.decision, entry.asset, shares, price)
    offered = quote_at(account.terms, order, row, np.array([price]), np.array([np.inf]))
    paid = float(offered.price[0])
    return Paid(price=paid, stop=entry.stop(paid), fx=float(offered.fx[0]))


def size(entry: Entry, account: Account, row: int, price: float, *, allowed: float) -> Size:
    """Return how many shares are asked for at `price`, slippage still to come.

    By the risk to the first stop and at most the largest position, both of the equity at the
    decision. What volume and cash leave of it must still be worth buying; the buffer of cash is
    none to be spent.
    """
    terms = account.terms
    one = paid_for(entry, account, row, price, shares=1.0)
    unit = one.price * one.fx
    bounds = np.array(one.price), np.array(one.stop)
    share = entry.scale * float(share_of_equity(entry.rules, *bounds))
    asked = _lots(terms, share * entry.equity / unit)
    kept = terms.costs.cash_buffer * entry.equity
    affordable = _affordable(account, entry.asset, kept, unit)
    if kept > 0.0:
        asked = min(asked, _lots(terms, affordable))
    got = _lots(terms, min(asked, allowed, affordable))
    least = max(entry.rules.min_notional, entry.rules.min_weight * entry.equity)
    refused = None
    if asked == 0.0 or asked * unit < least:
        refused = Reason.TOO_SMALL
    elif got * unit < least or got == 0.0:
        refused = Reason.NO_CASH if affordable < allowed else Reason.NO_VOLUME
    elif got * one.price < float(terms.rules.minimum_parcel[entry.asset]):
        refused = Reason.MINIMUM_PARCEL
    return Size(quantity=asked, refused=refused)


def _lots(terms: Terms, shares: float) -> float:
    return float(terms.whole_lots(np.array(shares)))


def _affordable(account: Account, asset: int, kept: float, unit: float) -> float:
    """Return the shares that cash but for `kept` pays for at `unit` each in base currency."""
    terms, costs = account.terms, account.terms.costs
    bps, cash = costs.commission_bps, account.cash - kept
    if costs.holds:
        cash = most_spendable(account, asset, kept)
    elif terms.foreign[asset]:
        bps += costs.fx_spread_bps
    return max(cash - costs.commission_flat, 0.0) / (unit * (1.0 + bps * BASIS_POINT))
