"""Inverse volatility: less money for what moves more."""

from collections import Counter
from typing import ClassVar

import numpy as np
from pydantic import Field

from engine.eligibility import least_bars, screen
from engine.panel import Window
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.weighting import Estimator, inverse_volatility


class InverseVolParameters(Parameters):
    lookback: int = Field(
        63, ge=20, le=504, title="Lookback", description="Sessions over which volatility is taken."
    )
    estimator: Estimator = Field(
        "std",
        title="Estimator",
        description="Sample standard deviation, or one that decays with age.",
    )
    halflife: int = Field(
        21,
        ge=5,
        le=126,
        title="Half-life",
        description="Sessions after which a return counts half, for the decaying estimator.",
    )


@register
class InverseVol(Strategy[InverseVolParameters]):
    """Hold every asset in proportion to the inverse of its volatility.

    Needs closes alone. It knows no correlations: ten copies of one asset get ten shares, and quiet
    assets are overweighted until they are quiet no more.
    """

    key: ClassVar = "inverse_vol"
    name: ClassVar = "Inverse volatility"
    family: ClassVar = "RISK_PARITY"
    references: ClassVar = (
        (
            "Maillard, S., Roncalli, T. & Teïletche, J. (2010). The Properties of Equally Weighted "
            "Risk Contribution Portfolios. Journal of Portfolio Management, 36(4)."
        ),
    )
    history: ClassVar = ((1, {"lookback": 1}),)
    parameters_type: ClassVar = InverseVolParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        p = self.parameters
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        shares = inverse_volatility(
            window,
            np.flatnonzero(found.passed),
            lookback=p.lookback,
            estimator=p.estimator,
            halflife=p.halflife,
        )
        weights = np.zeros(len(window.symbols))
        weights[shares.chosen] = shares.weights
        return Decision(weights, Counter(found.reasons) + Counter(shares.reasons)), state
