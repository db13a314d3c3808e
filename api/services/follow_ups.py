"""What follows prices that came in and runs that finished, queued where these become visible."""

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


async def follow_run(session: AsyncSession, *, owner_id: UUID, run: UUID) -> None:
    """Queue what completes the guards of the run that this job computed."""
    job = Job(
        id=uuid4(),
        owner_id=owner_id,
        kind=JobKind.GUARD,
        payload={"follows": str(run)},
        idempotency_key=f"{JobKind.GUARD} after {run}",
    )
    await JobRepository(session).add(job)


async def catch_up(session: AsyncSession, *, owner_id: UUID) -> None:
    """Queue what an ingest would have been followed by: the sample market comes in by none.

    Regimes where there are none, and a snapshot of an owner who keeps books.
    """
    wanted = [] if await RegimeHistoryRepository(session).symbols() else [JobKind.REGIME]
    if owner_id in await PortfolioSnapshotRepository(session).owners():
        wanted.append(JobKind.SNAPSHOT)
    for kind in wanted:
        if not await JobRepository(session).has_open(kind, owner_id=owner_id):
            await JobRepository(session).add(
                Job(id=uuid4(), owner_id=owner_id, kind=kind, payload={})
            )
