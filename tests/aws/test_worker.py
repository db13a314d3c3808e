"""`parakeet worker` as a person meets it: a real process on SQS, S3 and a real market."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import orjson
import psutil
import pytest

from api.cli.worker import queue_urls
from api.errors import InvalidInput
from api.graphql.execute import answer
from api.graphql.node import global_id, uuid_of
from api.graphql.request import GraphQLRequest
from api.services.identity import ALL_SCOPES
from api.settings import Settings
from api.wiring import App
from models.job import JobStatus
from models.session import make_engine, make_sessions
from tests.api.job_rows import begun, ended, read
from tests.conftest import SAMPLE
from tests.emulator import aws_environment
from tests.waiting import until

# Each starts processes that import the engine, on a copy of the whole sample.
pytestmark = pytest.mark.timeout(300)

PARAKEET = Path(sys.executable).with_name("parakeet")
RUN = """
mutation ($input: RunBacktestInput!) {
  runBacktest(input: $input) { job { id } userErrors { code message } }
}
"""
RESULT = """
query ($id: ID!) {
  job(id: $id) {
    status
    attempts
    subject { ... on Backtest { metrics { cagr } equity { totalPoints strategy } } }
  }
}
"""
INPUT = {
    "strategy": "momentum",
    "universe": "SAMPLE_US",
    "start": "2005-01-03",
    "currency": "USD",
}
# Decides every week, so that a signal finds it at work.
LONG = INPUT | {"start": "2012-01-03", "rebalance": "WEEKLY"}


@pytest.fixture(scope="module")
async def market(sample_url, make_database, worker_id):
    """Address of a copy of the sample market that may be written to."""
    return await make_database(f"worker_{worker_id}", template=SAMPLE)


@pytest.fixture(scope="module")
async def rows(market):
    engine = make_engine(market, pool_size=4, command_timeout_seconds=30.0)
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def place(account, moto, market, tmp_path):
    """What a host must be told to be a worker of this stack."""
    return aws_environment(moto) | {
        "DATABASE_URL": market,
        "PARAKEET_HOME": str(tmp_path),
        "PARAKEET_QUEUE": "sqs",
        "PARAKEET_QUEUE_URL": await account.make_queue(),
        "PARAKEET_INGEST_QUEUE_URL": await account.make_queue(),
        "PARAKEET_STORE": "s3",
        "PARAKEET_BUCKET": await account.make_bucket(),
    }


@pytest.fixture
async def app(place, monkeypatch):
    """The API of the same stack."""
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    made = App(Settings(_env_file=None))
    yield made
    await made.close()


async def ask(app, document, **variables):
    told = await answer(
        GraphQLRequest(document, variables=variables),
        app,
        viewer_id=app.settings.owner_id,
        scopes=ALL_SCOPES,
        request_id="test",
    )
    body = orjson.loads(orjson.dumps(told.body))
    assert "errors" not in body, body
    return body["data"]


async def submit(app, rows, given):
    """Submit a run and return its job."""
    told = (await ask(app, RUN, input=given))["runBacktest"]
    assert told["userErrors"] == []
    return await read(rows, SimpleNamespace(id=uuid_of(told["job"]["id"], "job")))


class Worker:
    """A running ``parakeet worker`` and all it said."""

    def __init__(self, process):
        self.process = process

    async def says(self, line):
        while (said := await self.process.stdout.readline()) != f"{line}\n".encode():
            assert said, f"ended with {await self.process.wait()}"

    async def end(self, number):
        self.process.send_signal(number)
        said = await self.process.stdout.read()
        return await self.process.wait(), said.decode()


@asynccontextmanager
async def worker(place, *options):
    process = await asyncio.create_subprocess_exec(
        str(PARAKEET), "worker", *options, cwd=place["PARAKEET_HOME"], env=os.environ | place,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield Worker(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_worker_finishes_what_the_api_sent(app, rows, place, account):
    queue = place["PARAKEET_QUEUE_URL"]
    job = await submit(app, rows, INPUT)
    waiting = await account.count(queue)

    async with worker(place) as running:
        await running.says("Waiting for jobs of backtest and ingest")
        row = await ended(rows, job)
        await until(lambda: is_empty(account, queue))
        (child,) = psutil.Process(running.process.pid).children()
        ended_with = await running.end(signal.SIGTERM)

    found = (await ask(app, RESULT, id=global_id("job", job.id)))["job"]
    assert waiting == (1, 0)
    assert (row.status, row.attempt) == (JobStatus.SUCCEEDED, 1)
    assert ended_with == (0, "Stopped\n")
    assert not child.is_running()
    assert (found["status"], found["attempts"]) == ("SUCCEEDED", 1)
    assert isinstance(found["subject"]["metrics"]["cagr"], float)
    equity = found["subject"]["equity"]
    assert equity["totalPoints"] > 4_000
    assert len(equity["strategy"]) > 100


async def is_empty(account, queue):
    return await account.count(queue) == (0, 0)


async def test_a_worker_told_to_end_gives_its_job_back_to_the_next(app, rows, place, account):
    queue = place["PARAKEET_QUEUE_URL"]
    job = await submit(app, rows, LONG)

    async with worker(place, "--queue", "backtest") as first:
        await begun(rows, job)
        ended_with = await first.end(signal.SIGTERM)
    given_back = await read(rows, job)
    waiting = await account.count(queue)
    async with worker(place) as second:
        done = await ended(rows, job)
        await until(lambda: is_empty(account, queue))
        await second.end(signal.SIGINT)

    assert ended_with == (0, "Waiting for jobs of backtest\nStopped\n")
    assert (given_back.status, given_back.attempt) == (JobStatus.QUEUED, 1)
    assert given_back.lease_until is None
    assert waiting == (1, 0)
    assert (done.status, done.attempt, done.fence) == (JobStatus.SUCCEEDED, 2, 2)


async def refusal(place, **changes):
    async with worker({**place, **changes}) as refused:
        said = await refused.process.stdout.read()
        return await refused.process.wait(), said.decode()


async def test_a_worker_without_a_queue_says_what_performs_its_jobs(place):
    code, said = await refusal(place, PARAKEET_QUEUE="local")

    assert code == 2
    assert said.startswith("parakeet: PARAKEET_QUEUE was 'local', expected 'sqs'")


async def test_a_worker_without_a_database_says_so(place):
    code, said = await refusal(place, DATABASE_URL="")

    assert code == 2
    assert said == ("parakeet: DATABASE_URL was not set: a worker needs the database of its jobs\n")


async def test_a_database_without_jobs_is_named(place, make_database, worker_id):
    bare = await make_database(f"bare_{worker_id}", template="template0")

    code, said = await refusal(place, DATABASE_URL=bare)

    assert code == 3
    assert "the jobs cannot be read" in said
    assert "`parakeet migrate`" in said


async def test_a_queue_that_is_not_there_ends_the_worker(place):
    code, said = await refusal(place, PARAKEET_QUEUE_URL=place["PARAKEET_QUEUE_URL"] + "-gone")

    assert code == 1
    assert "parakeet: receiving a message: AWS refused (" in said


@pytest.mark.parametrize(
    ("queue", "urls"), [(None, ("b", "i")), ("backtest", ("b",)), ("ingest", ("i",))]
)
def test_a_worker_takes_both_queues_or_the_one_named(queue, urls):
    settings = Settings(_env_file=None, queue="sqs", queue_url="b", ingest_queue_url="i")

    assert queue_urls(settings, queue) == urls


def test_a_local_queue_has_no_address():
    with pytest.raises(InvalidInput, match="expected 'sqs'"):
        queue_urls(Settings(_env_file=None), None)
