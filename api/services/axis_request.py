"""One axis of a search as it came, and what can be wrong with it."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.errors import InvalidInput, LimitExceeded
from api.services.backtest_request import CONSTRAINT_BOUNDS, COST_BOUNDS, TINY
from api.services.findings import Findings, Refused
from api.services.parameters import complete_parameters, hint
from api.services.signal_faults import check_axis
from api.services.strategies import StrategyEntry
from engine.axes import Axis

FIELD = ("input", "axes")
MOST_COMBINATIONS = 5_000
COUNTABLE = 10**15
GROUPS = {"costs": COST_BOUNDS, "constraints": CONSTRAINT_BOUNDS}
ALLOCATOR = "allocator"
WHOLE = frozenset({"constraints.maxPositions", "costs.maxCarry"})
# A search varies one strategy: another primary has other parameters.
UNVARIED = ("primary", "primary_parameters", "scanner_parameters")


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


def check_cost(combinations: int, most: int) -> None:
    """Raise LimitExceeded where a search is larger than anybody may ask for."""
    if combinations > most:
        many = f"{combinations:,}" if combinations < COUNTABLE else f"more than {COUNTABLE:,}"
        raise LimitExceeded(
            f"the axes have {many} combinations; at most {most:,} are run at once, take"
            " fewer values or search them by RANDOM with a smaller maxTrials",
            field=FIELD,
            reason="COST",
        )


def checked_axis(asked: AxisRequest, field: tuple[str, ...], loose: StrategyEntry) -> Axis:
    """Return the axis with its values as they are kept. Raises Refused, InvalidInput.

    `loose` is the strategy without the order its parameters have among each other.
    """
    _check_name(asked.name, field, loose)
    _check_form(asked, field)
    axis = axis_from(asked, loose)
    if axis.values is None:
        if _is_text(asked.name, loose):
            raise InvalidInput(f"{asked.name} is no number; list its values", field=field)
        if axis.whole and not axis.log and (axis.step or 1.0) % 1.0:
            raise InvalidInput(
                f"step was {axis.step:g}; {asked.name} takes whole steps", field=(*field, "step")
            )
    ends = (_written(axis.low), _written(axis.high)) if axis.values is None else axis.values
    check_cost(len(ends), MOST_COMBINATIONS)
    findings, kept = Findings(), []
    for value in ends:
        with findings.collect():
            kept.append(_checked(asked.name, value, field, loose))
    findings.settle()
    return axis if axis.values is None else replace(axis, values=tuple(kept))


def _written(end: float) -> float | int:
    """Return an end of a range as it was given: 21, not 21.0."""
    return int(end) if end.is_integer() else end


def axis_from(asked: AxisRequest, entry: StrategyEntry) -> Axis:
    """Return the axis of a request, its listed numbers as a run keeps them."""
    whole = is_whole(asked.name, entry)
    if asked.values is not None:
        measured = not whole and not _is_text(asked.name, entry)
        return Axis(name=asked.name, values=tuple(_number(each, measured) for each in asked.values))
    return Axis(
        name=asked.name,
        low=asked.low or 0.0,
        high=asked.high or 0.0,
        step=asked.step,
        log=asked.log,
        whole=whole,
    )


def _number(value: Any, measured: bool) -> Any:
    """Return 7 of what is measured as 7.0: they are written differently, and a run has one key."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if measured and whole and abs(value) < COUNTABLE else value


def _check_name(name: str, field: tuple[str, ...], entry: StrategyEntry) -> None:
    offered = [f"{key}.{_camel(each)}" for key, bounds in GROUPS.items() for each in bounds]
    fixed = {*entry.symbol_parameters, *UNVARIED}
    varied = [each for each in _properties(entry) if each not in fixed]
    known = [*varied, *offered, ALLOCATOR]
    if name not in known:
        near = hint(name, dict.fromkeys(known))
        raise InvalidInput(
            f"axis {name[:64]!r} is nothing a search of {entry.key} can vary; {near}",
            field=(*field, "name"),
            reason="UNKNOWN_AXIS",
        )
    check_axis(name, field, entry)
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
        _check_bound(name, value, GROUPS[group][snake(rest)], field)
        return round(value) if name in WHOLE else float(value)
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


def is_whole(name: str, entry: StrategyEntry) -> bool:
    """Tell whether what an axis names is a whole number."""
    if name in WHOLE:
        return True
    return "integer" in _types(name, entry)


def _is_text(name: str, entry: StrategyEntry) -> bool:
    return name == ALLOCATOR or not {"integer", "number"} & set(_types(name, entry))


def _types(name: str, entry: StrategyEntry) -> Sequence[str]:
    if "." in name:
        return ("number",)
    types: str | list[str] = _properties(entry).get(name, {}).get("type", "string")
    return (types,) if isinstance(types, str) else types


def snake(name: str) -> str:
    """Return a field's own name for the one of the contract."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)
