"""What a strategy is: described parameters, a window in, target weights out."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine import ENGINE_VERSION
from engine.eligibility import LIQUIDITY_SESSIONS
from engine.errors import EngineError
from engine.panel import Window
from engine.schedule import Rebalance
from engine.types import FloatArray


class Parameters(BaseModel):
    """Parameters every strategy has. A run may replace `rebalance`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Pairs (a, b) of fields that must satisfy a < b; the JSON Schema carries them too.
    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()

    rebalance: Rebalance = Field(
        Rebalance.MONTHLY,
        title="Rebalance",
        description="Decide on the last session of each of these periods.",
    )
    offset: int = Field(
        0,
        ge=0,
        le=20,
        title="Offset",
        description="Sessions after the period's end at which to decide, to measure timing luck.",
    )
    min_price: float | None = Field(
        None,
        ge=0.0,
        le=1000.0,
        title="Price floor",
        description="Lowest close, in the share's own currency, at which it is considered. "
        "Empty: A$0.20 or US$1 where unadjusted prices are known, none elsewhere.",
    )
    min_adv: float = Field(
        0.0,
        ge=0.0,
        le=1e9,
        title="Liquidity floor",
        description="Lowest median daily turnover over 63 sessions, in the share's own currency. "
        "Skipped where volume is unknown.",
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for low, high in self.ordered:
            found, bound = getattr(self, low), getattr(self, high)
            if not found < bound:
                raise ValueError(f"{low} was {found}; it must be below {high}, which was {bound}")
        return self


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Decision:
    """Target weights of the window's assets; what is missing to 1 is cash."""

    weights: FloatArray  # (m,)
    reasons: Mapping[str, int] = field(default_factory=dict)  # code -> count of assets


class Strategy(Generic[P]):
    """A rule from what was known to target weights. State starts at None and is a plain value."""

    key: ClassVar[str]
    name: ClassVar[str]
    family: ClassVar[str]
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    requires: ClassVar[tuple[str, ...]] = ("adjusted_close",)
    history_field: ClassVar[str | None] = None  # parameter that sets the warm-up
    # Contract Allocator -> the value of the `weighting` parameter it replaces.
    allocators: ClassVar[Mapping[str, str]] = {}
    parameters_type: ClassVar[type[Parameters]]

    def __init__(self, parameters: P) -> None:
        self.parameters = parameters

    @property
    def warmup(self) -> int:
        """Rows of history a decision needs, its own session included."""
        history = getattr(self.parameters, self.history_field) + 1 if self.history_field else 1
        return max(history, LIQUIDITY_SESSIONS if self.parameters.min_adv > 0 else 1)

    @abstractmethod
    def decide(self, window: Window, state: Any) -> tuple[Decision | None, Any]:
        """Return the decision and the next state. None: leave the holdings as they are."""


STRATEGIES: dict[str, type[Strategy[Any]]] = {}

S = TypeVar("S", bound=type[Strategy[Any]])


def register(cls: S) -> S:
    """Enter a strategy in the registry under its key."""
    if cls.key in STRATEGIES:
        raise EngineError(f"strategy key {cls.key} was registered twice; choose another")
    STRATEGIES[cls.key] = cls
    return cls


def catalogue() -> dict[str, Any]:
    """Return what a client may know of every strategy, ready for JSON; no array is needed."""
    entries = [_describe(STRATEGIES[key]) for key in sorted(STRATEGIES)]
    return {"engineVersion": ENGINE_VERSION, "strategies": entries}


def _describe(cls: type[Strategy[Any]]) -> dict[str, Any]:
    defaults = cls.parameters_type()
    return {
        "key": cls.key,
        "name": cls.name,
        "family": cls.family,
        "version": str(cls.version),
        "summary": cleandoc(cls.__doc__ or "").partition("\n\n")[0],
        "references": list(cls.references),
        "parameterSchema": parameter_schema(cls.parameters_type),
        "defaultParameters": defaults.model_dump(mode="json"),
        "requires": list(cls.requires),
        "minimumHistory": cls(defaults).warmup,
        "historyField": cls.history_field,
        "liquidityHistory": LIQUIDITY_SESSIONS,
        "allocators": list(cls.allocators),
        "rebalance": defaults.rebalance.value,
    }


def parameter_schema(parameters_type: type[Parameters]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a strategy's parameters, without references.

    The strategy's own fields come before those all strategies share. ``x-lessThan`` lists the
    pairs of fields of which the first must be below the second.
    """
    schema = parameters_type.model_json_schema()
    shared = Parameters.model_fields
    names = sorted(schema["properties"], key=lambda name: name in shared)
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
