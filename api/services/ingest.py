"""The work of an ingest: bring prices in, and leave a report of every row."""

import hashlib
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

import orjson

from api.ports import ObjectStore
from api.services.load_sample import SampleSource, load_sample
from api.services.work import ClaimedJob, Pulse
from api.telemetry import Metric
from models.session import SessionFactory


async def ingest(
    job: ClaimedJob,
    pulse: Pulse,
    *,
    sessions: SessionFactory,
    store: ObjectStore,
    source: SampleSource,
) -> dict[str, Any]:
    """Load what the source has, all or nothing, and store the load report under the prefix.

    A source whose very files are in already leaves an empty report. Raises Stopped,
    Unavailable, DataError.
    """
    pulse(0.01, "reading prices")
    report = await load_sample(sessions, source)
    pulse(0.9, "storing")
    told = asdict(replace(report, reasons=Counter())) | {"reasons": dict(report.reasons)}
    body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    await store.put(f"{job.prefix}report.json", body)
    written = sum(count.new + count.revised for count in report.bars.values())
    return {
        "sha256": hashlib.sha256(body).hexdigest(),
        "counts": {Metric.ROWS_WRITTEN: written},
    }
