"""Bring a file of corporate actions in: all of it or nothing, every refusal by its line.

1. Name the instruments; refuse what is unknown, comes twice or cannot be on its day.
2. Ask of splits and dividends what is asked of a provider's: the prices must show them.
3. Ask of the end of a listing that it tells what holders got, on the day after the last.
4. Write, and let what follows from it stand: a listing that ended, prices that are as traded.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput
from api.ports import ActionFile, ActionLine
from api.services.calendars import Calendar, calendar, calendar_code
from api.services.check_actions import Fault, Stored, check_ends, check_lines
from api.services.panel_rows import ACTIONS
from api.services.routing import CSV
from models.corporate_action import ActionRow
from models.corporate_actions import CorporateActionRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.staging import Written

EPOCH = date(1970, 1, 1)
DELISTING = "DELISTING"
MOST_SHOWN = 20
MOVED = "told on another day"
UNADJUSTED = "no_corporate_actions"


@dataclass(frozen=True, kw_only=True)
class ImportedActions:
    """What came of a file, the listings it ended, and whose actions are now known."""

    written: Written
    ended: tuple[tuple[str, date], ...]  # symbol, last day
    acting: tuple[str, ...]


async def import_actions(
    session: AsyncSession, file: ActionFile, *, now: datetime
) -> ImportedActions:
    """Write the actions of a file. Raises InvalidInput naming every line that cannot be used."""
    known = await _instruments(session, file.lines)
    faults = [*file.faults, *_strangers(file.lines, known)]
    lines = [each for each in file.lines if each.symbol in known]
    stored = await _stored(session, known)
    faults += check_lines(lines, known, stored, now=now)
    faults += check_ends(lines, known, stored)
    _refuse(file, faults)
    changed = _changed(lines, known)
    await InstrumentRepository(session).upsert(changed.values())
    actions = CorporateActionRepository(session)
    if moved := _moved(lines, known, stored):
        await actions.withdraw(moved, reason=MOVED)
    written = await actions.write(
        (_row(each, known) for each in lines), reason=f"{CSV} {file.file}"
    )
    ids = sorted({known[each.symbol].id for each in lines})
    await FingerprintRepository(session).refresh(Scope.BARS, ids)
    return ImportedActions(
        written=written,
        ended=tuple((each.symbol, _last_day(each, known)) for each in _ends(lines)),
        acting=tuple(
            symbol for symbol, each in changed.items() if each.fields != known[symbol].fields
        ),
    )


def _refuse(file: ActionFile, faults: Sequence[Fault]) -> None:
    if not faults:
        return
    told = "".join(f"\n  line {line}: {what}" for line, what in sorted(faults)[:MOST_SHOWN])
    rest = len(faults) - MOST_SHOWN
    more = f"\n  and {rest:,} more" if rest > 0 else ""
    raise InvalidInput(
        f"{file.file} is not imported, nothing of it; mend these lines:{told}{more}",
        field=("file",),
    )


async def _instruments(session: AsyncSession, lines: Sequence[ActionLine]) -> dict[str, Instrument]:
    named = {each.symbol for each in lines}
    named |= {each.successor for each in lines if each.successor is not None}
    found = await InstrumentRepository(session).by_symbols(sorted(named))
    return {each.symbol: each for each in found}


def _strangers(lines: Sequence[ActionLine], known: Mapping[str, Instrument]) -> list[Fault]:
    return [
        (each.line, f"no instrument is called {symbol}; ingest or import its prices first")
        for each in lines
        for symbol in (each.symbol, each.successor)
        if symbol is not None and symbol not in known
    ]


async def _stored(session: AsyncSession, known: Mapping[str, Instrument]) -> Stored:
    """Read what the lines are held against: bars, actions, ends of listings."""
    ids = {each.id: symbol for symbol, each in known.items()}
    columns = await PriceBarRepository(session).columns(list(ids), adjust=False)
    actions = CorporateActionRepository(session)
    acted: dict[str, list[ActionRow]] = defaultdict(list)
    for row in await actions.of(list(ids)):
        acted[ids[row.instrument_id]].append(row)
    ended = await actions.endings(list(ids))
    followed: dict[str, list[ActionRow]] = defaultdict(list)
    for row in await actions.mergers_into(list(ids)):
        followed[ids[row.successor_id or 0]].append(row)
    return Stored(
        bars={ids[each.instrument_id]: each for each in columns},
        actions=acted,
        endings={ids[row.instrument_id]: row for row in ended},
        followed=followed,
    )


def _ends(lines: Sequence[ActionLine]) -> list[ActionLine]:
    return [each for each in lines if each.kind == DELISTING]


def _market(instrument: Instrument) -> Calendar:
    return calendar(calendar_code(instrument.exchange, instrument.currency))


def _last_day(line: ActionLine, known: Mapping[str, Instrument]) -> date:
    """Return the last session before the first day without a share."""
    session = _market(known[line.symbol]).session
    before = session[int(np.searchsorted(session, (line.ex_date - EPOCH).days)) - 1]
    return EPOCH + timedelta(days=int(before))


def _changed(lines: Sequence[ActionLine], known: Mapping[str, Instrument]) -> dict[str, Instrument]:
    """Describe anew whose listing ended, and whose actions were not known before."""
    changed: dict[str, Instrument] = {}
    for line in lines:
        now = changed.get(line.symbol) or _copy(known[line.symbol])
        if line.kind == DELISTING:
            now.delisted_on = _last_day(line, known)
        elif ACTIONS not in now.fields:
            now.fields = [*now.fields, ACTIONS]
            now.flags = [flag for flag in now.flags if flag != UNADJUSTED]
        changed[line.symbol] = now
    return changed


def _copy(instrument: Instrument) -> Instrument:
    return Instrument(**instrument.model_dump())


def _moved(
    lines: Sequence[ActionLine], known: Mapping[str, Instrument], stored: Stored
) -> list[tuple[int, date, str]]:
    """Name the stored ends of listings that the file tells on another day."""
    return [
        (known[each.symbol].id, was.ex_date, DELISTING)
        for each in _ends(lines)
        if (was := stored.endings.get(each.symbol)) is not None and was.ex_date != each.ex_date
    ]


def _row(line: ActionLine, known: Mapping[str, Instrument]) -> ActionRow:
    instrument = known[line.symbol]
    market, day = _market(instrument), (line.ex_date - EPOCH).days
    opens = int(market.opens_at[np.searchsorted(market.session, day)])
    return ActionRow(
        instrument_id=instrument.id,
        ex_date=line.ex_date,
        kind=line.kind,
        ratio=line.ratio,
        cash=line.cash,
        currency=None if line.cash is None else instrument.currency,
        pay_date=line.pay_date,
        source=CSV,
        known_at=datetime.fromtimestamp(opens // 10**9, UTC),
        successor_id=None if line.successor is None else known[line.successor].id,
    )
