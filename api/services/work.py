"""What a work is given and what it gives back; the same in a child process and in a thread."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


class Stopped(Exception):
    """The job was cancelled or its lease was lost: write nothing more."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timers of a worker; tests scale them."""

    lease: timedelta = timedelta(seconds=30)
    heartbeat_seconds: float = 10.0
    progress_seconds: float = 0.5
    retry_base_seconds: float = 0.2
    retry_cap_seconds: float = 20.0


@dataclass(frozen=True, kw_only=True)
class ClaimedJob:
    """A job as the worker that holds it sees it."""

    id: UUID
    kind: str
    fence: int
    attempt: int
    owner_id: UUID
    payload: Mapping[str, Any]

    @property
    def prefix(self) -> str:
        """Where this claim stores its objects; no other claim writes there."""
        return f"results/{self.id}/{self.fence}/"


class Pulse:
    """Carries progress out of a computation and the order to stop into it.

    A worker calls it at its checkpoints, from any thread.
    """

    def __init__(self) -> None:
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
class JobKind:
    """What a kind of job does, and how its outcome enters the tables.

    ``work`` stores objects under the job's prefix and returns a JSON-able outcome, in which
    ``sha256`` and ``compute_seconds`` go to the job's row. ``publish`` runs in the
    transaction of the fenced update, so that the result appears at once or never.
    """

    work: Work
    publish: Publish
