"""Whose prices an ingest wants: instruments that are known, and those a symbol describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import AppError, FailureKind, InvalidInput, NotFound
from api.ports import KnownLists
from api.services.ingest_plan import Target
from api.services.ingest_request import SOURCES, IngestRequest
from api.services.provider import Failed
from api.services.refresh_universes import refresh_universe
from api.services.routing import CSV, SAMPLE, describe, sources_of
from models.asked_range import AskedRow
from models.asked_ranges import AskedRangeRepository
from models.instrument import Exchange, Instrument
from models.instruments import InstrumentRepository
from models.session import SessionFactory, unit_of_work
from models.universes import UniverseRepository

SAMPLE_UNIVERSES = "SAMPLE_"
LIST_EVERY = timedelta(hours=20)
# Each schedule's exchanges, and the currency of the indices that go with them.
MARKETS: Mapping[str, tuple[Sequence[Exchange], str]] = {
    "asx-close": ((Exchange.XASX,), "AUD"),
    "us-close": ((Exchange.XNYS, Exchange.XNAS, Exchange.FX, Exchange.CRYPTO), "USD"),
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An instrument of an ingest; one that has no id yet was never seen. Or why it is none."""

    symbol: str
    instrument: Instrument | None = None
    target: Target | None = None
    failure: Failed | None = None


def wants_sample(request: IngestRequest) -> bool:
    """Tell whether the sample market is meant: by its name, by its lists, or by nothing at all."""
    if SOURCES[request.source] == SAMPLE:
        return True
    if request.symbols is not None:
        return False
    return request.universe is None or request.universe.startswith(SAMPLE_UNIVERSES)


async def scheduled(session: AsyncSession, schedule: str) -> Sequence[str]:
    """Return the symbols a market's close asks for."""
    exchanges, currency = MARKETS[schedule]
    return await AskedRangeRepository(session).followed(
        [exchange.value for exchange in exchanges],
        index_currency=currency,
        sample=SAMPLE_UNIVERSES,
    )


async def refresh_list(
    sessions: SessionFactory, lists: KnownLists, key: str, *, now: datetime
) -> str | None:
    """Bring a known list to what it is today, once a day; return why it is as it was, if it is.

    Raises what `refresh_universe` raises when there is no older one that will do.
    """
    name = f"universe:{key}"
    async with unit_of_work(sessions) as session:
        asked = (await AskedRangeRepository(session).by_keys([name])).get(name)
        known = await UniverseRepository(session).by_key(key)
    if known is not None and asked is not None and now - asked.checked_at < LIST_EVERY:
        return None
    try:
        await refresh_universe(sessions, lists, key)
    except AppError as error:
        if known is None:
            raise
        return f"{key} is as it was: {error}"
    async with unit_of_work(sessions) as session:
        row = AskedRow(name, "lists", now.date(), now.date(), now)
        await AskedRangeRepository(session).save([row])
    return None


async def symbols_of_universe(
    session: AsyncSession, key: str, *, owner_id: UUID, now: datetime, start: date | None
) -> Sequence[str]:
    """Return who is in a universe, and who was since a start that was asked for; its benchmark too.

    Raises NotFound.
    """
    universes = UniverseRepository(session)
    universe = await universes.by_key(key, owner_id=owner_id)
    if universe is None:
        raise NotFound(f"no universe has the key {key}; universes lists them")
    first = now.date() if start is None else start
    members = [each.symbol for each in await universes.spells(key) if each.overlaps(first, None)]
    return list(dict.fromkeys([universe.benchmark, *members]))


async def subjects_of(
    session: AsyncSession, symbols: Sequence[str], *, source: str | None
) -> Sequence[Subject]:
    """Look up what is known of each symbol; every symbol is one subject."""
    instruments = {
        each.symbol: each for each in await InstrumentRepository(session).by_symbols(symbols)
    }
    asked = await AskedRangeRepository(session).by_keys(symbols)
    found = []
    for symbol in symbols:
        known = instruments.get(symbol)
        failure = _unroutable(symbol, known, source)
        if failure is not None:
            found.append(Subject(symbol=symbol, failure=failure))
            continue
        instrument = known or _new(symbol)
        target = Target(
            symbol=symbol,
            exchange=instrument.exchange,
            currency=instrument.currency,
            sources=sources_of(Exchange(instrument.exchange), source),
            first_bar=instrument.first_bar,
            delisted_on=instrument.delisted_on,
            asked=asked.get(symbol),
        )
        found.append(Subject(symbol=symbol, instrument=instrument, target=target))
    return found


def _new(symbol: str) -> Instrument:
    described = describe(symbol)
    return Instrument(
        symbol=symbol,
        asset_class=described.asset_class,
        exchange=described.exchange,
        currency=described.currency,
        source="",
        fields=[],
        flags=[],
        bar_count=0,
    )


def _unroutable(symbol: str, known: Instrument | None, source: str | None) -> Failed | None:
    """Say why no provider is to be asked for a symbol, where that is so."""
    if known is not None and source is None and known.source.startswith(CSV):
        message = (
            f"the prices of {symbol} were imported from a file;"
            " name a source to have it replace them"
        )
        return _failed(FailureKind.NOT_CONFIGURED, message, known.source)
    try:
        describe(symbol)
    except InvalidInput as e:
        return _failed(FailureKind.UNKNOWN_SYMBOL, str(e), "" if known is None else known.source)
    return None


def _failed(kind: FailureKind, message: str, source: str) -> Failed:
    return Failed(kind=kind, message=message, attempts=0, source=source)
