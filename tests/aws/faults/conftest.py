from collections.abc import AsyncIterator

import pytest

pytest.register_assert_rewrite(
    *(f"tests.aws.faults.{room}" for room in ("cells", "database", "flood", "hosts", "neighbours"))
)

from tests.aws.faults.stage import Stage  # noqa: E402 - what is rewritten is imported later
from tests.conftest import MakeDatabase  # noqa: E402


@pytest.fixture(scope="session")
async def the_stage(make_database: MakeDatabase, moto: str, worker_id: str) -> AsyncIterator[Stage]:
    address = await make_database(f"faults_{worker_id}")
    async with Stage.open(address, moto) as stage:
        yield stage


@pytest.fixture
async def stage(the_stage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A stage nothing has happened on; what the test left is judged by every invariant."""
    yield the_stage
    try:
        await the_stage.check(about=request.node.nodeid)
    finally:
        await the_stage.clean()
