"""The options a run holds at its end, and what a move of their index does to them."""

from dataclasses import dataclass

import numpy as np

from engine.option_positions import MULTIPLIER, Position
from engine.option_surface import Market, years_to


@dataclass(frozen=True, kw_only=True)
class OpenContracts:
    """Positions at one close, and what they are priced from."""

    symbol: str  # of the index
    positions: tuple[Position, ...]
    market: Market  # of that close
    day: int  # days since 1970-01-01
    rate: float  # base currency per unit of the index's

    def worth(self, move: float = 0.0, *, volatility: float | None = None) -> float:
        """Return their value in base currency after the index moved by a fraction, repriced whole.

        `volatility` is what both volatility indices stand at then, decimal; left out they stay
        where they are: their rise in a fall would be a second guess.
        """
        level = None if volatility is None else np.asarray(volatility, np.float64)
        market = Market(
            spot=self.market.spot * (1.0 + move),
            near=self.market.near if level is None else level,
            far=self.market.far if level is None else level,
            rate=self.market.rate,
        )
        return sum(_worth(position, market, self.day) for position in self.positions) * self.rate


def _worth(position: Position, market: Market, day: int) -> float:
    structure = position.structure
    calls = np.array([leg.call for leg in structure.legs])
    strikes = np.array([leg.strike for leg in structure.legs])
    years = float(years_to(structure.expiry, day))
    middle, _ = structure.surface.price(market, calls, strikes, years)
    return float(MULTIPLIER * (position.contracts @ middle))
