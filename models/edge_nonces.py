"""Which signed requests were made already."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.edge_nonce import EdgeNonce


class EdgeNonceRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def use(self, nonce: UUID) -> bool:
        """Use it up; False if it was. One used by an open transaction is waited for."""
        statement = (
            insert(EdgeNonce)
            .values(nonce=nonce)
            .on_conflict_do_nothing(index_elements=["nonce"])
            .returning(col(EdgeNonce.nonce))
        )
        return await self.session.scalar(statement) is not None

    async def forget(self, older_than: timedelta) -> None:
        """Drop what no signature holds for any more."""
        statement = delete(EdgeNonce).where(col(EdgeNonce.used_at) < func.now() - older_than)
        await self.session.execute(statement.execution_options(synchronize_session=False))
