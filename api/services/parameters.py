"""The check of parameters by their JSON Schema, without importing the engine.

The worker checks them again with the real classes.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from api.errors import ClientError, InvalidInput
from api.services.findings import Findings

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

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
class Parameterised:
    """Something with parameters: what a caller may say of them, and what holds otherwise."""

    key: str
    name: str
    version: str
    references: list[str]
    parameter_schema: dict[str, Any]
    default_parameters: dict[str, Any]
    minimum_history: int

    @property
    def symbol_parameters(self) -> list[str]:
        """Parameters that list symbols."""
        properties = self.parameter_schema["properties"].items()
        return [name for name, schema in properties if schema.get("type") == "array"]

    @cached_property
    def validator(self) -> "Validator":
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self.parameter_schema)


def complete_parameters(entry: Parameterised, given: Mapping[str, Any]) -> dict[str, Any]:
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


def _faults(entry: Parameterised, given: Mapping[str, Any]) -> Iterator[ClientError]:
    """Yield what the JSON Schema refuses; NaN, which passes every bound, is refused first."""
    unfinished = {name for name, value in given.items() if not _finite(value)}
    for name in sorted(unfinished):
        yield _fault(name, given[name], "write a finite number")
    finite = {name: value for name, value in given.items() if name not in unfinished}
    for error in entry.validator.iter_errors(finite):
        yield from _translated(entry, error, finite)


def _translated(
    entry: Parameterised, error: "ValidationError", given: Mapping[str, Any]
) -> Iterator[ClientError]:
    known = entry.parameter_schema["properties"]
    if error.validator == "additionalProperties" and not error.absolute_path:
        for name in sorted(set(given) - set(known)):
            message = f"{name[:64]!r} is no parameter of {entry.key}; {hint(name, known)}"
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


def _order_faults(entry: Parameterised, parameters: Mapping[str, Any]) -> Iterator[ClientError]:
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


def hint(name: str, known: Mapping[str, Any]) -> str:
    """Suggest the known name nearest to one that is not."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"choose one of {', '.join(sorted(known))}"
