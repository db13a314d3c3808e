"""The scanner catalogue, without importing the engine: it lies beside that of the strategies."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.errors import NotFound
from api.services.exported import exported
from api.services.parameters import Parameterised, hint


@dataclass(frozen=True)
class ScannerEntry(Parameterised):
    """What the API knows of a scanner."""

    description: str
    windows: dict[str, int]

    def bars(self, parameters: Mapping[str, Any]) -> int:
        """Return how many bars of each asset the scan looks at, at most."""
        asked = [int(parameters[name]) * bars + 1 for name, bars in self.windows.items()]
        return max(self.minimum_history, *asked, 0)


@cache
def scanners() -> dict[str, ScannerEntry]:
    """Return the scanners by key, in the order of the catalogue."""
    return {entry["key"]: _entry(entry) for entry in exported()["scanners"]}


def require_scanner(key: str) -> ScannerEntry:
    """Return a scanner. Raises NotFound, with the nearest name."""
    entry = scanners().get(key)
    if entry is None:
        raise NotFound(
            f"scanner {key[:64]!r} is not known; {hint(key, scanners())}",
            field=("input", "scanner"),
        )
    return entry


def _entry(entry: Mapping[str, Any]) -> ScannerEntry:
    return ScannerEntry(
        key=entry["key"],
        name=entry["name"],
        version=entry["version"],
        references=entry["references"],
        parameter_schema=entry["parameterSchema"],
        default_parameters=entry["defaultParameters"],
        minimum_history=entry["minimumHistory"],
        description=entry["description"],
        windows=entry["windows"],
    )
