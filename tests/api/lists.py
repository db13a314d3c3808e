"""A list of one's own, everybody's list, and what they hold."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from api.services.identity import ALL_SCOPES
from api.services.universes import record_membership, save_universe
from models import Exchange
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.universes import Spell, UniverseRepository
from tests.factories import OWNER, make_instrument, make_universe

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).date()
JOINED = date(2010, 1, 4)


async def write_shares(session):
    """Return the ids of three New York shares and two banks of Sydney."""
    shares = [make_instrument(symbol) for symbol in ("AAA", "BBB", "CCC")]
    banks = [make_instrument(f"{symbol}.AX", exchange=Exchange.XASX) for symbol in ("CBA", "NAB")]
    return await InstrumentRepository(session).upsert([*shares, *banks])


async def write_shared(session, ids):
    """Everybody's list: AAA since 2010, BBB until 2015."""
    known = datetime(2010, 1, 4, tzinfo=UTC)
    spells = [
        Spell(ids["AAA"], JOINED, None, known),
        Spell(ids["BBB"], JOINED, date(2015, 6, 1), known),
    ]
    universe = make_universe("SHARED", survivorship_free=True)
    saved = await UniverseRepository(session).save(universe, spells, reason="import")
    await FingerprintRepository(session).refresh(Scope.MEMBERSHIP, ["SHARED"])
    return saved


async def save(session, symbols, **given):
    asked = {"owner_id": OWNER, "key": "MINE", "name": "Mine", "symbols": symbols}
    return await save_universe(session, **asked | given)


async def record(session, symbol="AAA", starts_on=JOINED, ends_on=None, **given):
    asked = {
        "owner_id": OWNER,
        "scopes": ALL_SCOPES,
        "universe": "SHARED",
        "reason": "the exchange said so",
    }
    return await record_membership(
        session, symbol=symbol, starts_on=starts_on, ends_on=ends_on, **asked | given
    )


async def spells_of(session, key):
    return [
        (each.symbol, each.starts_on, each.ends_on)
        for each in await UniverseRepository(session).spells(key)
    ]


async def symbols_of(session, key, valid_at, known_at=None):
    members = await UniverseRepository(session).members(key, valid_at=valid_at, known_at=known_at)
    return [each.symbol for each in members]


async def digest_of(session, key):
    digest = await FingerprintRepository(session).digest_of(
        {Scope.MEMBERSHIP: [key]}, first_year=1990, last_year=2030
    )
    return digest.combined


async def now(session):
    return await session.scalar(text("SELECT clock_timestamp()"))
