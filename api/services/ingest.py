"""The work of an ingest: bring prices in, and leave a report of every row."""

import hashlib
from dataclasses import asdict
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
    body = orjson.dumps(asdict(report), option=orjson.OPT_SORT_KEYS)
    await store.put(f"{job.prefix}report.json", body)
    written = sum(count.new + count.revised for count in report.bars.values())
    return {
        "sha256": hashlib.sha256(body).hexdigest(),
        "counts": {Metric.ROWS_WRITTEN: written},
    }
