"""What is computed anew once prices have come in, queued in the transaction that shows them."""

from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from models.job import Job, JobKind
from models.jobs import JobRepository

# Nobody asks for these: they follow an ingest, and count against no quota.
FOLLOWING = (JobKind.REGIME,)


async def follow_up(session: AsyncSession, *, owner_id: UUID, ingest: UUID) -> None:
    """Queue each kind of work that follows an ingest, once for each ingest.

    The sweeper sends what no edge sends: the jobs are written where no message can be.
    """
    for kind in FOLLOWING:
        job = Job(
            id=uuid4(),
            owner_id=owner_id,
            kind=kind,
            payload={"follows": str(ingest)},
            idempotency_key=f"{kind} after {ingest}",
        )
        await JobRepository(session).add(job)
