"""Write what providers brought, many instruments in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import DataError, FailureKind
from api.ports import Action, BarBatch
from api.services.arrival_rows import (
    action_rows,
    asked_row,
    kept_rows,
    moved_actions,
    refusals,
    stored_just_so,
    withdrawn_rows,
)
from api.services.arrivals import Arrival, Judged, judge_arrival
from api.services.bar_rows import EPOCH
from api.services.batches import stored_batch
from api.services.ingest_report import Tally
from api.services.provider import Failed
from models.asked_ranges import AskedRangeRepository
from models.corporate_actions import CorporateActionRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.price_bar import BarRow
from models.price_bars import CHANGED, BarColumns, PriceBarRepository
from models.quarantines import QuarantineRepository
from models.revisions import HANDED_OVER
from models.staging import Written

# Days that hold enough stored bars on each side of a window, across any holidays.
AROUND = timedelta(days=21)
WITHDRAWN = "a later bar tells that it was an error"
MOVED = "it is told on another day now"
NO_DELAY = timedelta(0)


async def write(
    session: AsyncSession,
    arrivals: Sequence[Arrival],
    *,
    now: datetime,
    delays: Mapping[str, timedelta],
) -> Tally:
    """Write bars, actions, refusals and what was asked for, in the caller's transaction.

    An instrument whose rows cannot be told from shifted ones is a failure, the others are written.
    """
    stored = await _stored(session, arrivals)
    known = await _known_actions(session, arrivals)
    tally = Tally()
    told: list[Judged] = []
    for each in arrivals:
        try:
            told.append(judge_arrival(each, stored[each.symbol], known[each.symbol], now=now))
        except DataError as error:
            tally.failures[each.symbol] = _unreadable(each, error)
    # Only now: what a source is said to know is how stored bars are read.
    ids = await _describe(session, [each.arrival for each in told])
    judged = [(each, ids[each.arrival.symbol]) for each in told]
    changed = await _write_bars(session, judged, tally, delays, now=now)
    actions = [row for each, id_ in judged for row in action_rows(each, id_, now=now)]
    if actions:
        acted = await CorporateActionRepository(session).write(actions)
        changed = changed or acted.new + acted.revised > 0
        await _withdraw_moved(session, judged, known)
    refused = [row for each, _ in judged for row in refusals(each)]
    tally.reasons.update(row.reason for row in refused)
    if refused:
        await QuarantineRepository(session).add(refused)
    if changed:
        await _fingerprint(session, judged)
    await AskedRangeRepository(session).save(asked_row(each.arrival, now=now) for each, _ in judged)
    return tally


async def _write_bars(
    session: AsyncSession,
    judged: Sequence[tuple[Judged, int]],
    tally: Tally,
    delays: Mapping[str, timedelta],
    *,
    now: datetime,
) -> bool:
    """Write what is not stored just so; tell whether anything changed."""
    bars = PriceBarRepository(session)
    tally.read = sum(len(each.arrival.batch.day) for each, _ in judged)
    tally.quarantined = sum(len(each.verdict.refused) for each, _ in judged)
    told: dict[str, list[BarRow]] = {CHANGED: [], HANDED_OVER: []}
    withdrawn: dict[str, list[BarRow]] = {WITHDRAWN: [], HANDED_OVER: []}
    for each, id_ in judged:
        known = stored_just_so(each)
        tally.written += Written(unchanged=int(known.sum()))
        delay = delays.get(each.arrival.listing.source, NO_DELAY)
        over = each.arrival.takes_over
        told[HANDED_OVER if over else CHANGED] += kept_rows(each, known, id_, delay, now=now)
        withdrawn[HANDED_OVER if over else WITHDRAWN] += withdrawn_rows(each, id_)
    for reason, rows in told.items():
        if rows:
            tally.written += await bars.write(rows, reason=reason)
    for reason, rows in withdrawn.items():
        if rows:
            await bars.write(rows, reason=reason)
    return any(withdrawn.values()) or tally.written.new + tally.written.revised > 0


async def _withdraw_moved(
    session: AsyncSession,
    judged: Sequence[tuple[Judged, int]],
    known: Mapping[str, Sequence[Action]],
) -> None:
    moved = [
        (id_, *key)
        for each, id_ in judged
        for key in moved_actions(each, known[each.arrival.symbol])
    ]
    if moved:
        await CorporateActionRepository(session).withdraw(moved, reason=MOVED)


async def _describe(session: AsyncSession, arrivals: Sequence[Arrival]) -> Mapping[str, int]:
    """Write instruments that are new or get another source; return the id of each symbol."""
    instruments = InstrumentRepository(session)
    news = [_described(each) for each in arrivals if each.is_news]
    if news:
        await instruments.upsert(news)
    return await instruments.ids_by_symbol([each.symbol for each in arrivals])


def _described(arrival: Arrival) -> Instrument:
    known, listing = arrival.instrument, arrival.listing
    return Instrument(
        symbol=known.symbol,
        name=listing.name or None,
        asset_class=known.asset_class,
        exchange=known.exchange,
        currency=known.currency,
        sector=known.sector,
        listed_on=known.listed_on,
        delisted_on=known.delisted_on,
        source=listing.source,
        flags=[],
        fields=list(listing.fields),
    )


async def _stored(session: AsyncSession, arrivals: Sequence[Arrival]) -> Mapping[str, BarBatch]:
    """Read the stored bars in and around each window, one statement for all of one window."""
    windows: dict[tuple[date | None, date | None], list[int]] = {}
    for each in arrivals:
        if each.instrument.bar_count and len(each.batch.day):
            windows.setdefault(_window(each), []).append(each.instrument.id)
    found: dict[int, BarColumns] = {}
    for (first, last), within in windows.items():
        columns = await PriceBarRepository(session).columns(
            within, start=first, end=last, adjust=False
        )
        found |= {each.instrument_id: each for each in columns}
    return {
        each.symbol: stored_batch(each.symbol, found.get(each.instrument.id)) for each in arrivals
    }


async def _known_actions(
    session: AsyncSession, arrivals: Sequence[Arrival]
) -> Mapping[str, Sequence[Action]]:
    """Read the actions that explain moves between stored bars and those that came."""
    symbols = {
        each.instrument.id: each.symbol
        for each in arrivals
        if each.instrument.id is not None and not each.takes_over
    }
    known: dict[str, list[Action]] = {each.symbol: [] for each in arrivals}
    for row in await CorporateActionRepository(session).of(list(symbols)):
        known[symbols[row.instrument_id]].append(
            Action(
                ex_day=(row.ex_date - EPOCH).days,
                kind=row.kind,
                ratio=row.ratio,
                cash=row.cash,
                currency=row.currency,
            )
        )
    return known


def _window(arrival: Arrival) -> tuple[date | None, date | None]:
    if arrival.takes_over:
        return None, None
    first, last = int(arrival.batch.day.min()), int(arrival.batch.day.max())
    return EPOCH + timedelta(days=first) - AROUND, EPOCH + timedelta(days=last) + AROUND


async def _fingerprint(session: AsyncSession, judged: Sequence[tuple[Judged, int]]) -> None:
    """Digest the years of what came; an action may lie before the first bar."""
    days = [
        int(day)
        for each, _ in judged
        for day in (*each.arrival.batch.day, *(action.ex_day for action in each.actions))
    ]
    if days:
        taken_over = any(each.arrival.takes_over for each, _ in judged)
        since = 1 if taken_over else (EPOCH + timedelta(days=min(days))).year
        keys = [id_ for _, id_ in judged]
        await FingerprintRepository(session).refresh(Scope.BARS, keys, since_year=since)


def _unreadable(arrival: Arrival, error: DataError) -> Failed:
    return Failed(
        kind=FailureKind.BAD_DATA,
        message=str(error),
        attempts=arrival.outcome.attempts,
        source=arrival.listing.source,
    )
