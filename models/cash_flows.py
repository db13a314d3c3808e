"""Deposits and withdrawals of an owner, newest day first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.cash_flow import CashFlow
from models.pages import Page, Place, count, ordered, take


class CashFlowRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(self, flow: CashFlow) -> CashFlow:
        self.session.add(flow)
        await self.session.flush()
        return flow

    async def by_key(self, idempotency_key: str, *, owner_id: UUID) -> CashFlow | None:
        """Return the flow that a caller's key stands for."""
        of_key = _of(owner_id).where(col(CashFlow.idempotency_key) == idempotency_key)
        return await self.session.scalar(of_key)

    async def list_by_ids(self, ids: Sequence[UUID], *, owner_id: UUID) -> list[CashFlow]:
        return list(await self.session.scalars(_of(owner_id).where(col(CashFlow.id).in_(ids))))

    async def list_page(
        self, *, owner_id: UUID, first: int, after: Place | None = None
    ) -> Page[CashFlow]:
        """Return flows, newest day first. A place is (date, id)."""
        found = ordered(
            _of(owner_id), col(CashFlow.date), col(CashFlow.id), descending=True, after=after
        )
        return await take(self.session, found, first)

    async def count_listed(self, *, owner_id: UUID) -> int | None:
        """Return how many flows the pages hold; None past ten thousand."""
        return await count(self.session, _of(owner_id))


def _of(owner_id: UUID) -> Select[CashFlow]:
    return select(CashFlow).where(col(CashFlow.owner_id) == owner_id)
