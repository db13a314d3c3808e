"""Time-series momentum: each asset by its own past, sized by its own risk."""

import math
from collections import Counter
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from engine.eligibility import least_bars, screen
from engine.panel import Window
from engine.ranking import quantise
from engine.returns import simple_returns, trailing_rate, trailing_return
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import FloatArray
from engine.weighting import ZERO_VOLATILITY, volatility

# The paper's own year; what is reported of a run uses 252.
SESSIONS_A_YEAR = 261
CENTRES = 4  # centres of mass of returns read: what lies further back weighs 2 %


class TsMomentumParameters(Parameters):
    ordered: ClassVar = (("skip", "lookback"),)

    lookback: int = Field(
        252, ge=21, le=504, title="Lookback", description="Sessions over which return is measured."
    )
    skip: int = Field(
        0, ge=0, le=20, title="Skip", description="Most recent sessions left out of the return."
    )
    com: int = Field(
        60,
        ge=5,
        le=250,
        title="Centre of mass",
        description="Mean age in sessions of the returns that estimate volatility.",
    )
    target_asset_vol: float = Field(
        0.40,
        ge=0.05,
        le=0.60,
        title="Volatility per asset",
        description="Annual volatility each asset is scaled to, before the number of assets "
        "divides it.",
    )
    allow_short: bool = Field(
        False,
        title="Short positions",
        description="Sell short what fell below the hurdle; else its place stays in cash.",
    )
    max_gross: float = Field(
        1.0,
        ge=0.5,
        le=3.0,
        title="Largest exposure",
        description="Sum of all positions, long and short; beyond it all are scaled down alike. "
        "Above 1 the excess is borrowed.",
    )
    hurdle: Literal["rf", "zero"] = Field(
        "rf",
        title="Hurdle",
        description="What a return must exceed: the compounded risk-free return, or zero.",
    )


@register
class TsMomentum(Strategy[TsMomentumParameters]):
    """Hold each asset that beat the risk-free return over its own past year, sized by its risk.

    Needs closes and a risk-free rate; meant for funds of different asset classes, where trends do
    not fail together. It gives back gains at turns, and in a calm market the target volatility asks
    for more than the money there is, so that the cap on exposure decides.
    """

    key: ClassVar = "ts_momentum"
    name: ClassVar = "Time-series momentum"
    family: ClassVar = "MOMENTUM"
    references: ClassVar = (
        (
            "Moskowitz, T. J., Ooi, Y. H. & Pedersen, L. H. (2012). Time Series Momentum. Journal "
            "of Financial Economics, 104(2)."
        ),
    )
    # The variance leaves the last return out.
    history: ClassVar = ((1, {"lookback": 1}), (2, {"com": CENTRES}))
    parameters_type: ClassVar = TsMomentumParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        """Return ``direction * target volatility / volatility / n`` for the n eligible assets."""
        p = self.parameters
        scores = trailing_return(window.total_return, lookback=p.lookback, skip=p.skip)
        hurdle, unknown = self._hurdle(window)
        sigma = self._volatility(window)
        found = screen(window, p, length=p.lookback + 1, min_obs=least_bars(p.lookback))
        found = found.without(np.isfinite(scores), "no_end_point")
        found = found.without(sigma > ZERO_VOLATILITY * math.sqrt(SESSIONS_A_YEAR), "zero_variance")
        passed = np.flatnonzero(found.passed)
        passed = passed[
            np.argsort(window.asset_id[passed], kind="stable")
        ]  # of every order one sum
        direction = np.sign(quantise(scores[passed]) - quantise(np.array(hurdle)))
        weights = np.zeros(len(window.symbols))
        weights[passed] = self._sized(direction, sigma[passed])
        counts = {"below_hurdle": int((direction < 0.0).sum()), "rf_missing": int(unknown)}
        return Decision(weights, Counter(found.reasons) + Counter(counts)), state

    def _sized(self, direction: FloatArray, sigma: FloatArray) -> FloatArray:
        p = self.parameters
        if not p.allow_short:
            direction = np.maximum(direction, 0.0)
        raw: FloatArray = direction * p.target_asset_vol / sigma / max(len(sigma), 1)
        gross = np.abs(raw).sum()
        return raw * (p.max_gross / gross) if gross > p.max_gross else raw

    def _hurdle(self, window: Window) -> tuple[float, bool]:
        p = self.parameters
        if p.hurdle == "zero":
            return 0.0, False
        return trailing_rate(window.rf, lookback=p.lookback, skip=p.skip)

    def _volatility(self, window: Window) -> FloatArray:
        """Return the annual volatility known a session ago: the paper lags it once more."""
        com = self.parameters.com
        levels = np.ascontiguousarray(window.total_return)  # sums of one order, whoever asks
        returns = simple_returns(levels)[-CENTRES * com - 1 : -1]
        halflife = math.log(0.5) / math.log(com / (1.0 + com))
        sigma = volatility(returns, estimator="ewma", halflife=halflife)
        return sigma * math.sqrt(SESSIONS_A_YEAR)
