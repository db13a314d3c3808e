"""What people changed by hand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.audit_event import AuditEvent


class AuditEventRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def add(
        self,
        *,
        owner_id: UUID,
        action: str,
        subject: str,
        reason: str,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
    ) -> AuditEvent:
        """Note a change, in the transaction that makes it."""
        event = AuditEvent(
            owner_id=owner_id,
            action=action,
            subject=subject,
            reason=reason,
            before=before,
            after=after,
        )
        self.session.add(event)
        await self.session.flush()
        return event

    async def of(self, subject: str, *, owner_id: UUID) -> Sequence[AuditEvent]:
        """Return what an owner changed of a subject, oldest first."""
        found = (
            select(AuditEvent)
            .where(col(AuditEvent.owner_id) == owner_id, col(AuditEvent.subject) == subject)
            .order_by(col(AuditEvent.id))
        )
        return (await self.session.scalars(found)).all()
