"""Mends what crashes left behind, from the rows alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from api.ports import JobQueue
from api.services.jobs import dispatch
from models.job_outbox import JobOutbox
from models.session import SessionFactory, unit_of_work


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a job may be in a state before the sweeper takes it for lost."""

    unsent: timedelta = timedelta(seconds=5)
    sent: timedelta = timedelta(minutes=15)
    queued: timedelta = timedelta(seconds=18_900)


async def sweep(sessions: SessionFactory, queue: JobQueue, patience: Patience) -> Sequence[UUID]:
    """Requeue or end jobs that lost their worker or waited too long; send what is unsent."""
    async with unit_of_work(sessions) as session:
        ids = await JobOutbox(session).sweep(
            unsent_after=patience.unsent,
            resend_after=patience.sent,
            expire_after=patience.queued,
        )
    await dispatch(ids, sessions, queue)
    return ids
