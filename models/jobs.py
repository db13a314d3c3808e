"""Jobs: the row is the truth, the fence says who may write, the clock is the database's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from models import job_changes
from models.clock import seconds_from_now
from models.job import HIDDEN, OPEN, UNASKED, Job, JobEvent, JobKey, JobKind, JobStatus
from models.job_changes import ENDED, MAX_RUNNING_PROGRESS, change, held
from models.job_outbox import JobOutbox
from models.pages import Page, Place, count, ordered, take


class CancelAnswer(StrEnum):
    CANCELLED = "CANCELLED"
    CANCELLING = "CANCELLING"
    ALREADY_FINISHED = "ALREADY_FINISHED"
    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True)
class Claim:
    """What a worker needs once the job is its own; the fence goes into every write."""

    fence: int
    attempt: int
    kind: JobKind
    owner_id: UUID
    payload: dict[str, Any]
    parent_id: UUID | None


@dataclass(frozen=True)
class Keyed:
    """What an idempotency key stands for, and the hash of the request that first used it."""

    job: Job
    request_hash: str | None


@dataclass(frozen=True)
class Beat:
    alive: bool
    cancel_requested: bool


@dataclass(frozen=True)
class Counted:
    """One owner's jobs: still open, and asked for since midnight UTC."""

    open: int
    today: int


class JobRepository(JobOutbox):
    async def add(self, job: Job) -> Job:
        """Write a queued job; where the owner's idempotency key is taken, return its job.

        The caller tells the two apart by the id, and compares the request hashes.
        """
        named = {name: getattr(job, name) for name in type(job).model_fields}
        values = {name: value for name, value in named.items() if value is not None}
        added: Job | None = await self.session.scalar(
            insert(Job)
            .values(**values | {"events": 1})
            .on_conflict_do_nothing(index_elements=["owner_id", "idempotency_key"])
            .returning(Job)
        )
        if added is None:
            return await self._require_same_key(job)
        self.session.add(JobEvent(job_id=added.id, seq=1, fence=0, kind="submitted"))
        await self.session.flush()
        return added

    async def by_idempotency_key(self, key: str, *, owner_id: UUID) -> Keyed | None:
        """Return what the owner's key stands for, whether its request made the job or met it."""
        met = select(JobKey).where(col(JobKey.owner_id) == owner_id, col(JobKey.key) == key)
        made = select(col(Job.id)).where(
            col(Job.owner_id) == owner_id, col(Job.idempotency_key) == key
        )
        of_key = met.with_only_columns(col(JobKey.job_id)).scalar_subquery()
        asked = met.with_only_columns(col(JobKey.request_hash)).scalar_subquery()
        found = select(Job, func.coalesce(asked, col(Job.request_hash))).where(
            col(Job.id) == func.coalesce(of_key, made.scalar_subquery())
        )
        row = (
            await self.session.execute(found.execution_options(populate_existing=True))
        ).one_or_none()
        return None if row is None else Keyed(job=row[0], request_hash=row[1])

    async def remember_key(self, key: str, job: Job, *, request_hash: str) -> None:
        """Let the key stand for a job that another request made."""
        self.session.add(
            JobKey(owner_id=job.owner_id, key=key, request_hash=request_hash, job_id=job.id)
        )
        await self.session.flush()

    async def _require_same_key(self, job: Job) -> Job:
        owned = select(Job).where(
            col(Job.owner_id) == job.owner_id, col(Job.idempotency_key) == job.idempotency_key
        )
        return (await self.session.scalars(owned)).one()

    async def get(self, id: UUID, *, owner_id: UUID) -> Job | None:
        owned = select(Job).where(col(Job.id) == id, col(Job.owner_id) == owner_id)
        return await self.session.scalar(owned.execution_options(populate_existing=True))

    async def require(self, id: UUID) -> Job:
        """Return any owner's job: for workers, which are told ids only."""
        found = await self.session.get(Job, id, populate_existing=True)
        if found is None:
            raise LookupError(f"job {id} does not exist")
        return found

    async def is_known(self, id: UUID) -> bool:
        """Tell whether such a job was ever written: its events outlive a row that was removed."""
        row = select(col(Job.id)).where(col(Job.id) == id).exists()
        noted = select(col(JobEvent.job_id)).where(col(JobEvent.job_id) == id).exists()
        return (await self.session.execute(select(or_(row, noted)))).scalar_one()

    async def list_by_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[Job]:
        owned = select(Job).where(col(Job.id).in_(ids), col(Job.owner_id) == owner_id)
        return list(await self.session.scalars(owned.execution_options(populate_existing=True)))

    async def list_page(
        self,
        *,
        owner_id: UUID,
        kind: JobKind | None = None,
        status: JobStatus | None = None,
        first: int,
        after: Place | None = None,
    ) -> Page[Job]:
        """Newest first. A place is (created_at, id)."""
        found = self._listed(owner_id, kind, status)
        newest = ordered(found, col(Job.created_at), col(Job.id), descending=True, after=after)
        return await take(self.session, newest, first)

    async def count_listed(
        self,
        *,
        owner_id: UUID,
        kind: JobKind | None = None,
        status: JobStatus | None = None,
    ) -> int | None:
        """Return how many jobs the pages hold; None past ten thousand."""
        return await count(self.session, self._listed(owner_id, kind, status))

    def _listed(
        self, owner_id: UUID, kind: JobKind | None, status: JobStatus | None
    ) -> Select[Job]:
        found = select(Job).where(col(Job.owner_id) == owner_id, col(Job.kind).not_in(HIDDEN))
        if kind is not None:
            found = found.where(col(Job.kind) == kind)
        return found if status is None else found.where(col(Job.status) == status)

    async def has_open(self, kind: JobKind, *, owner_id: UUID) -> bool:
        """Tell whether a job of this kind is queued or running."""
        found = self._listed(owner_id, kind, None).where(col(Job.status).in_(OPEN))
        return (await self.session.execute(select(found.exists()))).scalar_one()

    async def count_open(self, owner_id: UUID) -> Counted:
        """Count for the quotas: what its owner asked for, and no part or follower of it."""
        midnight = func.date_trunc("day", func.now(), "UTC")
        mine = (col(Job.owner_id) == owner_id, col(Job.kind).not_in(UNASKED))
        still_open = func.count().filter(col(Job.status).in_(OPEN))
        today = func.count().filter(col(Job.created_at) >= midnight)
        row = (await self.session.execute(select(still_open, today).where(*mine))).one()
        return Counted(open=row[0], today=row[1])

    async def claim(self, job_id: UUID, *, lease: timedelta) -> Claim | None:
        """Take the job; None when it is done, not due, spent, cancelled or held by another.

        One UPDATE, so two deliveries cannot both win; the higher fence shuts out the
        worker whose lease lapsed, should it wake.
        """
        row = (await self.session.execute(job_changes.claim(job_id, lease))).one_or_none()
        if row is None:
            return None
        return Claim(
            fence=row.fence,
            attempt=row.attempt,
            kind=JobKind(row.kind),
            owner_id=row.owner_id,
            payload=row.payload,
            parent_id=row.parent_id,
        )

    async def heartbeat(
        self,
        job_id: UUID,
        *,
        fence: int,
        progress: float,
        stage: str | None,
        lease: timedelta,
    ) -> Beat:
        """Extend the lease and write progress; not alive when the fence has moved on."""
        reached = func.least(func.greatest(col(Job.progress), progress), MAX_RUNNING_PROGRESS)
        statement = (
            update(Job)
            .where(*held(job_id, fence))
            .values(
                lease_until=seconds_from_now(lease.total_seconds()),
                heartbeat_at=func.now(),
                progress=reached,
                stage=func.coalesce(stage, col(Job.stage)),
            )
            .returning(col(Job.cancel_requested_at).is_not(None))
            .execution_options(synchronize_session=False)
        )
        asked = await self.session.scalar(statement)
        return Beat(alive=asked is not None, cancel_requested=asked is True)

    async def finish(
        self,
        job_id: UUID,
        *,
        fence: int,
        result_prefix: str | None,
        sha256: str | None,
        compute_seconds: float | None,
    ) -> bool:
        """Make the results visible; False when another holds the job or a cancel came first."""
        values = {
            "status": JobStatus.SUCCEEDED,
            "progress": 1.0,
            "result_prefix": result_prefix,
            "result_sha256": sha256,
            "compute_seconds": compute_seconds,
            **ENDED,
        }
        asked = col(Job.cancel_requested_at)
        return await self._changed(
            change(*held(job_id, fence), asked.is_(None), event="succeeded", values=values)
        )

    async def fail(
        self, job_id: UUID, *, fence: int, code: str, reason: str | None, detail: str | None
    ) -> bool:
        values = {
            "status": JobStatus.FAILED,
            "failure_code": code,
            "failure_reason": reason,
            "failure_detail": detail,
            **ENDED,
        }
        told = {"code": code, "reason": reason}
        return await self._changed(
            change(*held(job_id, fence), event="failed", values=values, detail=told)
        )

    async def release(self, job_id: UUID, *, fence: int, delay_seconds: float) -> bool:
        """Give the job back for another try; False when spent, cancelled or not ours."""
        values = {
            "status": JobStatus.QUEUED,
            "lease_until": None,
            "enqueued_at": None,
            "sends": 0,
            "next_run_at": seconds_from_now(delay_seconds),
        }
        statement = change(
            *held(job_id, fence),
            col(Job.attempt) < col(Job.max_attempts),
            col(Job.cancel_requested_at).is_(None),
            event="released",
            values=values,
            detail={"delay_seconds": delay_seconds},
        )
        return await self._changed(statement)

    async def acknowledge_cancel(self, job_id: UUID, *, fence: int) -> bool:
        """End a running job whose owner asked for it."""
        values = {"status": JobStatus.CANCELLED, **ENDED}
        asked = col(Job.cancel_requested_at).is_not(None)
        return await self._changed(
            change(*held(job_id, fence), asked, event="cancelled", values=values)
        )

    async def cancel(self, job_id: UUID, *, owner_id: UUID) -> CancelAnswer:
        """Cancel a queued job, ask a running one to stop. Another owner's id is unknown."""
        row = (await self.session.execute(job_changes.cancel(job_id, owner_id))).one_or_none()
        if row is not None:
            done = row.event == "cancelled"
            return CancelAnswer.CANCELLED if done else CancelAnswer.CANCELLING
        job = await self.get(job_id, owner_id=owner_id)
        if job is None:
            return CancelAnswer.NOT_FOUND
        return CancelAnswer.CANCELLING if job.status in OPEN else CancelAnswer.ALREADY_FINISHED

    async def _changed(self, statement: Select[Any]) -> bool:
        return (await self.session.execute(statement)).one_or_none() is not None
