"""What every adapter of the job queue does alike: at least once, and poison does not block."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from pydantic import ValidationError

from api.adapters.local_queue import LocalQueue
from api.jobs import JobMessage
from tests.waiting import until

JOB = UUID(int=1)


@asynccontextmanager
async def consuming(queue, handle):
    task = asyncio.create_task(queue.consume(handle))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_delivers_each_message_sent():
    queue, seen = LocalQueue(), asyncio.Queue()

    async def handle(body):
        seen.put_nowait(JobMessage.model_validate_json(body).job_id)

    async with consuming(queue, handle):
        await queue.send([JobMessage(job_id=UUID(int=n)) for n in range(3)])
        found = [await seen.get() for _ in range(3)]

    assert sorted(found) == [UUID(int=0), UUID(int=1), UUID(int=2)]


async def test_a_message_whose_job_was_released_comes_again():
    queue, seen, done = LocalQueue(), [], asyncio.Event()

    async def handle(body):
        seen.append(body)
        if len(seen) == 8:
            done.set()
            return None
        return 0.001

    async with consuming(queue, handle):
        await queue.send([JobMessage(job_id=JOB)])
        await done.wait()

    assert len(set(seen)) == 1
    assert list(queue.dead_letters) == []


async def test_poison_ends_among_the_dead_letters_and_others_pass():
    queue, seen, done = LocalQueue(retry_seconds=0.001), [], asyncio.Event()

    async def handle(body):
        seen.append(body)
        if body == "last":
            done.set()
        elif body == "poison":
            raise ValueError("unreadable")

    async with consuming(queue, handle):
        queue.put_body("poison")
        await queue.send([JobMessage(job_id=JOB)])
        await until(lambda: queue.dead_letters)
        queue.put_body("last")
        await done.wait()

    assert seen.count("poison") == 5
    assert list(queue.dead_letters) == ["poison"]
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
