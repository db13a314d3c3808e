"""docs/operations/roles.sql on a real server, run as a deployment's owner runs it."""

from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from api.errors import DataError
from api.services.migration import migrate

ROLES = (Path(__file__).parents[2] / "docs" / "operations" / "roles.sql").read_text()
APP = ("parakeet_api", "parakeet_worker")
OWNER = "neondb_owner"
OWNED = """
    INSERT INTO universe (key, name, description, region, benchmark, source, owner_id)
    VALUES ('MINE', 'Mine', 'a list', 'US', '^GSPC', 'test', gen_random_uuid())
"""


def as_role(address, role):
    return make_url(address).set(username=role).render_as_string(hide_password=False)


@pytest.fixture
async def bare(make_database, server, worker_id):
    """An empty database whose owner may make roles and bypass policies, but is no superuser."""
    address = await make_database(f"deployed_{worker_id}", template="template0")
    connection = await asyncpg.connect(address)
    await connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE BYPASSRLS")
    await connection.execute(f'ALTER DATABASE "deployed_{worker_id}" OWNER TO {OWNER}')
    yield as_role(address, OWNER)
    for role in (*APP, OWNER):
        if await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role):
            await connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
            await connection.execute(f"DROP OWNED BY {role}")
            await connection.execute(f"DROP ROLE {role}")
    await connection.close()


@pytest.fixture
async def deployed(bare):
    """The database after the roles, twice over, and the migrations."""
    connection = await asyncpg.connect(bare)
    await connection.execute(ROLES)
    await connection.execute(ROLES)
    await connection.close()
    await migrate(bare, roles=APP)
    return bare


@pytest.mark.parametrize(
    ("role", "timeouts"),
    [("parakeet_api", ("5s", "1s", "10s")), ("parakeet_worker", ("1min", "1s", "1min"))],
)
async def test_each_role_has_its_timeouts(deployed, role, timeouts):
    connection = await asyncpg.connect(as_role(deployed, role))
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    found = [await connection.fetchval(f"SHOW {name}") for name in names]
    await connection.close()
    assert tuple(found) == timeouts


async def test_a_migration_without_the_roles_says_what_to_run(bare):
    with pytest.raises(DataError, match='CREATE ROLE "parakeet_api" LOGIN'):
        await migrate(bare, roles=APP)


async def test_the_api_reads_and_writes_what_the_migrations_made_but_deletes_nothing(deployed):
    connection = await asyncpg.connect(as_role(deployed, "parakeet_api"))
    try:
        await connection.execute("SELECT * FROM price_bar")
        await connection.execute("INSERT INTO edge_nonce (nonce) VALUES (gen_random_uuid())")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM edge_nonce")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE mine (id int)")
    finally:
        await connection.close()


@pytest.mark.parametrize("role", APP)
async def test_no_role_may_say_which_revision_the_database_is_at(deployed, role):
    connection = await asyncpg.connect(as_role(deployed, role))
    try:
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        for change in (
            "UPDATE alembic_version SET version_num = 'x'",
            "DELETE FROM alembic_version",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
    finally:
        await connection.close()


async def test_the_policies_hold_the_api_and_not_the_worker(deployed):
    connections = {role: await asyncpg.connect(as_role(deployed, role)) for role in APP}
    try:
        await connections["parakeet_worker"].execute(OWNED)
        seen = {
            role: await connection.fetchval("SELECT count(*) FROM universe")
            for role, connection in connections.items()
        }
    finally:
        for connection in connections.values():
            await connection.close()
    assert seen == {"parakeet_worker": 1, "parakeet_api": 0}
