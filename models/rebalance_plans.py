"""Plans by id and by the job that made them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.rebalance_plan import RebalancePlan


class RebalancePlanRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, plan: RebalancePlan) -> RebalancePlan:
        self.session.add(plan)
        await self.session.flush()
        return plan

    async def list_by_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[RebalancePlan]:
        found = _owned(owner_id).where(col(RebalancePlan.id).in_(ids))
        return list(await self.session.scalars(found))

    async def by_job_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[RebalancePlan]:
        found = _owned(owner_id).where(col(RebalancePlan.job_id).in_(ids))
        return list(await self.session.scalars(found))


def _owned(owner_id: UUID) -> Select[RebalancePlan]:
    return select(RebalancePlan).where(col(RebalancePlan.owner_id) == owner_id)
