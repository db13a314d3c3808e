"""Buy and hold: bought once, then left alone."""

from typing import Any, ClassVar

import numpy as np

from engine.eligibility import screen
from engine.panel import Window
from engine.strategies.base import Decision, Parameters, Strategy, register


class BuyAndHoldParameters(Parameters):
    pass


@register
class BuyAndHold(Strategy[BuyAndHoldParameters]):
    """Buy every asset at the same weight at the start and never trade again.

    Needs closes alone. Winners come to dominate, so concentration grows with time; what enters the
    universe later is never held, and the proceeds of a delisting stay in cash.
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

    def decide(self, window: Window, state: Any) -> tuple[Decision | None, bool]:
        """Return the one purchase; the state says that it was made."""
        if state:
            return None, True
        found = screen(window, self.parameters, length=len(window.session), min_obs=1)
        bought = int(np.count_nonzero(found.passed))
        return Decision(found.passed / max(bought, 1), found.reasons), bought > 0
