"""Long work: the row is the truth and the outbox, a message is only a hint."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import Double, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NEW_UUID, NOW, Choice, Entity, check, one_of

MAX_ATTEMPTS = 3


class JobKind(StrEnum):
    BACKTEST = "BACKTEST"
    SWEEP = "SWEEP"
    WALK_FORWARD = "WALK_FORWARD"
    INGEST = "INGEST"
    SCAN = "SCAN"
    PLAN = "PLAN"
    REGIME = "REGIME"
    SNAPSHOT = "SNAPSHOT"
    SHARD = "SHARD"
    GUARD = "GUARD"


# Nobody's business outside: a part of a sweep, and what completes the guards of a finished run.
HIDDEN = (JobKind.SHARD, JobKind.GUARD)
# Nobody asks for these, or for what follows when prices have come in.
UNASKED = (*HIDDEN, JobKind.REGIME, JobKind.SNAPSHOT)


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)
OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)
_ENDED = "status IN ('succeeded', 'failed', 'cancelled')"


class Job(Entity, table=True):
    """A piece of long work. Its status moves only by conditional updates under a fence."""

    __tablename__: ClassVar[str] = "job"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        one_of("kind", JobKind),
        one_of("status", JobStatus),
        check("progress_range", "progress BETWEEN 0 AND 1"),
        check("progress_whole_at_success", "(progress = 1) = (status = 'succeeded')"),
        check("attempts_bounded", "attempt BETWEEN 0 AND max_attempts"),
        check("fence_not_negative", "fence >= 0"),
        check("lease_while_running", "lease_until IS NULL OR status = 'running'"),
        check("finished_when_ended", f"(finished_at IS NOT NULL) = ({_ENDED})"),
        check("failure_when_failed", "(failure_code IS NOT NULL) = (status = 'failed')"),
        check("compute_not_negative", "compute_seconds >= 0"),
        check("cost_not_negative", "cost_usd >= 0 AND cost_usd < 1e9"),
        Index("ix_job_owner_id_created_at", "owner_id", "created_at", "id"),
        Index("ix_job_open", "status", "next_run_at", postgresql_where=text(f"NOT ({_ENDED})")),
        Index("ix_job_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    id: UUID = Field(
        default_factory=uuid4,
        primary_key=True,
        sa_column_kwargs=NEW_UUID,
        description="Identity of the job.",
    )
    owner_id: UUID = Field(description="Who asked for it.")
    kind: JobKind = Field(sa_type=Choice(JobKind), description="What sort of work it is.")
    payload: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'{}'")},
        description="What the worker needs to begin: ids, never the data.",
    )
    content_key: str | None = Field(
        default=None, sa_type=Text, description="Hash of everything that decides the result."
    )
    idempotency_key: str | None = Field(
        default=None, sa_type=Text, description="The caller's key: the same key is the same job."
    )
    request_hash: str | None = Field(
        default=None, sa_type=Text, description="Hash of the request that first used the key."
    )
    status: JobStatus = Field(
        default=JobStatus.QUEUED,
        sa_type=Choice(JobStatus),
        sa_column_kwargs={"server_default": JobStatus.QUEUED.value},
        description="Where the job stands.",
    )
    stage: str | None = Field(default=None, sa_type=Text, description="What it is doing now.")
    progress: float = Field(
        default=0.0,
        sa_type=Double,
        sa_column_kwargs={"server_default": text("0")},
        description="Share done, 0 to 1; it never falls, and is 1 only after success.",
    )
    fence: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="Rises with each claim; only its latest holder may write.",
    )
    attempt: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="Claims so far, counted before the work begins.",
    )
    max_attempts: int = Field(
        default=MAX_ATTEMPTS,
        sa_column_kwargs={"server_default": text(str(MAX_ATTEMPTS))},
        description="Claims after which it fails.",
    )
    lease_until: datetime | None = Field(
        default=None,
        sa_type=INSTANT,
        description="Until when its worker holds it; null when nobody does.",
    )
    heartbeat_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When its worker last gave a sign."
    )
    cancel_requested_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When its owner asked it to stop."
    )
    enqueued_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When a message was last sent for it."
    )
    sends: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="Messages sent since it was last queued; spaces out the next ones.",
    )
    next_run_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="Not to be claimed before."
    )
    result_prefix: str | None = Field(
        default=None,
        sa_type=Text,
        description="Where its results lie; set only by the fenced finish.",
    )
    result_sha256: str | None = Field(
        default=None, sa_type=Text, description="Digest of the results."
    )
    failure_code: str | None = Field(
        default=None, sa_type=Text, description="Code of the contract's ErrorCode."
    )
    failure_reason: str | None = Field(
        default=None, sa_type=Text, description="Finer code, such as ATTEMPTS_EXHAUSTED."
    )
    failure_detail: str | None = Field(
        default=None, sa_type=Text, description="What went wrong, readable by its owner."
    )
    compute_seconds: float | None = Field(
        default=None, sa_type=Double, description="Seconds its worker computed."
    )
    cost_usd: Decimal | None = Field(
        default=None, sa_type=Numeric, description="Estimated cost in US dollars."
    )
    parent_id: UUID | None = Field(
        default=None, foreign_key="job.id", description="The job this is a part of."
    )
    events: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="Number of events written; numbers them without a gap.",
    )
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was asked for."
    )
    started_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When it was first claimed."
    )
    finished_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When it ended."
    )


class JobKey(Entity, table=True):
    """A key whose request was answered with a job that was there already."""

    __tablename__: ClassVar[str] = "job_key"

    owner_id: UUID = Field(primary_key=True, description="Whose key it is.")
    key: str = Field(primary_key=True, sa_type=Text, description="The caller's key.")
    request_hash: str = Field(
        sa_type=Text, description="Hash of the request that first used the key."
    )
    job_id: UUID = Field(foreign_key="job.id", description="The job it stands for from then on.")
    created_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was first used."
    )


class JobEvent(Entity, table=True):
    """One change of a job's state; written with the change, never altered."""

    __tablename__: ClassVar[str] = "job_event"

    job_id: UUID = Field(primary_key=True, foreign_key="job.id", description="The job.")
    seq: int = Field(primary_key=True, description="Number within the job, from one, no gap.")
    fence: int = Field(description="The fence when it happened.")
    at: datetime = Field(
        default=None,
        sa_type=INSTANT,
        sa_column_kwargs={"server_default": text("clock_timestamp()")},
        description="When it happened, by the database's clock.",
    )
    kind: str = Field(sa_type=Text, description="What happened.")
    detail: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'{}'")},
        description="What else is worth keeping about it.",
    )
