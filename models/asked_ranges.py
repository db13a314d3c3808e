"""What was asked of providers, by symbol or series."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.asked_range import AskedRange, AskedRow
from models.staging import merge

# Whose bars are brought in by the clock: what was asked for before, and who is in a list everybody
# shares. The sample market is a finished set.
FOLLOWED = """
    SELECT i.symbol FROM instrument i
    WHERE i.delisted_on IS NULL
        AND (i.exchange = ANY (CAST(:exchanges AS text[]))
            OR i.exchange = 'INDEX' AND i.currency = :currency)
        AND (EXISTS (
            SELECT FROM asked_range a WHERE a.key = i.symbol AND a.first_on IS NOT NULL
        ) OR EXISTS (
            SELECT FROM index_membership m JOIN universe u ON u.id = m.universe_id
            WHERE m.instrument_id = i.id AND m.known_to IS NULL AND m.starts_on <= current_date
                AND (m.ends_on IS NULL OR m.ends_on > current_date)
                AND u.owner_id IS NULL AND NOT starts_with(u.key, :sample)
        ))
    ORDER BY i.symbol COLLATE "C"
"""


class AskedRangeRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_keys(self, keys: Sequence[str]) -> Mapping[str, AskedRange]:
        found = select(AskedRange).where(col(AskedRange.key).in_(keys))
        rows = await self.session.scalars(found, execution_options={"populate_existing": True})
        return {row.key: row for row in rows}

    async def followed(
        self, exchanges: Sequence[str], *, index_currency: str, sample: str
    ) -> Sequence[str]:
        """Return the symbols of a market to ask for after each close, in order.

        An index belongs to the market of its currency; lists whose key begins with `sample` are
        left out.
        """
        asked = {"exchanges": list(exchanges), "currency": index_currency, "sample": sample}
        return (await self.session.scalars(text(FOLLOWED), asked)).all()

    async def save(self, rows: Iterable[AskedRow]) -> None:
        """Write what was asked, at most one row for each key; the last word counts."""
        await merge(
            self.session,
            "asked_range",
            keys=AskedRow._fields[:1],
            values=AskedRow._fields[1:],
            rows=rows,
        )
