"""Jobs as the tests write and read them; every statement commits."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlmodel import col

from api.services.work import Steps, Timing
from models.clock import seconds_from_now
from models.job import Job, JobEvent, JobKind
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.waiting import until

FAST = Timing(
    lease=timedelta(seconds=5),
    heartbeat_seconds=0.1,
    progress_seconds=0.05,
    retry_base_seconds=0.02,
    retry_cap_seconds=0.05,
)
USUAL = Timing(
    lease=timedelta(seconds=30),
    heartbeat_seconds=10.0,
    progress_seconds=0.5,
    retry_base_seconds=0.2,
    retry_cap_seconds=20.0,
)
OWNER = "6f0f6a52-3d8c-5c0e-9f4b-1d2a7c3e5b10"


async def add_job(sessions, **fields) -> Job:
    """Commit a queued job; nobody is told of it."""
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).add(
            Job(owner_id=OWNER, kind=JobKind.BACKTEST, **fields)
        )


async def read(sessions, job) -> Job:
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).require(job.id)


async def events(sessions, job) -> list[str]:
    async with unit_of_work(sessions) as session:
        found = select(JobEvent.kind).where(col(JobEvent.job_id) == job.id)
        return list(await session.scalars(found.order_by(col(JobEvent.seq))))


async def cancel(sessions, job) -> str:
    async with unit_of_work(sessions) as session:
        return await JobRepository(session).cancel(job.id, owner_id=job.owner_id)


async def let_lease_lapse(sessions, job) -> None:
    async with unit_of_work(sessions) as session:
        ours = update(Job).where(col(Job.id) == job.id)
        await session.execute(ours.values(lease_until=seconds_from_now(-1.0)))


class Published:
    """Records what was published, inside the transaction that makes it visible."""

    def __init__(self) -> None:
        self.outcomes = []

    async def __call__(self, session, job, outcome) -> None:
        row = await session.get(Job, job.id, populate_existing=True)
        self.outcomes.append((outcome["summary"], row.status, row.result_prefix))


def kinds(work, publish=None):
    return {"BACKTEST": Steps(work=work, publish=publish or Published())}


async def succeed(job, pulse):
    return {"summary": 42, "sha256": "ab"}


async def lease_after(sessions, job, instant):
    """Return the job's lease if it has one that ends after the instant."""
    lease = (await read(sessions, job)).lease_until
    return lease if lease is not None and (instant is None or lease > instant) else None


async def ended(sessions, job) -> Job:
    async def row():
        found = await read(sessions, job)
        return found if found.finished_at is not None else None

    return await until(row)


async def begun(sessions, job) -> Job:
    async def row():
        found = await read(sessions, job)
        return found if found.stage is not None else None

    return await until(row)
