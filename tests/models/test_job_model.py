"""Random lives of a job against a model of a few lines: reliability's table of transitions."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from models.jobs import CancelAnswer, JobRepository
from models.session import unit_of_work
from tests.factories import AT_ONCE, OWNER, make_job
from tests.models.claimed import FAILURE, LAPSED, LEASE, RESULT, events


@dataclass
class Model:
    status: str = "queued"
    fence: int = 0
    attempt: int = 0
    lapsed: bool = False
    asked: bool = False
    events: int = 1

    def become(self, status):
        self.status = status
        self.events += 1
        return True

    def claim(self, lapsed):
        free = self.status == "queued" or (self.status == "running" and self.lapsed)
        if not free or self.asked or self.attempt == 3:
            return None
        self.fence, self.attempt, self.lapsed = self.fence + 1, self.attempt + 1, lapsed
        self.become("running")
        return self.fence

    def held(self, fence):
        return self.status == "running" and self.fence == fence

    def beat(self, fence):
        alive = self.held(fence)
        self.lapsed = self.lapsed and not alive
        return alive, alive and self.asked

    def finish(self, fence):
        return self.held(fence) and not self.asked and self.become("succeeded")

    def fail(self, fence):
        return self.held(fence) and self.become("failed")

    def release(self, fence):
        may = self.held(fence) and not self.asked and self.attempt < 3
        return may and self.become("queued")

    def acknowledge(self, fence):
        return self.held(fence) and self.asked and self.become("cancelled")

    def cancel(self):
        if self.status not in ("queued", "running"):
            return CancelAnswer.ALREADY_FINISHED
        if not self.asked:
            self.asked = True
            self.become("cancelled" if self.status == "queued" else "running")
        return CancelAnswer.CANCELLED if self.status == "cancelled" else CancelAnswer.CANCELLING

    def sweep(self):
        if self.status == "running" and self.lapsed:
            again = "queued" if self.attempt < 3 else "failed"
            self.become("cancelled" if self.asked else again)
        return self.status == "queued"


async def claim(jobs, job, lease):
    taken = await jobs.claim(job.id, lease=lease)
    return taken and taken.fence


async def beat(jobs, job, fence):
    told = await jobs.heartbeat(job.id, fence=fence, progress=0.5, stage="x", lease=LEASE)
    return told.alive, told.cancel_requested


async def sweep(jobs, job):
    return job.id in (await jobs.sweep(AT_ONCE)).unsent


# What each operation does to the database, answering as the model does.
REALLY = {
    "claim": lambda jobs, job, _: claim(jobs, job, LEASE),
    "claim and vanish": lambda jobs, job, _: claim(jobs, job, LAPSED),
    "beat": beat,
    "finish": lambda jobs, job, fence: jobs.finish(job.id, fence=fence, **RESULT),
    "fail": lambda jobs, job, fence: jobs.fail(job.id, fence=fence, **FAILURE),
    "release": lambda jobs, job, fence: jobs.release(job.id, fence=fence, delay_seconds=0.0),
    "acknowledge": lambda jobs, job, fence: jobs.acknowledge_cancel(job.id, fence=fence),
    "cancel": lambda jobs, job, _: jobs.cancel(job.id, owner_id=OWNER),
    "sweep": lambda jobs, job, _: sweep(jobs, job),
}


def expected(model, operation, fence):
    match operation:
        case "claim" | "claim and vanish":
            return model.claim(lapsed=operation != "claim")
        case "cancel" | "sweep":
            return getattr(model, operation)()
        case _:
            return getattr(model, operation)(fence)


# A worker's fence is the latest, or that of a worker before it.
step = st.tuples(st.sampled_from(sorted(REALLY)), st.sampled_from([0, 0, 1]))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(steps=st.lists(step, max_size=25))
async def test_a_job_lives_as_the_table_says(engine, steps):
    async with engine.connect() as connection:
        session = AsyncSession(connection, expire_on_commit=False)
        jobs, model = JobRepository(session), Model()
        job = await jobs.add(make_job())

        for operation, behind in steps:
            fence = model.fence - behind
            answer = await REALLY[operation](jobs, job, fence)
            assert answer == expected(model, operation, fence), operation
            row = await jobs.require(job.id)
            assert (row.status, row.fence, row.attempt, row.events) == (
                model.status,
                model.fence,
                model.attempt,
                model.events,
            )

        written = await events(session, job)
        assert [seq for seq, _, _ in written] == list(range(1, model.events + 1))
        await session.close()


async def test_one_key_given_at_once_is_one_job(sessions):
    async def submit():
        async with unit_of_work(sessions) as session:
            return (await JobRepository(session).add(make_job(idempotency_key="k"))).id

    ids = await asyncio.gather(*(submit() for _ in range(12)))

    assert len(set(ids)) == 1
