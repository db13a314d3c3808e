"""Which instrument a symbol meant on a day."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.instrument_alias import AliasRow, InstrumentAlias
from models.staging import Written, merge


class InstrumentAliasRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def write(self, rows: Iterable[AliasRow]) -> Written:
        """Write spans, at most one for each symbol and first day; equal ones are not touched.

        Raises IntegrityError when a symbol would mean two instruments on one day.
        """
        return await merge(
            self.session,
            "instrument_alias",
            keys=("symbol", "starts_on"),
            values=("instrument_id", "ends_on"),
            rows=((row.symbol, row.starts_on, row.instrument_id, row.ends_on) for row in rows),
        )

    async def ids_by_symbol(self, symbols: Sequence[str], *, on: date) -> dict[str, int]:
        """Return what each symbol meant on a day; one that meant nothing is left out."""
        starts_on, ends_on = col(InstrumentAlias.starts_on), col(InstrumentAlias.ends_on)
        found = select(col(InstrumentAlias.symbol), col(InstrumentAlias.instrument_id)).where(
            col(InstrumentAlias.symbol).in_(symbols),
            starts_on <= on,
            or_(ends_on.is_(None), ends_on > on),
        )
        return {row.symbol: row.instrument_id for row in await self.session.execute(found)}

    async def of(self, instrument_ids: Sequence[int]) -> list[AliasRow]:
        """Return every span of these instruments, by symbol and first day."""
        found = (
            select(InstrumentAlias)
            .where(col(InstrumentAlias.instrument_id).in_(instrument_ids))
            .order_by(col(InstrumentAlias.symbol), col(InstrumentAlias.starts_on))
        )
        return [
            AliasRow(each.instrument_id, each.symbol, each.starts_on, each.ends_on)
            for each in await self.session.scalars(found)
        ]
