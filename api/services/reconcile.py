"""Two sources' closes side by side. What differs is told, never merged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import numpy as np

from api.ports import BarBatch, BarRequest, PriceSource
from api.services.sessions import EPOCH
from engine.types import FloatArray, IntArray

# Relative. Closes of one day from different tapes and auctions differ by less.
TOLERANCE = 1e-3
STORED = "stored"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One day's close as traded, as each of the two sources has it."""

    day: date
    first: float
    second: float

    @property
    def relative(self) -> float | None:
        """How much more the second says than the first, as a fraction; None beside a zero."""
        return self.second / self.first - 1.0 if self.first else None


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What two sources say of one instrument; days are in order."""

    symbol: str
    first: str
    second: str
    tolerance: float
    compared: int  # days both have
    differences: tuple[Difference, ...]
    only_first: tuple[date, ...]
    only_second: tuple[date, ...]

    @property
    def agrees(self) -> bool:
        return not (self.differences or self.only_first or self.only_second)


async def reconcile(
    request: BarRequest,
    sources: Sequence[PriceSource],
    *,
    stored: BarBatch | None = None,
    tolerance: float = TOLERANCE,
) -> list[Reconciliation]:
    """Ask every source for the same sessions and compare each two; what is stored comes first.

    Raises FetchFailed.
    """
    fetched = await asyncio.gather(*(source.fetch(request) for source in sources))
    told = {} if stored is None else {STORED: stored}
    told |= {source.key: each.batch for source, each in zip(sources, fetched, strict=True)}
    return [
        compare(told[first], told[second], first=first, second=second, tolerance=tolerance)
        for first, second in combinations(told, 2)
    ]


def compare(
    one: BarBatch, other: BarBatch, *, first: str, second: str, tolerance: float = TOLERANCE
) -> Reconciliation:
    """Compare closes day by day, before any gate: what a gate would refuse differs too.

    A day with two bars counts by its first one; a bar without a close counts as none.
    """
    days, closes = _closes(one)
    other_days, other_closes = _closes(other)
    common, at, other_at = np.intersect1d(days, other_days, return_indices=True)
    here, there = closes[at], other_closes[other_at]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(there / here - 1.0)
    return Reconciliation(
        symbol=one.symbol,
        first=first,
        second=second,
        tolerance=tolerance,
        compared=len(common),
        differences=tuple(
            Difference(day=_date(common[row]), first=float(here[row]), second=float(there[row]))
            for row in np.flatnonzero(~(apart <= tolerance))
        ),
        only_first=_dates(np.setdiff1d(days, other_days)),
        only_second=_dates(np.setdiff1d(other_days, days)),
    )


def _closes(batch: BarBatch) -> tuple[IntArray, FloatArray]:
    close = batch.values.get("close", np.full(len(batch.day), np.nan))
    known = ~np.isnan(close)
    days, rows = np.unique(batch.day[known], return_index=True)
    return days, close[known][rows]


def _dates(days: IntArray) -> tuple[date, ...]:
    return tuple(_date(day) for day in days)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=int(day))
