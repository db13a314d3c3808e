"""Messages that were refused: one row each, however often they come back."""

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.poison_message import PoisonMessage

MAX_ID = 200
MAX_DETAIL = 1_000
MAX_BODY = 4_000


class PoisonMessageRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def record(
        self, message_id: str, *, reason: str, detail: str, body: str, receives: int
    ) -> None:
        """Keep why a message was refused; the same message again raises its count."""
        told = insert(PoisonMessage).values(
            message_id=storable(message_id, MAX_ID),
            reason=reason,
            detail=storable(detail, MAX_DETAIL),
            body=storable(body, MAX_BODY),
            receives=max(receives, 1),
        )
        again = {
            "reason": told.excluded.reason,
            "detail": told.excluded.detail,
            "receives": func.greatest(col(PoisonMessage.receives), told.excluded.receives),
            "last_seen_at": func.now(),
        }
        await self.session.execute(
            told.on_conflict_do_update(index_elements=["message_id"], set_=again)
        )

    async def forget(self, message_id: str) -> None:
        """Drop the reason of a message that was taken after all."""
        ours = col(PoisonMessage.message_id) == storable(message_id, MAX_ID)
        await self.session.execute(delete(PoisonMessage).where(ours))


def storable(text: str, most: int) -> str:
    """Return the beginning of a text, with what PostgreSQL refuses in a text escaped."""
    cut = text[:most].replace("\x00", r"\u0000")
    return cut.encode("utf-8", "backslashreplace").decode()[:most]
