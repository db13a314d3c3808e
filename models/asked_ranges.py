"""What was asked of providers, by symbol or series."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.asked_range import AskedRange, AskedRow
from models.staging import merge


class AskedRangeRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_keys(self, keys: Sequence[str]) -> Mapping[str, AskedRange]:
        found = select(AskedRange).where(col(AskedRange.key).in_(keys))
        rows = await self.session.scalars(found, execution_options={"populate_existing": True})
        return {row.key: row for row in rows}

    async def save(self, rows: Iterable[AskedRow]) -> None:
        """Write what was asked, at most one row for each key; the last word counts."""
        await merge(
            self.session,
            "asked_range",
            keys=AskedRow._fields[:1],
            values=AskedRow._fields[1:],
            rows=rows,
        )
