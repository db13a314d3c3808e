"""What must be sent, and what was lost on the way: the row is the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models import job_changes
from models.clock import seconds_from_now
from models.job import OPEN, Job, JobStatus
from models.job_parts import JobParts

SWEEP_LIMIT = 100
RESEND_AT_MOST = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a job may be in a state before a sweep takes it for lost."""

    unsent: timedelta
    sent: timedelta
    queued: timedelta


@dataclass(frozen=True, kw_only=True)
class Swept:
    """Which jobs a sweep changed, and which wait for a message."""

    mended: set[UUID]
    unsent: list[UUID]


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

    async def called_by(self, job_id: UUID) -> list[UUID]:
        """Return the unsent jobs that wait because of this one: its parts, its parent."""
        parent = select(col(Job.parent_id)).where(col(Job.id) == job_id).scalar_subquery()
        statement = select(col(Job.id)).where(
            or_(col(Job.parent_id) == job_id, col(Job.id) == parent),
            col(Job.status) == JobStatus.QUEUED,
            col(Job.enqueued_at).is_(None),
        )
        return list(await self.session.scalars(statement.order_by(col(Job.created_at))))

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

    async def sweep(self, patience: Patience, *, limit: int = SWEEP_LIMIT) -> Swept:
        """Mend what crashes left behind, for so many jobs a step; find what is to be sent.

        1. A lapsed lease: cancelled if asked, failed if spent, else queued again.
        2. Queued for too long: failed.
        3. A parent none of whose parts is open any more: queued for its end, failed, cancelled.
        4. Sent long ago and still queued: the message is lost, so it counts as unsent.
        5. Unsent: returned. The pause leaves the request that wrote the row time to send.
        """
        lapsed = await self.session.execute(job_changes.reclaim(limit))
        expired = await self.session.execute(job_changes.expire(patience.queued, limit))
        settled = await JobParts(self.session).settle()
        lost = await self._forget_lost_messages(patience.sent, limit)
        mended = {row.id for found in (lapsed, expired) for row in found} | lost | settled
        return Swept(mended=mended, unsent=await self._unsent(patience.unsent, limit))

    async def _forget_lost_messages(self, after: timedelta, limit: int) -> set[UUID]:
        doubled = after.total_seconds() * func.power(2.0, func.greatest(col(Job.sends) - 1, 0))
        pause = func.least(doubled, RESEND_AT_MOST.total_seconds())
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

    async def _unsent(self, after: timedelta, limit: int) -> list[UUID]:
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
