"""Stop a job, by its owner's wish."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, NotFound
from models.job import Job, JobStatus
from models.job_parts import JobParts
from models.jobs import CancelAnswer, JobRepository


async def cancel_job(session: AsyncSession, job_id: UUID | None, owner_id: UUID) -> Job:
    """Cancel a queued job, ask a running one to stop; return it as it now stands.

    Asking twice is asking once. Raises NotFound, also for another owner's job, and Conflict when
    it has ended otherwise.
    """
    job, answer = None, CancelAnswer.NOT_FOUND
    if job_id is not None:
        jobs = JobRepository(session)
        answer = await jobs.cancel(job_id, owner_id=owner_id)
        if answer is CancelAnswer.CANCELLING:
            await JobParts(session).settle(job_id)
        job = await jobs.get(job_id, owner_id=owner_id)
    if job is None:
        raise NotFound("no job of yours has this id; jobs lists them", field=("id",))
    if answer is CancelAnswer.ALREADY_FINISHED and job.status is not JobStatus.CANCELLED:
        raise Conflict(
            "the job has ended already, nothing was cancelled",
            field=("id",),
            reason="ALREADY_FINISHED",
        )
    return job
