"""Dates as people and programs write them: days, and instants with an offset or a zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.adapters.csv_text import refusal
from api.services.reasons import Reason
from api.services.sessions import EPOCH

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
CLOCK = re.compile(
    r"(?P<local>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)"
    r"(?P<offset>Z|[+-]\d{2}:?\d{2})?( ?\[?(?P<zone>[A-Za-z]+(/[A-Za-z_+\-0-9]+)*)\]?)?"
)
COMPACT = re.compile(r"(19|20)\d{6}")
NUMBER = re.compile(r"\d+(\.\d+)?")
MICROSECOND = timedelta(microseconds=1)
# Outside of these an instant in ns does not fit 64 bits; no bar is older or younger either.
FIRST_YEAR, LAST_YEAR = 1700, 2260


@dataclass(frozen=True)
class Dated:
    """What a cell says: the day as written, in days since 1970-01-01, and the instant in ns UTC."""

    day: int
    stamped_at: int | None = None


def read_date(cell: str, *, name: str, line: int) -> Dated | Reason:
    """Read one cell, or say why its row cannot be used.

    A day is written 2024-01-02; an instant with its offset, 2024-01-02T16:00-05:00, or with its
    zone, 2024-01-02 16:00 America/New_York. Raises InvalidInput where the whole file is in doubt.
    """
    if not cell:
        return Reason.NULL_FIELD
    if DAY.fullmatch(cell):
        return _day(cell)
    clock = CLOCK.fullmatch(cell)
    if clock:
        return _instant(clock, f"{name} line {line}: date {cell!r}")
    where = f"{name} line {line}: date {cell!r}"
    if COMPACT.fullmatch(cell):
        raise refusal(
            Reason.DIALECT, f"{where} has no dashes; write {cell[:4]}-{cell[4:6]}-{cell[6:]}"
        )
    if NUMBER.fullmatch(cell):
        raise refusal(
            Reason.TIME_UNIT,
            f"{where} is a number, of seconds, milliseconds or days nobody can tell; "
            "write 2024-01-02",
        )
    raise refusal(Reason.DIALECT, f"{where} is no date this import reads; write 2024-01-02")


def _day(cell: str) -> Dated | Reason:
    try:
        return Dated((date.fromisoformat(cell) - EPOCH).days)
    except ValueError:
        return Reason.NOT_A_TRADING_DAY  # 2024-02-30


def _instant(clock: re.Match[str], where: str) -> Dated | Reason:
    if not clock["offset"] and not clock["zone"]:
        raise refusal(
            Reason.NAIVE_TIME,
            f"{where} has a time without an offset; write the day alone, or 2024-01-02T16:00-05:00",
        )
    try:
        local = datetime.fromisoformat(clock["local"] + (clock["offset"] or ""))
    except ValueError:
        return Reason.NONEXISTENT_TIME  # 25:00
    if local.tzinfo is None:
        found = _in_zone(local, clock["zone"], where)
        if isinstance(found, Reason):
            return found
        local = found
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        return Dated((local.date() - EPOCH).days)
    since = local - datetime.combine(EPOCH, datetime.min.time(), UTC)
    return Dated((local.date() - EPOCH).days, since // MICROSECOND * 1_000)


def _in_zone(local: datetime, zone: str, where: str) -> datetime | Reason:
    """Place a wall clock in its zone; the hour that was skipped or came twice has no place."""
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        message = f"{where}: no time zone is called {zone!r}; write America/New_York"
        raise refusal(Reason.DIALECT, message) from e
    early, late = local.replace(tzinfo=there), local.replace(tzinfo=there, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    back = early.astimezone(UTC).astimezone(there).replace(tzinfo=None)
    return Reason.AMBIGUOUS_TIME if back == local else Reason.NONEXISTENT_TIME
