"""Lists and memberships written by the role of the API, which the policies hold."""

from datetime import UTC, date, datetime

import pytest

from api.errors import Conflict, NotFound
from api.services.identity import ALL_SCOPES
from api.services.universes import record_membership, save_universe
from models.instruments import InstrumentRepository
from models.ownership import sessions_of
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.factories import OWNER, STRANGER, make_instrument, make_universe
from tests.operations.conftest import sessions_as

JOINED = date(2010, 1, 4)


@pytest.fixture
async def api(deployed):
    """Sessions of the API on a database in which a worker has imported a list of everybody's."""
    worker = sessions_as(deployed, "parakeet_worker")
    async with worker as sessions, unit_of_work(sessions) as session:
        instruments = [make_instrument("AAA"), make_instrument("BBB")]
        ids = await InstrumentRepository(session).upsert(instruments)
        spell = Spell(ids["AAA"], JOINED, None, datetime(2010, 1, 4, tzinfo=UTC))
        await UniverseRepository(session).save(make_universe("SHARED"), [spell], reason="import")
    async with sessions_as(deployed, "parakeet_api") as sessions:
        yield sessions


async def save(api, owner_id, symbols, key="MINE"):
    async with unit_of_work(sessions_of(api, owner_id)) as session:
        return await save_universe(
            session, owner_id=owner_id, key=key, name="Mine", symbols=symbols
        )


async def record(api, owner_id, universe):
    async with unit_of_work(sessions_of(api, owner_id)) as session:
        return await record_membership(
            session, owner_id=owner_id, scopes=ALL_SCOPES, universe=universe, symbol="BBB",
            starts_on=JOINED, reason="a test",
        )  # fmt: skip


async def symbols(api, owner_id, key):
    async with unit_of_work(sessions_of(api, owner_id)) as session:
        members = await UniverseRepository(session).members(key, valid_at=JOINED)
    return [member.symbol for member in members]


async def test_an_owner_saves_and_edits_a_list_nobody_else_sees(api):
    await save(api, OWNER, ["AAA"])
    await save(api, OWNER, ["AAA", "BBB"])
    await record(api, OWNER, "MINE")

    assert await symbols(api, OWNER, "MINE") == ["AAA", "BBB"]
    assert await symbols(api, STRANGER, "MINE") == []


async def test_a_key_the_policies_hide_is_taken_all_the_same(api):
    await save(api, STRANGER, ["AAA"])

    with pytest.raises(Conflict, match=r"^key MINE is taken; choose another$"):
        await save(api, OWNER, ["BBB"])

    assert await symbols(api, STRANGER, "MINE") == ["AAA"]


async def test_a_list_the_policies_hide_is_not_there(api):
    await save(api, STRANGER, ["AAA"])

    with pytest.raises(NotFound, match="universe 'MINE' is not known"):
        await record(api, OWNER, "MINE")


async def test_a_membership_of_everybodys_list_is_corrected_for_everybody(api):
    await record(api, OWNER, "SHARED")

    assert await symbols(api, STRANGER, "SHARED") == ["AAA", "BBB"]
