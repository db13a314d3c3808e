"""The strategy catalogue, without importing the engine.

It is exported from the engine's registry into `api/catalogue.json` and held equal to it by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from api.errors import NotFound
from api.services.parameters import Parameterised, complete_parameters, hint
from engine.inputs import Input, panels_needed
from engine.warmup import Term, sessions_needed

__all__ = [
    "StrategyEntry",
    "calendars_in_use",
    "catalogue",
    "complete_parameters",
    "exported",
    "require_strategy",
]

CATALOGUE = Path(__file__).parents[1] / "catalogue.json"


@dataclass(frozen=True)
class StrategyEntry(Parameterised):
    """What the API knows of a strategy."""

    family: str
    summary: str
    requires: list[str]
    panels: list[Input]
    optional: list[str]
    kind: str
    history: list[Term]
    liquidity_history: int
    allocators: list[str]

    def warmup(self, parameters: Mapping[str, Any]) -> int:
        """Sessions of history the first decision needs, its own included."""
        history = sessions_needed(self.history, parameters)
        return max(history, self.liquidity_history if parameters["min_adv"] > 0 else 1)

    def inputs(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the panels that must be published for these parameters."""
        return panels_needed(self.panels, parameters)


@cache
def catalogue() -> dict[str, StrategyEntry]:
    """Return the strategies by key, in the order of the catalogue."""
    return {entry["key"]: _entry(entry) for entry in exported()["strategies"]}


def calendars_in_use() -> str:
    """Return the edition of the calendars the workers keep, which the API need not install."""
    edition: str = exported()["calendars"]
    return edition


@cache
def exported() -> dict[str, Any]:
    """Return what was exported from the engine, as it was written."""
    exported: dict[str, Any] = orjson.loads(CATALOGUE.read_bytes())
    return exported


def require_strategy(key: str) -> StrategyEntry:
    """Return a strategy. Raises NotFound, with the nearest name."""
    entry = catalogue().get(key)
    if entry is None:
        raise NotFound(
            f"strategy {key[:64]!r} is not in the catalogue; {hint(key, catalogue())}",
            field=("input", "strategy"),
        )
    return entry


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
        panels=[(name, when) for name, when in entry["panels"]],
        optional=entry["optional"],
        minimum_history=entry["minimumHistory"],
        kind=entry["kind"],
        history=[(sessions, factors) for sessions, factors in entry["history"]],
        liquidity_history=entry["liquidityHistory"],
        allocators=entry["allocators"],
    )
