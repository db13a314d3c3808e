"""Scans of an owner: what was asked, whether it was asked before, and what came of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.job import OPEN, Job, JobStatus
from models.pages import Page, Place, count, ordered, take
from models.scan import Scan


class ScanRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, scan: Scan) -> Scan:
        self.session.add(scan)
        await self.session.flush()
        return scan

    async def by_job(self, job_id: UUID, *, owner_id: UUID) -> Scan | None:
        return await self.session.scalar(_owned(owner_id).where(col(Scan.job_id) == job_id))

    async def require_by_job(self, job_id: UUID) -> Scan:
        """Return the scan a job is for: for workers, which are told ids only."""
        found = select(Scan).where(col(Scan.job_id) == job_id)
        scan = await self.session.scalar(found.execution_options(populate_existing=True))
        if scan is None:
            raise LookupError(f"job {job_id} is for no scan")
        return scan

    async def find_same(self, *, owner_id: UUID, content_key: str) -> Scan | None:
        """Return the owner's scan of this content: finished, queued or running."""
        same = (
            _owned(owner_id)
            .join(Job, col(Job.id) == col(Scan.job_id))
            .where(
                col(Scan.content_key) == content_key,
                col(Job.status).in_((*OPEN, JobStatus.SUCCEEDED)),
                col(Job.cancel_requested_at).is_(None),
            )
            .order_by(col(Scan.created_at).desc())
            .limit(1)
        )
        return await self.session.scalar(same)

    async def publish(self, id: UUID, *, result_prefix: str, summary: dict[str, Any]) -> None:
        """Show what came of it. Belongs in the transaction of the job's fenced finish."""
        statement = update(Scan).where(col(Scan.id) == id)
        shown = statement.values(result_prefix=result_prefix, summary=summary)
        await self.session.execute(shown.execution_options(synchronize_session=False))

    async def list_by_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[Scan]:
        return list(await self.session.scalars(_owned(owner_id).where(col(Scan.id).in_(ids))))

    async def list_by_jobs(self, job_ids: Sequence[UUID], *, owner_id: UUID) -> list[Scan]:
        found = _owned(owner_id).where(col(Scan.job_id).in_(job_ids))
        return list(await self.session.scalars(found))

    async def list_page(
        self, *, owner_id: UUID, first: int, after: Place | None = None
    ) -> Page[Scan]:
        """Return scans, newest first. A place is (when it was asked for, id)."""
        found = ordered(
            _owned(owner_id), col(Scan.created_at), col(Scan.id), descending=True, after=after
        )
        return await take(self.session, found, first)

    async def count_listed(self, *, owner_id: UUID) -> int | None:
        """Return how many scans the pages hold; None past ten thousand."""
        return await count(self.session, _owned(owner_id))


def _owned(owner_id: UUID) -> Select[Scan]:
    found = select(Scan).where(col(Scan.owner_id) == owner_id)
    return found.execution_options(populate_existing=True)
