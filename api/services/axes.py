"""What a search may vary of a run, read and checked before anything is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from api.errors import ClientError, InvalidInput
from api.services.axis_request import (
    ALLOCATOR,
    FIELD,
    MOST_COMBINATIONS,
    AxisRequest,
    axis_from,
    check_cost,
    checked_axis,
    snake,
)
from api.services.backtest_request import BacktestRequest
from api.services.findings import Findings
from api.services.strategies import StrategyEntry
from engine.axes import Axis, fits, grid, size
from models.backtest import Allocator

__all__ = [
    "MOST_COMBINATIONS",
    "AxisRequest",
    "applied",
    "axes_of",
    "by_panels",
    "count_combinations",
    "longest_warmup",
    "order_of",
    "read_axes",
]

MOST_AXES = 6


def read_axes(asked: Sequence[AxisRequest], entry: StrategyEntry) -> list[Axis]:
    """Return the axes of a search over this strategy. Raises Refused with every fault found."""
    loose = replace(entry, parameter_schema={**entry.parameter_schema, "x-lessThan": []})
    findings = Findings()
    findings.errors += _many(asked)
    made: list[Axis] = []
    for number, axis in enumerate(asked):
        with findings.collect():
            made.append(checked_axis(axis, (*FIELD, str(number)), loose))
    findings.settle()
    return made


def axes_of(stored: Sequence[Mapping[str, Any]], entry: StrategyEntry) -> list[Axis]:
    """Return the axes of a search that was kept."""
    asked = [AxisRequest(**{**axis, "values": _listed(axis.get("values"))}) for axis in stored]
    return [axis_from(axis, entry) for axis in asked]


def count_combinations(axes: Sequence[Axis], request: BacktestRequest, entry: StrategyEntry) -> int:
    """Return how many combinations of a grid can be run.

    Raises LimitExceeded before any is made when there are too many, InvalidInput where an axis has
    no end of values or no combination fits.
    """
    total = size(axes)
    if total is None:
        endless = next(axis.name for axis in axes if axis.count is None)
        raise InvalidInput(
            f"axis {endless} is a range without a step; give a step or values, or choose RANDOM",
            field=FIELD,
        )
    check_cost(total, MOST_COMBINATIONS)
    fixed, pairs = request.parameters, order_of(entry)
    fitting = sum(fits({**fixed, **one}, pairs) for one in grid(axes))
    if not fitting:
        low, high = pairs[0]
        raise InvalidInput(
            f"no combination fits: {low} must be below {high} in each; widen an axis", field=FIELD
        )
    return fitting


def order_of(entry: StrategyEntry) -> Sequence[Sequence[str]]:
    """Return the pairs of parameters of which the first must be below the second."""
    pairs: Sequence[Sequence[str]] = entry.parameter_schema.get("x-lessThan", ())
    return pairs


def applied(request: BacktestRequest, values: Mapping[str, Any]) -> BacktestRequest:
    """Return the request with the values of one combination in their places."""
    parameters = dict(request.parameters)
    costs: dict[str, Any] = {}
    constraints: dict[str, Any] = {}
    allocator = request.allocator
    for name, value in values.items():
        group, dot, field = name.partition(".")
        if dot:
            (costs if group == "costs" else constraints)[snake(field)] = value
        elif name == ALLOCATOR:
            allocator = Allocator(value)
        else:
            parameters[name] = value
    return replace(
        request,
        parameters=parameters,
        costs=replace(request.costs, **costs),
        constraints=replace(request.constraints, **constraints),
        allocator=allocator,
    )


def longest_warmup(
    axes: Sequence[Axis], request: BacktestRequest, entry: StrategyEntry
) -> BacktestRequest:
    """Return the combination that needs the most history."""
    needs = {"min_adv"}.union(*(factors for _, factors in entry.history))
    most = {axis.name: _highest(axis) for axis in axes if axis.name in needs}
    return applied(request, most)


def by_panels(
    axes: Sequence[Axis], request: BacktestRequest, entry: StrategyEntry
) -> Iterator[BacktestRequest]:
    """Yield a combination of each choice that may need other panels."""
    choosing = {name for _, when in entry.panels for name in when}
    # Any number of a range reads what its lowest one does.
    chosen = [replace(axis, values=axis.values or (axis.low,)) for axis in axes]
    return (applied(request, values) for values in grid([a for a in chosen if a.name in choosing]))


def _highest(axis: Axis) -> Any:
    count = axis.count
    if count is None:
        return axis.high
    values = islice((axis.value(position) for position in range(count)), MOST_COMBINATIONS)
    return max((value for value in values if value is not None), default=None)


def _many(asked: Sequence[AxisRequest]) -> Iterator[ClientError]:
    if not 1 <= len(asked) <= MOST_AXES:
        yield InvalidInput(f"axes had {len(asked)} entries; give 1 to {MOST_AXES}", field=FIELD)
    repeated = [name for name, count in Counter(axis.name for axis in asked).items() if count > 1]
    if repeated:
        yield InvalidInput(f"axes named {repeated[0][:64]} twice; name each once", field=FIELD)


def _listed(values: Any) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)
