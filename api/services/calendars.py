"""Trading sessions of each market with the instants at which it opens and closes.

The bounds are pinned: left to itself the library moves them every day and refuses earlier dates.
"""

import warnings
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import numpy as np
import orjson

from api.services.sessions import CALENDARS, calendar_code
from engine.types import BoolArray, IntArray

FIRST_DAY, LAST_DAY = "1926-01-01", "2029-12-31"

# Sydney's continuous trading ends at 16:00, its closing auction sets the price ten minutes later.
CLOSING_AUCTION_NS = {"XASX": 10 * 60 * 10**9}


NS_PER_MINUTE = 60 * 10**9
MINUTES_PER_DAY = 24 * 60

__all__ = ["Calendar", "calendar", "calendar_code", "calendars_version", "session_tables"]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Sessions of one market; all arrays have shape (n_sessions,), oldest first."""

    code: str
    session: IntArray  # days since 1970-01-01
    opens_at: IntArray  # ns UTC
    closes_at: IntArray  # ns UTC, closing auction included

    def holds(self, day: IntArray) -> BoolArray:
        """Tell for each day whether the market trades on it."""
        row = np.minimum(np.searchsorted(self.session, day), len(self.session) - 1)
        held: BoolArray = self.session[row] == day
        return held

    def close_of(self, day: IntArray) -> IntArray:
        """Return when each session in `day` closes, ns UTC; the days must be sessions."""
        return self.closes_at[np.searchsorted(self.session, day)]

    def between(self, first: int, last: int) -> slice:
        """Rows of the sessions from day `first` to day `last`, both included."""
        start, stop = np.searchsorted(self.session, [first, last + 1])
        return slice(int(start), int(stop))


def calendars_version() -> str:
    """Name the edition of the calendars: another one may know other sessions."""
    return version("exchange-calendars")


@cache
def calendar(code: str) -> Calendar:
    """Sessions of a market between the pinned bounds."""
    import exchange_calendars

    with warnings.catch_warnings():
        # The library reads time zones the way pandas 4 will no longer offer.
        warnings.filterwarnings("ignore", message="Series.values returning an ndarray")
        found = exchange_calendars.get_calendar(code, start=FIRST_DAY, end=LAST_DAY)
    session = found.sessions.to_numpy().astype("datetime64[D]").astype(np.int64)
    return Calendar(
        code=code,
        session=session,
        opens_at=_instants(found.opens),
        closes_at=_instants(found.closes) + CLOSING_AUCTION_NS.get(code, 0),
    )


def session_tables() -> bytes:
    """Write every market's sessions for readers without this library: `api.services.sessions`."""
    markets = {code: _table(calendar(code)) for code in sorted(set(CALENDARS.values()))}
    whole = {"calendars": calendars_version(), "first": FIRST_DAY, "markets": markets}
    return orjson.dumps(whole) + b"\n"


def _table(market: Calendar) -> dict[str, object]:
    """Set one bit a day from the first day on, and tell where the closing time changes."""
    first = int(np.datetime64(FIRST_DAY, "D").astype(np.int64))
    held = np.zeros(int(market.session[-1]) - first + 1, np.bool_)
    held[market.session - first] = True
    minute = market.closes_at // NS_PER_MINUTE - market.session * MINUTES_PER_DAY
    changes = np.flatnonzero(np.concatenate([[True], np.diff(minute) != 0]))
    return {
        "held": b64encode(np.packbits(held, bitorder="little").tobytes()).decode(),
        "closes": [[int(market.session[row]), int(minute[row])] for row in changes],
    }


def _instants(times: object) -> IntArray:
    naive = times.dt.tz_convert(None).to_numpy()  # type: ignore[attr-defined]
    instants: IntArray = naive.astype("datetime64[ns]").astype(np.int64)
    return instants
