"""F12 and F17: messages nobody can read, alone, in a batch and in a flood."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.aws.events import message
from tests.aws.faults.flood import flood
from tests.aws.faults.neighbours import lose_objects_for_ever
from tests.aws.faults.stage import MAX_RECEIVES, Stage

UNREADABLE = {
    "{": "NOT_JSON",
    " ": "NOT_JSON",
    "[]": "NOT_AN_OBJECT",
    "null": "NOT_AN_OBJECT",
    '{"schemaVersion": 1}': "MISSING_FIELD",
    message("8"): "BAD_FIELD",
    '{"schemaVersion": 1, "jobId": 8}': "BAD_FIELD",
    message(uuid4(), schemaVersion=0): "BAD_VERSION",
    message(uuid4(), schemaVersion=99): "BAD_VERSION",
    message(uuid4()) + "\x00": "NOT_JSON",
    message("\x00"): "BAD_FIELD",
    "\ufeff" + message(uuid4()): "NOT_JSON",
    message(uuid4()): "UNKNOWN_JOB",
}


async def test_unreadable_messages_end_among_the_dead_with_their_reason(stage: Stage):
    await stage.see_again_after(1)
    for body in UNREADABLE:
        await stage.send(body, poison=True)
    source = stage.source(seed=5, batch_size=10)

    async with stage.running(source):
        pass

    async with stage.sessions() as session:
        rows = (await session.execute(text("SELECT * FROM poison_message"))).mappings().all()
    told = {row["body"].replace("\\u0000", "\x00"): row["reason"] for row in rows}
    wanted = {body.replace("\\u0000", "\x00"): reason for body, reason in UNREADABLE.items()}
    assert told == wanted
    assert [row["receives"] for row in rows] == [MAX_RECEIVES] * len(UNREADABLE)
    # Each receive is delivered twice, and no delivery was taken for a success.
    assert source.figures.failed == 2 * MAX_RECEIVES * len(UNREADABLE)


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
    """However often its message is put back, a spent job is not begun again."""
    await lose_objects_for_ever(stage, 8)
    ((job, row),) = (await stage.evidence()).jobs.items()
    await stage.send(message(job))
    source = stage.source(seed=8)

    async with stage.running(source):
        pass

    assert source.figures.failed == 0
    assert await stage.job(job) == row


@pytest.mark.timeout(300)
async def test_flood(stage: Stage):
    figures = await flood(stage, seed=17, messages=200, jobs=25)

    assert figures["failed deliveries"] >= 2 * MAX_RECEIVES
