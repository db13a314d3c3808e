"""What an option strategy decides, and what becomes of a position until it is closed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.option_surface import Surface
from engine.orders import Reason
from engine.types import FloatArray

MULTIPLIER: Final = 100.0  # units of the index in a contract
HALF: Final = 0.5


@dataclass(frozen=True)
class Leg:
    call: bool
    strike: float
    side: int  # +1 bought, -1 written

    def __str__(self) -> str:
        return f"{self.strike:g} {'call' if self.call else 'put'}"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A position at a close as its exits are asked about it, per unit."""

    entry: float  # cash it brought, below 0 where it was paid
    value: float  # at middle prices, below 0 where closing it costs
    days: int  # to expiry
    reduced: bool  # part of it was closed before


@dataclass(frozen=True, kw_only=True)
class Exits:
    """When a position is closed; what is None never closes it."""

    days: int  # to expiry at which it is closed in any case
    stop: float | None = None  # loss, as a multiple of the credit
    take: float | None = None  # gain, as a share of the credit
    monetise: float | None = None  # value, as a multiple of its cost, at which half of it is sold

    def ask(self, held: Held) -> tuple[float, Reason] | None:
        """Return which share of the position to close, and why; None keeps it."""
        gain = held.entry + held.value
        if self.stop is not None and gain <= -self.stop * held.entry:
            return 1.0, Reason.STOPPED
        if self.take is not None and gain >= self.take * held.entry:
            return 1.0, Reason.TARGET
        if held.days <= self.days:
            return 1.0, Reason.BEFORE_EXPIRY
        dear = self.monetise is not None and held.value >= -self.monetise * held.entry
        return (HALF, Reason.TARGET) if dear and not held.reduced else None


@dataclass(frozen=True, kw_only=True)
class Structure:
    """One decision: legs to open together at the next close, as often as a budget allows.

    Money is per unit of the index, in its own currency.
    """

    asset: int  # column of the index
    expiry: int  # days since 1970-01-01
    legs: tuple[Leg, ...]
    width: float  # most that closing can cost: cash held for it; 0 where nothing is written
    risk: float  # most that can be lost at the decision's prices, above 0
    budget: float  # share of equity put at that risk
    surface: Surface  # on which it is priced until it is closed
    contract_fee: float
    exits: Exits
    saves: bool = False  # whether what a budget could not buy is added to the next

    @property
    def sides(self) -> FloatArray:
        return np.array([leg.side for leg in self.legs], np.float64)

    def image(self) -> bytes:
        """Return everything that was decided, to the bit."""
        return repr(self).encode()


@dataclass(frozen=True)
class Opening:
    """A decision on its way to the close at which it is carried out. Panel rows."""

    decision: int
    known: int  # last session whose close the decision knew
    structure: Structure


@dataclass(kw_only=True)
class Position:
    """Legs opened together. Arrays are by leg, (l,), or by session since the entry, (s, l)."""

    structure: Structure
    row: int  # of the entry
    slots: tuple[int, ...]  # columns of the book
    contracts: FloatArray  # per leg, signed; 0 once it is closed
    middle: FloatArray  # (s, l) price per unit on each session, carried over days without one
    half_spread: FloatArray  # (s, l); 0 where nothing is charged
    entry: float  # cash a unit brought
    at_risk: float  # base currency
    profit: float = 0.0  # cash received so far, base currency
    reduced: bool = False
    closing: tuple[float, Reason] | None = None

    @property
    def is_open(self) -> bool:
        return bool(self.contracts.any())

    def value(self, row: int) -> float:
        """Return the value of a unit at the middle prices of `row`."""
        return float(self.structure.sides @ self.middle[row - self.row])

    def worth(self, row: int) -> float:
        """Return the value of all its contracts, the index's currency."""
        return float(MULTIPLIER * (self.contracts @ self.middle[row - self.row]))

    def collateral(self) -> float:
        """Return the cash held for it, the index's currency."""
        return MULTIPLIER * self.structure.width * float(np.abs(self.contracts).max())
