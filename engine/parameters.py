"""Described and bounded parameters, and the JSON Schema forms and callers are checked by."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


class Described(BaseModel):
    """Parameters of which every field has a title, a description, bounds and a default."""

    # A process asks for the checks of one strategy; those of the others are built for nobody.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    # Pairs (a, b) of fields that must satisfy a < b; the JSON Schema carries them too.
    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for low, high in self.ordered:
            found, bound = getattr(self, low), getattr(self, high)
            if found is not None and bound is not None and not found < bound:
                raise ValueError(f"{low} was {found}; it must be below {high}, which was {bound}")
        return self


def parameter_schema(
    parameters_type: type[Described], *, last: Collection[str] = ()
) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of parameters, without references.

    The fields named in ``last`` come behind the others. ``x-lessThan`` lists the pairs of fields
    of which the first must be below the second.
    """
    schema = parameters_type.model_json_schema()
    names = sorted(schema["properties"], key=lambda name: name in last)
    properties = {
        name: _flat(schema["properties"][name], schema.get("$defs", {}))
        | {"title": parameters_type.model_fields[name].title}
        for name in names
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "x-lessThan": [list(pair) for pair in parameters_type.ordered],
    }


def first_fault(within: str, error: ValidationError) -> str:
    """Say what is wrong with the first refused one of the parameters that lie in `within`."""
    fault = error.errors()[0]
    path = ".".join([within, *(str(part) for part in fault["loc"])])
    return f"{path} was refused: {fault['msg']}"


def _flat(entry: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return one field's schema with its reference resolved and `or null` folded into the type."""
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        definition = {k: v for k, v in definitions[name].items() if k in {"type", "enum"}}
        entry = definition | {k: v for k, v in entry.items() if k != "$ref"}
    if "anyOf" in entry:
        number, null = entry["anyOf"]
        types = {"type": [number["type"], null["type"]]}
        entry = number | types | {k: v for k, v in entry.items() if k != "anyOf"}
    return entry
