"""The strategy catalogue and the check of parameters, without importing the engine.

The catalogue is exported from the engine's registry into `api/catalogue.json` and held equal to it
by a test; the worker checks the parameters again with the real classes.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from api.errors import ClientError, InvalidInput, NotFound
from api.services.findings import Findings

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

CATALOGUE = Path(__file__).parents[1] / "catalogue.json"
PARAMETERS = ("input", "parameters")
LONGEST_SHOWN = 60
TYPE_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


@dataclass(frozen=True)
class StrategyEntry:
    """What the API knows of a strategy."""

    key: str
    name: str
    family: str
    version: str
    summary: str
    references: list[str]
    parameter_schema: dict[str, Any]
    default_parameters: dict[str, Any]
    requires: list[str]
    minimum_history: int
    history_field: str | None
    liquidity_history: int
    allocators: list[str]

    @property
    def symbol_parameters(self) -> list[str]:
        """Parameters that list symbols."""
        properties = self.parameter_schema["properties"].items()
        return [name for name, schema in properties if schema.get("type") == "array"]

    def warmup(self, parameters: Mapping[str, Any]) -> int:
        """Sessions of history the first decision needs, its own included."""
        history = 1 if self.history_field is None else int(parameters[self.history_field]) + 1
        return max(history, self.liquidity_history if parameters["min_adv"] > 0 else 1)


@cache
def catalogue() -> dict[str, StrategyEntry]:
    """Return the strategies by key, in the order of the catalogue."""
    return {entry["key"]: _entry(entry) for entry in _exported()["strategies"]}


def calendars_in_use() -> str:
    """Return the edition of the calendars the workers keep, which the API need not install."""
    edition: str = _exported()["calendars"]
    return edition


@cache
def _exported() -> dict[str, Any]:
    exported: dict[str, Any] = orjson.loads(CATALOGUE.read_bytes())
    return exported


def require_strategy(key: str) -> StrategyEntry:
    """Return a strategy. Raises NotFound, with the nearest name."""
    entry = catalogue().get(key)
    if entry is None:
        raise NotFound(
            f"strategy {key[:64]!r} is not in the catalogue; {_hint(key, catalogue())}",
            field=("input", "strategy"),
        )
    return entry


def complete_parameters(entry: StrategyEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with defaults filled in. Raises Refused with every fault found."""
    findings = Findings()
    findings.errors += _faults(entry, given)
    findings.settle()
    properties = entry.parameter_schema["properties"]
    complete = entry.default_parameters | dict(given)
    complete = {name: _typed(properties[name], complete[name]) for name in sorted(complete)}
    findings.errors += _order_faults(entry, complete)
    findings.settle()
    return complete


def _entry(entry: Mapping[str, Any]) -> StrategyEntry:
    return StrategyEntry(
        key=entry["key"],
        name=entry["name"],
        family=entry["family"],
        version=entry["version"],
        summary=entry["summary"],
        references=entry["references"],
        parameter_schema=entry["parameterSchema"],
        default_parameters=entry["defaultParameters"],
        requires=entry["requires"],
        minimum_history=entry["minimumHistory"],
        history_field=entry["historyField"],
        liquidity_history=entry["liquidityHistory"],
        allocators=entry["allocators"],
    )


@cache
def _validator(key: str) -> "Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(catalogue()[key].parameter_schema)


def _faults(entry: StrategyEntry, given: Mapping[str, Any]) -> Iterator[ClientError]:
    """Yield what the JSON Schema refuses; NaN, which passes every bound, is refused first."""
    unfinished = {name for name, value in given.items() if not _finite(value)}
    for name in sorted(unfinished):
        yield _fault(name, given[name], "write a finite number")
    finite = {name: value for name, value in given.items() if name not in unfinished}
    for error in _validator(entry.key).iter_errors(finite):
        yield from _translated(entry, error, finite)


def _translated(
    entry: StrategyEntry, error: "ValidationError", given: Mapping[str, Any]
) -> Iterator[ClientError]:
    known = entry.parameter_schema["properties"]
    if error.validator == "additionalProperties" and not error.absolute_path:
        for name in sorted(set(given) - set(known)):
            message = f"{name[:64]!r} is no parameter of {entry.key}; {_hint(name, known)}"
            yield InvalidInput(message, field=(*PARAMETERS, name[:64]), reason="UNKNOWN_PARAMETER")
        return
    path = [str(part) for part in error.absolute_path]
    yield _fault(".".join(path), error.instance, _remedy(error), path=path)


def _remedy(error: "ValidationError") -> str:
    bound = error.validator_value
    match error.validator:
        case "type":
            wanted = bound if isinstance(bound, str) else bound[0]
            return f"write {TYPE_NAMES.get(wanted, wanted)}"
        case "minimum":
            return f"use at least {bound}"
        case "maximum":
            return f"use at most {bound}"
        case "exclusiveMinimum":
            return f"use more than {bound}"
        case "exclusiveMaximum":
            return f"use less than {bound}"
        case "enum":
            return f"use one of {', '.join(map(str, bound))}"
        case "maxItems":
            return f"list at most {bound}"
    return f"it must satisfy {error.validator} {bound}"


def _order_faults(entry: StrategyEntry, parameters: Mapping[str, Any]) -> Iterator[ClientError]:
    """Yield what no single field can tell: pairs out of order, symbols listed twice."""
    for low, high in entry.parameter_schema.get("x-lessThan", ()):
        found, bound = parameters[low], parameters[high]
        if found is not None and bound is not None and not found < bound:
            yield _fault(low, found, f"it must be below {high}, which is {bound}")
    seen: dict[str, str] = {}
    for name in entry.symbol_parameters:
        for symbol in parameters[name]:
            if symbol in seen:
                yield _fault(name, symbol, f"{seen[symbol]} lists it already; list it once")
            seen.setdefault(symbol, name)


def _typed(schema: Mapping[str, Any], value: Any) -> Any:
    """Write equal numbers alike, so that 252 and 252.0 are the same run."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return int(value) if "integer" in schema["type"] else float(value)


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return all(_finite(item) for item in value) if isinstance(value, list) else True


def _fault(name: str, value: Any, remedy: str, *, path: list[str] | None = None) -> InvalidInput:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    short = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
    return InvalidInput(f"{name} was {short}; {remedy}", field=(*PARAMETERS, *(path or [name])))


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"choose one of {', '.join(sorted(known))}"
