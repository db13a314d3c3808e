"""Bring the known lists in: who is in them today, and who was where history is to be had."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import AppError
from api.ports import IndexSpell, KnownLists, ListedUniverse, Listing, MembershipHistory
from api.services.universes import ALWAYS, from_then_on
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import AssetClass, Exchange, Instrument
from models.instrument_alias import AliasRow
from models.instrument_aliases import InstrumentAliasRepository
from models.instruments import InstrumentRepository
from models.session import SessionFactory, unit_of_work
from models.universe import Region, Universe
from models.universes import Member, Spell, UniverseRepository

REASON = "imported with the list"


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh found of one list; `changed` counts memberships that began or ended."""

    key: str
    members: int = 0
    changed: int = 0
    history_from: date | None = None  # None: no history
    notes: tuple[str, ...] = ()
    problem: str | None = None  # why it was left as it was


async def refresh_universes(
    sessions: SessionFactory, lists: KnownLists, keys: Sequence[str] | None = None
) -> list[Refreshed]:
    """Refresh these lists, or all; one that cannot be had says why, and the others go on."""
    refreshed = []
    for key in lists.keys if keys is None else keys:
        try:
            refreshed.append(await refresh_universe(sessions, lists, key))
        except AppError as e:
            refreshed.append(Refreshed(key=key, problem=str(e)))
    return refreshed


async def refresh_universe(sessions: SessionFactory, lists: KnownLists, key: str) -> Refreshed:
    """Bring one list to what its source says today; the same again changes nothing.

    History is believed of the time it is about. Without it members are taken to have been there
    always, known from now; from then on those who come and go do so on the day it is noticed.
    Raises NotFound, FetchFailed, Unavailable, DataError.
    """
    listed = await lists.fetch_list(key)
    history = await lists.fetch_history(key)
    async with unit_of_work(sessions) as session:
        universes = UniverseRepository(session)
        await universes.hold(key)
        found = await universes.by_key(key)
        before = [] if found is None else await universes.spells(key)
        ids = await _describe(session, listed, history)
        if history is None:
            first = ALWAYS if found is None else datetime.now(UTC).date()
            spells = from_then_on(before, [ids[each.symbol] for each in listed.members], first)
        else:
            spells = [_spell(each, ids) for each in history.spells]
            await InstrumentAliasRepository(session).write(_aliases(history.spells, ids))
        await universes.save(_universe(listed, history, found), spells, reason=REASON)
        await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, [key])
    return _told(key, before, spells, history)


async def _describe(
    session: AsyncSession, listed: ListedUniverse, history: MembershipHistory | None
) -> dict[str, int]:
    """Write who is new, and anew whom nobody but a list has described; return all ids."""
    wanted = {each.symbol: each for each in (*listed.members, listed.benchmark)}
    for spell in () if history is None else history.spells:
        wanted.setdefault(spell.symbol, _listing(spell, listed.benchmark))
    instruments = InstrumentRepository(session)
    theirs = {
        each.symbol
        for each in await instruments.by_symbols(list(wanted))
        if each.source != listed.benchmark.source
    }
    await instruments.upsert(
        _instrument(each) for symbol, each in wanted.items() if symbol not in theirs
    )
    return await instruments.ids_by_symbol(list(wanted))


def _listing(spell: IndexSpell, benchmark: Listing) -> Listing:
    """Describe a company that has left: history names no exchange and often no name."""
    return Listing(
        symbol=spell.symbol,
        name=spell.name or spell.ticker,
        asset_class=AssetClass.EQUITY,
        exchange=Exchange.XNYS,
        currency=benchmark.currency,
        source=benchmark.source,
        fields=(),
        flags=("exchange_assumed",),
    )


def _instrument(listing: Listing) -> Instrument:
    return Instrument(
        symbol=listing.symbol,
        name=listing.name,
        asset_class=AssetClass(listing.asset_class),
        exchange=Exchange(listing.exchange),
        currency=listing.currency,
        sector=listing.sector,
        source=listing.source,
        flags=list(listing.flags),
        fields=list(listing.fields),
    )


def _spell(spell: IndexSpell, ids: Mapping[str, int]) -> Spell:
    known_from = datetime.combine(spell.starts_on, datetime.min.time(), UTC)
    return Spell(ids[spell.symbol], spell.starts_on, spell.ends_on, known_from)


def _aliases(spells: Iterable[IndexSpell], ids: Mapping[str, int]) -> list[AliasRow]:
    """Say of a company whose ticker is another's by now that it was its own then."""
    return [
        AliasRow(ids[each.symbol], each.ticker, each.starts_on, each.ends_on)
        for each in spells
        if each.symbol != each.ticker
    ]


def _universe(
    listed: ListedUniverse, history: MembershipHistory | None, found: Universe | None
) -> Universe:
    """Describe the list; history that was imported once is not forgotten."""
    told, source = listed.universe.description, listed.universe.source
    kept = history is None and found is not None and found.survivorship_free
    if kept and found is not None:
        told, source = found.description, found.source
    elif history is not None:
        told = f"{told} Those who have left are listed too, from {history.first_on} on."
        source = f"{source}; history: {history.source}"
    return Universe(
        key=listed.universe.key,
        name=listed.universe.name,
        description=told,
        region=Region(listed.universe.region),
        benchmark=listed.universe.benchmark,
        survivorship_free=kept or history is not None,
        source=source,
    )


def _told(
    key: str, before: Iterable[Member], spells: Sequence[Spell], history: MembershipHistory | None
) -> Refreshed:
    was = {(each.instrument_id, each.starts_on, each.ends_on) for each in before}
    now = {(each.instrument_id, each.starts_on, each.ends_on) for each in spells}
    return Refreshed(
        key=key,
        members=sum(each.ends_on is None for each in spells),
        changed=len(was ^ now),
        history_from=None if history is None else history.first_on,
        notes=() if history is None else history.notes,
    )
