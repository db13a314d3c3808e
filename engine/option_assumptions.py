"""What every run on modelled option prices assumes, as parameters, and how it is asked for more."""

from typing import Any, Final, Self, cast

from pydantic import Field

from engine.option_surface import Surface
from engine.parameters import Described

MODELLED: Final = "modelled_prices"
# Every such run is made at three slopes of the smile: none, its own, and half as much again.
SKEWS: Final = (0.0, 1.0, 1.5)


class OptionAssumptions(Described):
    """There are no option quotes: these are assumptions, not estimates."""

    index: tuple[str, ...] = Field(
        ("^GSPC",),
        min_length=1,
        max_length=1,
        title="Index",
        description="Symbol of the equity index the options and the volatility indices are on.",
    )
    atm_ratio: float = Field(
        0.92,
        ge=0.7,
        le=1.0,
        title="At-the-money ratio",
        description="Volatility at the money over the volatility index, assumed.",
    )
    skew: float = Field(
        -0.18,
        ge=-0.5,
        le=0.0,
        title="Skew",
        description="Slope of volatility in standard deviations of the strike, assumed.",
    )
    curvature: float = Field(
        0.02,
        ge=0.0,
        le=0.1,
        title="Curvature",
        description="Curvature of volatility in standard deviations of the strike, assumed.",
    )
    dividend_yield: float = Field(
        0.018,
        ge=0.0,
        le=0.1,
        title="Dividend yield",
        description="Of the index, a year, assumed.",
    )
    half_spread_vol: float = Field(
        0.5,
        ge=0.0,
        le=5.0,
        title="Half spread",
        description="Half of what bid and ask are apart, in points of volatility; "
        "five cents at least.",
    )
    contract_fee: float = Field(
        1.0,
        ge=0.0,
        le=20.0,
        title="Fee per contract",
        description="Of each contract bought or sold, in the index's currency.",
    )


class Modelled:
    """A strategy on modelled option prices."""

    parameters: Any

    @property
    def index(self) -> str:
        return cast("str", self.parameters.index[0])

    @property
    def surface(self) -> Surface:
        p = self.parameters
        return Surface(
            atm_ratio=p.atm_ratio,
            skew=p.skew,
            curvature=p.curvature,
            dividend_yield=p.dividend_yield,
            half_spread_vol=p.half_spread_vol * 0.01,
        )

    def at_skew(self, skew: float) -> Self:
        """Return the same strategy on a smile of another slope."""
        make = cast("Any", type(self))
        return cast("Self", make(self.parameters.model_copy(update={"skew": skew})))
