"""A job made of parts: it waits for them without a lease, and the last part to end calls it.

The parent runs while any part is open. Whoever ends a part locks the parent first: of two parts
that end at once the second sees the first, so that exactly one of them is the last.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from models.job import MAX_ATTEMPTS, OPEN, Job, JobEvent, JobKind, JobStatus
from models.job_changes import change, held

# What the parts share of the parent's progress; the rest is the end.
PARTS_SHARE = 0.9
SETTLED_AT_ONCE = 100


class JobParts:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def wait(self, job_id: UUID, *, fence: int) -> bool:
        """Let go of a job that has parts; False when another holds it or a cancel came first."""
        statement = change(
            *held(job_id, fence),
            col(Job.cancel_requested_at).is_(None),
            event="parted",
            values={"lease_until": None, "stage": "trials"},
        )
        return (await self.session.execute(statement)).one_or_none() is not None

    async def add(self, parts: Sequence[Job]) -> None:
        """Write queued parts; they are nobody's business outside and count against no quota."""
        for part in parts:
            part.events = 1
        self.session.add_all(parts)
        await self.session.flush()
        self.session.add_all(
            JobEvent(job_id=part.id, seq=1, fence=0, kind="submitted") for part in parts
        )
        await self.session.flush()

    async def of(self, parent_id: UUID) -> list[Job]:
        """Return the parts of a job, oldest first."""
        found = select(Job).where(col(Job.parent_id) == parent_id)
        ordered = found.order_by(col(Job.created_at), col(Job.id))
        return list(await self.session.scalars(ordered.execution_options(populate_existing=True)))

    async def end_part(self, parent_id: UUID) -> None:
        """Tell the parent that one of its parts has ended, in the transaction that ended it."""
        await self.session.execute(
            select(col(Job.id)).where(col(Job.id) == parent_id).with_for_update()
        )
        await self.advance(parent_id)
        await self.settle(parent_id)

    async def settle(self, parent_id: UUID | None = None) -> set[UUID]:
        """Go on with parents that have no open part: all of them unless one is named.

        Cancelled when that was asked for, failed as its first failed part did, else queued again
        for its end, with as many attempts again. Before that, the parts of a parent that cannot
        succeed any more are cancelled.
        """
        await self._stop_in_vain(parent_id)
        waiting = select(col(Job.id)).where(*_waiting(parent_id), ~_open_part())
        chosen = waiting.limit(SETTLED_AT_ONCE).with_for_update(skip_locked=parent_id is None)
        found = await self.session.execute(_settled(chosen))
        return {row.id for row in found}

    async def advance(self, parent_id: UUID) -> None:
        """Let a parent that waits be as far as its parts are on average."""
        part = aliased(Job)
        reached = select(PARTS_SHARE * func.avg(col(part.progress))).where(
            col(part.parent_id) == parent_id
        )
        statement = (
            update(Job)
            .where(*_waiting(parent_id))
            .values(progress=func.greatest(col(Job.progress), reached.scalar_subquery()))
        )
        await self.session.execute(statement.execution_options(synchronize_session=False))

    async def _stop_in_vain(self, parent_id: UUID | None) -> None:
        """Cancel the queued parts of parents that were cancelled or failed, ask the others."""
        parent = aliased(Job)
        in_vain = select(col(parent.id)).where(
            *_waiting(parent_id, parent),
            or_(col(parent.cancel_requested_at).is_not(None), _failed_part(parent)),
        )
        queued = col(Job.status) == JobStatus.QUEUED
        ended = col(Job.status) == JobStatus.CANCELLED
        await self.session.execute(
            change(
                col(Job.parent_id).in_(in_vain),
                col(Job.status).in_(OPEN),
                col(Job.cancel_requested_at).is_(None),
                event=case((ended, "cancelled"), else_="cancel_requested"),
                values={
                    "status": case(
                        (queued, literal(JobStatus.CANCELLED.value)), else_=col(Job.status)
                    ),
                    "cancel_requested_at": func.now(),
                    "finished_at": case((queued, func.now()), else_=None),
                },
            )
        )


def _settled(chosen: Any) -> Any:
    """Return the statement that moves parents on."""
    asked = col(Job.cancel_requested_at).is_not(None)
    failed = and_(~asked, _failed_part(Job))
    now = col(Job.status)
    return change(
        col(Job.id).in_(chosen),
        event=case((now == JobStatus.QUEUED, "parts_ended"), else_=now),
        values={
            "status": case(
                (asked, literal(JobStatus.CANCELLED.value)),
                (failed, literal(JobStatus.FAILED.value)),
                else_=literal(JobStatus.QUEUED.value),
            ),
            "finished_at": case((or_(asked, failed), func.now()), else_=None),
            "failure_code": case((failed, _of_failed("failure_code")), else_=None),
            "failure_reason": case((failed, _of_failed("failure_reason")), else_=None),
            "failure_detail": case((failed, _of_failed("failure_detail")), else_=None),
            "max_attempts": col(Job.attempt) + MAX_ATTEMPTS,
            "enqueued_at": None,
            "sends": 0,
            "next_run_at": func.now(),
        },
    )


def _waiting(parent_id: UUID | None, job: type[Job] = Job) -> list[ColumnElement[bool]]:
    """Select jobs that wait for their parts."""
    which = [] if parent_id is None else [col(job.id) == parent_id]
    kinds = (JobKind.SWEEP, JobKind.WALK_FORWARD)
    return [
        *which,
        col(job.status) == JobStatus.RUNNING,
        col(job.lease_until).is_(None),
        col(job.kind).in_(kinds),
    ]


def _open_part() -> ColumnElement[bool]:
    part = aliased(Job)
    return exists().where(col(part.parent_id) == col(Job.id), col(part.status).in_(OPEN))


def _failed_part(job: type[Job]) -> ColumnElement[bool]:
    part = aliased(Job)
    failed = col(part.status) == JobStatus.FAILED
    return exists().where(col(part.parent_id) == col(job.id), failed)


def _of_failed(column: str) -> Any:
    part = aliased(Job)
    failed = select(getattr(part, column)).where(
        col(part.parent_id) == col(Job.id), col(part.status) == JobStatus.FAILED
    )
    return failed.order_by(col(part.finished_at)).limit(1).scalar_subquery()
