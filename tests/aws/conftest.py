"""What the tests of AWS share: functions in processes, and queues behind a relay."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.adapters.aws import Aws
from api.adapters.sqs_queue import SqsQueue
from tests.aws.relay import Relay
from tests.emulator import Account
from tests.lambda_runtime import LambdaRuntime

StartFunction = Callable[..., Awaitable[LambdaRuntime]]


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """What every function is told."""
    return {
        "DATABASE_URL": database_url,
        "PARAKEET_ENVIRONMENT": "test",
        "PARAKEET_HOME": str(tmp_path),
        "POWERTOOLS_SERVICE_NAME": "parakeet-test",
        "POWERTOOLS_METRICS_NAMESPACE": "PotentialParakeet",
    }


@pytest.fixture
async def start_function() -> AsyncIterator[StartFunction]:
    """Return a function that starts a handler's process; at the end all are stopped."""
    started: list[LambdaRuntime] = []

    async def start(handler: str, **how: Any) -> LambdaRuntime:
        started.append(await LambdaRuntime.start(handler, **how))
        return started[-1]

    yield start
    for runtime in started:
        await runtime.stop()


@pytest.fixture
async def relay(moto: str) -> AsyncIterator[Relay]:
    made = await Relay.start(moto)
    yield made
    await made.stop()


@pytest.fixture
async def queues(account: Account) -> tuple[str, str]:
    return await account.make_queue(), await account.make_queue()


@pytest.fixture
async def queue(
    relay: Relay, queues: tuple[str, str], aws_at: Callable[[str], None]
) -> AsyncIterator[SqsQueue]:
    """A queue whose calls pass the relay; its budget leaves a busy machine time."""
    aws_at(relay.url)
    aws = Aws()
    url, ingest_url = queues
    yield SqsQueue(aws, url=url, ingest_url=ingest_url, send_seconds=20.0)
    await aws.close()
