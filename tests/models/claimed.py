from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from models import JobEvent
from models.jobs import JobRepository
from tests.factories import make_job

LEASE = timedelta(seconds=30)
LAPSED = timedelta(seconds=-1)
RESULT = {"result_prefix": "results/x/1/", "sha256": "ab", "compute_seconds": 1.5}
FAILURE = {"code": "INTERNAL", "reason": "BOOM", "detail": "it broke"}


async def events(session, job):
    found = select(JobEvent).where(col(JobEvent.job_id) == job.id).order_by(col(JobEvent.seq))
    return [(event.seq, event.fence, event.kind) for event in await session.scalars(found)]


async def running(session, lease=LEASE, **given):
    """Return the repository, a job that was claimed, and its fence."""
    jobs = JobRepository(session)
    job = await jobs.add(make_job(**given))
    claim = await jobs.claim(job.id, lease=lease)
    return jobs, job, claim.fence
