"""The ledger of trials, and what each run read."""

import math
from uuid import UUID

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.backtest import Backtest, Trial


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

    async def deflate(
        self, *, owner_id: UUID, family: str, threshold: float, trials: int, least_sessions: int
    ) -> None:
        """Deflate the Sharpe ratio of every published run of the family, in one statement.

        The probability that the true ratio exceeds `threshold`, as `engine.overfitting.psr` has
        it; null with fewer than `least_sessions` returns or where the moments leave no variance.
        """
        sharpe, kurtosis = col(Trial.sharpe), col(Trial.kurtosis)
        spread = 1 - col(Trial.skew) * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
        known = and_(col(Trial.sessions) >= least_sessions, spread > 0)
        z = (sharpe - threshold) * func.sqrt(col(Trial.sessions) - 1) / func.sqrt(spread)
        statement = (
            update(Backtest)
            .where(
                col(Backtest.id) == col(Trial.backtest_id),
                col(Backtest.summary).is_not(None),
                col(Trial.owner_id) == owner_id,
                col(Trial.family) == family,
            )
            .values(
                deflated_sharpe=case((known, func.erfc(-z / math.sqrt(2.0)) / 2)), trials=trials
            )
        )
        await self.session.execute(statement.execution_options(synchronize_session=False))

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
