"""Snapshots of an account: written where they differ, nothing said before is overwritten."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.portfolio_books import BookAt
from models.session import lock

TOLD = """
    SELECT *, nullif(metrics_text, '')::jsonb AS metrics FROM unnest(
        CAST(:dates AS date[]), CAST(:amounts AS numeric[]), CAST(:cash AS numeric[]),
        CAST(:flows AS numeric[]), CAST(:dividends AS numeric[]), CAST(:growths AS float8[]),
        CAST(:rates AS float8[]), CAST(:metrics AS text[])
    ) AS told (date, value, cash, flow, dividends, growth, rate, metrics_text)
"""
# A day that is no longer the newest keeps the figures it had as such.
ENDED = f"""
    UPDATE portfolio_snapshot s SET known_to = :now
    WHERE s.owner_id = :owner_id AND s.known_to IS NULL AND NOT EXISTS (
        SELECT FROM ({TOLD}) t WHERE t.date = s.date AND s.computed
            AND (t.value, t.cash, t.flow, t.dividends, t.rate) IS NOT DISTINCT FROM
                (s.value, s.cash, s.flow, s.dividends, s.rate)
            AND (t.growth IS NOT DISTINCT FROM s.growth OR abs(t.growth - s.growth) < 1e-12)
            AND (t.metrics IS NULL OR t.metrics = s.metrics)
    )
"""  # noqa: S608 - our own text
BEGUN = f"""
    INSERT INTO portfolio_snapshot
        (owner_id, date, value, cash, flow, dividends, growth, rate, metrics, known_from)
    SELECT :owner_id, date, value, cash, flow, dividends, growth, rate, metrics, :now
    FROM ({TOLD}) t WHERE NOT EXISTS (
        SELECT FROM portfolio_snapshot s
        WHERE s.owner_id = :owner_id AND s.date = t.date AND s.known_to IS NULL
    )
"""  # noqa: S608
MISSING = """
    INSERT INTO portfolio_snapshot
        (owner_id, date, value, cash, flow, dividends, computed, known_from)
    SELECT :owner_id, date, value, cash, 0, 0, false, clock_timestamp()
    FROM unnest(
        CAST(:dates AS date[]), CAST(:amounts AS numeric[]), CAST(:cash AS numeric[])
    ) AS told (date, value, cash)
    WHERE NOT EXISTS (
        SELECT FROM portfolio_snapshot s WHERE s.owner_id = :owner_id AND s.date = told.date
    )
"""
NOW = """
    SELECT greatest(CAST(:read_at AS timestamptz), max(known_from) + interval '1 microsecond')
    FROM portfolio_snapshot WHERE owner_id = :owner_id AND known_to IS NULL
"""
# None as long as another program's word stands: it knew no flows.
# The first day of which something became known after the last computation had read the books; a
# transaction that was under way then had a few seconds to end. The newest day may not be over.
SETTLED_BEFORE = """
    WITH taken AS (
        SELECT max(known_from) - interval '5 seconds' AS at, max(date) AS newest
        FROM portfolio_snapshot WHERE owner_id = :owner_id AND known_to IS NULL
    ), listed AS (
        SELECT coalesce(t.instrument_id, i.id)::text AS key
        FROM trade t LEFT JOIN instrument i ON t.instrument_id IS NULL AND i.symbol = t.symbol
        WHERE t.owner_id = :owner_id
    )
    SELECT least(
        (SELECT newest FROM taken),
        (SELECT min(entry_on) FROM trade, taken
            WHERE owner_id = :owner_id AND (known_from > at OR known_to > at)),
        (SELECT min(date) FROM cash_flow, taken WHERE owner_id = :owner_id AND recorded_at > at),
        (SELECT make_date(min(year), 1, 1) FROM fingerprint, taken WHERE updated_at > at
            AND (scope = 'fx' OR scope = 'bars' AND key IN (SELECT key FROM listed)))
    ) FROM taken WHERE newest <= CAST(:valid_at AS date) AND NOT EXISTS (
        SELECT FROM portfolio_snapshot
        WHERE owner_id = :owner_id AND known_to IS NULL AND NOT computed
    )
"""
SETTLED = """
    SELECT date, value::float8, cash, flow, dividends, rate FROM portfolio_snapshot
    WHERE owner_id = :owner_id AND known_to IS NULL AND date < :before ORDER BY date
"""
METRICS = """
    SELECT metrics FROM portfolio_snapshot
    WHERE owner_id = :owner_id AND date <= :valid_at AND metrics IS NOT NULL
        AND known_from <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        AND (known_to IS NULL OR known_to > CAST(:known_at AS timestamptz))
    ORDER BY date DESC LIMIT 1
"""
ACTIVE = "SELECT owner_id FROM trade UNION SELECT owner_id FROM cash_flow ORDER BY 1"


class SnapshotRow(NamedTuple):
    """An account at the end of a day; amounts are decimals as text, None is unknown."""

    date: date
    value: str | None
    cash: str
    flow: str
    dividends: str
    growth: float | None
    rate: float | None
    metrics: dict[str, Any] | None


class SettledDay(NamedTuple):
    """A day of which nothing has become known since its snapshot; dividends are all so far."""

    day: date
    value: float | None
    cash: Decimal
    flow: Decimal
    dividends: Decimal
    rate: float | None


class PortfolioSnapshotRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def write(self, owner_id: UUID, rows: Sequence[SnapshotRow], *, read_at: datetime) -> int:
        """Let these rows be what holds since the books were read; return how many differ.

        Rows that say the same stay as they are; a day that is no longer among them ends.
        """
        await lock(self.session, f"snapshots {owner_id}")
        now = await self.session.scalar(text(NOW), {"owner_id": owner_id, "read_at": read_at})
        told = {"owner_id": owner_id, "now": now} | _columns(rows)
        await self.session.execute(text(ENDED), told)
        written: Any = await self.session.execute(text(BEGUN), told)
        return int(written.rowcount)

    async def add_missing(self, owner_id: UUID, rows: Sequence[tuple[date, str, str]]) -> int:
        """Write value and cash of days nothing was ever said of; return of how many."""
        await lock(self.session, f"snapshots {owner_id}")
        days, amounts, cash = zip(*rows, strict=True) if rows else ((), (), ())
        told = {"owner_id": owner_id, "dates": days, "amounts": amounts, "cash": cash}
        written: Any = await self.session.execute(text(MISSING), told)
        return int(written.rowcount)

    async def settled(self, at: BookAt) -> tuple[date | None, list[SettledDay]]:
        """Return the days that need no computation, and the first one that does.

        None of them for what was known at an instant, or on a day before the newest snapshot.
        """
        if at.known_at is not None:
            return None, []
        asked = {"owner_id": at.owner_id, "valid_at": at.valid_at}
        before: date | None = await self.session.scalar(text(SETTLED_BEFORE), asked)
        if before is None:
            return None, []
        asked = {"owner_id": at.owner_id, "before": before}
        rows = await self.session.execute(text(SETTLED), asked)
        return before, [SettledDay(*row) for row in rows]

    async def metrics(self, at: BookAt) -> dict[str, Any] | None:
        """Return the figures of the newest day up to one that had some, as known then."""
        asked = {"owner_id": at.owner_id, "valid_at": at.valid_at, "known_at": at.known_at}
        found: dict[str, Any] | None = await self.session.scalar(text(METRICS), asked)
        return found

    async def owners(self) -> list[UUID]:
        """Return whoever has anything to take a snapshot of, for a role that sees everybody's."""
        return [UUID(str(owner)) for owner in await self.session.scalars(text(ACTIVE))]


def _columns(rows: Sequence[SnapshotRow]) -> dict[str, list[Any]]:
    return {
        "dates": [row.date for row in rows],
        "amounts": [row.value for row in rows],
        "cash": [row.cash for row in rows],
        "flows": [row.flow for row in rows],
        "dividends": [row.dividends for row in rows],
        "growths": [row.growth for row in rows],
        "rates": [row.rate for row in rows],
        "metrics": [
            "" if row.metrics is None else orjson.dumps(row.metrics).decode() for row in rows
        ],
    }
