"""Symbols that asking again soon is no use for."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import FailureKind
from api.services.provider import Failed
from models.asked_range import AskedRange, AskedRow
from models.asked_ranges import AskedRangeRepository

# What will be the same tomorrow morning.
LASTING = frozenset({FailureKind.UNKNOWN_SYMBOL, FailureKind.DELISTED})


async def remember_lasting(
    session: AsyncSession, failures: Mapping[str, Failed], *, now: datetime
) -> None:
    """Keep which symbols a provider was asked for and does not have."""
    lasting = {
        symbol: failed
        for symbol, failed in failures.items()
        if failed.kind in LASTING and failed.attempts
    }
    asked = AskedRangeRepository(session)
    known = await asked.by_keys(list(lasting))
    await asked.save(
        _row(symbol, failed, known.get(symbol), now) for symbol, failed in lasting.items()
    )


def _row(symbol: str, failed: Failed, known: AskedRange | None, now: datetime) -> AskedRow:
    return AskedRow(
        symbol,
        failed.source,
        None if known is None else known.first_on,
        None if known is None else known.last_on,
        now,
        failed.kind.value,
        failed.message,
    )
