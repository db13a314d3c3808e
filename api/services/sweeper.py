"""Mends what crashes left behind, from the rows alone."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from api.ports import JobQueue, ObjectStore
from api.services.jobs import dispatch
from api.services.signature import WINDOW_SECONDS
from api.services.work import NEVER, Deadline
from api.telemetry import Metric, meter
from models.edge_nonces import EdgeNonceRepository
from models.job_outbox import JobOutbox, Patience, Swept
from models.job_results import JobResults
from models.session import SessionFactory, unit_of_work

RESULTS = "results/"
IDS_AT_ONCE = 1_000


async def sweep(sessions: SessionFactory, queue: JobQueue, patience: Patience) -> Sequence[UUID]:
    """Requeue or end jobs that lost their worker or waited too long; send what is unsent."""
    swept = await _sweep_once(sessions, patience)
    await dispatch(swept.unsent, sessions, queue)
    return swept.unsent


async def sweep_all(
    sessions: SessionFactory,
    queue: JobQueue,
    patience: Patience,
    *,
    deadline: Deadline = NEVER,
) -> set[UUID]:
    """Sweep until nothing is left to mend or to send; return which jobs it was about.

    A queue that takes nothing ends it too: the next sweep tries again.
    """
    about: set[UUID] = set()
    while deadline.working_seconds > 0:
        swept = await _sweep_once(sessions, patience)
        about.update(swept.mended, swept.unsent)
        sent = await dispatch(swept.unsent, sessions, queue)
        if not swept.mended and not (swept.unsent and sent):
            break
    return about


async def _sweep_once(sessions: SessionFactory, patience: Patience) -> Swept:
    async with unit_of_work(sessions) as session:
        swept = await JobOutbox(session).sweep(patience)
        await EdgeNonceRepository(session).forget(2 * timedelta(seconds=WINDOW_SECONDS))
    return swept


async def take_stock(sessions: SessionFactory) -> None:
    """Measure what an alarm should ring for: jobs that wait or run too long."""
    async with unit_of_work(sessions) as session:
        ages = await JobOutbox(session).oldest()
    meter.add(Metric.OLDEST_QUEUED_SECONDS, ages.queued_seconds)
    meter.add(Metric.OLDEST_RUNNING_SECONDS, ages.running_seconds)


def is_full_hour(scheduled: object) -> bool:
    """Tell whether an event was scheduled for a full hour, when slower things are done too."""
    try:
        return datetime.fromisoformat(str(scheduled)).minute == 0
    except ValueError:
        return False


async def sweep_objects(
    sessions: SessionFactory, store: ObjectStore, *, deadline: Deadline = NEVER
) -> int:
    """Remove what attempts that did not succeed have stored; return how many objects.

    Only jobs that have ended are touched. An object of a job this database does not know may
    belong to another database, and stays.
    """
    stored = _by_job(await store.list(RESULTS))
    ids = sorted(stored)
    removed = 0
    for start in range(0, len(ids), IDS_AT_ONCE):
        if deadline.working_seconds <= 0:
            break
        async with unit_of_work(sessions) as session:
            ended = await JobResults(session).prefixes_of_ended(ids[start : start + IDS_AT_ONCE])
        for job_id, kept in ended.items():
            for prefix, keys in stored[job_id].items():
                if prefix != kept:
                    await asyncio.gather(*(store.delete(key) for key in keys))
                    removed += len(keys)
    return removed


def _by_job(keys: Sequence[str]) -> dict[UUID, dict[str, list[str]]]:
    """Group keys by their job, and by the prefix of the claim that wrote them."""
    found: dict[UUID, dict[str, list[str]]] = {}
    for key in keys:
        folder, job_id, fence, *_ = (*key.split("/"), "", "")
        with suppress(ValueError):
            claims = found.setdefault(UUID(job_id), {})
            claims.setdefault(f"{folder}/{job_id}/{fence}/", []).append(key)
    return found
