"""Bring a file of prices in: one transaction, every row of it accounted for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, InvalidInput
from api.ports import BarBatch, Listing, PriceFile
from api.services.backtest_request import listed
from api.services.bar_rows import bar_rows, refused_rows
from api.services.calendars import calendar, calendar_code
from api.services.ingest_report import Tally
from api.services.panel_rows import ACTIONS
from api.services.quality import judge
from api.services.routing import CSV, Described, describe
from api.services.universes import save_universe
from api.services.unread_rows import quarantined
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import AssetClass, Exchange, Instrument
from models.instruments import InstrumentRepository
from models.price_bar import BarRow
from models.price_bars import PriceBarRepository
from models.quarantines import QuarantineRepository
from models.universes import UniverseRepository


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of a file, and which symbols a market was guessed for."""

    tally: Tally
    symbols: int
    guessed: tuple[str, ...]


async def import_prices(
    session: AsyncSession, file: PriceFile, *, universe: str, owner_id: UUID, now: datetime
) -> Imported:
    """Write the bars of a file, and put its symbols on a list of the owner's.

    A symbol no known market writes counts as a share of New York. Raises Conflict for one whose
    prices come from elsewhere, InvalidInput for a file without a row that could be read, DataError,
    and what `save_universe` raises; nothing is written then.
    """
    if not file.batches:
        reasons = Counter(row.reason for row in file.refused).most_common()
        told = ", ".join(f"{count:,} as {reason}" for reason, count in reasons)
        message = f"{file.file} has no row that can be read; refused were {told}"
        raise InvalidInput(message, field=("file",))
    symbols = [batch.symbol for batch in file.batches]
    known = await _require_own(session, symbols)
    listings = [_listing(batch, known.get(batch.symbol)) for batch in file.batches]
    described = [_instrument(each, known.get(each.symbol)) for each in listings]
    ids = await InstrumentRepository(session).upsert(described)
    rows: list[BarRow] = []
    refused = quarantined(file.file, file.refused)
    for batch, listing in zip(file.batches, listings, strict=True):
        market = calendar(calendar_code(listing.exchange, listing.currency))
        verdict = judge(batch, listing, market, now=int(now.timestamp() * 1e9))
        rows += bar_rows(batch, listing, verdict, market, ids[batch.symbol])
        refused += refused_rows(batch, listing, verdict)
    written = await PriceBarRepository(session).write(rows, reason=f"imported from {file.file}")
    await QuarantineRepository(session).add(refused)
    await FingerprintRepository(session).refresh(Scope.BARS, list(ids.values()))
    await _put_on_list(session, universe, symbols, owner_id)
    return Imported(
        tally=Tally(
            read=file.rows,
            written=written,
            quarantined=len(refused),
            reasons=Counter(row.reason for row in refused),
        ),
        symbols=len(symbols),
        guessed=tuple(symbol for symbol in symbols if _market_of(symbol) is None),
    )


def _listing(batch: BarBatch, known: Instrument | None) -> Listing:
    """Describe an instrument by its symbol, its columns that hold something, and its known end."""
    market = _market_of(batch.symbol) or Described(
        symbol=batch.symbol,
        asset_class=AssetClass.EQUITY,
        exchange=Exchange.XNYS,
        currency="USD",
    )
    return Listing(
        symbol=batch.symbol,
        name="",
        asset_class=market.asset_class,
        exchange=market.exchange,
        currency=market.currency,
        source=CSV,
        fields=tuple(batch.values),
        delisted_on=None if known is None else known.delisted_on,
    )


def _market_of(symbol: str) -> Described | None:
    try:
        return describe(symbol)
    except InvalidInput:
        return None


async def _require_own(session: AsyncSession, symbols: Sequence[str]) -> Mapping[str, Instrument]:
    """Return what is known; refuse to mix a file with another source's: one history has one."""
    known = await InstrumentRepository(session).by_symbols(symbols)
    foreign = [each for each in known if each.bar_count and each.source != CSV]
    if foreign:
        raise Conflict(
            f"the prices of {listed([each.symbol for each in foreign])} come from"
            f" {foreign[0].source}; give them another symbol in the file",
            field=("file",),
        )
    return {each.symbol: each for each in known}


def _instrument(listing: Listing, known: Instrument | None) -> Instrument:
    """Describe an instrument; what `import-actions` told of it stays."""
    adjusted = "adjusted_close" in listing.fields
    acts = known is not None and ACTIONS in known.fields and not adjusted
    return Instrument(
        symbol=listing.symbol,
        name=None,
        asset_class=AssetClass(listing.asset_class),
        exchange=Exchange(listing.exchange),
        currency=listing.currency,
        delisted_on=None if known is None else known.delisted_on,
        source=listing.source,
        flags=[] if adjusted or acts else ["no_corporate_actions"],
        fields=[*listing.fields, ACTIONS] if acts else list(listing.fields),
    )


async def _put_on_list(
    session: AsyncSession, key: str, symbols: Sequence[str], owner_id: UUID
) -> None:
    """Make the list, or add to it those it does not hold yet."""
    universes = UniverseRepository(session)
    found = await universes.by_key(key, owner_id=owner_id)
    members = [] if found is None else await universes.spells(key)
    held = [each.symbol for each in members if each.ends_on is None]
    lacking = [symbol for symbol in symbols if symbol not in held]
    if found is not None and not lacking:
        return
    await save_universe(
        session,
        owner_id=owner_id,
        key=key,
        name=key if found is None else found.name,
        symbols=[*held, *lacking],
        description=None if found is None else found.description,
    )
