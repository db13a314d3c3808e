import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.jobs import JobRepository
from tests.factories import OWNER, make_job
from tests.models.claimed import RESULT, running


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'done', events = events + 1", "job_transition"),
        ("status = 'succeeded', events = events + 1", "job_transition"),
        ("status = 'running'", "job_event_written"),
        ("progress = -0.1", "job_monotone"),
        ("fence = -1", "job_monotone"),
        ("progress = 1.0", "ck_job_progress_whole_at_success"),
        ("finished_at = now()", "ck_job_finished_when_ended"),
        ("lease_until = now()", "ck_job_lease_while_running"),
        ("failure_code = 'INTERNAL'", "ck_job_failure_when_failed"),
        ("attempt = 4", "ck_job_attempts_bounded"),
        ("kind = 'PRAYER'", "ck_job_kind_known"),
    ],
)
async def test_the_database_refuses_a_wrong_change(session, change, constraint):
    job = await JobRepository(session).add(make_job())

    with pytest.raises(IntegrityError) as refused:
        await session.execute(text(f"UPDATE job SET {change} WHERE id = :id"), {"id": job.id})  # noqa: S608

    assert refused.value.orig.__cause__.constraint_name == constraint


@pytest.mark.parametrize("status", ["queued", "running", "failed", "cancelled"])
async def test_an_ended_job_never_starts_again(session, status):
    jobs, job, fence = await running(session)
    await jobs.finish(job.id, fence=fence, **RESULT)

    with pytest.raises(IntegrityError, match="succeeded never becomes"):
        await session.execute(
            text("UPDATE job SET status = :status, events = events + 1 WHERE id = :id"),
            {"id": job.id, "status": status},
        )


async def test_a_cancel_is_not_undone(session):
    jobs, job, _ = await running(session)
    await jobs.cancel(job.id, owner_id=OWNER)

    with pytest.raises(IntegrityError, match="a cancel that was asked for is not undone"):
        await session.execute(
            text("UPDATE job SET cancel_requested_at = NULL WHERE id = :id"), {"id": job.id}
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE job_event SET kind = 'x'", "DELETE FROM job_event", "TRUNCATE job_event"]
)
async def test_events_are_append_only(session, statement):
    await JobRepository(session).add(make_job())

    with pytest.raises(IntegrityError, match="job_event is append-only"):
        await session.execute(text(statement))
