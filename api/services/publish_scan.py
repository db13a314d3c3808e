"""What becomes visible when a scan has finished, inside the fenced update's transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob
from models.scans import ScanRepository


async def publish_scan(session: AsyncSession, job: ClaimedJob, outcome: Mapping[str, Any]) -> None:
    """Show a scan's funnel, and where its hits lie."""
    scans = ScanRepository(session)
    scan = await scans.require_by_job(job.id)
    await scans.publish(scan.id, result_prefix=job.prefix, summary=outcome["summary"])
