from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from models.session import make_engine, make_sessions
from tests.api.tokens import Issuer
from tests.conftest import MakeDatabase
from tests.emulator import moto_server
from tests.infra.cloud import BuiltStack, build
from tests.infra.inside.inside import Inside
from tests.infra.inside.tls import serving_keys

Opening = Callable[[BuiltStack, str], AbstractAsyncContextManager[Inside]]
ROLES = Path(__file__).parents[3] / "docs" / "operations" / "roles.sql"


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """Address of an emulator whose IAM refuses what AWS's would."""
    with moto_server("tests.infra.inside.guarded_moto") as url:
        yield url


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Address of another such emulator: one enforces for all that is in it, or for nothing."""
    with moto_server("tests.infra.inside.guarded_moto") as url:
        yield url


@pytest.fixture(scope="session")
async def make_deployed(
    make_database: MakeDatabase, server: Any, worker_id: str
) -> Callable[[str, str], Awaitable[str]]:
    """Return a function that makes a database with the roles an operator makes, for a stack."""

    async def make(name: str, template: str) -> str:
        address = await make_database(f"inside_{name}_{worker_id}", template=template)
        # The roles are the server's, which other processes of this run share.
        turn = await asyncpg.connect(str(server.get_uri(database="postgres")))
        connection = await asyncpg.connect(address)
        try:
            await turn.execute("SELECT pg_advisory_lock(3)")
            await connection.execute(ROLES.read_text())
        finally:
            await connection.close()
            await turn.close()
        return address

    return make


@pytest.fixture(scope="session")
def opening(tmp_path_factory: pytest.TempPathFactory) -> Opening:
    """Return a context manager that opens a stack on a database."""

    @asynccontextmanager
    async def open_inside(stack: BuiltStack, address: str) -> AsyncIterator[Inside]:
        engine = make_engine(address, pool_size=4, command_timeout_seconds=60.0)
        issuer = Issuer()
        async with (
            serving_keys(issuer, tmp_path_factory.mktemp("tls")) as issued,
            Inside.open(stack, address, make_sessions(engine), issuer, **issued) as made,
        ):
            yield made
        await engine.dispose()

    return open_inside


@pytest.fixture(scope="session")
async def inside(guarded: str, make_deployed, opening: Opening) -> AsyncIterator[Inside]:
    """The stack as it is on its first day: no table yet, and nothing in the bucket."""
    stack = build("dev", endpoint=guarded)
    async with opening(stack, await make_deployed("dev", "template0")) as made:
        yield made
