"""What a person did to a trade, noted in the transaction that did it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.audit_events import AuditEventRepository
from models.trade import Trade
from models.trades import KEPT

NOTED = ("version", *(name for name in KEPT if name not in ("id", "owner_id", "reference")))


async def note(
    session: AsyncSession, action: str, *, before: Trade | None, after: Trade, **more: Any
) -> None:
    """Note a version: whole when it is the first, else what differs from the one before."""
    names = NOTED if before is None else _differing(before, after)
    await AuditEventRepository(session).add(
        owner_id=after.owner_id,
        action=action,
        subject=after.reference,
        reason=after.reason,
        before=None if before is None else _values(before, names),
        after=_values(after, names) | more,
    )


def _differing(before: Trade, after: Trade) -> tuple[str, ...]:
    return tuple(name for name in NOTED if getattr(before, name) != getattr(after, name))


def _values(trade: Trade, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _plain(getattr(trade, name)) for name in names}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat()
    return value
