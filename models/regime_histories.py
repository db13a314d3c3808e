"""Regimes: the version that stands, and what was believed at an instant."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.instrument import Instrument
from models.regime_history import RegimeHistory
from models.universe import Universe


class RegimeHistoryRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def standing(self, instrument_id: int) -> RegimeHistory | None:
        return await self.session.scalar(
            select(RegimeHistory).where(
                col(RegimeHistory.instrument_id) == instrument_id,
                col(RegimeHistory.known_to).is_(None),
            )
        )

    async def believed(
        self, symbol: str, *, known_at: datetime | None = None
    ) -> RegimeHistory | None:
        """Return the version of an instant; before the first was made, the first.

        Of which sessions it may speak at that instant, its document says.
        """
        at = func.coalesce(known_at, func.now())
        found = (
            select(RegimeHistory)
            .join(Instrument, col(Instrument.id) == col(RegimeHistory.instrument_id))
            .where(col(Instrument.symbol) == symbol)
            .order_by(
                (col(RegimeHistory.known_at) <= at).desc(),
                func.abs(func.date_part("epoch", at - col(RegimeHistory.known_at))),
            )
        )
        return await self.session.scalar(found.limit(1))

    async def indices(self, named: Sequence[str]) -> list[Instrument]:
        """Return the indices of these names or that shared universes are compared with."""
        compared = select(col(Universe.benchmark)).where(col(Universe.owner_id).is_(None))
        symbol = col(Instrument.symbol)
        found = select(Instrument).where(
            col(Instrument.bar_count) > 0, or_(symbol.in_(named), symbol.in_(compared))
        )
        return list(await self.session.scalars(found.order_by(symbol)))

    async def digests(self, instrument_ids: Sequence[int]) -> dict[int, str]:
        """Return what the standing versions were made from, by instrument."""
        found = select(col(RegimeHistory.instrument_id), col(RegimeHistory.input_digest)).where(
            col(RegimeHistory.instrument_id).in_(instrument_ids),
            col(RegimeHistory.known_to).is_(None),
        )
        return {row[0]: row[1] for row in await self.session.execute(found)}

    async def symbols(self) -> list[str]:
        """Return the indices that have regimes, in order."""
        found = (
            select(col(Instrument.symbol))
            .join(RegimeHistory, col(Instrument.id) == col(RegimeHistory.instrument_id))
            .where(col(RegimeHistory.known_to).is_(None))
        )
        return list(await self.session.scalars(found.order_by(col(Instrument.symbol))))

    async def save(self, history: RegimeHistory, *, replaces: RegimeHistory | None) -> None:
        """Write a version; the one it replaces was believed until now."""
        if replaces is not None:
            earliest = replaces.known_at + timedelta(microseconds=1)
            now = select(func.greatest(func.clock_timestamp(), earliest))
            history.known_at = (await self.session.execute(now)).scalar_one()
            replaces.known_to = history.known_at
            await self.session.flush()
        self.session.add(history)
        await self.session.flush()
