"""How long past runs took: the measure of what another one will."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# The median of the runs nearest in kind: of this strategy on this universe, else of this strategy,
# else of any. Only the latest count, since machines and engines change.
RUNS = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY pace), count(*)
    FROM (
        SELECT job.compute_seconds / (run.end_on - run.start_on) AS pace,
            (run.strategy_key = :strategy)::int
                + (run.strategy_key = :strategy
                    AND run.universe_key IS NOT DISTINCT FROM :universe)::int AS likeness
        FROM backtest run JOIN job ON job.id = run.job_id
        WHERE run.owner_id = :owner_id AND job.owner_id = :owner_id
            AND job.status = 'succeeded' AND job.compute_seconds IS NOT NULL
        ORDER BY run.created_at DESC LIMIT :latest
    ) recent
    GROUP BY likeness ORDER BY likeness DESC LIMIT 1
"""
TRIALS = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY pace), count(*)
    FROM (
        SELECT job.compute_seconds / (sweep.end_on - sweep.start_on) / sweep.combinations AS pace,
            (sweep.strategy_key = :strategy)::int
                + (sweep.strategy_key = :strategy
                    AND sweep.universe_key IS NOT DISTINCT FROM :universe)::int AS likeness
        FROM sweep JOIN job ON job.id = sweep.job_id
        WHERE sweep.owner_id = :owner_id AND job.owner_id = :owner_id
            AND job.status = 'succeeded' AND job.compute_seconds IS NOT NULL
        ORDER BY sweep.created_at DESC LIMIT :latest
    ) recent
    GROUP BY likeness ORDER BY likeness DESC LIMIT 1
"""
LATEST = 100


class Pace(NamedTuple):
    """Seconds a worker computes for each calendar day of a run, and how many runs say so."""

    seconds_per_day: float
    runs: int


class PaceRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def of_runs(self, *, owner_id: UUID, strategy: str, universe: str | None) -> Pace | None:
        """Return the pace of the owner's backtests most like this one; None before the first."""
        return await self._pace(RUNS, owner_id, strategy, universe)

    async def of_trials(
        self, *, owner_id: UUID, strategy: str, universe: str | None
    ) -> Pace | None:
        """Return the pace of one trial of the owner's sweeps; None before the first."""
        return await self._pace(TRIALS, owner_id, strategy, universe)

    async def _pace(
        self, statement: str, owner_id: UUID, strategy: str, universe: str | None
    ) -> Pace | None:
        asked = {
            "owner_id": owner_id,
            "strategy": strategy,
            "universe": universe,
            "latest": LATEST,
        }
        row = (await self.session.execute(text(statement), asked)).one_or_none()
        return None if row is None else Pace(*row)
