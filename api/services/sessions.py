"""Trading days of each market where the library that knows them is too heavy to load.

`api/sessions.json` is exported from the calendars and held equal to them by a test: for each
market one bit a day, and the days on which the closing time changes, by UTC.
"""

from base64 import b64decode
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from heapq import merge
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import orjson

SESSIONS = Path(__file__).parents[1] / "sessions.json"
EPOCH = date(1970, 1, 1)
LONGEST_CLOSURE = 12  # days
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# Market whose sessions an exchange keeps; an index keeps those of its currency's market. Coins
# trade every day, currencies on every weekday.
CALENDARS = {"XNYS": "XNYS", "XNAS": "XNYS", "XASX": "XASX", "CRYPTO": "24/7", "FX": "24/5"}
# How much more a market trades that no exchange opens and closes.
ALWAYS_OPEN = {"24/5": 1, "24/7": 2}
INDEX_CALENDARS = {"USD": "XNYS", "AUD": "XASX"}


def calendar_code(exchange: str, currency: str) -> str:
    """Name the calendar an instrument's bars follow. Raises ValueError."""
    code = CALENDARS.get(exchange) or INDEX_CALENDARS.get(currency)
    if code is None:
        raise ValueError(f"no calendar is known for exchange {exchange} in {currency}")
    return code


def leading(codes: Iterable[str]) -> tuple[str, ...]:
    """Name those of the calendars whose sessions a panel of them has: the exchanges' if any."""
    named = tuple(codes)
    least = min(ALWAYS_OPEN.get(code, 0) for code in named)
    return tuple(code for code in named if ALWAYS_OPEN.get(code, 0) == least)


def nth_session(codes: Iterable[str], first: date, number: int) -> date | None:
    """Return the day of the n-th session of any of the calendars from a day on, from one."""
    day = (first - EPOCH).days
    until = day + 2 * number + LONGEST_CLOSURE
    held = [sessions_of(code).without((), day, until) for code in codes]
    found = next(islice(groupby(merge(*held)), number - 1, None), None)
    return None if found is None else EPOCH + timedelta(days=found[0])


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """One market's sessions: bit n of `held` tells of day `first` + n since 1970-01-01."""

    first: int
    held: int
    close_changes: tuple[int, ...]  # days from which on a session closes at
    close_minutes: tuple[int, ...]  # so many minutes after midnight UTC

    def count(self, first: int, last: int) -> int:
        """Count the sessions from day `first` to day `last`, both included."""
        return self._cut(first, last).bit_count()

    def without(self, days: Iterable[int], first: int, last: int) -> Iterator[int]:
        """Yield the sessions from `first` to `last` that are not among the days, oldest first."""
        first = max(first, self.first)
        lacking = self._cut(first, last) & ~_bits(days, first, last)
        while lacking:
            lowest = lacking & -lacking
            yield first + lowest.bit_length() - 1
            lacking ^= lowest

    def closes_at(self, day: int) -> datetime:
        """Return when the session closes, closing auction included."""
        change = max(bisect_right(self.close_changes, day) - 1, 0)
        midnight = datetime.combine(EPOCH, datetime.min.time(), UTC) + day * DAY
        return midnight + self.close_minutes[change] * MINUTE

    def last_closed(self, now: datetime) -> int:
        """Return the last session that had closed by an instant; the table must reach there."""
        day = (now.astimezone(UTC).date() - EPOCH).days
        while not self.count(day, day) or self.closes_at(day) > now:
            day -= 1
        return day

    def _cut(self, first: int, last: int) -> int:
        start = max(first, self.first)
        width = max(last - start + 1, 0)
        return (self.held >> (start - self.first)) & ((1 << width) - 1)


def _bits(days: Iterable[int], first: int, last: int) -> int:
    """Set bit n for day `first` + n; a bytearray, since each shift would copy the whole number."""
    found = bytearray((max(last - first, 0) >> 3) + 1)
    for day in days:
        if first <= day <= last:
            place = day - first
            found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


@cache
def sessions_of(code: str) -> Sessions:
    """Return the sessions of a calendar. Raises KeyError for one that was not exported."""
    table = _tables()["markets"][code]
    return Sessions(
        first=(date.fromisoformat(_tables()["first"]) - EPOCH).days,
        held=int.from_bytes(b64decode(table["held"]), "little"),
        close_changes=tuple(day for day, _ in table["closes"]),
        close_minutes=tuple(minute for _, minute in table["closes"]),
    )


@cache
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = orjson.loads(SESSIONS.read_bytes())
    return tables
