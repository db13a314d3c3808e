"""Versions of bars that were corrected later, by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class SupersededColumns:
    """Versions no longer believed, by day and then by instrument; None where unknown.

    `days` count from 1970-01-01; both instants are microseconds of UTC from there.
    """

    instrument_ids: list[int]
    days: list[int]
    open: list[float | None]
    high: list[float | None]
    low: list[float | None]
    close: list[float | None]
    adjusted_close: list[float | None]
    volume: list[float | None]
    known_at_us: list[int]
    known_to_us: list[int]


# Aggregated by the server, and each column ordered by itself: a sorted subquery promises nothing.
_BY = "ORDER BY date, instrument_id, known_to"
_READ = "date - '1970-01-01'::date", "open", "high", "low", "close", "adjusted_close", "volume"
_INSTANTS = tuple(
    f"(date_part('epoch', {name}) * 1000000)::bigint" for name in ("known_at", "known_to")
)
_COLUMNS = ", ".join(f"array_agg({each} {_BY})" for each in ("instrument_id", *_READ, *_INSTANTS))
SUPERSEDED = f"""
    SELECT {_COLUMNS} FROM price_bar_revision
    WHERE instrument_id = ANY (CAST(:ids AS bigint[])) AND quality <> 'BAD'
        AND known_to <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
"""  # noqa: S608 - our own names


class SupersededBarRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def columns(
        self, instrument_ids: Sequence[int], *, known_at: datetime | None = None
    ) -> SupersededColumns:
        """Return what bars were before corrections made up to an instant, or ever."""
        asked = {"ids": list(instrument_ids), "known_at": known_at}
        row = (await self.session.execute(text(SUPERSEDED), asked)).one()
        return SupersededColumns(*(column or [] for column in row))
