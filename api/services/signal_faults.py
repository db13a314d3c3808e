"""What a strategy of entries, stops and exits cannot take of a run, a search or a plan."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.errors import ClientError, InvalidInput
from api.services.strategies import StrategyEntry
from models.backtest import FillPolicy

SIGNALS: Final = "signals"
# Limits on how far weights move; a position with a stop is bought and sold, not moved.
MOVING: Final = {
    "max_turnover": "maxTurnover",
    "no_trade_band": "noTradeBand",
    "relative_band": "relativeBand",
    "min_trade": "minTrade",
    "group_cap": "groupCap",
    "group_caps": "groupCaps",
}


def signal_faults(
    entry: StrategyEntry, fill: FillPolicy, constraints: Mapping[str, Any], *, residual_pass: bool
) -> Iterator[ClientError]:
    """Yield what such a strategy refuses of a run's terms; nothing of any other strategy's."""
    if entry.kind != SIGNALS:
        return
    if fill is not FillPolicy.NEXT_OPEN:
        yield InvalidInput(
            f"fill was {fill.name}, but {entry.key} trades at opens, stops and targets; choose"
            f" {FillPolicy.NEXT_OPEN.name}",
            field=("input", "fill"),
        )
    if residual_pass:
        yield InvalidInput(
            f"residualPass was true, but {entry.key} sizes each entry by its risk, and rounding"
            " leaves nothing that was to be invested; leave it out",
            field=("input", "costs", "residualPass"),
        )
    for name, shown in MOVING.items():
        if constraints[name]:
            yield InvalidInput(
                f"{shown} was {constraints[name]}, but {entry.key} has entries and stops, and no"
                " weights to move; leave it out",
                field=("input", "constraints", shown),
            )


def check_axis(name: str, field: tuple[str, ...], entry: StrategyEntry) -> None:
    """Raise InvalidInput for an axis of limits that such a strategy refuses."""
    if entry.kind == SIGNALS and name in {f"constraints.{shown}" for shown in MOVING.values()}:
        raise InvalidInput(
            f"axis {name} limits how far weights move, and {entry.key} has entries and stops; leave"
            " it out",
            field=(*field, "name"),
        )


def check_plan(entry: StrategyEntry) -> None:
    """Raise InvalidInput for a plan from such a strategy alone.

    What it holds on a day depends on when each position was bought and where its stop stands; nor
    is a plan for one that must sell short.
    """
    if entry.kind == SIGNALS:
        raise InvalidInput(
            f"{entry.key} has no weights of one day: what it holds depends on its entries and"
            " stops; backtest it up to that day and plan from that run",
            field=("input", "strategy"),
        )
    if entry.default_parameters.get("allow_short"):
        raise InvalidInput(
            f"{entry.key} cannot do without short positions, and opens none on its first day; a"
            " plan only buys and sells what is owned",
            field=("input", "strategy"),
        )
