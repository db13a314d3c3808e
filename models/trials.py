"""The ledger of trials, and what each run read."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.backtest import Trial


class TrialRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def record(self, trial: Trial) -> bool:
        """Write the trial; False when this content was already counted in the family."""
        named = {name: getattr(trial, name) for name in type(trial).model_fields}
        statement = (
            insert(Trial)
            .values(**{name: value for name, value in named.items() if value is not None})
            .on_conflict_do_nothing(index_elements=["owner_id", "family", "content_key"])
            .returning(col(Trial.id))
        )
        return await self.session.scalar(statement) is not None

    async def sharpes(self, *, owner_id: UUID, family: str) -> list[float]:
        """Return each trial's Sharpe ratio per session where it is known, oldest first."""
        statement = (
            select(col(Trial.sharpe))
            .where(
                col(Trial.owner_id) == owner_id,
                col(Trial.family) == family,
                col(Trial.sharpe).is_not(None),
            )
            .order_by(col(Trial.created_at), col(Trial.id))
        )
        return [sharpe for sharpe in await self.session.scalars(statement) if sharpe is not None]
