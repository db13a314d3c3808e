"""Which days of each panel are stored: factor sets, and series, of all symbols together."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class PanelDays(NamedTuple):
    first: date
    last: date


# A series of one symbol is stored as the panel's name, a stroke and the symbol.
DAYS = """
    SELECT split_part(key, '/', 1), min(first_on), max(last_on) FROM fingerprint
    WHERE scope IN ('factors', 'macro') AND split_part(key, '/', 1) = ANY (CAST(:names AS text[]))
    GROUP BY 1
"""


async def panel_days(session: AsyncSession, names: Sequence[str]) -> dict[str, PanelDays]:
    """Return the first and last day of each panel of which anything is stored."""
    rows = await session.execute(text(DAYS), {"names": list(names)})
    return {name: PanelDays(first, last) for name, first, last in rows}
