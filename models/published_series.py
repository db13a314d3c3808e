"""Exchange rates, factor returns and macro figures: written in bulk, read by column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.series import FxRate
from models.staging import Written, merge


@dataclass(frozen=True)
class SeriesColumns:
    """One series, oldest first: days from 1970-01-01, microseconds of UTC from there."""

    days: list[int]
    values: list[float]
    known_at_us: list[int]


EMPTY = SeriesColumns([], [], [])


class FxRow(NamedTuple):
    pair: str
    date: date
    rate: float
    source: str
    known_at: datetime


class FactorRow(NamedTuple):
    factor_set: str
    frequency: str
    factor: str
    date: date
    value: float
    source: str
    known_at: datetime


class MacroRow(NamedTuple):
    series: str
    date: date
    value: float
    source: str
    known_at: datetime


def _columns(table: str, name: str, value: str, condition: str) -> str:
    return f"""
        SELECT {name},
            array_agg(date - '1970-01-01'::date ORDER BY date),
            array_agg({value} ORDER BY date),
            array_agg((date_part('epoch', known_at) * 1000000)::bigint ORDER BY date)
        FROM {table}
        WHERE {condition}
            AND date >= coalesce(CAST(:start AS date), '-infinity')
            AND date <= coalesce(CAST(:end AS date), 'infinity')
            AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        GROUP BY {name}
    """  # noqa: S608 - our own names


FX = _columns("fx_rate", "pair", "rate", "pair = ANY (CAST(:names AS text[]))")
FACTORS = _columns(
    "factor_return",
    "factor",
    "value",
    "factor_set = :factor_set AND frequency = :frequency AND factor = ANY (CAST(:names AS text[]))",
)
MACRO = _columns("macro_series", "series", "value", "series = ANY (CAST(:names AS text[]))")


async def _read(
    session: AsyncSession,
    statement: str,
    names: Sequence[str],
    start: date | None,
    end: date | None,
    known_at: datetime | None,
    **more: str,
) -> dict[str, SeriesColumns]:
    asked = {"names": list(names), "start": start, "end": end, "known_at": known_at, **more}
    rows = await session.execute(text(statement), asked)
    found = {name: SeriesColumns(*columns) for name, *columns in rows}
    return {name: found.get(name, EMPTY) for name in names}


class FxRateRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def columns(
        self,
        pairs: Sequence[str],
        *,
        start: date | None = None,
        end: date | None = None,
        known_at: datetime | None = None,
    ) -> dict[str, SeriesColumns]:
        """Return each pair's fixings; a pair without any is empty, never absent."""
        return await _read(self.session, FX, pairs, start, end, known_at)

    async def first_date(self, pair: str) -> date | None:
        first = select(func.min(col(FxRate.date))).where(col(FxRate.pair) == pair)
        return await self.session.scalar(first)

    async def last(self, pair: str, *, until: date, known_at: datetime) -> FxRate | None:
        """Return the last fixing up to a day that was known at an instant."""
        known = select(FxRate).where(
            col(FxRate.pair) == pair, col(FxRate.date) <= until, col(FxRate.known_at) <= known_at
        )
        return await self.session.scalar(known.order_by(col(FxRate.date).desc()).limit(1))

    async def write(self, rows: Iterable[FxRow]) -> Written:
        return await merge(
            self.session,
            "fx_rate",
            keys=FxRow._fields[:2],
            values=FxRow._fields[2:],
            rows=rows,
        )


class FactorReturnRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def columns(
        self,
        factors: Sequence[str],
        *,
        factor_set: str,
        frequency: str,
        start: date | None = None,
        end: date | None = None,
        known_at: datetime | None = None,
    ) -> dict[str, SeriesColumns]:
        """Return each factor's returns; a factor without any is empty, never absent."""
        of_set = {"factor_set": factor_set, "frequency": frequency}
        return await _read(self.session, FACTORS, factors, start, end, known_at, **of_set)

    async def write(self, rows: Iterable[FactorRow]) -> Written:
        return await merge(
            self.session,
            "factor_return",
            keys=FactorRow._fields[:4],
            values=FactorRow._fields[4:],
            rows=rows,
        )


class MacroSeriesRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def columns(
        self,
        series: Sequence[str],
        *,
        start: date | None = None,
        end: date | None = None,
        known_at: datetime | None = None,
    ) -> dict[str, SeriesColumns]:
        """Return each series' figures; a series without any is empty, never absent."""
        return await _read(self.session, MACRO, series, start, end, known_at)

    async def write(self, rows: Iterable[MacroRow]) -> Written:
        return await merge(
            self.session,
            "macro_series",
            keys=MacroRow._fields[:2],
            values=MacroRow._fields[2:],
            rows=rows,
        )
