"""Rows of feeds that were refused."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.price_bar import Quarantine


class QuarantineRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, rows: Sequence[Quarantine]) -> None:
        """Keep refused rows; one that a file brings again is kept once."""
        found = select(Quarantine).where(
            col(Quarantine.source).in_({row.source for row in rows}),
            col(Quarantine.file).in_({row.file for row in rows}),
        )
        kept = {_place(row) for row in await self.session.scalars(found)}
        self.session.add_all(row for row in rows if _place(row) not in kept)
        await self.session.flush()


def _place(row: Quarantine) -> tuple[str, str, int | None, str, str]:
    return row.source, row.file, row.row_number, row.raw, row.reason
