"""What the database says of itself."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def server_version(session: AsyncSession) -> str:
    """Return the name and version of the server, such as ``PostgreSQL 18.4``."""
    return f"PostgreSQL {await session.scalar(text('SHOW server_version'))}"


async def ping(session: AsyncSession) -> None:
    """Ask for nothing. Raises when the server does not answer."""
    await session.execute(text("SELECT 1"))
