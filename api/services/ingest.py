"""The work of an ingest: bring prices in, and leave a report of every row."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import orjson

from api.ports import ObjectStore
from api.services.ingest_live import Live, LiveIngest
from api.services.ingest_report import Account, account_of_sample
from api.services.ingest_request import IngestRequest
from api.services.ingest_targets import scheduled, wants_sample
from api.services.load_sample import SampleSource, load_sample
from api.services.work import ClaimedJob, Pulse
from api.telemetry import Metric
from models.session import SessionFactory, unit_of_work


async def ingest(
    job: ClaimedJob,
    pulse: Pulse,
    *,
    sessions: SessionFactory,
    store: ObjectStore,
    source: SampleSource,
    live: Callable[[], Awaitable[Live]],
) -> dict[str, Any]:
    """Do what the payload asks for, and store the report under the prefix.

    From providers each batch of instruments is written by itself; what an ingest that is stopped
    has written stays. The sample market is loaded all or nothing; where its very files are in, the
    report is empty. Raises Stopped, Unavailable, DataError, NotFound.
    """
    request = IngestRequest.load(job.payload)
    symbols = None
    if (schedule := job.payload.get("schedule")) is not None:
        async with unit_of_work(sessions) as session:
            symbols = await scheduled(session, schedule)
    if symbols or (schedule is None and not wants_sample(request)):
        work = LiveIngest(job, pulse, request, sessions=sessions, live=await live())
        account = await work.run(symbols)
        return await _told(job, store, account, account.document())
    pulse(0.01, "reading prices")
    report = await load_sample(sessions, source)
    pulse(0.9, "storing")
    told = asdict(replace(report, reasons=Counter())) | {"reasons": dict(report.reasons)}
    return await _told(job, store, account_of_sample(report), told)


async def _told(
    job: ClaimedJob, store: ObjectStore, account: Account, told: Mapping[str, Any]
) -> dict[str, Any]:
    body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    await store.put(f"{job.prefix}report.json", body)
    written = account.tally.written
    return {
        "sha256": hashlib.sha256(body).hexdigest(),
        "counts": {Metric.ROWS_WRITTEN: written.new + written.revised},
        "report": account.document(),
    }
