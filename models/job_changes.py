"""The statements that move a job: each one conditional UPDATE that writes its own event.

The event travels in the same statement, numbered by a counter on the row: whoever waits for
the row's lock reads the counter after it, so numbers neither repeat nor leave a gap.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import col

from models.clock import seconds_from_now
from models.job import OPEN, Job, JobEvent, JobStatus

# Progress below one until success: the last hundredth is the fenced update itself.
MAX_RUNNING_PROGRESS = 0.99
ENDED: dict[str, Any] = {"lease_until": None, "finished_at": func.now()}


def change(
    *where: ColumnElement[bool],
    event: str | ColumnElement[Any],
    values: dict[str, Any],
    returning: tuple[SQLColumnExpression[Any], ...] = (),
    detail: dict[str, Any] | None = None,
) -> Select[Any]:
    """Return the statement that changes the jobs found, and notes each change."""
    named = literal(event) if isinstance(event, str) else event
    changed = (
        update(Job)
        .where(*where)
        .values(events=col(Job.events) + 1, **values)
        .returning(col(Job.id), col(Job.fence), col(Job.events), named.label("event"), *returning)
        .cte("changed")
    )
    noted = insert(JobEvent).from_select(
        ["job_id", "seq", "fence", "at", "kind", "detail"],
        select(
            changed.c.id,
            changed.c.events,
            changed.c.fence,
            func.clock_timestamp(),
            changed.c.event,
            literal(detail or {}, JSONB),
        ),
    )
    return select(*changed.c).add_cte(noted.cte("noted"))


def held(job_id: UUID, fence: int) -> tuple[ColumnElement[bool], ...]:
    """Still ours: a worker whose lease was taken over finds another fence."""
    return (
        col(Job.id) == job_id,
        col(Job.fence) == fence,
        col(Job.status) == JobStatus.RUNNING,
    )


def lapsed() -> ColumnElement[bool]:
    """Select what lost its worker; a parent that waits for its parts holds no lease to lose."""
    return and_(col(Job.status) == JobStatus.RUNNING, col(Job.lease_until) < func.now())


def claim(job_id: UUID, lease: timedelta) -> Select[Any]:
    due = and_(col(Job.status) == JobStatus.QUEUED, col(Job.next_run_at) <= func.now())
    return change(
        col(Job.id) == job_id,
        col(Job.attempt) < col(Job.max_attempts),
        col(Job.cancel_requested_at).is_(None),
        or_(due, lapsed()),
        event="claimed",
        values={
            "status": JobStatus.RUNNING,
            "fence": col(Job.fence) + 1,
            "attempt": col(Job.attempt) + 1,
            "lease_until": seconds_from_now(lease.total_seconds()),
            "heartbeat_at": func.now(),
            "started_at": func.coalesce(col(Job.started_at), func.now()),
        },
        returning=(
            col(Job.attempt),
            col(Job.kind),
            col(Job.owner_id),
            col(Job.payload),
            col(Job.parent_id),
        ),
    )


def cancel(job_id: UUID, owner_id: UUID) -> Select[Any]:
    """Cancel what is queued, ask what is running; asking twice is asking once."""
    queued = col(Job.status) == JobStatus.QUEUED
    ended = col(Job.status) == JobStatus.CANCELLED
    return change(
        col(Job.id) == job_id,
        col(Job.owner_id) == owner_id,
        col(Job.status).in_(OPEN),
        col(Job.cancel_requested_at).is_(None),
        event=case((ended, "cancelled"), else_="cancel_requested"),
        values={
            "status": case((queued, literal(JobStatus.CANCELLED.value)), else_=col(Job.status)),
            "cancel_requested_at": func.now(),
            "finished_at": case((queued, func.now()), else_=None),
        },
    )


def reclaim(limit: int) -> Select[Any]:
    """End or requeue what lost its worker: cancelled, tried too often, or to be tried again."""
    asked = col(Job.cancel_requested_at).is_not(None)
    again = col(Job.attempt) < col(Job.max_attempts)
    spent = and_(~asked, ~again)
    now_queued = col(Job.status) == JobStatus.QUEUED
    return change(
        col(Job.id).in_(batch(lapsed(), by=col(Job.lease_until), limit=limit)),
        event=case((now_queued, "requeued"), else_=col(Job.status)),
        values={
            "status": case(
                (asked, literal(JobStatus.CANCELLED.value)),
                (again, literal(JobStatus.QUEUED.value)),
                else_=literal(JobStatus.FAILED.value),
            ),
            "finished_at": case((and_(~asked, again), None), else_=func.now()),
            "failure_code": case((spent, "RESOURCE_EXHAUSTED"), else_=None),
            "failure_reason": case((spent, "ATTEMPTS_EXHAUSTED"), else_=None),
            "failure_detail": case(
                (
                    spent,
                    func.format("attempts that were begun and did not end: %s", col(Job.attempt)),
                ),
                else_=None,
            ),
            "lease_until": None,
            "enqueued_at": None,
            "sends": 0,
        },
    )


def expire(after: timedelta, limit: int) -> Select[Any]:
    old = and_(
        col(Job.status) == JobStatus.QUEUED,
        col(Job.created_at) < seconds_from_now(-after.total_seconds()),
    )
    return change(
        col(Job.id).in_(batch(old, by=col(Job.created_at), limit=limit)),
        event="failed",
        detail={"reason": "EXPIRED"},
        values={
            "status": JobStatus.FAILED,
            "failure_code": "EXPIRED",
            "failure_reason": "EXPIRED",
            "failure_detail": "no worker took it in time",
            **ENDED,
        },
    )


def batch(which: ColumnElement[bool], *, by: SQLColumnExpression[Any], limit: int) -> Select[UUID]:
    """Rows nobody else is at: two sweepers share the work instead of waiting."""
    found = select(col(Job.id)).where(which).order_by(by).limit(limit)
    return found.with_for_update(skip_locked=True)
