"""Accounts of ingests, one for each job."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.ingest_report import IngestReport

# Of a report that is written again, since its job was tried again.
RENEWED = tuple(
    name
    for name in IngestReport.model_fields
    if name not in ("id", "owner_id", "job_id", "created_at")
)


class IngestReportRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def save(self, report: IngestReport) -> IngestReport:
        """Write the account of a job; a job that was tried again keeps the last one."""
        named = {name: getattr(report, name) for name in ("owner_id", "job_id", *RENEWED)}
        statement = insert(IngestReport).values(**named)
        renewed = {name: statement.excluded[name] for name in RENEWED}
        saved = statement.on_conflict_do_update(index_elements=["job_id"], set_=renewed).returning(
            IngestReport
        )
        return (
            await self.session.scalars(saved, execution_options={"populate_existing": True})
        ).one()

    async def by_id(self, id: UUID, *, owner_id: UUID) -> IngestReport | None:
        found = await self.list_by_ids([id], owner_id=owner_id)
        return found[0] if found else None

    async def list_by_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[IngestReport]:
        found = _owned(owner_id).where(col(IngestReport.id).in_(ids))
        return list(await self.session.scalars(found))

    async def by_job_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[IngestReport]:
        found = _owned(owner_id).where(col(IngestReport.job_id).in_(ids))
        return list(await self.session.scalars(found))

    async def latest(self, *, owner_id: UUID) -> IngestReport | None:
        newest = _owned(owner_id).order_by(
            col(IngestReport.created_at).desc(), col(IngestReport.id).desc()
        )
        return await self.session.scalar(newest.limit(1))


def _owned(owner_id: UUID) -> Select[IngestReport]:
    return select(IngestReport).where(col(IngestReport.owner_id) == owner_id)
