"""How a job ends: its result, its failure, another try; against the real database."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import delete, text
from sqlmodel import col

from api.errors import InvalidInput, Unavailable
from api.jobs import BadMessage
from api.services.jobs import perform
from engine.errors import InsufficientHistory
from models.job import Job, JobKind, JobStatus
from models.session import unit_of_work
from tests.api.job_rows import (
    FAST,
    OWNER,
    Published,
    add_job,
    events,
    kinds,
    read,
    succeed,
)


async def test_a_result_appears_with_the_fenced_update(sessions):
    job, published = await add_job(sessions), Published()

    again_after = await perform(job.id, kinds(succeed, published), sessions, timing=FAST)

    row, prefix = await read(sessions, job), f"results/{job.id}/1/"
    assert again_after is None
    assert published.outcomes == [(42, JobStatus.SUCCEEDED, prefix)]
    assert (row.status, row.progress, row.fence, row.attempt) == (JobStatus.SUCCEEDED, 1.0, 1, 1)
    assert (row.result_prefix, row.result_sha256, row.lease_until) == (prefix, "ab", None)
    assert row.compute_seconds >= 0.0
    assert await events(sessions, job) == ["submitted", "claimed", "succeeded"]


async def test_a_duplicate_delivery_has_no_effect(sessions):
    job, published = await add_job(sessions), Published()

    await asyncio.gather(
        *(perform(job.id, kinds(succeed, published), sessions, timing=FAST) for _ in range(10))
    )
    await perform(job.id, kinds(succeed, published), sessions, timing=FAST)

    assert len(published.outcomes) == 1
    assert (await read(sessions, job)).attempt == 1


async def test_a_job_that_was_never_written_is_refused(sessions):
    job = Job(owner_id=OWNER, kind=JobKind.BACKTEST)

    with pytest.raises(BadMessage) as refused:
        await perform(job.id, kinds(succeed), sessions, timing=FAST)

    assert refused.value.reason == "UNKNOWN_JOB"


async def test_a_job_whose_row_was_removed_is_nothing_to_do(sessions):
    job = await add_job(sessions)
    async with unit_of_work(sessions) as session:
        # As an administrator would, past the foreign keys; the append-only events stay.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(delete(Job).where(col(Job.id) == job.id))

    assert await perform(job.id, kinds(succeed), sessions, timing=FAST) is None


@pytest.mark.parametrize(
    ("error", "code", "reason", "detail"),
    [
        (
            ZeroDivisionError("division by zero"),
            "INTERNAL",
            "UNEXPECTED_ERROR",
            "the computation raised ZeroDivisionError: division by zero",
        ),
        (InsufficientHistory("252 sessions"), "INSUFFICIENT_HISTORY", None, "252 sessions"),
        (InvalidInput("top_n was 0", reason="BAD_VALUE"), "INVALID", "BAD_VALUE", "top_n was 0"),
    ],
)
async def test_a_work_that_raises_fails_its_job_and_not_the_worker(
    sessions, error, code, reason, detail
):
    async def work(job, pulse):
        raise error

    bad, good = await add_job(sessions), await add_job(sessions)

    await perform(bad.id, kinds(work), sessions, timing=FAST)
    await perform(good.id, kinds(succeed), sessions, timing=FAST)

    row = await read(sessions, bad)
    assert (row.status, row.failure_code, row.failure_reason, row.failure_detail) == (
        JobStatus.FAILED,
        code,
        reason,
        detail,
    )
    assert (await read(sessions, good)).status == JobStatus.SUCCEEDED


async def test_a_kind_nobody_performs_is_a_failure(sessions):
    job = await add_job(sessions)

    await perform(job.id, {}, sessions, timing=FAST)

    row = await read(sessions, job)
    assert (row.status, row.failure_code) == (JobStatus.FAILED, "INTERNAL")
    assert row.failure_detail == "no worker here performs jobs of kind BACKTEST"


async def test_a_transient_error_releases_the_job_until_attempts_are_spent(sessions):
    async def work(job, pulse):
        raise Unavailable("the object store did not answer")

    job = await add_job(sessions)

    delays = []
    while (delay := await perform(job.id, kinds(work), sessions, timing=FAST)) is not None:
        delays.append(delay)
        await asyncio.sleep(delay)

    row = await read(sessions, job)
    assert (row.status, row.attempt, row.failure_code, row.failure_reason) == (
        JobStatus.FAILED,
        3,
        "RESOURCE_EXHAUSTED",
        "ATTEMPTS_EXHAUSTED",
    )
    assert row.failure_detail == (
        "3 attempts failed, the last because the object store did not answer"
    )
    assert 0.0 <= delays[0] <= 0.02
    assert 0.0 <= delays[1] <= 0.04
    assert len(delays) == 2


async def test_a_released_job_is_not_due_before_its_delay(sessions):
    async def work(job, pulse):
        raise Unavailable("x")

    slow = replace(FAST, retry_base_seconds=1e6, retry_cap_seconds=1e6)
    job = await add_job(sessions)

    delay = await perform(job.id, kinds(work), sessions, timing=slow)
    await perform(job.id, kinds(succeed), sessions, timing=slow)

    assert delay > 0.0
    assert (await read(sessions, job)).status == JobStatus.QUEUED


async def test_what_publishing_refuses_fails_the_job_and_shows_nothing(sessions):
    async def publish(session, job, outcome):
        raise ValueError("summary has no metrics")

    job = await add_job(sessions)
    await perform(job.id, kinds(succeed, publish), sessions, timing=FAST)

    row = await read(sessions, job)
    assert (row.status, row.result_prefix, row.progress) == (JobStatus.FAILED, None, 0.0)


async def test_publishing_is_tried_again_while_the_database_is_away(sessions):
    tries = []

    async def publish(session, job, outcome):
        tries.append(job.fence)
        if len(tries) < 3:
            raise ConnectionResetError

    job = await add_job(sessions)
    await perform(job.id, kinds(succeed, publish), sessions, timing=FAST)

    assert tries == [1, 1, 1]
    assert (await read(sessions, job)).status == JobStatus.SUCCEEDED
