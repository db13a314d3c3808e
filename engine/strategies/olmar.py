"""On-line moving-average reversion."""

from typing import ClassVar

from pydantic import Field

from engine.reversion import mean_reversion, smoothed_reversion
from engine.strategies.base import register
from engine.strategies.reverting import Reverting, RevertingParameters
from engine.types import FloatArray

# Sessions after which the second variant has forgotten its start: 0.95^252 is 2e-6.
BURN_IN = 252


class OlmarParameters(RevertingParameters):
    variant: int = Field(
        1,
        ge=1,
        le=2,
        title="Variant",
        description="1: prices return to their mean over the window. 2: to an exponential mean.",
    )
    alpha: float = Field(
        0.5,
        ge=0.05,
        le=0.95,
        title="Alpha",
        description="Share of the newest price in the exponential mean of variant 2.",
    )


@register
class Olmar(Reverting[OlmarParameters]):
    """Shift money each session towards what fell below its moving average, as little as need be.

    Needs closes alone. The published wealth is before costs and on survivors: traded daily, fees
    and spreads take more than reversion gives.
    """

    key: ClassVar = "olmar"
    name: ClassVar = "Moving-average reversion"
    references: ClassVar = (
        (
            "Li, B. & Hoi, S. C. H. (2012). On-Line Portfolio Selection with Moving Average "
            "Reversion. Proceedings of the 29th ICML."
        ),
        (
            "Li, B., Hoi, S. C. H., Sahoo, D. & Liu, Z.-Y. (2015). Moving Average Reversion "
            "Strategy for On-Line Portfolio Selection. Artificial Intelligence, 222."
        ),
        (
            "Duchi, J., Shalev-Shwartz, S., Singer, Y. & Chandra, T. (2008). Efficient Projections "
            "onto the l1-Ball for Learning in High Dimensions. Proceedings of the 25th ICML."
        ),
    )
    # Of the last term: 1 for the first variant, the burn-in and its session for the second.
    history: ClassVar = (*Reverting.history, (1 - BURN_IN, {"variant": BURN_IN}))
    parameters_type: ClassVar = OlmarParameters

    @property
    def sessions_read(self) -> int:
        return self.parameters.window if self.parameters.variant == 1 else BURN_IN + 1

    def predict(self, levels: FloatArray) -> FloatArray:
        if self.parameters.variant == 1:
            return mean_reversion(levels)
        return smoothed_reversion(levels, self.parameters.alpha)
