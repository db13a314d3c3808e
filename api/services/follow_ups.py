"""What is computed anew once prices have come in, queued in the transaction that shows them."""

from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from models.job import Job, JobKind
from models.jobs import JobRepository
from models.portfolio_snapshots import PortfolioSnapshotRepository
from models.regime_histories import RegimeHistoryRepository

# Nobody asks for these: they follow an ingest, and count against no quota.
FOLLOWING = (JobKind.REGIME,)


async def follow_up(session: AsyncSession, *, owner_id: UUID, ingest: UUID) -> None:
    """Queue each kind of work that follows an ingest, once for each ingest.

    The sweeper sends what no edge sends: the jobs are written where no message can be.
    """
    wanted = [(kind, owner_id) for kind in FOLLOWING]
    # New prices are new values of everybody's holdings.
    wanted += [
        (JobKind.SNAPSHOT, owner) for owner in await PortfolioSnapshotRepository(session).owners()
    ]
    for kind, owner in wanted:
        job = Job(
            id=uuid4(),
            owner_id=owner,
            kind=kind,
            payload={"follows": str(ingest)},
            idempotency_key=f"{kind} after {ingest}",
        )
        await JobRepository(session).add(job)


async def catch_up(session: AsyncSession, *, owner_id: UUID) -> None:
    """Queue the regimes where there are none: the sample market comes in by no ingest."""
    has_none = not await RegimeHistoryRepository(session).symbols()
    if has_none and not await JobRepository(session).has_open(JobKind.REGIME, owner_id=owner_id):
        job = Job(id=uuid4(), owner_id=owner_id, kind=JobKind.REGIME, payload={})
        await JobRepository(session).add(job)
