import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from migrations.run import run_command, upgrade
from models import Entity, Scope
from models.fingerprints import FingerprintRepository
from models.session import database_url as asyncpg_url

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# Everything by which a constraint can differ, named and written out; no entity has a trigger.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'
        AND conrelid <> coalesce(to_regclass('alembic_version'), 0::oid::regclass)
    ORDER BY 1, 2
"""
FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


async def rows(url, statement):
    engine = create_async_engine(asyncpg_url(url))
    async with engine.connect() as connection:
        found = (await connection.execute(text(statement))).all()
    await engine.dispose()
    return [tuple(row) for row in found]


async def test_up_down_up_leaves_the_same_tables(make_database, worker_id):
    url = await make_database(f"updown_{worker_id}", template="template0")

    await upgrade(url)
    first = await rows(url, TABLES)
    await run_command(url, lambda config: command.downgrade(config, "base"))
    between = await rows(url, TABLES), await rows(url, FUNCTIONS)
    await upgrade(url)
    second = await rows(url, TABLES)

    assert between == ([("alembic_version",)], [])
    assert first == second
    assert {name for (name,) in first} == {*Entity.metadata.tables, "alembic_version"}


async def test_entities_and_migrations_agree(database_url):
    await run_command(database_url, command.check)


async def test_a_lost_column_is_noticed(make_database, worker_id):
    url = await make_database(f"drifted_{worker_id}")
    engine = create_async_engine(asyncpg_url(url))
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE job DROP COLUMN stage"))
    await engine.dispose()

    with pytest.raises(CommandError, match="New upgrade operations detected"):
        await run_command(url, command.check)


async def test_constraints_of_entities_and_migrations_agree(make_database, worker_id):
    migrated = await make_database(f"migrated_{worker_id}")
    created = await make_database(f"created_{worker_id}", template="template0")
    engine = create_async_engine(asyncpg_url(created))
    async with engine.begin() as connection:
        await connection.run_sync(Entity.metadata.create_all)
    await engine.dispose()

    assert await rows(created, CONSTRAINTS) == await rows(migrated, CONSTRAINTS)


async def test_a_migrated_database_is_left_alone(database_url):
    before = await rows(database_url, "SELECT xmin::text, version_num FROM alembic_version")

    await upgrade(database_url)

    after = await rows(database_url, "SELECT xmin::text, version_num FROM alembic_version")
    newest = ScriptDirectory("migrations").get_current_head()
    assert before == after
    assert [version for _, version in after] == [newest]


async def test_series_stored_before_they_had_digests_get_them(make_database, worker_id):
    url = await make_database(f"digests_{worker_id}")
    await run_command(url, lambda config: command.downgrade(config, "0019"))
    engine = create_async_engine(asyncpg_url(url))
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO macro_series (series, date, value, source, known_at) SELECT 'VIX', d,"
                " extract(doy FROM d), 'made', d + interval '1 day'"
                " FROM generate_series('2019-12-30'::date, '2020-01-02', '1 day') AS d"
            )
        )

    await upgrade(url)

    async with AsyncSession(engine) as session:
        unchanged = await FingerprintRepository(session).refresh(Scope.MACRO, ["VIX"])
        found = await FingerprintRepository(session).digest_of(
            {Scope.MACRO: ["VIX"]}, first_year=2019, last_year=2020
        )
    await engine.dispose()
    assert (unchanged, [each.year for each in found.inputs]) == (0, [2019, 2020])
