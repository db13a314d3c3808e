"""A worker that polls SQS, and what goes wrong between the two."""

import asyncio
import json

import pytest

from api.adapters.aws import TRIES
from api.adapters.sqs_consumer import SqsConsumer
from api.errors import ServerError, Unavailable
from tests.aws.events import JOBS, messages
from tests.aws.relay import answering, sqs
from tests.waiting import until


async def test_a_consumer_goes_on_when_the_queue_comes_back(
    queue, relay, queues, account, sessions
):
    seen, tries = asyncio.Event(), 0

    async def handle(_body, _deadline):
        seen.set()

    async def away_at_first(call, forward):
        nonlocal tries
        tries += 1
        return await (answering(503)(call, forward) if tries <= TRIES else forward())

    await queue.send(messages(jobs=JOBS[:1]))
    consumer = SqsConsumer(queue.aws, queues[0], retry_seconds=0.01)
    with relay.spoiling(sqs("ReceiveMessage"), away_at_first):
        task = asyncio.create_task(consumer.consume(handle, sessions))
        await seen.wait()
    task.cancel()
    await asyncio.wait([task])

    assert tries == TRIES + 1


async def test_a_consumer_that_may_not_read_ends(queue, relay, queues, sessions):
    consumer = SqsConsumer(queue.aws, queues[0])

    with (
        relay.spoiling(sqs("ReceiveMessage"), answering(403, "AccessDeniedException")),
        pytest.raises(ServerError, match=r"receiving a message: AWS refused \(AccessDenied"),
    ):
        await consumer.consume(lambda *_: None, sessions)


async def test_a_message_whose_removal_failed_comes_again(queue, relay, queues, account, sessions):
    seen, done = [], asyncio.Event()

    async def handle(body, _deadline):
        seen.append(body)
        if len(seen) == 2:
            done.set()

    await account.sqs.set_queue_attributes(
        QueueUrl=queues[0], Attributes={"VisibilityTimeout": "1"}
    )
    await queue.send(messages(jobs=JOBS[:1]))
    consumer = SqsConsumer(queue.aws, queues[0], retry_seconds=0.01)
    with relay.spoiling(sqs("DeleteMessage"), answering(500)):
        task = asyncio.create_task(consumer.consume(handle, sessions))
        await done.wait()
        task.cancel()
        await asyncio.wait([task])

    assert len(set(seen)) == 1


async def test_a_consumer_told_to_end_ends_though_the_queue_is_away(queue, relay, queues, sessions):
    begun = asyncio.Event()

    async def stuck(_body, _deadline):
        begun.set()
        await asyncio.Event().wait()

    await queue.send(messages(jobs=JOBS[:1]))
    consumer = SqsConsumer(queue.aws, queues[0])
    with relay.spoiling(sqs("ChangeMessageVisibility"), answering(503)):
        task = asyncio.create_task(consumer.consume(stuck, sessions))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 40.0)


async def test_a_message_that_cannot_be_returned_ends_no_consumer(queue, relay, queues, sessions):
    seen = asyncio.Queue()

    async def failing_at_first(body, _deadline):
        seen.put_nowait(body)
        if seen.qsize() == 1:
            raise Unavailable("the database is away")

    await queue.send(messages(jobs=JOBS[:2]))
    consumer = SqsConsumer(queue.aws, queues[0])
    refusing = answering(400, "ReceiptHandleIsInvalid")
    with relay.spoiling(sqs("ChangeMessageVisibility"), refusing):
        task = asyncio.create_task(consumer.consume(failing_at_first, sessions))
        await until(lambda: seen.qsize() == 2 or task.done())
        task.cancel()
        await asyncio.wait([task])

    assert seen.qsize() == 2


async def test_a_message_that_fails_waits_longer_each_time(queue, relay, queues, account, sessions):
    async def fail(_body, _deadline):
        raise Unavailable("the database is away")

    def returned():
        calls = [call for call in relay.seen if call.action == "ChangeMessageVisibility"]
        return [json.loads(call.body) for call in calls]

    await queue.send(messages(jobs=JOBS[:1]))
    consumer = SqsConsumer(queue.aws, queues[0])
    task = asyncio.create_task(consumer.consume(fail, sessions))
    for receives in (1, 2, 3):
        found = await until(lambda n=receives: returned()[n - 1 :])
        await account.sqs.change_message_visibility(**found[0] | {"VisibilityTimeout": 0})
    task.cancel()
    await asyncio.wait([task])

    assert [call["VisibilityTimeout"] for call in returned()[:3]] == [4, 16, 64]
