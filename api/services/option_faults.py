"""What a strategy on modelled options cannot take of a run or a plan."""

from collections.abc import Iterator
from typing import Final

from api.errors import ClientError, InvalidInput
from api.services.strategies import StrategyEntry

OPTIONS: Final = "options"
PUTS: Final = (
    "the plan holds the shares alone: the puts have modelled prices, at which nobody can buy"
)


def option_faults(entry: StrategyEntry, overlay: float | None) -> Iterator[ClientError]:
    """Yield what such a strategy refuses of a run's terms; nothing of any other strategy's."""
    if overlay is not None and _holds_options_alone(entry):
        yield InvalidInput(
            f"overlayVolTarget was {overlay:g}, but {entry.key} holds options alone, whose size its"
            " own risk sets; leave it out",
            field=("input", "overlayVolTarget"),
        )


def check_shares(entry: StrategyEntry, field: tuple[str, ...]) -> tuple[str, ...]:
    """Return what to know of a plan from such a strategy. Raises InvalidInput where it has none."""
    if _holds_options_alone(entry):
        raise InvalidInput(
            f"{entry.key} holds options alone, at modelled prices: no order follows from it; plan"
            " from a strategy of shares",
            field=field,
        )
    return (PUTS,) if entry.kind == OPTIONS else ()


def _holds_options_alone(entry: StrategyEntry) -> bool:
    return entry.kind == OPTIONS and not entry.hands_on
