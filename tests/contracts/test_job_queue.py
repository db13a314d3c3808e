"""What every adapter of the job queue does alike: at least once, and poison does not block."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from pydantic import ValidationError

from api.adapters.local_queue import LocalQueue
from api.adapters.sqs_consumer import SqsConsumer
from api.adapters.sqs_queue import SqsQueue
from api.jobs import JobMessage
from tests.waiting import until

JOB = UUID(int=1)


class Local:
    """The queue inside one process."""

    def __init__(self) -> None:
        self.queue = LocalQueue(retry_seconds=0.001)
        self.send = self.queue.send
        self.consume = self.queue.consume

    async def put_body(self, body):
        self.queue.put_body(body)

    async def dead_letters(self):
        return list(self.queue.dead_letters)


class Sqs:
    """The deployed queue, which gives a message up after five receives by its own policy."""

    def __init__(self, aws, account, sessions, url) -> None:
        self.account, self.sessions, self.url = account, sessions, url
        self.queue = SqsQueue(aws, url=url, ingest_url=url)
        self.consumer = SqsConsumer(aws, url, retry_seconds=0.0)
        self.send = self.queue.send

    async def put_body(self, body):
        await self.queue.send_bodies(self.url, [body])

    async def consume(self, handle):
        await self.consumer.consume(lambda body, _: handle(body), self.sessions)

    async def dead_letters(self):
        answer = await self.account.sqs.receive_message(
            QueueUrl=f"{self.url}-dead-letters", VisibilityTimeout=0, MaxNumberOfMessages=10
        )
        return [message["Body"] for message in answer.get("Messages", [])]


@pytest.fixture(params=["local", "sqs"])
async def queue(request, aws, account, sessions):
    if request.param == "local":
        return Local()
    return Sqs(aws, account, sessions, await account.make_queue(visibility_seconds=5_400))


@asynccontextmanager
async def consuming(queue, handle):
    task = asyncio.create_task(queue.consume(handle))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_delivers_each_message_sent(queue):
    seen = asyncio.Queue()

    async def handle(body):
        seen.put_nowait(JobMessage.model_validate_json(body).job_id)

    async with consuming(queue, handle):
        await queue.send([JobMessage(job_id=UUID(int=n)) for n in range(23)])
        found = [await seen.get() for _ in range(23)]

    assert sorted(found) == [UUID(int=n) for n in range(23)]


async def test_sending_nothing_is_no_error(queue):
    await queue.send([])


async def test_a_message_whose_job_was_released_comes_again(queue):
    seen, done = [], asyncio.Event()

    async def handle(body):
        seen.append(body)
        if len(seen) == 3:  # a job is tried so often
            done.set()
            return None
        return 0.001

    async with consuming(queue, handle):
        await queue.send([JobMessage(job_id=JOB)])
        await done.wait()

    assert len(set(seen)) == 1
    assert await queue.dead_letters() == []


async def test_a_message_in_hand_when_its_worker_stops_comes_again(queue):
    begun, again = asyncio.Event(), asyncio.Event()

    async def stuck(_):
        begun.set()
        await asyncio.Event().wait()

    async def handle(_):
        again.set()

    async with consuming(queue, stuck):
        await queue.send([JobMessage(job_id=JOB)])
        await begun.wait()
    async with consuming(queue, handle):
        await until(again.is_set)


async def test_poison_ends_among_the_dead_letters_and_others_pass(queue):
    seen, done = [], asyncio.Event()

    async def handle(body):
        seen.append(body)
        if body == "last":
            done.set()
        elif body == "poison":
            raise ValueError("unreadable")

    async with consuming(queue, handle):
        await queue.put_body("poison")
        await queue.send([JobMessage(job_id=JOB)])
        await until(queue.dead_letters)
        await queue.put_body("last")
        await done.wait()

    assert seen.count("poison") == 5
    assert await queue.dead_letters() == ["poison"]
    assert len(seen) == 7


def test_message_has_the_wire_format():
    message = JobMessage(job_id=JOB, sent_at="2026-11-22T02:00:00Z")

    assert message.model_dump_json() == (
        '{"jobId":"00000000-0000-0000-0000-000000000001","schemaVersion":1,'
        '"attemptHint":0,"sentAt":"2026-11-22T02:00:00Z"}'
    )


def test_message_of_a_newer_worker_with_fields_we_do_not_know():
    body = f'{{"schemaVersion":1,"jobId":"{JOB}","priority":9}}'

    assert JobMessage.model_validate_json(body).job_id == JOB


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "not json",
        "\ufeff{}",
        "{}",
        '{"jobId":"x"}',
        '{"jobId":null}',
        f'{{"jobId":"{JOB}","schemaVersion":0}}',
        f'{{"jobId":"{JOB}","schemaVersion":99}}',
        f'{{"jobId":"{JOB}\\u0000"}}',
    ],
)
def test_message_that_cannot_be_read_is_refused(body):
    with pytest.raises(ValidationError):
        JobMessage.model_validate_json(body)
