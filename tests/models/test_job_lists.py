from uuid import uuid4

import pytest
from sqlalchemy import text

from models import JobKind, JobStatus
from models.jobs import CancelAnswer, Counted, JobRepository
from models.pages import Place
from models.session import unit_of_work
from tests.factories import OWNER, STRANGER, make_job
from tests.models.claimed import LEASE, RESULT, events, running


async def test_a_new_job_is_queued_and_its_event_written(session):
    job = await JobRepository(session).add(make_job(payload={"backtest_id": "b"}))

    assert (job.status, job.progress, job.fence, job.attempt) == (JobStatus.QUEUED, 0.0, 0, 0)
    assert job.payload == {"backtest_id": "b"}
    assert job.created_at.tzinfo is not None
    assert job.next_run_at == job.created_at
    assert await events(session, job) == [(1, 0, "submitted")]


async def test_the_same_idempotency_key_gives_the_first_job(session):
    jobs = JobRepository(session)
    first = await jobs.add(make_job(idempotency_key="k", request_hash="one"))

    again = await jobs.add(make_job(idempotency_key="k", request_hash="two"))
    of_another = await jobs.add(make_job(idempotency_key="k", owner_id=STRANGER))

    assert (again.id, again.request_hash) == (first.id, "one")
    assert of_another.id != first.id
    assert await jobs.count_open(OWNER) == Counted(open=1, today=1)
    assert await events(session, first) == [(1, 0, "submitted")]


async def test_another_owners_job_looks_unknown(session):
    jobs = JobRepository(session)
    job = await jobs.add(make_job())

    assert await jobs.get(job.id, owner_id=STRANGER) is None
    assert await jobs.list_by_ids([job.id], owner_id=STRANGER) == []
    assert (await jobs.list_page(owner_id=STRANGER, first=10)).rows == []
    assert await jobs.cancel(job.id, owner_id=STRANGER) == CancelAnswer.NOT_FOUND
    assert await jobs.cancel(uuid4(), owner_id=OWNER) == CancelAnswer.NOT_FOUND
    assert (await jobs.get(job.id, owner_id=OWNER)).status == JobStatus.QUEUED


async def test_an_unknown_job_is_required_in_vain(session):
    missing = uuid4()

    with pytest.raises(LookupError, match=f"job {missing} does not exist"):
        await JobRepository(session).require(missing)


async def test_open_jobs_and_todays_jobs_are_counted_apart(session):
    jobs, job, fence = await running(session)
    await jobs.finish(job.id, fence=fence, **RESULT)
    await jobs.add(make_job())
    old = await jobs.add(make_job())
    await jobs.add(make_job(kind=JobKind.SHARD, parent_id=old.id))
    await jobs.add(make_job(owner_id=STRANGER))
    await session.execute(
        text("UPDATE job SET created_at = created_at - interval '1 day' WHERE id = :id"),
        {"id": old.id},
    )

    assert await jobs.count_open(OWNER) == Counted(open=2, today=2)


async def test_pages_follow_each_other_newest_first(session):
    jobs = JobRepository(session)
    made = [await jobs.add(make_job()) for _ in range(5)]
    await jobs.add(make_job(kind=JobKind.SHARD))

    first = await jobs.list_page(owner_id=OWNER, first=3)
    last = first.rows[-1]
    second = await jobs.list_page(owner_id=OWNER, first=3, after=Place(last.created_at, last.id))

    assert (first.has_next, second.has_next) == (True, False)
    seen = [job.id for job in first.rows + second.rows]
    assert seen == sorted((job.id for job in made), reverse=True)
    assert await jobs.count_listed(owner_id=OWNER) == 5


async def test_lists_are_filtered_by_kind_and_status(session):
    jobs, _, _ = await running(session)
    queued = await jobs.add(make_job())
    await jobs.add(make_job(kind=JobKind.INGEST))

    page = await jobs.list_page(
        owner_id=OWNER, kind=JobKind.BACKTEST, status=JobStatus.QUEUED, first=10
    )

    assert [job.id for job in page.rows] == [queued.id]
    assert await jobs.count_listed(owner_id=OWNER, status=JobStatus.QUEUED) == 2


async def test_reading_a_job_again_shows_what_another_wrote(sessions):
    async with sessions() as reader:
        job = await JobRepository(reader).add(make_job())
        await reader.commit()
        async with unit_of_work(sessions) as writer:
            await JobRepository(writer).claim(job.id, lease=LEASE)

        again = await JobRepository(reader).get(job.id, owner_id=OWNER)

    assert again.status == JobStatus.RUNNING
