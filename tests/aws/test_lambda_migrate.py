"""The migration of a deployment: up, once, and with a word when it cannot."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.run import newest
from models import Entity
from models.session import database_url as asyncpg_url
from tests.lambda_runtime import FunctionError, LambdaRuntime

TIMEOUTS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture
def start(start_function, environment):
    async def start(address: str, **env: str) -> LambdaRuntime:
        told = environment | {"DATABASE_URL": address} | env
        return await start_function("api.lambdas.migrate.handler", env=told)

    return start


async def run(url, *statements):
    engine = create_async_engine(asyncpg_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            last = await connection.execute(text(statement))
        rows = last.all() if last.returns_rows else []
    await engine.dispose()
    return [row[0] for row in rows]


async def test_an_empty_database_and_a_current_one(make_database, worker_id, start):
    url = await make_database(f"empty_{worker_id}", template="template0")
    runtime = await start(url)

    first = await runtime.invoke({}, 60)
    before = await run(url, "SELECT xmin::text FROM alembic_version")
    second = await runtime.invoke({"revision": "head"}, 60)

    tables = await run(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert first == second == {"revision": newest()}
    assert await run(url, "SELECT xmin::text FROM alembic_version") == before
    assert set(tables) == {*Entity.metadata.tables, "alembic_version"}


async def test_never_back(make_database, worker_id, start):
    url = await make_database(f"never_back_{worker_id}")
    runtime = await start(url)

    for older in ("0001", "base", "-1", 1):
        with pytest.raises(FunctionError, match="never back"):
            await runtime.invoke({"revision": older}, 60)

    assert await run(url, "SELECT version_num FROM alembic_version") == [newest()]


async def test_a_database_of_a_newer_version_is_left_alone(make_database, worker_id, start):
    url = await make_database(f"newer_{worker_id}")
    await run(url, "UPDATE alembic_version SET version_num = '9999'")
    runtime = await start(url)

    with pytest.raises(FunctionError, match="newer than this version"):
        await runtime.invoke({}, 60)

    assert await run(url, "SELECT version_num FROM alembic_version") == ["9999"]


async def test_a_step_that_fails_stops_the_deployment_and_leaves_nothing(
    make_database, worker_id, start
):
    url = await make_database(f"in_the_way_{worker_id}", template="template0")
    await run(url, "CREATE TABLE poison_message (id int)")
    runtime = await start(url)

    with pytest.raises(FunctionError, match=r'42P07 .*"poison_message" already exists') as caught:
        await runtime.invoke({}, 60)

    tables = await run(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert caught.value.kind == "DataError"
    assert "CREATE TABLE" not in str(caught.value)
    assert tables == ["poison_message"]


async def test_a_database_that_does_not_answer(start):
    runtime = await start("postgresql://u:hidden-password@127.0.0.1:9/none")

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke({}, 60)

    assert caught.value.kind == "Unavailable"
    assert "hidden-password" not in runtime.log + str(caught.value)


async def test_roles_without_timeouts_stop_the_deployment(make_database, worker_id, start):
    url = await make_database(f"roles_{worker_id}")
    role, absent = f"role_{uuid4().hex[:8]}", f"absent_{uuid4().hex[:8]}"
    await run(
        url,
        f"CREATE ROLE {role}",
        f"ALTER ROLE {role} SET lock_timeout = '1s'",
        f"ALTER ROLE {role} SET statement_timeout = '0'",
    )
    runtime = await start(url, PARAKEET_APP_ROLE=f"{role}, {absent}")

    with pytest.raises(FunctionError) as caught:
        await runtime.invoke({}, 60)
    await run(url, *(f"ALTER ROLE {role} SET {name} = '5s'" for name in TIMEOUTS))
    await run(url, f"CREATE ROLE {absent}")
    await run(url, *(f"ALTER ROLE {absent} SET {name} = '5s'" for name in TIMEOUTS))
    answer = await runtime.invoke({}, 60)

    await run(url, f"DROP ROLE {role}", f"DROP ROLE {absent}")
    assert f'ALTER ROLE "{role}" SET statement_timeout' in caught.value.message
    assert f'ALTER ROLE "{role}" SET idle_in_transaction' in caught.value.message
    assert f'ALTER ROLE "{role}" SET lock_timeout' not in caught.value.message
    assert f'CREATE ROLE "{absent}"' in caught.value.message
    assert answer == {"revision": newest()}
