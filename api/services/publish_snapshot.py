"""Make the snapshots of an account visible, where NumPy is not."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob
from models.portfolio_snapshots import PortfolioSnapshotRepository, SnapshotRow


async def publish_snapshot(
    session: AsyncSession, job: ClaimedJob, outcome: Mapping[str, Any]
) -> None:
    """Let them be what holds from now on."""
    rows = [
        SnapshotRow(**made | {"date": date.fromisoformat(made["date"])})
        for made in outcome["snapshots"]
    ]
    read_at = datetime.fromisoformat(outcome["read_at"])
    await PortfolioSnapshotRepository(session).write(job.owner_id, rows, read_at=read_at)
