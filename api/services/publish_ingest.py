"""Make the account of an ingest visible, where NumPy is not."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.follow_ups import follow_up
from api.services.work import ClaimedJob
from models.ingest_report import IngestReport
from models.ingest_reports import IngestReportRepository

# What the table has no column for; the stored report does.
NOT_STORED = ("notes",)


async def publish_ingest(
    session: AsyncSession, job: ClaimedJob, outcome: Mapping[str, Any]
) -> None:
    """Write the report's row and what follows it, in the transaction that ends the job."""
    await save_report(session, job, outcome["report"])
    await follow_up(session, owner_id=job.owner_id, ingest=job.id)


async def save_report(
    session: AsyncSession, job: ClaimedJob, document: Mapping[str, Any]
) -> IngestReport:
    columns = {name: value for name, value in document.items() if name not in NOT_STORED}
    report = IngestReport(owner_id=job.owner_id, job_id=job.id, **columns)
    return await IngestReportRepository(session).save(report)
