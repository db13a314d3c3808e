"""Dead letters sent again: by the adapter on the emulator, and by the command as a process."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from api.adapters.sqs_redrive import Redriven, dead_letter_url, redrive
from api.errors import NotFound, Unavailable
from api.services.deliveries import Record, consume
from api.services.jobs import perform
from models.job import JobStatus
from tests.api.job_rows import USUAL, Published, add_job, kinds, read, succeed
from tests.aws.relay import Relay, answering, sqs
from tests.emulator import aws_environment

PARAKEET = Path(sys.executable).with_name("parakeet")
LETTERS = [f"letter {n}" for n in range(5)]
FAST = 1_000.0


@pytest.fixture
async def url(account):
    return await account.make_queue()


@pytest.fixture
async def dead(url, account):
    """The queue's dead letters, some of which wait."""
    made = f"{url}-dead-letters"
    for body in LETTERS:
        await account.sqs.send_message(QueueUrl=made, MessageBody=body)
    return made


async def take(account, url):
    answer = await account.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return sorted(message["Body"] for message in answer.get("Messages", []))


async def test_dead_letters_are_found_by_the_queues_policy(aws, url, dead):
    assert await dead_letter_url(aws, url) == dead


async def test_every_dead_letter_goes_back_once(aws, account, url, dead):
    counts = await redrive(aws, url, per_second=FAST, dry_run=False)

    assert counts == Redriven(found=5, moved=5, kept=0)
    assert await account.count(dead) == (0, 0)
    assert await take(account, url) == LETTERS


async def test_a_dry_run_only_counts(aws, account, url, dead):
    counts = await redrive(aws, url, per_second=FAST, dry_run=True)

    assert counts == Redriven(found=5)
    assert await account.count(dead) == (5, 0)
    assert await account.count(url) == (0, 0)


async def test_letters_go_no_faster_than_they_are_told_to(aws, url, dead):
    clock = asyncio.get_running_loop().time
    began = clock()

    await redrive(aws, url, per_second=10.0, dry_run=False)

    assert clock() - began >= 0.4  # four pauses lie between five letters, however slow the machine


async def test_without_dead_letters_there_is_nothing_to_do(aws, url):
    assert await redrive(aws, url, per_second=FAST, dry_run=False) == Redriven(found=0)


async def test_what_fails_again_meanwhile_is_left_for_the_next_time(
    account, moto, aws, aws_at, url, dead
):
    relay = await Relay.start(moto)
    aws_at(relay.url)

    async def fails_again(_, forward):
        told = await forward()
        await account.sqs.send_message(QueueUrl=dead, MessageBody="again")
        return told

    with relay.spoiling(sqs("SendMessage"), fails_again):
        counts = await redrive(aws, url, per_second=FAST, dry_run=False)
    await relay.stop()

    assert counts == Redriven(found=5, moved=5, kept=0)
    assert await account.count(dead) == (5, 0)


async def test_a_letter_sqs_would_change_stays(aws, account, url, dead):
    # The emulator takes what SQS refuses.
    await account.sqs.send_message(QueueUrl=dead, MessageBody="bell \x07")

    counts = await redrive(aws, url, per_second=FAST, dry_run=False)

    assert counts == Redriven(found=6, moved=5, kept=1)
    assert await account.count(dead) == (0, 1)
    assert await take(account, url) == LETTERS


async def test_a_letter_that_was_not_accepted_is_not_removed(account, moto, aws, aws_at, url, dead):
    relay = await Relay.start(moto)
    aws_at(relay.url)
    with relay.spoiling(sqs("SendMessage"), answering(500)), pytest.raises(Unavailable):
        await redrive(aws, url, per_second=FAST, dry_run=False)
    await relay.stop()

    assert sum(await account.count(dead)) == 5
    assert await account.count(url) == (0, 0)


async def test_a_queue_without_dead_letters_is_named(aws, account):
    made = await account.sqs.create_queue(QueueName="lonely")

    with pytest.raises(NotFound, match="lonely has no dead letters"):
        await redrive(aws, made["QueueUrl"], per_second=FAST, dry_run=False)


async def test_a_letter_of_a_job_that_has_ended_changes_nothing(sessions):
    job, published = await add_job(sessions), Published()

    async def handle(*_):
        return await perform(job.id, kinds(succeed, published), sessions, timing=USUAL)

    await handle()
    before = await read(sessions, job)
    back = await consume([Record(id="m", body="", receives=6)], handle, sessions)

    assert back == []
    assert before.status == JobStatus.SUCCEEDED
    assert await read(sessions, job) == before
    assert len(published.outcomes) == 1


async def command(moto, url, *options, **changes):
    place = aws_environment(moto) | {
        "PARAKEET_QUEUE": "sqs",
        "PARAKEET_QUEUE_URL": "http://127.0.0.1/nowhere",
        "PARAKEET_INGEST_QUEUE_URL": url,
    }
    process = await asyncio.create_subprocess_exec(
        str(PARAKEET), "redrive", "--queue", "ingest", *options,
        env=os.environ | place | changes,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    return process.returncode, said.decode(), complained.decode()


async def test_the_command_counts_and_then_moves(moto, account, url, dead):
    counted = await command(moto, url, "--dry-run")
    moved = await command(moto, url, "--rate", "100")

    assert counted == (0, "ingest: 5 dead letters; none was moved\n", "")
    assert moved == (
        0,
        "ingest: 5 of 5 dead letters were sent again, 0 cannot be sent\n",
        "",
    )
    assert await take(account, url) == LETTERS


async def test_the_command_says_what_is_away(moto, url, unused_tcp_port):
    code, said, complained = await command(
        moto, url, AWS_ENDPOINT_URL=f"http://127.0.0.1:{unused_tcp_port}"
    )

    assert (code, said) == (3, "")
    assert complained.startswith("parakeet: reading RedrivePolicy of ")


async def test_a_rate_of_nothing_is_refused(moto, url):
    code, _, complained = await command(moto, url, "--rate", "0")

    assert code == 2
    assert "0.1" in complained
