"""Buy and hold: bought once, then left alone."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from engine.eligibility import screen
from engine.panel import Window
from engine.returns import carry_forward
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import FloatArray


class BuyAndHoldParameters(Parameters):
    reinvest: bool = Field(
        False,
        title="Reinvest",
        description="At the next rebalance after a listing that was held has ended, spread what it "
        "left, with all other cash, over what is still held, in proportion to its value.",
    )


@dataclass(frozen=True)
class Bought:
    """What was bought and is held, in shares of the panel's first session for each unit of money.

    A price is the last one known, in the run's currency, of such a share; (m,) each.
    """

    shares: FloatArray
    price: FloatArray

    def at(self, price: FloatArray) -> "Bought":
        """Return the same at new prices; the last one stands where there is none."""
        return replace(self, price=np.where(np.isfinite(price), price, self.price))

    def followed(self, window: Window) -> "Bought":
        """Return the same with a successor's shares for those it took over, and none that ended."""
        shares, paid_out = self.shares.copy(), window.ended.copy()
        for each in window.mergers:
            paid_out[each.asset] = False
            # Shares that have never traded come on their first bar; until then the old are held.
            if np.isfinite(self.price[each.successor]):
                shares[each.successor] += shares[each.asset] * each.ratio
                shares[each.asset] = 0.0
        return replace(self, shares=np.where(paid_out, 0.0, shares))

    def weights(self) -> FloatArray:
        """Return what each weighs of all that is held; nothing where that is nothing."""
        worth = np.where(self.shares > 0.0, self.shares * self.price, 0.0)
        return worth / max(float(worth.sum()), np.finfo(np.float64).tiny)


@register
class BuyAndHold(Strategy[BuyAndHoldParameters]):
    """Buy every asset at the same weight at the start and never trade again.

    Needs closes alone. Winners come to dominate, so concentration grows with time; what enters the
    universe later is never held, and what a listing leaves when it ends stays in cash unless it is
    reinvested.
    """

    key: ClassVar = "buy_and_hold"
    name: ClassVar = "Buy and hold"
    family: ClassVar = "BENCHMARK"
    references: ClassVar = (
        (
            "DeMiguel, V., Garlappi, L. & Uppal, R. (2009). Optimal Versus Naive Diversification. "
            "Review of Financial Studies, 22(5)."
        ),
    )
    parameters_type: ClassVar = BuyAndHoldParameters

    def decide(self, window: Window, state: Bought | None) -> tuple[Decision | None, Bought | None]:
        """Return the one purchase, or what endings left being spread; the state is what is held."""
        if state is None:
            return self._buy(window)
        held = state.at(_prices(window))
        left = held.followed(window)
        gone = (held.shares > 0.0) & (left.shares == 0.0)
        if not (self.parameters.reinvest and gone.any()):
            return None, held
        return Decision(left.weights(), {"listing_ended": int(np.count_nonzero(gone))}), left

    def _buy(self, window: Window) -> tuple[Decision, Bought | None]:
        found = screen(window, self.parameters, length=len(window.session), min_obs=1)
        weights = found.passed / max(int(np.count_nonzero(found.passed)), 1)
        price = _prices(window)
        bought = np.where(found.passed, weights / price, 0.0)
        return Decision(weights, found.reasons), Bought(bought, price) if bought.any() else None


def _prices(window: Window) -> FloatArray:
    """Return the last known price in the run's currency of a share of the panel's first session."""
    rate = window.total_return / window.own_return
    grown = np.cumprod(window.split, axis=0, dtype=np.float64)
    before = window.shares / grown[-1]  # by the row before the window
    price: FloatArray = carry_forward(window.close * rate * grown * before)[-1]
    return price
