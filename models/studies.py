"""Searches of an owner and their trials: written by shards, read by the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Double, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.job import OPEN, Job, JobKind, JobStatus
from models.pages import Page, Place, count, ordered, take
from models.study import StudyTrial, Sweep, WalkForward

S = TypeVar("S", Sweep, WalkForward)

ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Shards:
    """Into how many parts a search was cut, and how many of them have succeeded."""

    all: int
    done: int


class StudyRepository(Generic[S]):
    """Sweeps or walk-forwards, by the entity it is made for."""

    def __init__(self, session: AsyncSession, entity: type[S]) -> None:
        self.session = session
        self.entity: Any = entity

    async def add(self, study: S) -> S:
        self.session.add(study)
        await self.session.flush()
        return study

    async def by_job(self, job_id: UUID) -> S | None:
        """Return the search of a job: for workers, which are told ids only."""
        found = select(self.entity).where(col(self.entity.job_id) == job_id)
        return await self.session.scalar(found.execution_options(populate_existing=True))

    async def find_same(self, *, owner_id: UUID, content_key: str) -> S | None:
        """Return the owner's search of this content that finished, is queued or runs."""
        entity = self.entity
        same = (
            select(entity)
            .join(Job, col(Job.id) == col(entity.job_id))
            .where(
                col(entity.owner_id) == owner_id,
                col(entity.content_key) == content_key,
                col(Job.status).in_((*OPEN, JobStatus.SUCCEEDED)),
                col(Job.cancel_requested_at).is_(None),
            )
            .order_by(col(entity.created_at).desc())
            .limit(1)
        )
        return await self.session.scalar(same.execution_options(populate_existing=True))

    async def list_by(self, column: str, ids: Sequence[UUID], *, owner_id: UUID) -> list[S]:
        """Return the owner's searches whose `id` or `job_id` is among the ids."""
        found = select(self.entity).where(
            col(getattr(self.entity, column)).in_(ids), col(self.entity.owner_id) == owner_id
        )
        return list(await self.session.scalars(found.execution_options(populate_existing=True)))

    async def list_page(self, *, owner_id: UUID, first: int, after: Place | None = None) -> Page[S]:
        """Newest first. A place is (created_at, id)."""
        entity = self.entity
        owned = select(entity).where(col(entity.owner_id) == owner_id)
        newest = ordered(
            owned, col(entity.created_at), col(entity.id), descending=True, after=after
        )
        return await take(self.session, newest, first)

    async def count_listed(self, *, owner_id: UUID) -> int | None:
        owned = select(self.entity).where(col(self.entity.owner_id) == owner_id)
        return await count(self.session, owned)

    async def last_of_family(self, family: str, *, owner_id: UUID) -> S | None:
        """Return the newest search of a family that has finished."""
        entity = self.entity
        found = select(entity).where(
            col(entity.owner_id) == owner_id,
            col(entity.family) == family,
            col(entity.summary).is_not(None),
        )
        newest = found.order_by(col(entity.created_at).desc(), col(entity.id)).limit(1)
        return await self.session.scalar(newest)

    async def publish(self, id: UUID, *, result_prefix: str, summary: dict[str, Any]) -> None:
        """Show what came of it. Belongs in the transaction of the job's fenced finish."""
        shown = update(self.entity).where(col(self.entity.id) == id)
        values = shown.values(result_prefix=result_prefix, summary=summary)
        await self.session.execute(values.execution_options(synchronize_session=False))


class StudyTrialRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def save(self, trials: Sequence[StudyTrial]) -> None:
        """Write trials; the figures of one that is there replace what it had."""
        names = list(StudyTrial.model_fields)
        for start in range(0, len(trials), ROWS_AT_ONCE):
            chosen = trials[start : start + ROWS_AT_ONCE]
            rows = [{name: getattr(trial, name) for name in names} for trial in chosen]
            statement = insert(StudyTrial).values(rows)
            changed = {name: statement.excluded[name] for name in ("metrics", "moments")}
            await self.session.execute(
                statement.on_conflict_do_update(index_elements=["job_id", "number"], set_=changed)
            )

    async def between(self, job_id: UUID, first: int, last: int) -> list[StudyTrial]:
        """Return the trials numbered from `first` to `last`, in order."""
        found = (
            select(StudyTrial)
            .where(col(StudyTrial.job_id) == job_id, col(StudyTrial.number).between(first, last))
            .order_by(col(StudyTrial.number))
        )
        return list(await self.session.scalars(found.execution_options(populate_existing=True)))

    async def numbered(
        self, places: Sequence[tuple[UUID, int]], *, owner_id: UUID
    ) -> list[StudyTrial]:
        """Return the trials at these (job, number)."""
        jobs = {job_id for job_id, _ in places}
        found = select(StudyTrial).where(
            col(StudyTrial.owner_id) == owner_id,
            col(StudyTrial.job_id).in_(jobs),
            col(StudyTrial.number).in_({number for _, number in places}),
        )
        return list(await self.session.scalars(found))

    async def by_content(self, keys: Sequence[str], *, owner_id: UUID) -> dict[str, StudyTrial]:
        """Return an evaluated trial of each content that was ever a part of a search."""
        found = select(StudyTrial).where(
            col(StudyTrial.owner_id) == owner_id,
            col(StudyTrial.content_key).in_(keys),
            col(StudyTrial.metrics).is_not(None),
        )
        return {trial.content_key: trial for trial in await self.session.scalars(found)}

    async def list_page(
        self,
        job_id: UUID,
        *,
        owner_id: UUID,
        by: str | None,
        descending: bool,
        first: int,
        after: Place | None = None,
    ) -> Page[StudyTrial]:
        """Return evaluated trials by a figure, unknown ones last; None is by their number."""
        number = col(StudyTrial.number)
        column: Any = number if by is None else figure(by)
        found = ordered(
            self._evaluated(job_id, owner_id), column, number, descending=descending, after=after
        )
        return await take(self.session, found, first)

    async def count_listed(self, job_id: UUID, *, owner_id: UUID) -> int | None:
        return await count(self.session, self._evaluated(job_id, owner_id))

    async def values(
        self, job_id: UUID, *, owner_id: UUID, names: Sequence[str], metric: str
    ) -> list[tuple[Any, ...]]:
        """Return (value of each varied name..., figure) of every evaluated trial."""
        varied = [col(StudyTrial.parameters)[name] for name in names]
        found = select(*varied, figure(metric)).where(
            col(StudyTrial.job_id) == job_id,
            col(StudyTrial.owner_id) == owner_id,
            col(StudyTrial.metrics).is_not(None),
        )
        return [tuple(row) for row in await self.session.execute(found)]

    async def shards(self, job_ids: Sequence[UUID], *, owner_id: UUID) -> dict[UUID, Shards]:
        """Return how far the parts of each search are."""
        done = func.count().filter(col(Job.status) == JobStatus.SUCCEEDED)
        statement = (
            select(col(Job.parent_id), func.count(), done)
            .where(
                col(Job.parent_id).in_(job_ids),
                col(Job.owner_id) == owner_id,
                col(Job.kind) == JobKind.SHARD,
            )
            .group_by(col(Job.parent_id))
        )
        found = {row[0]: Shards(row[1], row[2]) for row in await self.session.execute(statement)}
        return {job_id: found.get(job_id, Shards(0, 0)) for job_id in job_ids}

    def _evaluated(self, job_id: UUID, owner_id: UUID) -> Any:
        return select(StudyTrial).where(
            col(StudyTrial.job_id) == job_id,
            col(StudyTrial.owner_id) == owner_id,
            col(StudyTrial.metrics).is_not(None),
        )


def figure(name: str) -> ColumnElement[float | None]:
    """Return a figure of a trial as a number to sort by."""
    text: Any = func.jsonb_extract_path_text(col(StudyTrial.metrics), literal(name))
    found: ColumnElement[float | None] = text.cast(Double)
    return found
