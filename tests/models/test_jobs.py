import asyncio
from datetime import timedelta
from uuid import uuid4

from models import JobKind, JobStatus
from models.jobs import Beat, CancelAnswer, JobRepository
from models.session import unit_of_work
from tests.factories import AT_ONCE, OWNER, make_job
from tests.models.claimed import FAILURE, LAPSED, LEASE, RESULT, events, running


async def test_a_claim_raises_the_fence_and_counts_the_attempt(session):
    jobs = JobRepository(session)
    job = await jobs.add(make_job(payload={"n": 1}))

    claim = await jobs.claim(job.id, lease=LEASE)

    kept = await jobs.require(job.id)
    assert (claim.fence, claim.attempt, claim.kind) == (1, 1, JobKind.BACKTEST)
    assert (claim.owner_id, claim.payload) == (OWNER, {"n": 1})
    assert (kept.status, kept.attempt, kept.fence) == (JobStatus.RUNNING, 1, 1)
    assert kept.lease_until - kept.started_at == LEASE
    assert await events(session, job) == [(1, 0, "submitted"), (2, 1, "claimed")]


async def test_of_twelve_claimers_one_wins(sessions):
    async with unit_of_work(sessions) as session:
        job = await JobRepository(session).add(make_job())

    async def claim():
        async with unit_of_work(sessions) as session:
            return await JobRepository(session).claim(job.id, lease=LEASE)

    claims = await asyncio.gather(*(claim() for _ in range(12)))

    async with sessions() as session:
        written = await events(session, job)
    assert [claim.fence for claim in claims if claim] == [1]
    assert written == [(1, 0, "submitted"), (2, 1, "claimed")]


async def test_of_twelve_claimers_of_a_lapsed_lease_one_takes_over(sessions):
    async with unit_of_work(sessions) as session:
        _, job, _ = await running(session, lease=LAPSED)

    async def claim():
        async with unit_of_work(sessions) as session:
            return await JobRepository(session).claim(job.id, lease=LEASE)

    claims = await asyncio.gather(*(claim() for _ in range(12)))

    assert [(claim.fence, claim.attempt) for claim in claims if claim] == [(2, 2)]


async def test_a_live_lease_is_not_taken(session):
    jobs, job, _ = await running(session)

    assert await jobs.claim(job.id, lease=LEASE) is None
    assert (await jobs.require(job.id)).fence == 1


async def test_what_is_not_due_is_not_claimed(session):
    jobs, job, fence = await running(session)
    await jobs.release(job.id, fence=fence, delay_seconds=60.0)

    assert await jobs.claim(job.id, lease=LEASE) is None
    assert (await jobs.sweep(AT_ONCE)).unsent == []


async def test_the_last_attempt_is_not_taken_over(session):
    jobs, job, _ = await running(session, lease=LAPSED, max_attempts=1)

    assert await jobs.claim(job.id, lease=LEASE) is None
    assert (await jobs.require(job.id)).attempt == 1


async def test_a_job_asked_to_stop_is_not_taken_over(session):
    jobs, job, _ = await running(session, lease=LAPSED)
    await jobs.cancel(job.id, owner_id=OWNER)

    assert await jobs.claim(job.id, lease=LEASE) is None


async def test_an_unknown_job_is_not_claimed(session):
    assert await JobRepository(session).claim(uuid4(), lease=LEASE) is None


async def test_a_worker_that_lost_its_lease_writes_nothing(session):
    jobs, job, old = await running(session, lease=LAPSED)
    await jobs.claim(job.id, lease=LEASE)
    before = (await jobs.require(job.id)).model_dump()
    told = await events(session, job)

    beat = await jobs.heartbeat(job.id, fence=old, progress=0.9, stage="late", lease=LEASE)
    answers = [
        await jobs.finish(job.id, fence=old, **RESULT),
        await jobs.fail(job.id, fence=old, **FAILURE),
        await jobs.release(job.id, fence=old, delay_seconds=0.0),
        await jobs.acknowledge_cancel(job.id, fence=old),
    ]

    assert beat == Beat(alive=False, cancel_requested=False)
    assert answers == [False] * 4
    assert (await jobs.require(job.id)).model_dump() == before
    assert await events(session, job) == told


async def test_a_beat_extends_the_lease_and_progress_never_falls(session):
    jobs, job, fence = await running(session, lease=timedelta(seconds=5))
    first = (await jobs.require(job.id)).lease_until

    beat = await jobs.heartbeat(job.id, fence=fence, progress=0.6, stage="ledger", lease=LEASE)
    await jobs.heartbeat(job.id, fence=fence, progress=0.2, stage=None, lease=LEASE)

    kept = await jobs.require(job.id)
    assert beat == Beat(alive=True, cancel_requested=False)
    assert kept.lease_until - first == timedelta(seconds=25)
    assert (kept.progress, kept.stage) == (0.6, "ledger")


async def test_progress_stays_below_one_until_success(session):
    jobs, job, fence = await running(session)

    await jobs.heartbeat(job.id, fence=fence, progress=1.0, stage="storing", lease=LEASE)
    while_running = (await jobs.require(job.id)).progress
    await jobs.finish(job.id, fence=fence, **RESULT)

    assert while_running == 0.99
    assert (await jobs.require(job.id)).progress == 1.0


async def test_finishing_makes_the_result_visible(session):
    jobs, job, fence = await running(session)

    finished = await jobs.finish(job.id, fence=fence, **RESULT)

    kept = await jobs.require(job.id)
    assert finished
    assert kept.status == JobStatus.SUCCEEDED
    assert (kept.result_prefix, kept.result_sha256) == ("results/x/1/", "ab")
    assert (kept.compute_seconds, kept.lease_until) == (1.5, None)
    assert kept.finished_at is not None
    assert (await events(session, job))[-1] == (3, 1, "succeeded")


async def test_a_cancel_beats_the_finish(session):
    jobs, job, fence = await running(session)
    answer = await jobs.cancel(job.id, owner_id=OWNER)

    beat = await jobs.heartbeat(job.id, fence=fence, progress=0.5, stage=None, lease=LEASE)
    finished = await jobs.finish(job.id, fence=fence, **RESULT)
    released = await jobs.release(job.id, fence=fence, delay_seconds=0.0)
    acknowledged = await jobs.acknowledge_cancel(job.id, fence=fence)

    kept = await jobs.require(job.id)
    assert answer == CancelAnswer.CANCELLING
    assert beat == Beat(alive=True, cancel_requested=True)
    assert (finished, released, acknowledged) == (False, False, True)
    assert (kept.status, kept.result_prefix) == (JobStatus.CANCELLED, None)
    assert [kind for _, _, kind in await events(session, job)] == [
        "submitted",
        "claimed",
        "cancel_requested",
        "cancelled",
    ]


async def test_nobody_acknowledges_a_cancel_that_was_not_asked_for(session):
    jobs, job, fence = await running(session)

    assert not await jobs.acknowledge_cancel(job.id, fence=fence)


async def test_a_queued_job_is_cancelled_at_once_and_never_claimed(session):
    jobs = JobRepository(session)
    job = await jobs.add(make_job())

    answer = await jobs.cancel(job.id, owner_id=OWNER)

    kept = await jobs.require(job.id)
    assert answer == CancelAnswer.CANCELLED
    assert (kept.status, kept.cancel_requested_at) == (JobStatus.CANCELLED, kept.finished_at)
    assert await jobs.claim(job.id, lease=LEASE) is None
    assert await events(session, job) == [(1, 0, "submitted"), (2, 0, "cancelled")]


async def test_asking_twice_to_cancel_is_asking_once(session):
    jobs, job, _ = await running(session)
    await jobs.cancel(job.id, owner_id=OWNER)
    told = await events(session, job)

    again = await jobs.cancel(job.id, owner_id=OWNER)

    assert again == CancelAnswer.CANCELLING
    assert await events(session, job) == told


async def test_what_has_ended_is_not_cancelled(session):
    jobs, job, fence = await running(session)
    await jobs.finish(job.id, fence=fence, **RESULT)

    assert await jobs.cancel(job.id, owner_id=OWNER) == CancelAnswer.ALREADY_FINISHED
    assert (await jobs.require(job.id)).cancel_requested_at is None


async def test_a_failure_is_kept_readable(session):
    jobs, job, fence = await running(session)

    failed = await jobs.fail(job.id, fence=fence, **FAILURE)

    kept = await jobs.require(job.id)
    assert failed
    assert kept.status == JobStatus.FAILED
    assert (kept.failure_code, kept.failure_reason) == ("INTERNAL", "BOOM")
    assert kept.failure_detail == "it broke"


async def test_a_released_job_is_claimed_again_until_it_is_spent(session):
    jobs, job, fence = await running(session, max_attempts=2)
    await jobs.mark_enqueued([job.id])

    first = await jobs.release(job.id, fence=fence, delay_seconds=0.0)
    queued = await jobs.require(job.id)
    state = queued.status, queued.enqueued_at, queued.lease_until
    claim = await jobs.claim(job.id, lease=LEASE)
    second = await jobs.release(job.id, fence=claim.fence, delay_seconds=0.0)

    assert (first, second) == (True, False)
    assert state == (JobStatus.QUEUED, None, None)
    assert (claim.fence, claim.attempt) == (2, 2)


async def test_events_are_numbered_without_a_gap_under_contention(sessions):
    async with unit_of_work(sessions) as session:
        job = await JobRepository(session).add(make_job(max_attempts=12))

    async def claim_and_release(delay):
        async with unit_of_work(sessions) as session:
            jobs = JobRepository(session)
            claim = await jobs.claim(job.id, lease=LEASE)
            if claim is not None:
                await asyncio.sleep(delay)
                await jobs.release(job.id, fence=claim.fence, delay_seconds=-60.0)
        async with unit_of_work(sessions) as session:
            await JobRepository(session).cancel(job.id, owner_id=OWNER)

    await asyncio.gather(*(claim_and_release(n / 1000) for n in range(12)))

    async with sessions() as session:
        written = await events(session, job)
        kept = await JobRepository(session).require(job.id)
    assert [seq for seq, _, _ in written] == list(range(1, len(written) + 1))
    assert kept.events == len(written)
    assert kept.status == JobStatus.CANCELLED
