"""The account of an ingest: every symbol, row and request of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from api.services.load_sample import SampleReport
from api.services.provider import Failed
from models.staging import Written


@dataclass(kw_only=True)
class Tally:
    """Rows of some arrivals: read is the sum of those written (all three) and quarantined."""

    read: int = 0
    written: Written = field(default_factory=Written)
    quarantined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failed] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)  # figures that contradict what is stored

    def add(self, other: "Tally") -> None:
        self.read += other.read
        self.written += other.written
        self.quarantined += other.quarantined
        self.reasons += other.reasons
        self.failures |= other.failures
        self.conflicts += other.conflicts


@dataclass(kw_only=True)
class Account:
    """What an ingest has come to so far."""

    source: str
    universe_key: str | None = None
    requested: int = 0
    succeeded: int = 0
    requests_made: int = 0
    requests_saved: int = 0
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)
    notes: Counter[str] = field(default_factory=Counter)

    @property
    def in_vain(self) -> bool:
        """Tell whether nothing at all came, and all of it may come another time."""
        failed = self.tally.failures.values()
        return self.succeeded == 0 < self.requested and all(each.passing for each in failed)

    def document(self) -> dict[str, Any]:
        """Return the account as JSON values, by the names of the table's columns."""
        tally = self.tally
        return {
            "universe_key": self.universe_key,
            "source": self.source,
            "requested": self.requested,
            "succeeded": self.succeeded,
            "rows_read": tally.read,
            "rows_written": tally.written.new + tally.written.revised,
            "rows_unchanged": tally.written.unchanged,
            "rows_revised": tally.written.revised,
            "rows_quarantined": tally.quarantined,
            "requests_made": self.requests_made,
            "requests_saved": self.requests_saved,
            "seconds": self.seconds,
            "failures": [_told(symbol, each) for symbol, each in sorted(tally.failures.items())],
            "reasons": dict(sorted(tally.reasons.items())),
            "notes": [f"{note} ({count} times)" for note, count in sorted(self.notes.items())],
        }


def _told(symbol: str, failed: Failed) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "kind": failed.kind.value,
        "message": failed.message,
        "retryable": failed.passing,
        "attempts": failed.attempts,
        "source": failed.source,
    }


def account_of_sample(report: SampleReport) -> Account:
    """Account for a load of the sample market, which is asked of nobody."""
    tally = Tally(reasons=Counter(report.reasons))
    for count in report.bars.values():
        kept = Written(count.new, count.revised, count.unchanged)
        tally.add(Tally(read=count.read, written=kept, quarantined=count.quarantined))
    return Account(source="SAMPLE", seconds=report.seconds, tally=tally)
