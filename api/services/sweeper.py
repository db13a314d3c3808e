"""Mends what crashes left behind, from the rows alone."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from api.ports import JobQueue, ObjectStore
from api.services.jobs import dispatch
from api.services.signature import WINDOW_SECONDS
from models.edge_nonces import EdgeNonceRepository
from models.job_outbox import JobOutbox
from models.job_results import JobResults
from models.session import SessionFactory, unit_of_work

RESULTS = "results/"
IDS_AT_ONCE = 1_000


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
        await EdgeNonceRepository(session).forget(2 * timedelta(seconds=WINDOW_SECONDS))
    await dispatch(ids, sessions, queue)
    return ids


async def sweep_objects(sessions: SessionFactory, store: ObjectStore) -> int:
    """Remove what attempts that did not succeed have stored; return how many objects.

    Only jobs that have ended are touched. An object of a job this database does not know may
    belong to another database, and stays.
    """
    claims = _by_claim(await store.list(RESULTS))
    ids = sorted({job_id for job_id, _ in claims})
    removed = 0
    for start in range(0, len(ids), IDS_AT_ONCE):
        async with unit_of_work(sessions) as session:
            results = JobResults(session)
            kept = await results.prefixes_of_ended(ids[start : start + IDS_AT_ONCE])
        for (job_id, prefix), keys in claims.items():
            if job_id in kept and kept[job_id] != prefix:
                await asyncio.gather(*(store.delete(key) for key in keys))
                removed += len(keys)
    return removed


def _by_claim(keys: Sequence[str]) -> dict[tuple[UUID, str], list[str]]:
    """Group keys by the job and the prefix of the claim that wrote them."""
    claims: dict[tuple[UUID, str], list[str]] = {}
    for key in keys:
        folder, job_id, fence, *_ = (*key.split("/"), "", "")
        with suppress(ValueError):
            claims.setdefault((UUID(job_id), f"{folder}/{job_id}/{fence}/"), []).append(key)
    return claims
