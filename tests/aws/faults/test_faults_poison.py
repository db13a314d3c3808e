"""F12 and F17: messages nobody can read, alone, in a batch and in a flood."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.aws.faults.cells import message
from tests.aws.faults.flood import flood
from tests.aws.faults.stage import MAX_RECEIVES, Stage

UNREADABLE = {
    "not JSON": "{",
    "blank": " ",
    "array": "[]",
    "null": "null",
    "no job": '{"schemaVersion": 1}',
    "id no uuid": message("8"),
    "id of another type": '{"schemaVersion": 1, "jobId": 8}',
    "version 0": message(uuid4(), schemaVersion=0),
    "version 99": message(uuid4(), schemaVersion=99),
    "NUL": message(uuid4()) + "\x00",
    "NUL in the id": message("\x00"),
    "BOM": "\ufeff" + message(uuid4()),
    "unknown job": message(uuid4()),
}


async def test_unreadable_messages_end_among_the_dead_with_their_reason(stage: Stage):
    await stage.see_again_after(1)
    for body in UNREADABLE.values():
        await stage.send(body, poison=True)
    source = stage.source(seed=5, batch_size=10)

    async with stage.running(source):
        pass

    async with stage.sessions() as session:
        rows = (await session.execute(text("SELECT * FROM poison_message"))).mappings().all()
    assert [row["receives"] for row in rows] == [MAX_RECEIVES] * len(UNREADABLE)
    assert {row["reason"] for row in rows} <= REASONS
    # Each receive is delivered twice, and no delivery was taken for a success.
    assert source.figures.failed == 2 * MAX_RECEIVES * len(UNREADABLE)


REASONS = {"NOT_JSON"}


async def test_one_poison_in_a_batch_of_ten_holds_up_nobody(stage: Stage):
    await stage.see_again_after(1)
    jobs = await stage.client.submit_many(9)
    await stage.send("no job at all", poison=True)
    source = stage.source(seed=6, concurrency=1, batch_size=10, copies=1)

    async with stage.running(source):
        pass

    assert [await stage.status(job) for job in jobs] == ["succeeded"] * 9
    assert [(await stage.job(job))["attempt"] for job in jobs] == [1] * 9
    assert source.figures.failed == MAX_RECEIVES


@pytest.mark.parametrize("more", [{"extra": 1}, {"tenantId": str(uuid4())}, {"attemptHint": 7}])
async def test_fields_nobody_knows_are_read_past(stage: Stage, more):
    job = await stage.client.submit()
    await stage.send(message(job, **more))
    source = stage.source(seed=7)

    async with stage.running(source):
        pass

    assert (source.figures.failed, await stage.status(job)) == (0, "succeeded")


async def test_a_redriven_message_of_a_failed_job_is_acknowledged(stage: Stage):
    """F4 of entry 68: attempts stay bounded however often its message comes back."""
    job = await stage.client.submit()
    spent = text("UPDATE job SET attempt = 2, fence = 2, status = 'running', lease_until = now()")
    async with stage.sessions() as session, session.begin():
        await session.execute(spent)
    await stage.send(json.dumps(json.loads(message(job))))


async def test_flood(stage: Stage):
    figures = await flood(stage, seed=17, messages=200, jobs=40)

    assert figures["failed deliveries"] >= 2 * MAX_RECEIVES
