"""What an ingest is asked for, as its job's row carries it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.services.routing import CSV, SAMPLE, TIINGO, YAHOO

AUTO = "AUTO"
SOURCES: Mapping[str, str | None] = {
    AUTO: None,
    "SAMPLE": SAMPLE,
    "TIINGO": TIINGO,
    "YAHOO": YAHOO,
    "CSV": CSV,
}


@dataclass(frozen=True, kw_only=True)
class IngestRequest:
    """One wish: a universe or symbols, or a schedule's; none of them is the sample market."""

    universe: str | None = None
    symbols: tuple[str, ...] | None = None
    start: date | None = None
    end: date | None = None
    source: str = AUTO
    force: bool = False
    idempotency_key: str | None = None

    def payload(self) -> dict[str, Any]:
        """Return what the worker needs, as JSON values; `load` reads it."""
        named = {
            "universe": self.universe,
            "symbols": None if self.symbols is None else list(self.symbols),
            "start": None if self.start is None else self.start.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "source": self.source,
            "force": self.force or None,
        }
        return {name: value for name, value in named.items() if value is not None}

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> "IngestRequest":
        symbols = payload.get("symbols")
        return cls(
            universe=payload.get("universe"),
            symbols=None if symbols is None else tuple(symbols),
            start=_day(payload.get("start")),
            end=_day(payload.get("end")),
            source=payload.get("source", AUTO),
            force=payload.get("force", False),
        )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
