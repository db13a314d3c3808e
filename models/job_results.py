"""Which results count: the prefix that the fenced finish recorded, and no other."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.job import TERMINAL, Job


class JobResults:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def prefixes_of_ended(self, ids: Sequence[UUID]) -> dict[UUID, str | None]:
        """Return, for those of the jobs that have ended, where their results lie."""
        ended = select(col(Job.id), col(Job.result_prefix)).where(
            col(Job.id).in_(ids), col(Job.status).in_(TERMINAL)
        )
        return {row.id: row.result_prefix for row in await self.session.execute(ended)}
