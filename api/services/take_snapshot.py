"""The work behind snapshots: an account day by day, and the figures of its returns."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import orjson

from api.services.portfolio_curve import Index, levels, read_index
from api.services.portfolio_days import Days, days_of, today
from api.services.positions import HOME
from api.services.work import ClaimedJob, Pulse
from engine.metrics import measure
from engine.types import FloatArray
from models.clock import database_now
from models.ownership import sessions_of
from models.portfolio_books import BookAt, BookRepository, DayRow
from models.session import SessionFactory, unit_of_work

EPOCH = date(1970, 1, 1)


async def take_snapshot(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory
) -> dict[str, Any]:
    """Return the owner's account by day, as it stands now. Raises Stopped, Unavailable."""
    pulse(0.05, "reading the books")
    at = BookAt(job.owner_id, today(datetime.now(UTC)))
    async with unit_of_work(sessions_of(sessions, job.owner_id)) as session:
        read_at = await database_now(session)
        rows = await BookRepository(session).days(at)
        days = days_of(rows, HOME)
        index = await read_index(session, None, days, known_at=None)
    pulse(0.6, "measuring returns")
    made = await asyncio.to_thread(_snapshots, rows, days, index)
    digest = hashlib.sha256(orjson.dumps(made)).hexdigest()
    return {"sha256": digest, "read_at": read_at.isoformat(), "snapshots": made}


def _snapshots(rows: Sequence[DayRow], days: Days, index: Index | None) -> list[dict[str, Any]]:
    kept = [number for number, row in enumerate(rows[: len(days.days)]) if _changed(row)]
    made = [_snapshot(rows[number], days, number) for number in kept]
    if made:
        made[-1]["metrics"] = _metrics(days, kept, index)
    return made


def _changed(row: DayRow) -> bool:
    return bool(row.cash or row.flow or row.aud or row.usd or row.unpriced)


def _snapshot(row: DayRow, days: Days, number: int) -> dict[str, Any]:
    value = days.values[number]
    return {
        "date": row.day.isoformat(),
        "value": None if value is None else repr(value),
        "cash": str(days.cash[number]),
        "flow": str(row.flow),
        "dividends": repr(days.dividends[number]),
        "growth": days.growth[number].value,
        "rate": row.rate,
        "metrics": None,
    }


def _metrics(days: Days, kept: Sequence[int], index: Index | None) -> dict[str, Any] | None:
    """Measure the growth of one unit of money over the days that have one."""
    rows = [row for row in kept if days.growth[row].value is not None]
    if len(rows) < 2:
        return None
    growth: FloatArray = np.array([days.growth[row].value for row in rows], np.float64)
    session = np.array([(days.days[row] - EPOCH).days for row in rows], np.int64)
    figures = measure(
        growth, session, rf=np.zeros(len(rows)), benchmark=_benchmark(days, rows, index)
    )
    found = vars(figures).copy()
    found["final_value"] = days.values[rows[-1]]
    return found


def _benchmark(days: Days, rows: Sequence[int], index: Index | None) -> FloatArray | None:
    if index is None:
        return None
    found = levels(days, index)
    return np.array([np.nan if found[row] is None else found[row] for row in rows], np.float64)
