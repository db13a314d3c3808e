"""Lists of one's own, and corrections of who was in a list: both leave what was believed before."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, Conflict, InvalidInput, NotFound
from api.services.findings import Findings
from api.services.identity import require_correcting
from api.services.market import require_instruments
from api.services.text import clean_text
from models.audit_events import AuditEventRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import Exchange, Instrument
from models.universe import Region, Universe
from models.universes import KeyTaken, Member, Spell, UniverseRepository

# Without history a list is taken to have held its members always; `survivorship_free` is false.
ALWAYS = date(1970, 1, 1)
FIRST_DAY = date(1900, 1, 1)
MOST_SYMBOLS = 1_000
LONGEST_NAME, LONGEST_TEXT, LONGEST_REASON = 200, 2_000, 500
KEY = re.compile(r"[A-Z0-9_]{1,64}")
# Lists everybody shares, whether or not they have been imported yet.
SHARED = frozenset({"SPX500", "NASDAQ100", "ASX200", "US_ETFS", "ASX_ETFS", "CORE_ETFS"})
SAMPLE_PREFIX = "SAMPLE_"
OWN = "a list of one's own"
REGIONS = {Exchange.XASX: Region.AU, Exchange.XNYS: Region.US, Exchange.XNAS: Region.US}
BENCHMARKS = {Region.AU: "^AXJO"}
BENCHMARK = "^GSPC"


async def save_universe(
    session: AsyncSession,
    *,
    owner_id: UUID,
    key: str,
    name: str,
    symbols: Sequence[str],
    valid_from: date | None = None,
    description: str | None = None,
    benchmark: str | None = None,
) -> Universe:
    """Write a list of the owner's own: from the day on it holds these symbols and no others.

    A new list has held them always unless it is told from when; one that is there changes today.
    Raises Refused with every fault, UnknownSymbol, and Conflict where the key is not the owner's.
    """
    named, described = _checked(key, name, symbols, valid_from, description)
    members = await require_instruments(session, symbols, field=("input", "symbols"))
    if benchmark is not None:
        await require_instruments(session, [benchmark], field=("input", "benchmark"))
    universes = UniverseRepository(session)
    await universes.hold(key)
    found = await universes.by_key(key, owner_id=owner_id)
    region = _region(members)
    wished = Universe(
        key=key,
        owner_id=owner_id,
        name=named,
        description=described or (found.description if found else ""),
        region=region,
        benchmark=benchmark or (found.benchmark if found else BENCHMARKS.get(region, BENCHMARK)),
        source=OWN,
    )
    believed = [] if found is None else await universes.spells(key)
    first = valid_from or (ALWAYS if found is None else datetime.now(UTC).date())
    spells = from_then_on(believed, [each.id for each in members], first)
    try:
        saved = await universes.save(wished, spells, reason="saved by its owner")
    except KeyTaken as e:
        raise _taken(key) from e
    await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, [key])
    return saved


async def record_membership(
    session: AsyncSession,
    *,
    owner_id: UUID,
    scopes: frozenset[str],
    universe: str,
    symbol: str,
    starts_on: date,
    ends_on: date | None = None,
    reason: str,
) -> Member:
    """Write down when a symbol was in a list, as is known from now on.

    What was believed of the symbol over any of these days is replaced; its memberships at other
    times stand. The same again changes nothing. Raises Refused, UnknownSymbol, NotFound, and
    Forbidden for everybody's list without the scope.
    """
    why = _reason(starts_on, ends_on, reason)
    universes = UniverseRepository(session)
    await universes.hold(universe)
    found = await universes.by_key(universe, owner_id=owner_id)
    if found is None:
        raise NotFound(
            f"universe {universe[:64]!r} is not known; universes lists what is",
            field=("input", "universe"),
        )
    if found.owner_id is None:
        require_correcting(scopes, f"universe {found.key}")
    [instrument] = await require_instruments(session, [symbol], field=("input", "symbol"))
    spell = Spell(instrument.id, starts_on, ends_on)
    before, recorded = await _correct(universes, found, spell, reason=why)
    if before == [recorded]:
        return recorded
    await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, [universe])
    await AuditEventRepository(session).add(
        owner_id=owner_id,
        action="recordMembership",
        subject=f"{universe} {symbol}",
        reason=why,
        before=_told(before) if before else None,
        after=_told([recorded]),
    )
    return recorded


async def _correct(
    universes: UniverseRepository, universe: Universe, spell: Spell, *, reason: str
) -> tuple[list[Member], Member]:
    """Believe a spell instead of what met it; return what did, and the spell as it is believed."""
    believed = await universes.spells(universe.key)
    replaced = [each for each in believed if _meet(each, spell)]
    kept = [_as_is(each) for each in believed if each not in replaced]
    await universes.believe(universe, [*kept, spell], reason=reason)
    [recorded] = [each for each in await universes.spells(universe.key) if _meet(each, spell)]
    return replaced, recorded


def _told(members: Sequence[Member]) -> dict[str, Any]:
    return {
        "memberships": [
            {
                "startsOn": each.starts_on.isoformat(),
                "endsOn": None if each.ends_on is None else each.ends_on.isoformat(),
            }
            for each in members
        ]
    }


def from_then_on(believed: Iterable[Member], ids: Sequence[int], first: date) -> list[Spell]:
    """Return the memberships of a list that holds these instruments, and no others, from a day on.

    What ended before the day stands as it was.
    """
    staying, spells = set(ids), []
    for each in believed:
        if each.ends_on is not None and each.ends_on <= first:
            spells.append(_as_is(each))
        elif each.starts_on < first:
            ends_on = None if each.instrument_id in staying else first
            spells.append(Spell(each.instrument_id, each.starts_on, ends_on))
            staying.discard(each.instrument_id)
    return [*spells, *(Spell(each, first, None) for each in ids if each in staying)]


def _as_is(member: Member) -> Spell:
    return Spell(member.instrument_id, member.starts_on, member.ends_on)


def _meet(member: Member, spell: Spell) -> bool:
    begun = spell.ends_on is None or member.starts_on < spell.ends_on
    lasts = member.ends_on is None or member.ends_on > spell.starts_on
    return member.instrument_id == spell.instrument_id and begun and lasts


def _region(members: Sequence[Instrument]) -> Region:
    regions = {REGIONS.get(each.exchange, Region.GLOBAL) for each in members}
    return regions.pop() if len(regions) == 1 else Region.GLOBAL


def _checked(
    key: str,
    name: str,
    symbols: Sequence[str],
    valid_from: date | None,
    description: str | None,
) -> tuple[str, str | None]:
    findings = Findings()
    named, described = None, None
    with findings.collect():
        named = clean_text(name, field=("input", "name"), longest=LONGEST_NAME)
    with findings.collect():
        described = clean_text(
            description, field=("input", "description"), longest=LONGEST_TEXT, lines=True
        )
    findings.errors += _faults(key, symbols, valid_from)
    if named is None and not findings.errors:
        findings.errors.append(_fault("name was empty; give the list a name", "name"))
    findings.settle()
    return named or "", described


def _faults(key: str, symbols: Sequence[str], valid_from: date | None) -> Iterator[ClientError]:
    if KEY.fullmatch(key) is None:
        yield _fault(
            f"key was {key[:64]!r}; use 1 to 64 capital letters, digits and underscores", "key"
        )
    if key in SHARED or key.startswith(SAMPLE_PREFIX):
        yield _taken(key)
    if not 1 <= len(symbols) <= MOST_SYMBOLS:
        yield _fault(f"symbols had {len(symbols)} entries; list 1 to {MOST_SYMBOLS}", "symbols")
    repeated = sorted(symbol for symbol, count in Counter(symbols).items() if count > 1)
    if repeated:
        yield _fault(f"symbols named {repeated[0][:32]} twice; list each once", "symbols")
    today = datetime.now(UTC).date()
    if valid_from is not None and not FIRST_DAY <= valid_from <= today:
        yield _fault(
            f"validFrom was {valid_from}; choose a day from {FIRST_DAY} to today, {today}",
            "validFrom",
        )


def _reason(starts_on: date, ends_on: date | None, reason: str) -> str:
    findings = Findings()
    why = None
    with findings.collect():
        why = clean_text(reason, field=("input", "reason"), longest=LONGEST_REASON, lines=True)
        if why is None:
            raise _fault("reason was empty; say why the membership is recorded", "reason")
    if starts_on < FIRST_DAY:
        message = f"startsOn was {starts_on}; choose a day from {FIRST_DAY} on"
        findings.errors.append(_fault(message, "startsOn"))
    if ends_on is not None and ends_on <= starts_on:
        message = f"endsOn was {ends_on}; it must lie behind startsOn, {starts_on}: it is the first"
        findings.errors.append(_fault(f"{message} day no longer a member", "endsOn"))
    findings.settle()
    return why or ""


def _taken(key: str) -> Conflict:
    return Conflict(f"key {key} is taken; choose another", field=("input", "key"))


def _fault(message: str, *path: str) -> InvalidInput:
    return InvalidInput(message, field=("input", *path))
