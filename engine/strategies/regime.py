"""Other strategies, weighed by the regime of the market."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from engine.errors import InsufficientHistory, MissingData
from engine.panel import Window
from engine.regime_allocation import SLEEVES
from engine.regime_following import Index, describe, follow, observe, smoothed
from engine.regimes import Features, Regimes, Terms
from engine.strategies.base import (
    STRATEGIES,
    Circumstances,
    Decision,
    Parameters,
    Strategy,
    register,
)
from engine.strategies.wrapping import last_rows
from engine.types import FloatArray

Sleeve = Literal[
    "composite_momentum",
    "dual_momentum",
    "equal_weight",
    "hrp",
    "inverse_vol",
    "momentum",
    "ts_momentum",
]
CALM, BETWEEN, STRESS = SLEEVES["CALM"], SLEEVES["CHOPPY"], SLEEVES["STRESS"]
ROUNDING: Final = 1e-9


def _share(of: str, regime: str, default: float) -> Any:
    return Field(
        default,
        ge=0.0,
        le=1.0,
        title=f"{of} sleeve, {regime}",
        description=f"Share of the money the {of.lower()} sleeve has while the market is {regime}. "
        "What both sleeves leave is cash.",
    )


class RegimeParameters(Parameters):
    n_states: int = Field(
        2,
        ge=2,
        le=4,
        title="States",
        description="Regimes the market is told apart into, by their volatility.",
    )
    min_obs: int = Field(
        756,
        ge=252,
        le=2520,
        title="First fit",
        description="Sessions the model is first fitted to; later fits have all sessions so far.",
    )
    refit: int = Field(
        63,
        ge=21,
        le=252,
        title="Refit",
        description="Sessions between fits; in between only the filter goes on.",
    )
    confirm: int = Field(
        3,
        ge=1,
        le=20,
        title="Confirmation",
        description="Sessions in a row a state must be likely before the regime takes its name.",
    )
    threshold: float = Field(
        0.6,
        ge=0.5,
        le=0.95,
        title="Threshold",
        description="Probability above which a state is likely.",
    )
    features: Features = Field(
        "return_vol",
        title="Features",
        description="What the model sees of the benchmark: its daily log return, the log of its "
        "volatility over 21 sessions, and the log of the VIX.",
    )
    smooth: int = Field(
        5,
        ge=1,
        le=63,
        title="Smoothing",
        description="Span in sessions of the trailing average of the probabilities.",
    )
    growth: Sleeve = Field(
        "momentum",
        title="Growth sleeve",
        description="Strategy held while the market is calm, with its default settings.",
    )
    defensive: Sleeve = Field(
        "inverse_vol",
        title="Defensive sleeve",
        description="Strategy held while it is not, with its default settings.",
    )
    calm_growth: float = _share("Growth", "calm", CALM["momentum"])
    calm_defensive: float = _share("Defensive", "calm", CALM["inverse_vol"])
    choppy_growth: float = _share("Growth", "choppy", BETWEEN["momentum"])
    choppy_defensive: float = _share("Defensive", "choppy", BETWEEN["inverse_vol"])
    stress_growth: float = _share("Growth", "under stress", STRESS["momentum"])
    stress_defensive: float = _share("Defensive", "under stress", STRESS["inverse_vol"])

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.growth == self.defensive:
            raise ValueError(f"defensive was {self.defensive}, as was growth; name two strategies")
        for regime in ("calm", "choppy", "stress"):
            growth = getattr(self, f"{regime}_growth")
            total = growth + getattr(self, f"{regime}_defensive")
            if total > 1.0 + ROUNDING:
                raise ValueError(
                    f"{regime}_growth and {regime}_defensive were {total:g} together; at most 1"
                )
        return self


_State: TypeAlias = tuple[Index, tuple[Any, Any]]


@register
class Regime(Strategy[RegimeParameters]):
    """Share the money between two strategies and cash by the probability that markets are calm.

    Needs a benchmark with a level, and the VIX where its feature is asked for. A hidden Markov
    model is fitted to all sessions so far and only its filter decides: it knows a storm after
    some days of it, and takes a lone shock for one. Volatility is what it calls stress; a slow
    decline is none.
    """

    key: ClassVar = "regime"
    name: ClassVar = "Regime allocation"
    family: ClassVar = "REGIME"
    references: ClassVar = (
        (
            "Hamilton, J. D. (1989). A New Approach to the Economic Analysis of Nonstationary "
            "Time Series and the Business Cycle. Econometrica, 57(2)."
        ),
        (
            "Kritzman, M., Page, S. & Turkington, D. (2012). Regime Shifts: Implications for "
            "Dynamic Strategies. Financial Analysts Journal, 68(3)."
        ),
        (
            "Rabiner, L. (1989). A Tutorial on Hidden Markov Models and Selected Applications in "
            "Speech Recognition. Proceedings of the IEEE, 77(2)."
        ),
    )
    requires: ClassVar = ("adjusted_close", "benchmark", "VIX")
    panels: ClassVar = (("VIX", {"features": "return_vol_vix"}),)
    # A month for the first volatility, and two of sessions on which the index had no level.
    history: ClassVar = ((64, {"min_obs": 1}),)
    parameters_type: ClassVar = RegimeParameters

    def __init__(
        self, parameters: RegimeParameters, circumstances: Circumstances | None = None
    ) -> None:
        super().__init__(parameters, circumstances)
        shared = {name: getattr(parameters, name) for name in Parameters.model_fields}
        chosen = [STRATEGIES[key] for key in (parameters.growth, parameters.defensive)]
        self.sleeves = [cls(cls.parameters_type(**shared)) for cls in chosen]

    def decide(self, window: Window, state: _State | None) -> tuple[Decision, _State]:
        """Return the sleeves' weights by the regimes; the state is the index as it was known."""
        before, held = state or (None, (None, None))
        index = self._index(window, before)
        decided = [
            sleeve.decide(last_rows(window, sleeve), own)
            for sleeve, own in zip(self.sleeves, held, strict=True)
        ]
        after = (index, (decided[0][1], decided[1][1]))
        found = self._regimes(index)
        if found is None:
            nothing = np.zeros(len(window.symbols))
            return Decision(nothing, {"regime_unknown": 1}, flags=("regime_unknown",)), after
        known = smoothed(found, self.parameters.smooth)
        shares = self._shares(known)
        weights, reasons = np.zeros(len(window.symbols)), Counter[str]()
        for share, (decision, _) in zip(shares, decided, strict=True):
            if decision is not None:
                weights += share * decision.weights
                reasons.update(decision.reasons)
        return Decision(
            weights,
            reasons,
            flags=_flags(found),
            diagnostics={self.key: describe(found, index.session, known) | self._held(shares)},
        ), after

    def _index(self, window: Window, before: Index | None) -> Index:
        """Return the benchmark as it is known now; what lies before the window was known before."""
        if not np.isfinite(window.benchmark_own).any():
            raise MissingData("benchmark has no level that regime could read; name another")
        vix = None
        if self.parameters.features == "return_vol_vix":
            vix = window.extra["VIX"].on(window.session)[:, 0]
        return Index.of(window.session, window.benchmark_own, vix).behind(before)

    def _regimes(self, index: Index) -> Regimes | None:
        p = self.parameters
        terms = Terms(
            states=p.n_states,
            min_obs=p.min_obs,
            refit=p.refit,
            threshold=p.threshold,
            confirm=p.confirm,
        )
        try:
            return follow(observe(index, p.features), terms)
        except InsufficientHistory:
            return None

    def _shares(self, known: FloatArray) -> FloatArray:
        """Return the share of each sleeve: of the states between the ends all have one row."""
        p = self.parameters
        between = [(p.choppy_growth, p.choppy_defensive)] * (p.n_states - 2)
        rows = [
            (p.calm_growth, p.calm_defensive),
            *between,
            (p.stress_growth, p.stress_defensive),
        ]
        shares: FloatArray = known @ np.array(rows)
        return shares

    def _held(self, shares: FloatArray) -> dict[str, Any]:
        keys = (self.parameters.growth, self.parameters.defensive, "cash")
        values = [*shares.tolist(), 1.0 - float(shares.sum())]
        return {"shares": dict(zip(keys, values, strict=True))}


def _flags(found: Regimes) -> tuple[str, ...]:
    told: Mapping[str, bool] = {
        "regime_fallback": not found.fits,
        "refit_rejected": bool(found.rejected),
        "regime_relabelled": any(fit.relabelled for fit in found.fits),
    }
    return tuple(flag for flag, holds in told.items() if holds)
