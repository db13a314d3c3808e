"""From what a source brought to rows of the tables: bars that were kept, rows that were refused."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import repeat
from typing import TypeAlias

import numpy as np

from api.ports import BarBatch, Listing, Observations
from api.services.calendars import Calendar
from api.services.quality import Verdict
from engine.types import IntArray
from models.price_bar import BarRow, DataQuality, Quarantine

EPOCH = date(1970, 1, 1)
FIELDS = ("open", "high", "low", "close", "adjusted_close", "volume")

SeriesRow: TypeAlias = tuple[str, date, float, str, datetime]


def bar_rows(
    batch: BarBatch,
    listing: Listing,
    verdict: Verdict,
    market: Calendar,
    instrument_id: int,
    *,
    delay: timedelta = timedelta(0),
) -> Iterator[BarRow]:
    """Yield the bars that were kept, known so long after their session's close."""
    kept = verdict.kept
    day = batch.day[kept]
    columns = [
        batch.values[name][kept].tolist() if name in listing.fields else repeat(None)
        for name in FIELDS
    ]
    quality = np.where(verdict.suspect[kept], DataQuality.SUSPECT.value, DataQuality.GOOD.value)
    known_at = instants(market.close_of(day) + int(delay.total_seconds() * 1e9))
    # One zip over columns: a loop over a third of a million rows would take seconds.
    rows = zip(
        repeat(instrument_id),
        dates(day),
        *columns,
        repeat(listing.source),
        quality.tolist(),
        known_at,
        strict=False,
    )
    return map(BarRow._make, rows)


def refused_rows(batch: BarBatch, listing: Listing, verdict: Verdict) -> Iterator[Quarantine]:
    """Yield the rows that were refused, as they came, with the values that gave the reason."""
    for row, reason in sorted(verdict.refused.items()):
        values = {name: float(column[row]) for name, column in batch.values.items()}
        yield Quarantine(
            source=listing.source,
            file=batch.file,
            row_number=int(batch.row_number[row]),
            symbol=listing.symbol,
            date=EPOCH + timedelta(days=int(batch.day[row])),
            raw=batch.raw[row],
            reason=reason.value,
            detail={name: value for name, value in values.items() if math.isfinite(value)},
        )


def series_rows(series: Observations) -> Iterator[SeriesRow]:
    """Yield key, day, value, source and the instant each value became known."""
    days, known_at = dates(series.day), instants(series.known_at)
    for on, value, known in zip(days, series.value.tolist(), known_at, strict=True):
        yield series.key, on, value, series.source, known


def dates(day: IntArray) -> list[date]:
    return list(day.astype("datetime64[D]").tolist())


def instants(ns: IntArray) -> list[datetime]:
    """Return instants given in ns UTC; microseconds are all the database keeps."""
    return [_instant(instant) for instant in ns.tolist()]


@cache
def _instant(ns: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ns // 1_000)
