"""How many bars there are and of which days, without the bars."""

from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.price_bar import DataQuality, PriceBar

# One array decodes many times faster than as many rows.
DAYS = text("""
    SELECT instrument_id, array_agg(date - '1970-01-01'::date ORDER BY date)
    FROM price_bar WHERE instrument_id = ANY (CAST(:ids AS bigint[])) AND quality <> 'BAD'
    GROUP BY instrument_id
""")


class BarCountRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def days_of(self, instrument_ids: Sequence[int]) -> dict[int, list[int]]:
        """Return the days of each instrument's usable bars, since 1970-01-01, oldest first."""
        rows = await self.session.execute(DAYS, {"ids": list(instrument_ids)})
        return {row[0]: row[1] for row in rows}

    async def suspects(self, instrument_ids: Sequence[int]) -> dict[int, int]:
        """Return the number of suspect bars of each instrument that has any."""
        whose = col(PriceBar.instrument_id)
        found = (
            select(whose, func.count())
            .where(whose.in_(instrument_ids), col(PriceBar.quality) == DataQuality.SUSPECT)
            .group_by(whose)
        )
        return {row[0]: row[1] for row in await self.session.execute(found)}
