"""The second wall, as the deployed API stands behind it: a role that owns no table."""

import pytest
from sqlalchemy import event, make_url, select, text

from api.wiring import App
from models import Backtest, Job
from models.ownership import sessions_of
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.market import make_settings
from tests.api.submitting import submit
from tests.factories import OWNER, STRANGER


@pytest.fixture
async def held_engine(database_url, sessions, worker_id):
    """Connections of a role that the policies hold."""
    role = f"held_{worker_id}"
    async with unit_of_work(sessions) as session:
        await session.execute(text(f"CREATE ROLE {role} LOGIN"))
        await session.execute(
            text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        )
    address = make_url(database_url).set(username=role).render_as_string(hide_password=False)
    made = make_engine(address, pool_size=2, command_timeout_seconds=60.0)
    yield made
    await made.dispose()
    async with unit_of_work(sessions) as session:
        await session.execute(text(f"DROP OWNED BY {role}"))
        await session.execute(text(f"DROP ROLE {role}"))


@pytest.fixture
def app(held_engine, tmp_path):
    made = App(make_settings(tmp_path, database_url="postgresql://test"))
    made.engine, made.sessions = held_engine, make_sessions(held_engine)
    return made


async def test_the_whole_way_of_a_request_names_its_owner(ask, app, market, sessions):
    mine = await submit(ask)
    theirs = await submit(ask, viewer_id=STRANGER)

    shown = await ask("{ backtests { nodes { id } } jobs { nodes { id } } }")

    assert (mine["userErrors"], theirs["userErrors"]) == ([], [])
    assert [run["id"] for run in shown["data"]["backtests"]["nodes"]] == [mine["backtest"]["id"]]
    assert [job["id"] for job in shown["data"]["jobs"]["nodes"]] == [mine["job"]["id"]]
    async with sessions() as session:
        sent = await session.scalars(select(Job.enqueued_at))
    assert None not in sent.all()


async def test_a_query_that_forgets_the_owner_sees_the_owners_rows_only(ask, app, market):
    await submit(ask)
    await submit(ask, viewer_id=STRANGER)

    async with sessions_of(app.sessions, STRANGER)() as session:
        seen = (await session.scalars(select(Backtest.owner_id))).all()

    assert seen == [STRANGER]


async def test_without_an_owner_nothing_is_seen(ask, app, market):
    await submit(ask)

    async with app.sessions() as session:
        seen = (await session.scalars(select(Backtest))).all()

    assert seen == []


async def test_the_owner_ends_with_the_transaction(app, held_engine):
    async with held_engine.connect() as connection:
        owned = sessions_of(make_sessions(connection), OWNER)
        async with owned() as session, session.begin():
            within = await session.scalar(text("SELECT current_setting('app.owner', true)"))
        after = await connection.scalar(text("SELECT current_setting('app.owner', true)"))

    assert (within, after) == (str(OWNER), "")


async def test_the_owner_is_named_once_a_transaction(app, held_engine):
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(held_engine.sync_engine, "before_cursor_execute", note)
    async with unit_of_work(sessions_of(app.sessions, OWNER)) as session:
        await session.execute(select(Job))
        async with session.begin_nested():
            await session.execute(select(Job))

    assert sum("app.owner" in statement for statement in seen) == 1
