from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from models.session import make_engine, make_sessions
from tests.api.tokens import Issuer
from tests.conftest import SAMPLE, MakeDatabase
from tests.emulator import moto_server
from tests.infra.cloud import BuiltStack, build
from tests.infra.inside.inside import Inside
from tests.infra.inside.tls import serving_keys

ROLES = Path(__file__).parents[3] / "docs" / "operations" / "roles.sql"


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """Address of an emulator whose IAM refuses what AWS's would."""
    with moto_server("tests.infra.inside.guarded_moto") as url:
        yield url


@pytest.fixture(scope="session")
def stack(guarded: str) -> BuiltStack:
    return build("dev", endpoint=guarded)


@pytest.fixture(scope="session")
async def deployed_url(
    sample_url: str, make_database: MakeDatabase, server: Any, worker_id: str
) -> str:
    """Address of a market as a deployment has it: with the roles the operator makes."""
    address = await make_database(f"inside_{worker_id}", template=SAMPLE)
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


@pytest.fixture(scope="session")
async def inside(
    stack: BuiltStack, deployed_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Inside]:
    """The stack with its functions, one of which has finished a run."""
    folder = tmp_path_factory.mktemp("tls")
    engine = make_engine(deployed_url, pool_size=4, command_timeout_seconds=60.0)
    issuer = Issuer()
    async with (
        serving_keys(issuer, folder) as issued,
        Inside.open(stack, deployed_url, make_sessions(engine), **issued) as made,
    ):
        made.issuer = issuer
        yield made
    await engine.dispose()
