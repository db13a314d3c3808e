"""Make a job's plan visible, where NumPy is not."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob
from models.ownership import tell_owner
from models.rebalance_plan import RebalancePlan
from models.rebalance_plans import RebalancePlanRepository


async def publish_plan(session: AsyncSession, job: ClaimedJob, outcome: Mapping[str, Any]) -> None:
    """Write the plan, in the transaction that ends the job."""
    await tell_owner(session, job.owner_id)
    columns = outcome["plan"] | {"owner_id": job.owner_id, "job_id": job.id}
    await RebalancePlanRepository(session).add(RebalancePlan.model_validate(columns))
