"""What the database says of itself."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def server_version(session: AsyncSession) -> str:
    """Return the name and version of the server, such as ``PostgreSQL 18.4``."""
    return f"PostgreSQL {await session.scalar(text('SHOW server_version'))}"


async def ping(session: AsyncSession) -> None:
    """Ask for nothing. Raises when the server does not answer."""
    await session.execute(text("SELECT 1"))


async def role_settings(session: AsyncSession, role: str) -> dict[str, str] | None:
    """Return what was set on a role, by name; None when there is no such role."""
    found = await session.execute(
        text("SELECT coalesce(rolconfig, '{}') FROM pg_roles WHERE rolname = :role"), {"role": role}
    )
    settings = found.scalar_one_or_none()
    if settings is None:
        return None
    return dict(setting.split("=", 1) for setting in settings)
