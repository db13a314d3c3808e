"""Whose rows a transaction may see: told to the database when the transaction begins.

The policies of the tables read ``app.owner``. A role that owns the tables or bypasses row
security, such as a worker's, is not held by them; the role of the API is.
"""

from uuid import UUID

from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, SessionTransaction

from models.reading import READS
from models.session import SessionFactory

OWNER_ID = "owner_id"
# Local to the transaction: behind a pooler the connection's next user is somebody else.
TELL = text("SELECT set_config('app.owner', :owner_id, true)")


class OwnedSession(Session):
    """A session whose transactions each begin by naming the owner."""


def sessions_of(sessions: SessionFactory, owner_id: UUID) -> SessionFactory:
    """Return a factory of sessions that see what everybody sees, and this owner's rows."""
    made: SessionFactory = async_sessionmaker(
        **sessions.kw | {"sync_session_class": OwnedSession, "info": {OWNER_ID: str(owner_id)}}
    )
    return made


async def tell_owner(session: AsyncSession, owner_id: UUID) -> None:
    """Name the owner of the rows this transaction is about, where the session does not."""
    await session.execute(TELL, {OWNER_ID: str(owner_id)})


@event.listens_for(OwnedSession, "after_begin")
def _tell(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested and READS not in session.info:
        connection.execute(TELL, {OWNER_ID: session.info[OWNER_ID]})
