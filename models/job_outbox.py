"""What must be sent, and what was lost on the way: the row is the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import job_changes
from models.clock import seconds_from_now
from models.job import OPEN, Job, JobStatus

SWEEP_LIMIT = 100
UNSENT_AFTER = timedelta(seconds=5)
RESEND_AFTER = timedelta(minutes=15)
RESEND_AT_MOST = timedelta(hours=6)
# Three attempts, each of a worker's 900 s and a queue's visibility of 5,400 s.
EXPIRE_AFTER = timedelta(seconds=3 * (900 + 5_400))


@dataclass(frozen=True)
class Oldest:
    """For how long the oldest jobs have been waiting and running; zero where there are none."""

    queued_seconds: float
    running_seconds: float


class JobOutbox:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def kinds(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Return the kinds of those that still wait for a worker, in the order of the ids."""
        statement = select(col(Job.id), col(Job.kind)).where(
            col(Job.id).in_(ids), col(Job.status) == JobStatus.QUEUED
        )
        found = {row.id: row.kind for row in await self.session.execute(statement)}
        return {job_id: found[job_id] for job_id in ids if job_id in found}

    async def oldest(self) -> Oldest:
        """Measure the two ages that must not grow without end."""

        def age(since: SQLColumnExpression[Any], status: JobStatus) -> ColumnElement[float]:
            first = func.min(since).filter(col(Job.status) == status)
            return func.coalesce(func.extract("epoch", func.now() - first), 0.0)

        row = (
            await self.session.execute(
                select(
                    age(col(Job.created_at), JobStatus.QUEUED),
                    age(col(Job.started_at), JobStatus.RUNNING),
                ).where(col(Job.status).in_(OPEN))
            )
        ).one()
        return Oldest(queued_seconds=float(row[0]), running_seconds=float(row[1]))

    async def mark_enqueued(self, ids: Sequence[UUID]) -> None:
        """Note that messages went out; a job that has begun meanwhile is left alone."""
        statement = (
            update(Job)
            .where(
                col(Job.id).in_(ids),
                col(Job.status) == JobStatus.QUEUED,
                col(Job.enqueued_at).is_(None),
            )
            .values(enqueued_at=func.now(), sends=col(Job.sends) + 1)
        )
        await self.session.execute(statement.execution_options(synchronize_session=False))

    async def sweep(
        self,
        *,
        limit: int = SWEEP_LIMIT,
        unsent_after: timedelta = UNSENT_AFTER,
        resend_after: timedelta = RESEND_AFTER,
        resend_at_most: timedelta = RESEND_AT_MOST,
        expire_after: timedelta = EXPIRE_AFTER,
    ) -> list[UUID]:
        """Mend what crashes left behind; return the jobs to send again.

        1. A lapsed lease: cancelled if asked, failed if spent, else queued again.
        2. Queued for too long: failed.
        3. Sent long ago and still queued: the message is lost, so it counts as unsent.
        4. Unsent: returned. The pause leaves the request that wrote the row time to send.
        """
        await self.mend(
            limit=limit,
            resend_after=resend_after,
            resend_at_most=resend_at_most,
            expire_after=expire_after,
        )
        return await self.unsent(unsent_after, limit=limit)

    async def mend(
        self,
        *,
        limit: int = SWEEP_LIMIT,
        resend_after: timedelta = RESEND_AFTER,
        resend_at_most: timedelta = RESEND_AT_MOST,
        expire_after: timedelta = EXPIRE_AFTER,
    ) -> set[UUID]:
        """Do the first three steps of a sweep, for so many jobs each; return which they were."""
        lapsed = await self.session.execute(job_changes.reclaim(limit))
        expired = await self.session.execute(job_changes.expire(expire_after, limit))
        lost = await self._forget_lost_messages(resend_after, resend_at_most, limit)
        return {row.id for found in (lapsed, expired) for row in found} | lost

    async def _forget_lost_messages(
        self, after: timedelta, at_most: timedelta, limit: int
    ) -> set[UUID]:
        doubled = after.total_seconds() * func.power(2.0, func.greatest(col(Job.sends) - 1, 0))
        pause = func.least(doubled, at_most.total_seconds())
        lost = and_(
            col(Job.status) == JobStatus.QUEUED,
            col(Job.enqueued_at) < seconds_from_now(-pause),
        )
        chosen = job_changes.batch(lost, by=col(Job.enqueued_at), limit=limit)
        statement = update(Job).where(col(Job.id).in_(chosen)).values(enqueued_at=None)
        found = await self.session.scalars(
            statement.returning(col(Job.id)).execution_options(synchronize_session=False)
        )
        return set(found)

    async def unsent(self, after: timedelta, *, limit: int = SWEEP_LIMIT) -> list[UUID]:
        """Return queued jobs no message is known of, the longest waiting first."""
        ready: ColumnElement[object] = func.greatest(col(Job.created_at), col(Job.next_run_at))
        statement = (
            select(col(Job.id))
            .where(
                col(Job.status) == JobStatus.QUEUED,
                col(Job.enqueued_at).is_(None),
                ready <= seconds_from_now(-after.total_seconds()),
            )
            .order_by(ready)
            .limit(limit)
        )
        return list(await self.session.scalars(statement))
