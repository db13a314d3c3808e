"""Robust median reversion."""

from typing import ClassVar

from pydantic import Field

from engine.reversion import median_reversion
from engine.strategies.base import register
from engine.strategies.reverting import Reverting, RevertingParameters
from engine.types import FloatArray


class RmrParameters(RevertingParameters):
    tol: float = Field(
        1e-9,
        ge=1e-12,
        le=1e-3,
        title="Tolerance",
        description="Relative change of the median below which its iteration stops.",
    )
    scale: bool = Field(
        True,
        title="Scale",
        description="Divide each asset's prices by its last one before the median is taken, so "
        "that dear shares do not outweigh cheap ones.",
    )


@register
class Rmr(Reverting[RmrParameters]):
    """Shift money each session towards what fell below the median of its recent prices.

    The median is taken over whole price vectors, so that one outlying day moves it little. Needs
    closes alone. As with every daily reversion, costs take more than it gives.
    """

    key: ClassVar = "rmr"
    name: ClassVar = "Robust median reversion"
    references: ClassVar = (
        (
            "Huang, D., Zhou, J., Li, B., Hoi, S. C. H. & Zhou, S. (2013). Robust Median Reversion "
            "Strategy for On-Line Portfolio Selection. Proceedings of the 23rd IJCAI."
        ),
        (
            "Vardi, Y. & Zhang, C.-H. (2000). The Multivariate L1-Median and Associated Data "
            "Depth. Proceedings of the National Academy of Sciences, 97(4)."
        ),
    )
    parameters_type: ClassVar = RmrParameters

    def predict(self, levels: FloatArray) -> FloatArray:
        p = self.parameters
        return median_reversion(levels, tol=p.tol, scaled=p.scale)
