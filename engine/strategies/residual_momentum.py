"""Momentum of what the factors leave."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from engine.eligibility import Screen, screen
from engine.errors import MissingData
from engine.panel import Window
from engine.published import Published
from engine.ranking import quantise, rank
from engine.residuals import (
    Residuals,
    Standardise,
    formation_scores,
    monthly_returns,
    months_of,
    regress_on,
    volatility,
)
from engine.strategies.base import (
    EMPTY_PLACES,
    Decision,
    Fill,
    Parameters,
    Strategy,
    places_shared,
    register,
)
from engine.types import BoolArray, FloatArray, IntArray

FACTORS: Final = {"ff3": ("Mkt-RF", "SMB", "HML"), "ff5": ("Mkt-RF", "SMB", "HML", "RMW", "CMA")}
# All are measured in US dollars; those of the US are of the shares quoted in them, others' are not.
FACTOR_CURRENCY: Final = "USD"
# What a region's panels are called behind the name of their factors.
REGIONS: Final = {"us": "", "developed_ex_us": "_DEVELOPED_EX_US", "asia_pacific": "_ASIA_PACIFIC"}
# Factors of a month are published in the month after next; what is older was never published.
LONGEST_LAG: Final = 3
SPARE_MONTHS: Final = 12  # a fit keeps twelve months more than it has coefficients, and no fewer


class ResidualMomentumParameters(Parameters):
    factors: Literal["ff3", "ff5"] = Field(
        "ff3",
        title="Factors",
        description="Fama-French factors whose share in the returns is taken out.",
    )
    region: Literal["us", "developed_ex_us", "asia_pacific"] = Field(
        "us",
        title="Region",
        description="Markets the factors were measured in, and whose shares are ranked: the US; "
        "developed markets but the US; Asia and the Pacific without Japan.",
    )
    reg_months: int = Field(
        36, ge=24, le=60, title="Regression", description="Months each asset is regressed over."
    )
    min_months: int = Field(
        24,
        ge=15,
        le=60,
        title="Fewest months",
        description="Months of the regression an asset must have; at least twelve more than "
        "factors.",
    )
    form: int = Field(
        12, ge=3, le=24, title="Formation", description="Newest months whose residuals are scored."
    )
    skip: int = Field(
        1, ge=0, le=3, title="Skip", description="Newest months of the formation left out."
    )
    top_n: int = Field(
        20, ge=1, le=200, title="Names held", description="Number of assets held, best first."
    )
    fill: Fill = EMPTY_PLACES
    min_score: float | None = Field(
        None,
        ge=-20.0,
        le=20.0,
        title="Lowest score",
        description="Hold only assets whose standardised residual return is above this.",
    )
    min_r2: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        title="Lowest R squared",
        description="Hold only assets of whose returns the factors explain more than this share.",
    )
    weighting: Literal["equal", "inverse_resid_vol"] = Field(
        "equal",
        title="Weighting",
        description="How the assets held share the money: alike, or the quieter residual the more.",
    )
    standardise: Standardise = Field(
        "formation",
        title="Standardise by",
        description="Residuals whose deviation divides the score: of the formation, or of all the "
        "regression's months.",
    )

    @model_validator(mode="after")
    def _check_months(self) -> Self:
        least = len(FACTORS[self.factors]) + SPARE_MONTHS
        if not least <= self.min_months <= self.reg_months:
            raise ValueError(
                f"min_months was {self.min_months}; {self.factors} needs {least} or more, and "
                f"there are {self.reg_months} at most"
            )
        if self.form - self.skip < 2:
            raise ValueError(f"skip was {self.skip}; leave two of the {self.form} months or more")
        return self


@dataclass(frozen=True, kw_only=True)
class _Scored:
    """One decision's regressions and what came of them."""

    last: int  # month of the newest factors
    fit: Residuals
    scores: FloatArray  # (m,)
    volatility: FloatArray  # (m,) of the residuals, a year


@register
class ResidualMomentum(Strategy[ResidualMomentumParameters]):
    """Hold the assets that beat by most what their exposure to common factors explains.

    Needs closes and the monthly Fama-French factors of a region, whose newest months are published
    weeks late: the regression ends with the last month that was known. Returns are taken in US
    dollars, as the factors are. Shares of another region are left out: with factors of the US all
    that are not quoted in US dollars, with those of other regions all that are. Its exposures are
    estimates from few months, and it trades as often as momentum does.
    """

    key: ClassVar = "residual_momentum"
    name: ClassVar = "Residual momentum"
    family: ClassVar = "MOMENTUM"
    references: ClassVar = (
        (
            "Blitz, D., Huij, J. & Martens, M. (2011). Residual Momentum. "
            "Journal of Empirical Finance, 18(3)."
        ),
        (
            "Fama, E. F. & French, K. R. (1993). Common Risk Factors in the Returns on Stocks and "
            "Bonds. Journal of Financial Economics, 33(1)."
        ),
        (
            "Fama, E. F. & French, K. R. (2015). A Five-Factor Asset Pricing Model. "
            "Journal of Financial Economics, 116(1)."
        ),
    )
    panels: ClassVar = tuple(
        (name.upper() + suffix, {"factors": name, "region": region})
        for region, suffix in REGIONS.items()
        for name in FACTORS
    )
    requires: ClassVar = ("adjusted_close", *(name for name, _ in panels))
    # Each month has 22 sessions at most, on average; the lag and the month before come on top.
    history: ClassVar = ((88, {"reg_months": 22}),)
    allocators: ClassVar = {"EQUAL_WEIGHT": "equal"}
    parameters_type: ClassVar = ResidualMomentumParameters

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        p = self.parameters
        panel = window.extra[self._panel]
        scored = self._score(window, panel)
        if scored is None:
            nothing = np.zeros(len(window.symbols))
            told = {"factors_unknown": len(window.symbols)}
            return Decision(nothing, told, flags=("factors_stale",)), state
        found = self._narrow(window, scored)
        chosen = rank(scored.scores, window.asset_id, found.passed)[: p.top_n]
        weights = np.zeros(len(window.symbols))
        filled = len(chosen) / places_shared(len(chosen), p.top_n, p.fill)
        weights[chosen] = self._share(scored.volatility[chosen]) * filled
        return Decision(
            weights,
            Counter(found.reasons),
            flags=("factors_dependent",) if scored.fit.deficient else (),
            diagnostics={self.key: self._told(window, scored, chosen)},
        ), state

    @property
    def _panel(self) -> str:
        return self.parameters.factors.upper() + REGIONS[self.parameters.region]

    def _score(self, window: Window, panel: Published) -> _Scored | None:
        """Return the regressions up to the newest factors; None where these are too old."""
        p = self.parameters
        decided = int(months_of(window.session[-1:])[0])
        known = months_of(panel.day)
        if not len(known) or decided - known[-1] > LONGEST_LAG:
            return None
        last = int(known[-1])
        months = np.arange(last - p.reg_months + 1, last + 1)
        by_id = np.argsort(window.asset_id, kind="stable")
        levels = window.own_return if p.region == "us" else _in_dollars(window)
        returns = monthly_returns(levels[:, by_id], window.session, months)
        excess = returns - _on(panel, known, months, ("RF",))
        factors = _on(panel, known, months, FACTORS[p.factors])
        fit = regress_on(excess, factors, min_months=p.min_months).take(np.argsort(by_id))
        scores = formation_scores(fit.residual, form=p.form, skip=p.skip, standardise=p.standardise)
        return _Scored(last=last, fit=fit, scores=scores, volatility=volatility(fit.residual))

    def _narrow(self, window: Window, scored: _Scored) -> Screen:
        p, fit = self.parameters, scored.fit
        found = screen(window, p, length=len(window.session), min_obs=1)
        american = np.array([name == FACTOR_CURRENCY for name in window.currencies], np.bool_)
        own = american[window.currency] == (p.region == "us")
        found = found.without(own, "no_factors_of_its_market")
        found = found.without(fit.months >= p.min_months, "short_history")
        formed = fit.residual[len(fit.residual) - p.form : len(fit.residual) - p.skip]
        whole: BoolArray = np.all(np.isfinite(formed), axis=0)
        found = found.without(whole, "missing_month")
        found = found.without(np.isfinite(scored.scores), "zero_variance")
        if p.min_r2 is not None:
            found = found.without(quantise(fit.r_squared) > p.min_r2, "below_min_r2")
        if p.min_score is not None:
            found = found.without(quantise(scored.scores) > p.min_score, "below_min_score")
        return found

    def _share(self, deviation: FloatArray) -> FloatArray:
        even = self.parameters.weighting == "equal"
        raw = np.ones(len(deviation)) if even else 1.0 / deviation
        return raw / max(float(raw.sum()), np.finfo(np.float64).tiny)

    def _told(self, window: Window, scored: _Scored, chosen: IntArray) -> dict[str, Any]:
        """Return the regressions of what is held, as JSON."""
        fit, decided = scored.fit, int(months_of(window.session[-1:])[0])
        names = FACTORS[self.parameters.factors]
        return {
            "factors": self._panel,
            "last_month": str(np.datetime64(scored.last, "M")),
            "lag_months": decided - scored.last,
            "held": {
                window.symbols[i]: {
                    "score": float(scored.scores[i]),
                    "alpha": float(fit.alpha[i]),
                    "betas": dict(zip(names, fit.betas[:, i].tolist(), strict=True)),
                    "r_squared": _or_none(fit.r_squared[i]),
                    "residual_volatility": float(scored.volatility[i]),
                    "months": int(fit.months[i]),
                }
                for i in chosen.tolist()
            },
        }


def _in_dollars(window: Window) -> FloatArray:
    """Return the total-return levels (k, m) in US dollars. Raises MissingData without a rate."""
    if FACTOR_CURRENCY not in window.currencies:
        raise MissingData("residual_momentum needs rates of the US dollar, its factors' currency")
    dollar = window.currencies.index(FACTOR_CURRENCY)
    rates = window.fixings / window.fixings[:, [dollar]]
    levels: FloatArray = window.own_return * rates[:, window.currency]
    return levels


def _on(
    panel: Published, known: IntArray, months: IntArray, columns: tuple[str, ...]
) -> FloatArray:
    """Return columns of a monthly panel on some months, (r, c), NaN in one it lacks."""
    values = np.column_stack([panel.column(name) for name in columns])
    place = np.searchsorted(known, months)
    there = (place < len(known)) & (known[np.minimum(place, len(known) - 1)] == months)
    return np.where(there[:, None], values[np.minimum(place, len(known) - 1)], np.nan)


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
