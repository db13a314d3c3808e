"""Show what was found out about a run after it had finished."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob
from models.backtests import BacktestRepository


async def publish_guards(session: AsyncSession, _: ClaimedJob, outcome: Mapping[str, Any]) -> None:
    """Complete the guards of the run the job followed."""
    await BacktestRepository(session).complete(
        UUID(outcome["backtest_id"]),
        guards=outcome["guards"],
        diagnostics=outcome["diagnostics"],
    )
