"""docs/operations/roles.sql on a real server, run as a deployment's owner runs it."""

import asyncpg
import pytest

from api.errors import DataError
from api.services.migration import migrate
from tests.operations.conftest import APP, as_role

OWNED = """
    INSERT INTO universe (key, name, description, region, benchmark, source, owner_id)
    VALUES ('MINE', 'Mine', 'a list', 'US', '^GSPC', 'test', gen_random_uuid())
"""


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
