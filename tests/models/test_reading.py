"""A reading: one trip to begin, one instant, nothing written, nothing left on its connection."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import Instrument, Job
from models.instruments import InstrumentRepository
from models.ownership import sessions_of
from models.reading import begin_reading, read
from models.session import make_engine, make_sessions, unit_of_work
from tests.factories import OWNER, make_instrument

STATE = """
    SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only'),
        current_setting('app.owner')
"""


@pytest.fixture
async def one_connection(database_url, sessions):
    """Sessions that share one connection, so that what one leaves behind the next one meets."""
    engine = make_engine(database_url, pool_size=1, command_timeout_seconds=60.0)
    yield sessions_of(make_sessions(engine), OWNER)
    await engine.dispose()


async def test_a_reading_is_of_one_instant_read_only_and_of_one_owner(one_connection):
    async with one_connection() as session:
        await begin_reading(session, OWNER)
        [direct] = await read(session, STATE, {})
        through = (await session.execute(text(STATE))).one()

    assert tuple(direct) == tuple(through) == ("repeatable read", "on", str(OWNER))


async def test_nothing_can_be_written_in_a_reading(one_connection):
    async with one_connection() as session:
        await begin_reading(session, OWNER)
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await read(session, "DELETE FROM job", {})


@pytest.mark.parametrize("ends", ["commit", "rollback", "close"])
async def test_a_reading_leaves_nothing_to_who_has_the_connection_next(one_connection, ends):
    async with one_connection() as session:
        await begin_reading(session, OWNER)
        await read(session, "SELECT 1", {})
        await getattr(session, ends)()

    async with unit_of_work(one_connection) as session:
        session.add(make_instrument("AAA"))
        state = (await session.execute(text(STATE))).one()
    assert tuple(state) == ("read committed", "off", str(OWNER))
    async with one_connection() as session:
        assert (await session.scalars(select(Job))).all() == []


async def test_a_statement_that_fails_is_told_as_sqlalchemy_tells_it_and_undone(one_connection):
    async with one_connection() as session:
        await begin_reading(session, OWNER)
        with pytest.raises(DBAPIError) as raised:
            await read(session, "SELECT nothing", {})
        assert raised.value.orig.sqlstate == "42703"
        await session.rollback()
        await begin_reading(session, OWNER)
        assert [tuple(row) for row in await read(session, "SELECT 1", {})] == [(1,)]


async def test_a_copy_reads_as_its_entity_and_one_that_is_written_is_the_entity(one_connection):
    async with unit_of_work(one_connection) as session:
        session.add(make_instrument("AAA"))
    async with one_connection() as session:
        await begin_reading(session, OWNER)
        [copy] = await InstrumentRepository(session).by_symbols(["AAA"])
    async with unit_of_work(one_connection) as session:
        [held] = await InstrumentRepository(session).by_symbols(["AAA"])
        held.name = "A share"

    assert isinstance(copy, Instrument)
    names = set(Instrument.model_fields) - {"updated_at"}
    changed = {name for name in names if getattr(copy, name) != getattr(held, name)}
    assert changed == {"name"}


async def test_a_closed_connection_is_replaced_before_it_is_used(one_connection, sessions):
    async with one_connection() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    async with sessions() as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    async with one_connection() as session:
        await begin_reading(session, OWNER)
        [[other_pid]] = await read(session, "SELECT pg_backend_pid()", {})

    assert other_pid != pid


async def test_nobody_goes_on_in_a_reading_that_did_not_begin(one_connection):
    async with one_connection() as session:
        with pytest.raises(DBAPIError):
            await begin_reading(session, "x', true); SELECT nothing; --")

        assert not session.in_transaction()
        await begin_reading(session, OWNER)
        [[owner]] = await read(session, "SELECT current_setting('app.owner')", {})
    assert owner == str(OWNER)
