"""Volatility scaling of another strategy."""

from typing import ClassVar

from pydantic import Field

from engine.overlay import VolatilityEstimator, VolatilityTerms
from engine.strategies.base import register
from engine.strategies.wrapping import Overlay, WrappingParameters


class VolScalingParameters(WrappingParameters):
    ordered: ClassVar = (("dd_target", "target"),)

    target: float = Field(
        0.12,
        ge=0.02,
        le=0.40,
        title="Target volatility",
        description="Volatility a year that the scaled strategy aims at.",
    )
    window: int = Field(
        126,
        ge=21,
        le=504,
        title="Window",
        description="Sessions of the strategy's own returns from which its volatility is measured.",
    )
    estimator: VolatilityEstimator = Field(
        "realised",
        title="Estimator",
        description="Weigh the returns of the window alike, or the recent ones more.",
    )
    halflife: int = Field(
        63,
        ge=5,
        le=252,
        title="Half-life",
        description="Sessions after which a return counts half, with the ewma estimator.",
    )
    min_lev: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        title="Lowest scale",
        description="The scale never falls below this share of the strategy's weights.",
    )
    max_lev: float = Field(
        1.0,
        ge=1.0,
        le=3.0,
        title="Highest scale",
        description="The scale never rises above this; beyond 1 the excess is borrowed.",
    )
    dd_target: float | None = Field(
        None,
        ge=0.02,
        le=0.40,
        title="Target in a drawdown",
        description="Target that holds while the scaled strategy is more than 10 % below its "
        "peak. Empty: the same target always.",
    )


@register
class VolScaling(Overlay[VolScalingParameters]):
    """Hold another strategy at the size at which its own recent volatility meets a target.

    Needs what its primary needs, and a window more of history: the unscaled strategy is run
    beside it, costs included, and measured. It cuts crashes that announce themselves by
    volatility, and no others; after a fall it comes back late. A decision is the primary's own:
    the account measured belongs to the run, which scales what was decided.
    """

    key: ClassVar = "vol_scaling"
    name: ClassVar = "Volatility scaling"
    family: ClassVar = "VOLATILITY"
    references: ClassVar = (
        (
            "Barroso, P. & Santa-Clara, P. (2015). Momentum Has Its Moments. "
            "Journal of Financial Economics, 116(1)."
        ),
    )
    # One more, because at Sydney's close a day's worth is not yet known.
    history: ClassVar = ((1, {"window": 1}),)
    parameters_type: ClassVar = VolScalingParameters

    @property
    def terms(self) -> VolatilityTerms:
        """Return what the run scales the decisions by."""
        p = self.parameters
        return VolatilityTerms(
            target=p.target,
            window=p.window,
            estimator=p.estimator,
            halflife=p.halflife,
            least=p.min_lev,
            most=p.max_lev,
            drawdown_target=p.dd_target,
        )
