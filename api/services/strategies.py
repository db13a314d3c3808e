"""The strategy catalogue, without importing the engine.

It is exported from the engine's registry into `api/catalogue.json` and held equal to it by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.errors import ClientError, InvalidInput, NotFound
from api.services import parameters as checks
from api.services.exported import exported
from api.services.findings import Refused
from api.services.parameters import PARAMETERS, Parameterised, hint
from api.services.scanners import scanners
from engine.inputs import Input, panels_needed
from engine.warmup import Term, sessions_needed

__all__ = [
    "StrategyEntry",
    "calendars_in_use",
    "catalogue",
    "complete_parameters",
    "libraries_in_use",
    "require_strategy",
]

SCANNED = "scanner_parameters"


@dataclass(frozen=True)
class StrategyEntry(Parameterised):
    """What the API knows of a strategy."""

    family: str
    summary: str
    notes: str
    requires: list[str]
    panels: list[Input]
    optional: list[str]
    kind: str
    history: list[Term]
    liquidity_history: int
    allocators: list[str]
    hands_on: list[str]  # parameters it shares with the strategy it wraps; none where it wraps none

    def warmup(self, parameters: Mapping[str, Any]) -> int:
        """Sessions of history the first decision needs, its own included."""
        history = sessions_needed(self.history, parameters)
        own = max(history, self.liquidity_history if parameters["min_adv"] > 0 else 1)
        return own + sum(entry.warmup(inner) for entry, inner in self.wrapped(parameters))

    def inputs(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the panels that must be published for these parameters."""
        names = list(panels_needed(self.panels, parameters))
        for entry, inner in self.wrapped(parameters):
            names += entry.inputs(inner)
        return tuple(dict.fromkeys(names))

    def panels_read(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the panels any of its decisions may read, by these or other parameters."""
        names = [*(name for name, _ in self.panels), *self.optional]
        for entry, inner in self.wrapped(parameters):
            names += entry.panels_read(inner)
        return tuple(dict.fromkeys(names))

    def wrapped(
        self, parameters: Mapping[str, Any]
    ) -> list[tuple["StrategyEntry", dict[str, Any]]]:
        """Return the strategy it is put around and that one's parameters; nothing without one."""
        if not self.hands_on:
            return []
        entry = catalogue()[parameters["primary"]]
        shared = {name: parameters[name] for name in self.hands_on}
        return [(entry, entry.default_parameters | parameters["primary_parameters"] | shared)]


@cache
def catalogue() -> dict[str, StrategyEntry]:
    """Return the strategies by key, in the order of the catalogue."""
    return {entry["key"]: _entry(entry) for entry in exported()["strategies"]}


def calendars_in_use() -> str:
    """Return the edition of the calendars the workers keep, which the API need not install."""
    edition: str = exported()["calendars"]
    return edition


def libraries_in_use() -> str:
    """Return the edition of the libraries the workers reckon with, none of which the API has."""
    edition: str = exported()["libraries"]
    return edition


def require_strategy(key: str) -> StrategyEntry:
    """Return a strategy. Raises NotFound, with the nearest name."""
    entry = catalogue().get(key)
    if entry is None:
        raise NotFound(
            f"strategy {key[:64]!r} is not in the catalogue; {hint(key, catalogue())}",
            field=("input", "strategy"),
        )
    return entry


def complete_parameters(entry: StrategyEntry, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with defaults filled in, those of a wrapped strategy as well.

    Those of a scanner are checked and kept as they were given. Raises Refused with every fault
    found.
    """
    if not entry.hands_on:
        complete = checks.complete_parameters(entry, given)
        if SCANNED in complete:
            complete[SCANNED] = _checked_scanner(complete)
        return complete
    _require_wrapped(entry, given)
    complete = checks.complete_parameters(entry, _on_its_calendar(entry, given))
    complete["primary_parameters"] = _complete_primary(entry, complete)
    return complete


def _require_wrapped(entry: StrategyEntry, given: Mapping[str, Any]) -> None:
    """Raise Refused, with what to do instead, for a strategy of entries and stops as the primary.

    Each of its positions has a size of its own, set by its stop.
    """
    primary = _primary(entry, given)
    if primary is None or primary.kind != "signals":
        return
    message = (
        f"primary was {primary.key}, which has entries and stops and no weights to wrap; run"
        f" {primary.key} itself, with overlayVolTarget to scale it by its volatility"
    )
    raise Refused([InvalidInput(message, field=(*PARAMETERS, "primary"))])


def _on_its_calendar(entry: StrategyEntry, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the primary decide as often as it does on its own, where nothing else is asked for."""
    primary = _primary(entry, given)
    if primary is None or "rebalance" in given:
        return given
    return {**given, "rebalance": primary.default_parameters["rebalance"]}


def _primary(entry: StrategyEntry, given: Mapping[str, Any]) -> StrategyEntry | None:
    named = given.get("primary", entry.default_parameters["primary"])
    return catalogue().get(named) if isinstance(named, str) else None


def _complete_primary(entry: StrategyEntry, complete: Mapping[str, Any]) -> dict[str, Any]:
    given, field = complete["primary_parameters"], (*PARAMETERS, "primary_parameters")
    twice = sorted(given.keys() & set(entry.hands_on))
    if twice:
        raise Refused(
            [
                InvalidInput(
                    f"{name} is set on {entry.key} itself; leave it out", field=(*field, name)
                )
                for name in twice
            ]
        )
    shared = {name: complete[name] for name in entry.hands_on}
    try:
        inner = checks.complete_parameters(catalogue()[complete["primary"]], {**given, **shared})
    except Refused as refused:
        raise Refused([_within(field, error) for error in refused.errors]) from None
    return {name: value for name, value in inner.items() if name not in shared}


def _checked_scanner(complete: Mapping[str, Any]) -> dict[str, Any]:
    given = complete[SCANNED]
    try:
        inner = checks.complete_parameters(scanners()[complete["scanner"]], given)
    except Refused as refused:
        field = (*PARAMETERS, SCANNED)
        raise Refused([_within(field, error) for error in refused.errors]) from None
    return {name: inner[name] for name in sorted(given)}


def _within(field: tuple[str, ...], error: ClientError) -> ClientError:
    """Return a fault of parameters inside others with its place in the request."""
    path = (*field, *error.field[len(PARAMETERS) :])
    return type(error)(str(error), field=path, reason=error.reason)


def _entry(entry: Mapping[str, Any]) -> StrategyEntry:
    return StrategyEntry(
        key=entry["key"],
        name=entry["name"],
        family=entry["family"],
        version=entry["version"],
        summary=entry["summary"],
        notes=entry["notes"],
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
        hands_on=entry["handsOn"],
    )
