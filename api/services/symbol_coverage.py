"""What is stored of each symbol beside what its market's calendar says there should be."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.coverage import expected_sessions, missing_sessions, stale_sessions
from api.services.sessions import calendar_code
from models.bar_counts import BarCountRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.quarantines import QuarantineRepository

EPOCH = date(1970, 1, 1)
# A bundled set is finished: no session is ever added to it, so nothing of it is late.
SAMPLE = "sample:"


@dataclass(frozen=True, kw_only=True)
class SymbolCoverage:
    """One symbol's bars from the first to the last, and the sessions that closed since.

    expected = present + len(gaps); both are 0 where no bar is stored.
    """

    symbol: str
    source: str
    first_bar: date | None
    last_bar: date | None
    expected: int
    present: int
    gaps: Sequence[date]
    stale_sessions: int
    suspect: int
    quarantined: int


async def symbol_coverage(
    session: AsyncSession, ids: Sequence[int] | None, *, now: datetime
) -> list[SymbolCoverage]:
    """Return one line for each of these instruments, or for everything stored, by symbol.

    Days are read only of instruments whose number of bars is not the calendar's.
    """
    instruments = await _instruments(session, ids)
    bars = BarCountRepository(session)
    holed = [each.id for each in instruments if _is_holed(each)]
    days = await bars.days_of(holed) if holed else {}
    suspects = await bars.suspects([each.id for each in instruments])
    refused = await QuarantineRepository(session).counts([each.symbol for each in instruments])
    by_symbol = sorted(instruments, key=lambda instrument: instrument.symbol)
    # Millions of days in pure Python: beside the loop, not on it.
    return await asyncio.to_thread(
        lambda: [
            _line(each, days, suspects=suspects.get(each.id, 0), refused=refused, now=now)
            for each in by_symbol
        ]
    )


async def _instruments(session: AsyncSession, ids: Sequence[int] | None) -> list[Instrument]:
    instruments = InstrumentRepository(session)
    return await (instruments.list_all() if ids is None else instruments.by_ids(ids))


def _line(
    instrument: Instrument,
    days: Mapping[int, Sequence[int]],
    *,
    suspects: int,
    refused: Mapping[str, int],
    now: datetime,
) -> SymbolCoverage:
    held = days.get(instrument.id, ())
    first, last = _span(instrument, held)
    gaps = _gaps(instrument, held)
    expected = _expected(instrument, first, last)
    return SymbolCoverage(
        symbol=instrument.symbol,
        source=instrument.source,
        first_bar=first,
        last_bar=last,
        expected=expected,
        present=expected - len(gaps),
        gaps=gaps,
        stale_sessions=_stale(instrument, last, now),
        suspect=suspects,
        quarantined=refused.get(instrument.symbol, 0),
    )


def _code(instrument: Instrument) -> str:
    return calendar_code(instrument.exchange, instrument.currency)


def _is_holed(instrument: Instrument) -> bool:
    """Tell whether the calendar has other sessions than there are usable bars."""
    expected = _expected(instrument, instrument.first_bar, instrument.last_bar)
    return expected != instrument.bar_count


def _span(instrument: Instrument, days: Sequence[int]) -> tuple[date | None, date | None]:
    """Return the first and the last day with a bar: at either end some may have been withdrawn."""
    if not days:
        return instrument.first_bar, instrument.last_bar
    return EPOCH + timedelta(days=days[0]), EPOCH + timedelta(days=days[-1])


def _expected(instrument: Instrument, first: date | None, last: date | None) -> int:
    if first is None or last is None:
        return 0
    return expected_sessions(_code(instrument), first, last)


def _gaps(instrument: Instrument, days: Sequence[int]) -> list[date]:
    first, last = _span(instrument, days)
    if not days or first is None or last is None:
        return []
    return missing_sessions(_code(instrument), days, first, last)


def _stale(instrument: Instrument, last: date | None, now: datetime) -> int:
    if last is None or instrument.source.startswith(SAMPLE):
        return 0
    return stale_sessions(_code(instrument), last, now, instrument.delisted_on)
