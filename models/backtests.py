"""Runs of an owner: the request, whether it was made before, and the published figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import Select, bindparam, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.backtest import Backtest
from models.job import OPEN, Job, JobStatus
from models.pages import Page, Place, count, ordered, take

# The figures of the run itself stand; what is added lies beside them.
COMPLETE = text("""
    UPDATE backtest SET summary = summary || jsonb_build_object(
        'guards', summary->'guards' || CAST(:guards AS jsonb),
        'diagnostics', coalesce(summary->'diagnostics', '{}') || CAST(:found AS jsonb)
    ) WHERE id = :id AND summary IS NOT NULL
""").bindparams(bindparam("guards", type_=JSONB), bindparam("found", type_=JSONB))


class SortBy(StrEnum):
    CREATED_AT = "created_at"
    SHARPE = "sharpe"
    CAGR = "cagr"
    MAX_DRAWDOWN = "max_drawdown"
    DEFLATED_SHARPE = "deflated_sharpe"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; None narrows nothing. Search looks in name and notes."""

    strategy: str | None = None
    universe: str | None = None
    status: JobStatus | None = None
    search: str | None = None


EVERYTHING = Wanted()


class Annotation(TypedDict, total=False):
    """What an owner may change on a run; a key left out leaves the column alone."""

    name: str | None
    notes: str | None


class BacktestRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, backtest: Backtest) -> Backtest:
        self.session.add(backtest)
        await self.session.flush()
        return backtest

    async def get(self, id: UUID, *, owner_id: UUID) -> Backtest | None:
        return await self._one(col(Backtest.id) == id, col(Backtest.owner_id) == owner_id)

    async def by_job(self, job_id: UUID, *, owner_id: UUID) -> Backtest | None:
        return await self._one(col(Backtest.job_id) == job_id, col(Backtest.owner_id) == owner_id)

    async def require_by_job(self, job_id: UUID) -> Backtest:
        """Return the run a job is for: for workers, which are told ids only."""
        found = await self._one(col(Backtest.job_id) == job_id)
        if found is None:
            raise LookupError(f"job {job_id} is for no backtest")
        return found

    async def find_same(self, *, owner_id: UUID, content_key: str) -> Backtest | None:
        """Return the owner's run of this content: finished, queued or running.

        One that failed, was cancelled or is about to be is no answer.
        """
        alive = col(Job.status).in_((*OPEN, JobStatus.SUCCEEDED))
        same = (
            select(Backtest)
            .join(Job, col(Job.id) == col(Backtest.job_id))
            .where(
                col(Backtest.owner_id) == owner_id,
                col(Backtest.content_key) == content_key,
                alive,
                col(Job.cancel_requested_at).is_(None),
            )
            .order_by(col(Backtest.created_at).desc())
            .limit(1)
        )
        return await self.session.scalar(same.execution_options(populate_existing=True))

    async def publish(
        self,
        id: UUID,
        *,
        result_prefix: str,
        summary: dict[str, Any],
        sharpe: float | None,
        cagr: float | None,
        max_drawdown: float | None,
    ) -> None:
        """Show the figures. Belongs in the transaction of the job's fenced finish."""
        statement = update(Backtest).where(col(Backtest.id) == id)
        shown = statement.values(
            result_prefix=result_prefix,
            summary=summary,
            sharpe=sharpe,
            cagr=cagr,
            max_drawdown=max_drawdown,
        )
        await self.session.execute(shown.execution_options(synchronize_session=False))

    async def complete(
        self, id: UUID, *, guards: Mapping[str, Any], diagnostics: Mapping[str, Any]
    ) -> None:
        """Add to a finished run's guards and diagnostics what was computed after it."""
        await self.session.execute(COMPLETE, {"id": id, "guards": guards, "found": diagnostics})

    async def annotate(
        self,
        id: UUID,
        *,
        owner_id: UUID,
        changes: Annotation,
    ) -> Backtest | None:
        """Change what was given, leave the rest; None for another owner's or an unknown run."""
        owned = update(Backtest).where(col(Backtest.id) == id, col(Backtest.owner_id) == owner_id)
        if changes:
            changed = owned.values(**changes).execution_options(synchronize_session=False)
            await self.session.execute(changed)
        return await self.get(id, owner_id=owner_id)

    async def list_by_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[Backtest]:
        return await self._list(col(Backtest.id).in_(ids), col(Backtest.owner_id) == owner_id)

    async def list_by_content(self, keys: Sequence[str], *, owner_id: UUID) -> dict[str, Backtest]:
        """Return the newest run of each content that finished, is queued or runs."""
        alive = col(Job.status).in_((*OPEN, JobStatus.SUCCEEDED))
        same = (
            select(Backtest)
            .join(Job, col(Job.id) == col(Backtest.job_id))
            .where(col(Backtest.owner_id) == owner_id, col(Backtest.content_key).in_(keys), alive)
            .order_by(col(Backtest.created_at))
            .execution_options(populate_existing=True)
        )
        return {run.content_key: run for run in await self.session.scalars(same)}

    async def list_by_jobs(self, job_ids: Sequence[UUID], *, owner_id: UUID) -> list[Backtest]:
        of_jobs = col(Backtest.job_id).in_(job_ids)
        return await self._list(of_jobs, col(Backtest.owner_id) == owner_id)

    async def list_page(
        self,
        *,
        owner_id: UUID,
        wanted: Wanted = EVERYTHING,
        by: SortBy = SortBy.CREATED_AT,
        descending: bool = True,
        first: int,
        after: Place | None = None,
    ) -> Page[Backtest]:
        """Sort by a figure, runs without it last. A place is (value of that column, id)."""
        column = col(getattr(Backtest, by.value))
        found = ordered(
            _listed(owner_id, wanted),
            column,
            col(Backtest.id),
            descending=descending,
            after=after,
        )
        return await take(self.session, found, first)

    async def count_listed(self, *, owner_id: UUID, wanted: Wanted = EVERYTHING) -> int | None:
        """Return how many runs the pages hold; None past ten thousand."""
        return await count(self.session, _listed(owner_id, wanted))

    async def _one(self, *where: Any) -> Backtest | None:
        found = select(Backtest).where(*where).execution_options(populate_existing=True)
        return await self.session.scalar(found)

    async def _list(self, *where: Any) -> list[Backtest]:
        found = select(Backtest).where(*where).execution_options(populate_existing=True)
        return list(await self.session.scalars(found))


def _listed(owner_id: UUID, wanted: Wanted) -> Select[Backtest]:
    found = select(Backtest).where(col(Backtest.owner_id) == owner_id)
    if wanted.strategy is not None:
        found = found.where(col(Backtest.strategy_key) == wanted.strategy)
    if wanted.universe is not None:
        found = found.where(col(Backtest.universe_key) == wanted.universe)
    if wanted.status is not None:
        found = found.join(Job, col(Job.id) == col(Backtest.job_id))
        found = found.where(col(Job.status) == wanted.status)
    if wanted.search is not None:
        named = col(Backtest.name).icontains(wanted.search, autoescape=True)
        noted = col(Backtest.notes).icontains(wanted.search, autoescape=True)
        found = found.where(or_(named, noted))
    return found
