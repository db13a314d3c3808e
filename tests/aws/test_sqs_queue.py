"""The queue in SQS, and what goes wrong between us and it."""

import asyncio
import json
from collections import Counter
from uuid import UUID

import pytest

from api.adapters import sqs_queue
from api.adapters.aws import TRIES, Aws
from api.adapters.sqs_queue import SqsQueue, batches
from api.errors import InvalidInput, NotFound, ServerError, Unavailable
from api.jobs import JobMessage
from api.services.jobs import dispatch
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.job_rows import OWNER, add_job, cancel, read
from tests.aws.events import JOBS, messages
from tests.aws.relay import answering, losing_the_reply, response, sqs


async def drain(account, url):
    """Take every body out of a queue."""
    bodies = []
    while True:
        answer = await account.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        found = answer.get("Messages", [])
        if not found:
            return bodies
        bodies += [json.loads(message["Body"])["jobId"] for message in found]


def failing(*entries, code="InternalError", sender_fault=False):
    """Take these entries of a batch for failed, without having sent them; send the others."""

    async def spoil(call, forward):
        asked = json.loads(call.body)["Entries"]
        failed = [
            {"Id": entry["Id"], "Code": code, "SenderFault": sender_fault}
            for entry in asked
            if entry["Id"] in entries
        ]
        return response(200, json.dumps({"Successful": [], "Failed": failed}).encode())

    return spoil


async def test_sends_in_batches_of_ten(queue, relay, queues, account):
    await queue.send(messages())

    sizes = [len(json.loads(call.body)["Entries"]) for call in relay.seen]
    assert sizes == [10, 10, 3]
    assert sorted(await drain(account, queues[0])) == [str(job_id) for job_id in JOBS]


async def test_an_ingest_goes_to_its_own_queue_and_all_else_to_the_other(queue, queues, account):
    kinds = ["INGEST", "BACKTEST", "SWEEP", "INGEST", "PLAN"]
    mixed = [JobMessage(job_id=UUID(int=n), kind=kind) for n, kind in enumerate(kinds)]

    await queue.send(mixed)

    assert sorted(await drain(account, queues[0])) == [str(UUID(int=n)) for n in (1, 2, 4)]
    assert sorted(await drain(account, queues[1])) == [str(UUID(int=n)) for n in (0, 3)]


async def test_what_is_dispatched_goes_by_the_kind_of_its_row(queue, queues, account, sessions):
    backtest, cancelled = [await add_job(sessions) for _ in range(2)]
    async with unit_of_work(sessions) as session:
        ingest = await JobRepository(session).add(Job(owner_id=OWNER, kind=JobKind.INGEST))
    await cancel(sessions, cancelled)

    await dispatch([ingest.id, cancelled.id, backtest.id], sessions, queue)

    assert await drain(account, queues[0]) == [str(backtest.id)]
    assert await drain(account, queues[1]) == [str(ingest.id)]
    assert (await read(sessions, ingest)).enqueued_at is not None


@pytest.mark.parametrize("error", [answering(500), answering(403, "AccessDeniedException")])
async def test_a_queue_that_is_away_does_not_fail_the_request(queue, relay, sessions, error):
    job = await add_job(sessions)

    with relay.spoiling(sqs("SendMessage"), error):
        await dispatch([job.id], sessions, queue)

    assert (await read(sessions, job)).enqueued_at is None


async def test_the_body_is_the_message_without_its_kind(queue, queues, account):
    await queue.send(
        [JobMessage(job_id=UUID(int=1), kind="INGEST", sent_at="2026-11-22T02:00:00Z")]
    )

    answer = await account.sqs.receive_message(QueueUrl=queues[1])

    assert answer["Messages"][0]["Body"] == (
        '{"jobId":"00000000-0000-0000-0000-000000000001","schemaVersion":1,'
        '"attemptHint":0,"sentAt":"2026-11-22T02:00:00Z"}'
    )


async def test_entries_sqs_was_too_busy_for_are_sent_again(queue, relay, queues, account):
    tries = 0

    async def busy_at_first(call, forward):
        nonlocal tries
        tries += 1
        if tries == 1:
            return await failing("1", "3")(call, forward)
        return await forward()

    with relay.spoiling(sqs("SendMessage"), busy_at_first):
        await queue.send(messages(jobs=JOBS[:5]))

    assert tries == 2
    assert await drain(account, queues[0]) == [str(JOBS[1]), str(JOBS[3])]


async def test_entries_sqs_refuses_are_counted_and_not_sent_again(queue, relay):
    refusal = failing("0", "2", code="InvalidMessageContents", sender_fault=True)

    with (
        relay.spoiling(sqs("SendMessage"), refusal),
        pytest.raises(
            Unavailable,
            match=r"sending 5 messages: 2 were refused \(InvalidMessageContents\)",
        ),
    ):
        await queue.send(messages(jobs=JOBS[:5]))

    assert len(relay.seen) == 1


async def test_a_queue_that_stays_busy_costs_a_request_its_budget_only(queue, relay):
    queue.send_seconds = 0.3

    with (
        relay.spoiling(sqs("SendMessage"), failing("0", "1")),
        pytest.raises(Unavailable, match=r"sending 2 messages: 2 were not accepted in 0.3 s"),
    ):
        await queue.send(messages(jobs=JOBS[:2]))

    assert len(relay.seen) > 1


async def test_a_queue_that_does_not_answer_costs_a_request_its_budget_only(queue, relay):
    queue.send_seconds = 0.3

    async def silence(_call, _forward):
        await asyncio.Event().wait()

    with (
        relay.spoiling(sqs("SendMessage"), silence),
        pytest.raises(Unavailable, match=r"2 were not accepted in 0.3 s"),
    ):
        await queue.send(messages(jobs=JOBS[:2]))


def test_a_request_waits_a_second_for_its_message():
    assert SqsQueue(Aws(), url="", ingest_url="").send_seconds == 1.0


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalError"), (503, "ServiceUnavailable"), (400, "ThrottlingException")],
)
async def test_a_passing_error_is_tried_again(queue, relay, queues, account, status, code):
    tries = 0

    async def once(call, forward):
        nonlocal tries
        tries += 1
        return await (answering(status, code)(call, forward) if tries == 1 else forward())

    with relay.spoiling(sqs("SendMessage"), once):
        await queue.send(messages(jobs=JOBS[:1]))

    assert tries == 2
    assert await drain(account, queues[0]) == [str(JOBS[0])]


async def test_tries_are_bounded(queue, relay):
    with (
        relay.spoiling(sqs("SendMessage"), answering(500)),
        pytest.raises(Unavailable, match=r"sending 1 messages: AWS is busy \(InternalError\)"),
    ):
        await queue.send(messages(jobs=JOBS[:1]))

    assert len(relay.seen) == TRIES == 3


async def test_a_dropped_connection_is_unavailable(queue, relay):
    async def drop(_call, _forward):
        return None

    with (
        relay.spoiling(sqs("SendMessage"), drop),
        pytest.raises(Unavailable, match=r"sending 1 messages: AWS did not answer"),
    ):
        await queue.send(messages(jobs=JOBS[:1]))

    assert len(relay.seen) == TRIES


async def test_nobody_listening_is_unavailable(queues, aws_at, unused_tcp_port):
    aws_at(f"http://127.0.0.1:{unused_tcp_port}")
    aws = Aws()
    queue = SqsQueue(aws, url=queues[0], ingest_url=queues[1], send_seconds=20.0)

    with pytest.raises(Unavailable, match="AWS did not answer"):
        await queue.send(messages(jobs=JOBS[:1]))

    await aws.close()


async def test_a_reply_lost_after_the_message_was_taken_sends_it_twice(
    queue, relay, queues, account
):
    tries = 0

    async def lose_one(call, forward):
        nonlocal tries
        tries += 1
        return await (losing_the_reply(call, forward) if tries == 1 else forward())

    with relay.spoiling(sqs("SendMessage"), lose_one):
        await queue.send(messages(jobs=JOBS[:1]))

    assert Counter(await drain(account, queues[0])) == {str(JOBS[0]): 2}


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDeniedException", ServerError), ("QueueDoesNotExist", ServerError)]
)
async def test_a_refusal_is_not_tried_again_and_tells_no_secret(queue, relay, code, kind, caplog):
    async def refuse(call, _):
        told = {"__type": f"com.amazonaws.sqs#{code}", "message": "arn:aws:iam::1:role/canary"}
        return response(403 if "Denied" in code else 400, json.dumps(told).encode())

    with relay.spoiling(sqs("SendMessage"), refuse), pytest.raises(ServerError) as refused:
        await queue.send(messages(jobs=JOBS[:1]))

    assert type(refused.value) is kind
    assert refused.value.retryable is False
    assert str(refused.value) == f"sending 1 messages: AWS refused ({code})"
    assert len(relay.seen) == 1
    assert "canary" not in caplog.text + str(refused.value)


@pytest.mark.parametrize("body", ["nul \x00", "bell \x07", "\ufffe", "\uffff", "\ud800"])
async def test_refuses_a_body_sqs_would_change(queue, queues, relay, body):
    with pytest.raises(InvalidInput, match=r"message held the character U\+"):
        await queue.send_bodies(queues[0], [body])

    assert relay.seen == []


@pytest.mark.parametrize("body", ["tab\t", "line\r\n", "é", "\ue000", "\ufffd", "\U0001f99c"])
async def test_takes_every_character_xml_can_carry(queue, queues, account, body):
    await queue.send_bodies(queues[0], [body])

    answer = await account.sqs.receive_message(QueueUrl=queues[0])

    assert answer["Messages"][0]["Body"] == body


@pytest.mark.parametrize(
    ("body", "size"), [("", 0), ("é" * 524_288 + "x", 1_048_577), ("x" * 1_048_577, 1_048_577)]
)
async def test_refuses_a_body_of_a_size_sqs_refuses(queue, queues, relay, body, size):
    with pytest.raises(InvalidInput, match=f"message had {size} bytes, expected 1 to 1048576"):
        await queue.send_bodies(queues[0], [body])

    assert relay.seen == []


def test_a_batch_carries_ten_bodies_and_a_mebibyte():
    half, small = "x" * (sqs_queue.MAX_BYTES // 2), "x"

    assert [len(batch) for batch in batches([small] * 21)] == [10, 10, 1]
    assert [len(batch) for batch in batches([half, half, small])] == [2, 1]
    assert list(batches([])) == []


async def test_what_is_not_there_is_not_found(aws):
    with pytest.raises(NotFound, match="looking: it was not found"):
        async with aws.calling("secretsmanager", "looking") as client:
            await client.get_secret_value(SecretId="nowhere")
