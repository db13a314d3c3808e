"""Rows of feeds that were refused."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.price_bar import Quarantine


class QuarantineRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, rows: Sequence[Quarantine]) -> None:
        self.session.add_all(rows)
        await self.session.flush()

    async def count_by_reason(self, source: str) -> dict[str, int]:
        """Return how many rows of a source were refused, by reason."""
        found = (
            select(col(Quarantine.reason), func.count())
            .where(col(Quarantine.source) == source)
            .group_by(col(Quarantine.reason))
        )
        return {row[0]: row[1] for row in await self.session.execute(found)}
