"""Equal weight: the yardstick that clever portfolios must beat."""

from typing import ClassVar

import numpy as np

from engine.eligibility import screen
from engine.panel import Window
from engine.strategies.base import Decision, Parameters, Strategy, register


class EqualWeightParameters(Parameters):
    pass


@register
class EqualWeight(Strategy[EqualWeightParameters]):
    """Hold every asset at the same weight, restored at each rebalance and drifting between.

    Needs closes alone. It buys what fell, so it pays for every loser that never recovers, and its
    risk is whatever the universe happens to hold.
    """

    key: ClassVar = "equal_weight"
    name: ClassVar = "Equal weight"
    family: ClassVar = "BENCHMARK"
    references: ClassVar = (
        (
            "DeMiguel, V., Garlappi, L. & Uppal, R. (2009). Optimal Versus Naive Diversification. "
            "Review of Financial Studies, 22(5)."
        ),
    )
    parameters_type: ClassVar = EqualWeightParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        found = screen(window, self.parameters, length=len(window.session), min_obs=1)
        held = int(np.count_nonzero(found.passed))
        return Decision(found.passed / max(held, 1), found.reasons), state
