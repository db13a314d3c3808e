"""What a work is given and what it gives back; the same in a child process and in a thread."""

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


class Stopped(Exception):
    """The job was cancelled or its lease was lost: write nothing more."""


# How long after its worker's certain end a job may still count as held.
LEASE_PAST_DEADLINE_SECONDS = 5.0


@dataclass(frozen=True)
class Deadline:
    """When this process will be killed, on its own clock, and how long before to stop softly."""

    at: float
    soft_stop_seconds: float = 0.0

    @classmethod
    def after(cls, seconds: float, *, soft_stop_seconds: float = 0.0) -> Self:
        """Return the deadline so many seconds from now."""
        return cls(time.monotonic() + seconds, soft_stop_seconds)

    @property
    def remaining_seconds(self) -> float:
        return self.at - time.monotonic()

    @property
    def working_seconds(self) -> float:
        """How long work may still go on: what is left before the soft stop, never below zero."""
        return max(self.remaining_seconds - self.soft_stop_seconds, 0.0)


NEVER = Deadline(math.inf)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timers of a worker; tests scale them."""

    lease: timedelta
    heartbeat_seconds: float
    progress_seconds: float
    retry_base_seconds: float
    retry_cap_seconds: float
    deadline: Deadline = NEVER

    @property
    def hold(self) -> timedelta:
        """How long to hold a job from now on: hardly longer than its worker will live."""
        left = max(self.deadline.remaining_seconds, 0.0) + LEASE_PAST_DEADLINE_SECONDS
        return timedelta(seconds=min(self.lease.total_seconds(), left))


@dataclass(frozen=True, kw_only=True)
class ClaimedJob:
    """A job as the worker that holds it sees it."""

    id: UUID
    kind: str
    fence: int
    attempt: int
    owner_id: UUID
    payload: Mapping[str, Any]
    parent_id: UUID | None = None

    @property
    def prefix(self) -> str:
        """Where this claim stores its objects; no other claim writes there."""
        return f"results/{self.id}/{self.fence}/"


class Pulse:
    """Carries progress out of a computation and the order to stop into it.

    A worker calls it at its checkpoints, from any thread.
    """

    def __init__(self, deadline: Deadline = NEVER) -> None:
        self.deadline = deadline
        self.progress = 0.0
        self.stage: str | None = None
        self.stopped = False

    def __call__(self, progress: float, stage: str) -> None:
        """Record how far the work is. Raises Stopped."""
        self.progress = max(self.progress, progress)
        self.stage = stage
        if self.stopped:
            raise Stopped


Work = Callable[[ClaimedJob, Pulse], Awaitable[dict[str, Any]]]
Publish = Callable[[AsyncSession, ClaimedJob, dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What a kind of job computes, and how its outcome enters the tables.

    ``work`` stores objects under the job's prefix and returns a JSON-able outcome, in which
    ``sha256`` and ``compute_seconds`` go to the job's row and ``counts`` to the metrics of these
    names. With ``parts`` in it the job is not finished: it waits for the parts ``publish`` queues.
    ``publish`` runs in the transaction of the fenced update, so that the result appears
    at once or never.
    """

    work: Work
    publish: Publish
