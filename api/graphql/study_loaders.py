"""Searches, their trials and their parts in batches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.studies import Shards, StudyRepository, StudyTrialRepository
from models.study import StudyTrial, Sweep, WalkForward
from models.trials import Tally, TrialRepository

if TYPE_CHECKING:
    from api.graphql.context import Context


class StudyLoaders:
    """What `Loaders` asks about searches; each answers in the order of its keys."""

    def __init__(self, context: "Context") -> None:
        self.context = context

    async def sweeps(self, ids: list[UUID]) -> Sequence[Sweep | None]:
        return await self._sweeps("id", ids)

    async def sweeps_of_jobs(self, ids: list[UUID]) -> Sequence[Sweep | None]:
        return await self._sweeps("job_id", ids)

    async def walk_forwards(self, ids: list[UUID]) -> Sequence[WalkForward | None]:
        return await self._walk_forwards("id", ids)

    async def walk_forwards_of_jobs(self, ids: list[UUID]) -> Sequence[WalkForward | None]:
        return await self._walk_forwards("job_id", ids)

    async def shards(self, job_ids: list[UUID]) -> Sequence[Shards]:
        async with self.context.session() as session:
            found = await StudyTrialRepository(session).shards(
                job_ids, owner_id=self.context.viewer_id
            )
        return [found[job_id] for job_id in job_ids]

    async def trials(self, places: list[tuple[UUID, int]]) -> Sequence[StudyTrial | None]:
        """Return the trials of these jobs and numbers."""
        async with self.context.session() as session:
            trials = await StudyTrialRepository(session).numbered(
                places, owner_id=self.context.viewer_id
            )
        found = {(trial.job_id, trial.number): trial for trial in trials}
        return [found.get(place) for place in places]

    async def tallies(self, families: list[str]) -> Sequence[Tally]:
        async with self.context.session() as session:
            return await TrialRepository(session).tallies(families, owner_id=self.context.viewer_id)

    async def ledgers(self, strategies: list[str]) -> Sequence[list[tuple[str, Tally]]]:
        async with self.context.session() as session:
            found = await TrialRepository(session).families(
                strategies, owner_id=self.context.viewer_id
            )
        return [found[key] for key in strategies]

    async def evaluated(self, keys: list[str]) -> Sequence[StudyTrial | None]:
        """Return a trial of each content that a search has evaluated."""
        async with self.context.session() as session:
            found = await StudyTrialRepository(session).by_content(
                keys, owner_id=self.context.viewer_id
            )
        return [found.get(key) for key in keys]

    async def backtests_of_content(self, keys: list[str]) -> Sequence[Backtest | None]:
        async with self.context.session() as session:
            found = await BacktestRepository(session).list_by_content(
                keys, owner_id=self.context.viewer_id
            )
        return [found.get(key) for key in keys]

    async def _sweeps(self, column: str, ids: list[UUID]) -> Sequence[Sweep | None]:
        async with self.context.session() as session:
            sweeps = await StudyRepository(session, Sweep).list_by(
                column, ids, owner_id=self.context.viewer_id
            )
        found = {getattr(sweep, column): sweep for sweep in sweeps}
        return [found.get(each) for each in ids]

    async def _walk_forwards(self, column: str, ids: list[UUID]) -> Sequence[WalkForward | None]:
        async with self.context.session() as session:
            studies = await StudyRepository(session, WalkForward).list_by(
                column, ids, owner_id=self.context.viewer_id
            )
        found = {getattr(study, column): study for study in studies}
        return [found.get(each) for each in ids]
