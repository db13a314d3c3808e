"""What a decision fell back on, as a run tells it: a record each, a sentence and their number."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

MOST_RECORDS: Final = 250


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """A decision that was not carried out as asked."""

    session: int  # days since 1970-01-01
    asked: str  # the method, or `limits`
    used: str
    why: tuple[str, ...]
    relaxed: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        return str(np.datetime64(self.session, "D"))

    def told(self) -> str:
        used = "" if self.used == self.asked else f"; used {self.used} for {self.asked}"
        return f"{self.day}: {', '.join((*self.why, *self.relaxed))}{used}"


def document(fallbacks: list[Fallback], decisions: int) -> dict[str, Any]:
    """Return the records as the result shows them, the first of very many."""
    if not fallbacks:
        return {}
    records = [
        {
            "day": fallback.day,
            "asked": fallback.asked,
            "used": fallback.used,
            "why": list(fallback.why),
            "relaxed": list(fallback.relaxed),
        }
        for fallback in fallbacks[:MOST_RECORDS]
    ]
    summary = f"fallback on {len(fallbacks)} of {decisions} decisions"
    return {"fallbacks": {"summary": summary, "records": records}}
