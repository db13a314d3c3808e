"""A database as a deployment's owner makes it, with the roles of docs/operations/roles.sql."""

from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from api.services.migration import migrate
from models.session import make_engine, make_sessions
from tests.conftest import address

ROLES = (Path(__file__).parents[2] / "docs" / "operations" / "roles.sql").read_text()
APP = ("parakeet_api", "parakeet_worker")
OWNER = "neondb_owner"


def as_role(address, role):
    return make_url(address).set(username=role).render_as_string(hide_password=False)


@asynccontextmanager
async def sessions_as(address, role):
    engine = make_engine(as_role(address, role), pool_size=2, command_timeout_seconds=60.0)
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def alone(server):
    """Roles are of the whole server: one process at a time may have them."""
    connection = await asyncpg.connect(address(server, "postgres"))
    await connection.execute("SELECT pg_advisory_lock(3)")
    yield
    await connection.close()


@pytest.fixture
async def bare(alone, make_database, worker_id):
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
