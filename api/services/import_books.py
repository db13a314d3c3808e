"""Books of the program before this one: what is taken, what is there already, what is not and why.

Its prices and commissions are floats, written as the shortest decimals that stand for them. It took
one commission off a round trip, so it is the entry's here and the exit's is nothing. What it knew
when is not taken over: nobody who stood here before the import saw any of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.import_trades import Imported, Rejection, import_rows
from api.services.trade_csv import TextRow
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.portfolio_snapshots import PortfolioSnapshotRepository
from models.universe import Region, Universe
from models.universes import KeyTaken, Member, Spell, UniverseRepository

SOURCE = "the old program's books"
PREFIX = "OLD_"
MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})([T ]00:00(:00(\.0+)?)?)?", re.ASCII)
NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
LONGEST_SHOWN = 200
Row = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class OldTable:
    """Rows by their number, their values by our names; `unread` columns have none."""

    name: str
    rows: Sequence[Row]
    unread: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class OldBooks:
    """The tables that were found."""

    trades: OldTable | None
    snapshots: OldTable | None
    members: OldTable | None


@dataclass
class Part:
    """What came of a table: rows taken, rows that were there, rows that were not taken."""

    taken: int = 0
    there: int = 0
    refused: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class Brought:
    trades: Part
    snapshots: Part
    members: Part


async def import_books(
    session: AsyncSession, books: OldBooks, *, owner_id: UUID, quoted: bool
) -> Brought:
    """Write what is not there yet of the old books; the same file again writes nothing.

    `quoted` takes a share's own currency where the file says AUD, which it said of every trade.
    """
    return Brought(
        trades=await _trades(session, _rows(books.trades), owner_id, quoted=quoted),
        snapshots=await _snapshots(session, _rows(books.snapshots), owner_id),
        members=await _members(session, _rows(books.members), owner_id),
    )


def _rows(table: OldTable | None) -> Sequence[Row]:
    return () if table is None else table.rows


async def _trades(
    session: AsyncSession, rows: Sequence[Row], owner_id: UUID, *, quoted: bool
) -> Part:
    imported: Imported = await import_rows(
        session, [_text_row(row, quoted=quoted) for row in rows], owner_id=owner_id, source=SOURCE
    )
    return Part(len(imported.created), len(imported.duplicates), imported.rejected)


def _text_row(row: Row, *, quoted: bool) -> TextRow:
    number, values = row
    cells = {name: _text(value) for name, value in values.items() if _text(value)}
    status = cells.pop("status", "").upper()
    for name in ("entry_at", "exit_at"):
        if name in cells:
            cells[name] = _instant(cells[name])
    if quoted and cells.get("currency", "AUD").upper() == "AUD":
        cells.pop("currency", None)
    return TextRow(line=number, text=_shown(values), cells=cells, fault=_fault(status, cells))


def _fault(status: str, cells: Mapping[str, str]) -> str | None:
    left = "exit_price" in cells and "exit_at" in cells
    if status == "CANCELLED":
        return "it was cancelled in the old books and never counted; nothing to take"
    if status == "CLOSED" and not left:
        return "status was CLOSED without an exit price and date; complete it in the old file"
    if status == "OPEN" and left:
        return "status was OPEN with an exit price and date; say in the old file which is right"
    return None


def _text(value: Any) -> str:
    """Write a value as a cell; a float by the shortest digits that stand for it."""
    if value is None or isinstance(value, bytes):
        return ""
    return repr(value) if isinstance(value, float) else str(value).strip()


def _instant(text: str) -> str:
    """Return a day alone for midnight, else the time in UTC; what is neither stays as it is."""
    if day := MIDNIGHT.fullmatch(text):
        return day[1]
    return f"{text}Z" if NAIVE.fullmatch(text) else text


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in values.items() if _text(value))[
        :LONGEST_SHOWN
    ]


async def _snapshots(session: AsyncSession, rows: Sequence[Row], owner_id: UUID) -> Part:
    part, told = Part(), {}
    for number, values in rows:
        try:
            day = _day(values.get("date"))
            told[day] = (day, _amount(values, "value"), _amount(values, "cash"))
        except ValueError as e:
            part.refused.append(Rejection(number, str(e), _shown(values)))
    part.taken = await PortfolioSnapshotRepository(session).add_missing(
        owner_id, sorted(told.values())
    )
    part.there = len(rows) - len(part.refused) - part.taken
    return part


def _amount(values: Mapping[str, Any], name: str) -> str:
    text = _text(values.get(name))
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{name} was {text[:40]!r}; it is no number") from None
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15:
        raise ValueError(f"{name} was {text[:40]}; it is beyond what the books hold")
    return f"{amount:f}"


def _day(value: Any) -> date:
    text = _text(value)
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise ValueError(f"date was {text[:40]!r}; it is no day") from None
    if not date(1900, 1, 1) <= day <= datetime.now(UTC).date():
        raise ValueError(f"date was {day}; it is none that has been")
    return day


async def _members(session: AsyncSession, rows: Sequence[Row], owner_id: UUID) -> Part:
    part = Part()
    known = await InstrumentRepository(session).by_symbols(
        sorted({_text(values.get("symbol")) for _, values in rows})
    )
    ids = {instrument.symbol: instrument.id for instrument in known}
    spells: dict[str, list[Spell]] = defaultdict(list)
    for number, values in rows:
        try:
            spells[_key(values)].append(_spell(values, ids))
        except ValueError as e:
            part.refused.append(Rejection(number, str(e), _shown(values)))
    for key, listed in spells.items():
        taken = await _believe(session, key, listed, owner_id)
        part.taken += taken
        part.there += len(listed) - taken
    return part


def _key(values: Mapping[str, Any]) -> str:
    named = re.sub(r"[^A-Z0-9]+", "_", _text(values.get("universe")).upper()).strip("_")
    if not named:
        raise ValueError("the row names no index")
    return f"{PREFIX}{named}"[:64]


def _spell(values: Mapping[str, Any], ids: Mapping[str, int]) -> Spell:
    symbol = _text(values.get("symbol"))
    if symbol not in ids:
        raise ValueError(
            f"nothing is known of {symbol[:32]!r}; ingest its prices, then import the file again"
        )
    starts_on, ends = _day(values.get("starts_on")), values.get("ends_on")
    # The old file keeps the last day of membership, the tables here the first without.
    ends_on = None if ends is None else _day(ends) + timedelta(days=1)
    if ends_on is not None and ends_on <= starts_on:
        raise ValueError(f"it ends on {ends}, before it began on {starts_on}")
    known_from = datetime(starts_on.year, starts_on.month, starts_on.day, tzinfo=UTC)
    return Spell(ids[symbol], starts_on, ends_on, known_from)


async def _believe(session: AsyncSession, key: str, listed: Sequence[Spell], owner_id: UUID) -> int:
    """Add memberships at times of which nothing is believed yet; return how many."""
    universes = UniverseRepository(session)
    await universes.hold(key)
    found = await universes.by_key(key, owner_id=owner_id)
    believed = [] if found is None else [_as_spell(each) for each in await universes.spells(key)]
    added = list(_apart(believed, listed))
    if not added:
        return 0
    wished = found or Universe(
        key=key,
        owner_id=owner_id,
        name=f"{key.removeprefix(PREFIX).replace('_', ' ')} of the old books",
        description="Members as the program before this one listed them.",
        region=Region.GLOBAL,
        benchmark="^GSPC",
        survivorship_free=any(each.ends_on is not None for each in listed),
        source=SOURCE,
    )
    try:
        await universes.save(wished, [*believed, *added], reason=f"imported from {SOURCE}")
    except KeyTaken:
        return 0
    await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, [key])
    return len(added)


def _apart(believed: Sequence[Spell], listed: Sequence[Spell]) -> Iterator[Spell]:
    """Yield what overlaps neither what is believed nor what was yielded before it."""
    held: dict[int, list[Spell]] = defaultdict(list)
    for each in believed:
        held[each.instrument_id].append(each)
    for spell in listed:
        if not any(_meet(spell, other) for other in held[spell.instrument_id]):
            held[spell.instrument_id].append(spell)
            yield spell


def _meet(one: Spell, other: Spell) -> bool:
    begun = one.ends_on is None or other.starts_on < one.ends_on
    return begun and (other.ends_on is None or other.ends_on > one.starts_on)


def _as_spell(member: Member) -> Spell:
    return Spell(member.instrument_id, member.starts_on, member.ends_on)
