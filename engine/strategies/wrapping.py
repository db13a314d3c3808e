"""A strategy around another one, its primary, whose parameters lie inside its own."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import Field, ValidationError, model_validator

from engine.errors import InvalidParameters
from engine.overlay import VolatilityTerms
from engine.panel import Window
from engine.parameters import first_fault
from engine.returns import MAX_GAP
from engine.schedule import Rebalance
from engine.shorting import Shorting
from engine.strategies.base import (
    STRATEGIES,
    Circumstances,
    Decision,
    Parameters,
    Strategy,
    primaries,
)
from engine.window_rows import rows_of


class WrappingParameters(Parameters):
    """Parameters of a strategy that wraps another one.

    What every strategy has (calendar, offset, floors) is said once, here, and holds for the
    primary too.
    """

    rebalance: Rebalance = Field(
        Rebalance.MONTHLY,
        title="Rebalance",
        description="Decide on the last session of each of these periods. Left out: as often as "
        "the primary does on its own.",
    )
    primary: str = Field(
        "momentum",
        title="Primary strategy",
        description="Key of the strategy it is put around, which must not wrap another itself.",
    )
    primary_parameters: dict[str, Any] = Field(
        {},
        title="Primary's parameters",
        description="Parameters of the primary strategy by name; what is left out is its default.",
    )

    @model_validator(mode="before")
    @classmethod
    def _keep_its_calendar(cls, given: dict[str, Any]) -> dict[str, Any]:
        primary = STRATEGIES.get(str(given.get("primary", "momentum")))
        if primary is None or "rebalance" in given:
            return given
        return {**given, "rebalance": primary.parameters_type().rebalance}


W = TypeVar("W", bound=WrappingParameters)


class Wrapper(Strategy[W]):
    """A strategy that needs another one's decisions. Its warm-up comes on top of the primary's."""

    wraps: ClassVar = True

    def __init__(self, parameters: W, circumstances: Circumstances | None = None) -> None:
        super().__init__(parameters, circumstances)
        self.primary = build_primary(parameters)

    @property
    def warmup(self) -> int:
        return super().warmup + self.primary.warmup

    @property
    def shorts(self) -> bool:
        return self.primary.shorts

    @property
    def shorting(self) -> Shorting | None:
        return self.primary.shorting

    def extra_slippage(self) -> Mapping[str, float]:
        return self.primary.extra_slippage()

    def inputs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*super().inputs(), *self.primary.inputs())))

    def seen_by_primary(self, window: Window) -> Window:
        return last_rows(window, self.primary)


class Overlay(Wrapper[W]):
    """A wrapper that leaves its primary's decisions alone and scales what is held of them.

    The run scales them (`engine.backtest`), because it takes an account of the primary's own to
    know by how much.
    """

    kind: ClassVar = "overlay"

    @property
    @abstractmethod
    def terms(self) -> VolatilityTerms:
        """What the decisions are scaled by."""

    def decide(self, window: Window, state: Any) -> tuple[Decision | None, Any]:
        """Return the primary's decision, unscaled, and the primary's state."""
        return self.primary.decide(self.seen_by_primary(window), state)


def last_rows(window: Window, strategy: Strategy[Any]) -> Window:
    """Return the last rows of a window, as many as a strategy would see on its own."""
    return rows_of(window, slice(-(strategy.warmup + MAX_GAP), None))


def build_primary(parameters: WrappingParameters) -> Strategy[Any]:
    """Return the strategy that is wrapped.

    Raises InvalidParameters, which names `primary` or `primary_parameters.<name>`.
    """
    if parameters.primary not in primaries():
        choices = ", ".join(primaries())
        raise InvalidParameters(f"primary was {parameters.primary!r}; choose one of {choices}")
    cls = STRATEGIES[parameters.primary]
    shared = {name: getattr(parameters, name) for name in Parameters.model_fields}
    twice = sorted(shared.keys() & parameters.primary_parameters.keys())
    if twice:
        raise InvalidParameters(
            f"primary_parameters.{twice[0]} is a parameter of the wrapping strategy; set it there"
        )
    try:
        return cls(cls.parameters_type(**shared, **parameters.primary_parameters))
    except ValidationError as e:
        raise InvalidParameters(first_fault("primary_parameters", e)) from e
