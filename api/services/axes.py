"""What a search may vary of a run, read and checked before anything is written."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from api.errors import ClientError, InvalidInput, LimitExceeded
from api.services.backtest_request import (
    CONSTRAINT_BOUNDS,
    COST_BOUNDS,
    TINY,
    BacktestRequest,
)
from api.services.findings import Findings, Refused
from api.services.parameters import complete_parameters, hint
from api.services.strategies import StrategyEntry
from engine.axes import Axis, fits, grid, size
from models.backtest import Allocator

FIELD = ("input", "axes")
MOST_AXES = 6
MOST_COMBINATIONS = 5_000
GROUPS = {"costs": COST_BOUNDS, "constraints": CONSTRAINT_BOUNDS}
ALLOCATOR, POSITIONS = "allocator", "constraints.maxPositions"


@dataclass(frozen=True, kw_only=True)
class AxisRequest:
    """One axis as it came: a list of values, or a range."""

    name: str
    values: tuple[Any, ...] | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False

    def written(self) -> dict[str, Any]:
        """Return it as it is kept: what was left out is left out."""
        given = {name: value for name, value in vars(self).items() if value not in (None, False)}
        return given if self.values is None else {"name": self.name, "values": list(self.values)}


def read_axes(asked: Sequence[AxisRequest], entry: StrategyEntry) -> list[Axis]:
    """Return the axes of a search over this strategy. Raises Refused with every fault found."""
    loose = replace(entry, parameter_schema={**entry.parameter_schema, "x-lessThan": []})
    findings = Findings()
    findings.errors += _many(asked)
    made: list[Axis] = []
    for number, axis in enumerate(asked):
        with findings.collect():
            made.append(_read(axis, (*FIELD, str(number)), loose))
    findings.settle()
    return made


def axes_of(stored: Sequence[Mapping[str, Any]], entry: StrategyEntry) -> list[Axis]:
    """Return the axes of a search that was kept."""
    asked = [AxisRequest(**{**axis, "values": _listed(axis.get("values"))}) for axis in stored]
    return [_axis(axis, whole=_is_whole(axis.name, entry)) for axis in asked]


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


def check_cost(combinations: int, most: int) -> None:
    """Raise LimitExceeded where a search is larger than anybody may ask for."""
    if combinations > most:
        raise LimitExceeded(
            f"the axes have {combinations:,} combinations; at most {most:,} are run at once, take"
            " fewer values or search them by RANDOM with a smaller maxTrials",
            field=FIELD,
            reason="COST",
        )


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
            (costs if group == "costs" else constraints)[_snake(field)] = value
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
    needs = {entry.history_field, "min_adv"}
    most = {axis.name: _highest(axis) for axis in axes if axis.name in needs}
    return applied(request, most)


def _highest(axis: Axis) -> Any:
    count = axis.count
    if count is None:
        return axis.high
    return max(islice((axis.value(position) for position in range(count)), MOST_COMBINATIONS))


def _many(asked: Sequence[AxisRequest]) -> Iterator[ClientError]:
    if not 1 <= len(asked) <= MOST_AXES:
        yield InvalidInput(f"axes had {len(asked)} entries; give 1 to {MOST_AXES}", field=FIELD)
    repeated = [name for name, count in Counter(axis.name for axis in asked).items() if count > 1]
    if repeated:
        yield InvalidInput(f"axes named {repeated[0][:64]} twice; name each once", field=FIELD)


def _read(asked: AxisRequest, field: tuple[str, ...], loose: StrategyEntry) -> Axis:
    _check_name(asked.name, field, loose)
    _check_form(asked, field)
    axis = _axis(asked, whole=_is_whole(asked.name, loose))
    if axis.values is None:
        if _is_text(asked.name, loose):
            raise InvalidInput(f"{asked.name} is no number; list its values", field=field)
        if axis.whole and not axis.log and (axis.step or 1.0) % 1.0:
            raise InvalidInput(
                f"step was {axis.step:g}; {asked.name} takes whole steps", field=(*field, "step")
            )
    ends = (axis.low, axis.high) if axis.values is None else axis.values
    check_cost(len(ends), MOST_COMBINATIONS)
    findings, kept = Findings(), []
    for value in ends:
        with findings.collect():
            kept.append(_checked(asked.name, value, field, loose))
    findings.settle()
    return axis if axis.values is None else replace(axis, values=tuple(kept))


def _axis(asked: AxisRequest, *, whole: bool) -> Axis:
    if asked.values is not None:
        return Axis(name=asked.name, values=asked.values)
    return Axis(
        name=asked.name,
        low=asked.low or 0.0,
        high=asked.high or 0.0,
        step=asked.step,
        log=asked.log,
        whole=whole,
    )


def _check_name(name: str, field: tuple[str, ...], entry: StrategyEntry) -> None:
    offered = [f"{key}.{_camel(each)}" for key, bounds in GROUPS.items() for each in bounds]
    varied = [each for each in _properties(entry) if each not in entry.symbol_parameters]
    known = [*varied, *offered, ALLOCATOR]
    if name not in known:
        near = hint(name, dict.fromkeys(known))
        raise InvalidInput(
            f"axis {name[:64]!r} is nothing a search of {entry.key} can vary; {near}",
            field=(*field, "name"),
            reason="UNKNOWN_AXIS",
        )
    if name == ALLOCATOR and not entry.allocators:
        raise InvalidInput(
            f"axis allocator was given, but {entry.key} takes none; leave it out", field=field
        )


def _check_form(asked: AxisRequest, field: tuple[str, ...]) -> None:
    ranged = asked.low is not None or asked.high is not None
    if (asked.values is not None) == ranged:
        given = "both values and a range" if ranged else "neither values nor a range"
        raise InvalidInput(f"axis {asked.name} had {given}; give one of them", field=field)
    if asked.values is not None:
        _check_values(asked.name, asked.values, field)
        return
    low, high = asked.low, asked.high
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        raise InvalidInput(f"axis {asked.name} needs a finite low and high", field=field)
    if low >= high:
        raise InvalidInput(
            f"low was {low:g}; it must be below high, which is {high:g}", field=(*field, "low")
        )
    if asked.log and low <= 0.0:
        raise InvalidInput(
            f"low was {low:g}; a logarithmic axis begins above 0", field=(*field, "low")
        )
    least = 1.0 if asked.log else 0.0
    if asked.step is not None and not (math.isfinite(asked.step) and asked.step > least):
        raise InvalidInput(
            f"step was {asked.step:g}; use more than {least:g}", field=(*field, "step")
        )


def _check_values(name: str, values: Sequence[Any], field: tuple[str, ...]) -> None:
    if not values:
        raise InvalidInput(f"axis {name} had no values; list some", field=(*field, "values"))
    if any(isinstance(value, list | dict) for value in values):
        raise InvalidInput(
            f"axis {name} had a list or an object among its values; list numbers or names",
            field=(*field, "values"),
        )
    repeated = [value for value, count in Counter(map(repr, values)).items() if count > 1]
    if repeated:
        raise InvalidInput(
            f"axis {name} listed {repeated[0][:64]} twice; list it once", field=(*field, "values")
        )


def _checked(name: str, value: Any, field: tuple[str, ...], loose: StrategyEntry) -> Any:
    """Return a value as it is kept: 252.0 of a whole number is 252. Raises Refused, InvalidInput.

    How it stands to the other parameters is each combination's matter.
    """
    group, dot, rest = name.partition(".")
    if dot:
        _check_bound(name, value, GROUPS[group][_snake(rest)], field)
        return round(value) if name == POSITIONS else float(value)
    if name == ALLOCATOR:
        if value not in loose.allocators:
            raise InvalidInput(
                f"allocator was {str(value)[:64]!r}; use one of {', '.join(loose.allocators)}",
                field=field,
            )
        return value
    try:
        return complete_parameters(loose, {name: value})[name]
    except Refused as refused:
        raise Refused(
            [type(each)(str(each), field=field, reason=each.reason) for each in refused.errors]
        ) from None


def _check_bound(
    name: str, value: Any, bounds: tuple[float, float], field: tuple[str, ...]
) -> None:
    least, most = bounds
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (math.isfinite(value) and least <= value <= most):
        lowest = "more than 0" if least == TINY else f"at least {least:g}"
        raise InvalidInput(
            f"{name} was {str(value)[:64]}; use {lowest} and at most {most:g}", field=field
        )


def _properties(entry: StrategyEntry) -> dict[str, Any]:
    properties: dict[str, Any] = entry.parameter_schema["properties"]
    return properties


def _is_whole(name: str, entry: StrategyEntry) -> bool:
    if name == POSITIONS:
        return True
    return "integer" in _types(name, entry)


def _is_text(name: str, entry: StrategyEntry) -> bool:
    return name == ALLOCATOR or not {"integer", "number"} & set(_types(name, entry))


def _types(name: str, entry: StrategyEntry) -> Sequence[str]:
    if "." in name:
        return ("number",)
    types: str | list[str] = _properties(entry).get(name, {}).get("type", "string")
    return (types,) if isinstance(types, str) else types


def _listed(values: Any) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)
