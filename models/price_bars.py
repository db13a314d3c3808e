"""Bars in bulk: columns for the engine and the charts, writes that keep what they replace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.instrument import Instrument
from models.price_bar import BarRow, PriceBar
from models.staging import Written, staged

VALUES = ("open", "high", "low", "close", "adjusted_close", "volume", "source", "quality")


@dataclass(frozen=True)
class BarColumns:
    """One instrument's usable bars by column, oldest first; None where unknown.

    `days` count from 1970-01-01, `known_at_us` are microseconds of UTC from there.
    """

    instrument_id: int
    days: list[int]
    open: list[float | None]
    high: list[float | None]
    low: list[float | None]
    close: list[float | None]
    adjusted_close: list[float | None]
    volume: list[float | None]
    known_at_us: list[int]


def _each(prefix: str, names: Sequence[str] = VALUES) -> str:
    return ", ".join(f"{prefix}.{name}" for name in names)


# What we believed at an instant: the current bars then known, and those since replaced.
BELIEVED = """
    SELECT * FROM (
        SELECT instrument_id, date, open, high, low, close, adjusted_close, volume, quality,
            known_at, 'infinity'::timestamptz AS known_to
        FROM price_bar
        UNION ALL
        SELECT instrument_id, date, open, high, low, close, adjusted_close, volume, quality,
            known_at, known_to
        FROM price_bar_revision
    ) believed
    WHERE instrument_id = ANY (CAST(:ids AS bigint[]))
        AND date >= coalesce(CAST(:start AS date), '-infinity')
        AND date <= coalesce(CAST(:end AS date), 'infinity')
        AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        AND (known_to = 'infinity' OR known_to > CAST(:known_at AS timestamptz))
        AND quality <> 'BAD'
"""

# Aggregated by the server: one array decodes ten times faster than as many rows.
COLUMNS = f"""
    SELECT instrument_id,
        array_agg(date - '1970-01-01'::date),
        array_agg(open), array_agg(high), array_agg(low), array_agg(close),
        array_agg(adjusted_close), array_agg(volume),
        array_agg((date_part('epoch', known_at) * 1000000)::bigint)
    FROM ({BELIEVED} ORDER BY instrument_id, date) bar
    GROUP BY instrument_id ORDER BY instrument_id
"""  # noqa: S608 - our own text

DAY = f"SELECT date FROM ({BELIEVED}) bar ORDER BY date OFFSET :skipped LIMIT 1"  # noqa: S608

# The correction is known from now on, and what it replaces was believed until now.
MERGE = f"""
    WITH differing AS (
        SELECT s.* FROM staged s LEFT JOIN price_bar b USING (instrument_id, date)
        WHERE b.instrument_id IS NULL OR ({_each("b")}) IS DISTINCT FROM ({_each("s")})
    ), merged AS (
        INSERT INTO price_bar AS b ({", ".join(BarRow._fields)})
        SELECT {", ".join(BarRow._fields)} FROM differing ORDER BY instrument_id, date
        ON CONFLICT (instrument_id, date) DO UPDATE SET
            ({", ".join(VALUES)}) = ROW ({_each("excluded")}),
            known_at = greatest(statement_timestamp(), b.known_at + interval '1 microsecond'),
            recorded_at = statement_timestamp()
        WHERE ({_each("b")}) IS DISTINCT FROM ({_each("excluded")})
        RETURNING old.instrument_id AS was, old.date, new.known_at AS known_to, old.known_at,
            {_each("old")}, old.recorded_at
    ), kept AS (
        INSERT INTO price_bar_revision
            (instrument_id, date, known_to, known_at, {", ".join(VALUES)}, recorded_at, reason)
        SELECT was, date, known_to, known_at, {", ".join(VALUES)}, recorded_at, :reason
        FROM merged WHERE was IS NOT NULL
    )
    SELECT count(*) FILTER (WHERE was IS NULL) AS new, count(was) AS revised FROM merged
"""  # noqa: S608 - our own names

# Writers of one instrument take turns, in one order: each then counts and digests what the
# other has committed.
TAKE_TURNS = """
    SELECT FROM instrument WHERE id IN (SELECT instrument_id FROM staged)
    ORDER BY id FOR NO KEY UPDATE
"""

SPANS = """
    UPDATE instrument i
    SET first_bar = spanned.first, last_bar = spanned.last, bar_count = spanned.bars
    FROM (
        SELECT instrument_id, min(date) AS first, max(date) AS last, count(*) AS bars
        FROM price_bar WHERE instrument_id IN (SELECT instrument_id FROM staged)
        GROUP BY instrument_id
    ) spanned
    WHERE i.id = spanned.instrument_id AND i.bar_count <> spanned.bars
"""


class PriceBarRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def columns(
        self,
        instrument_ids: Sequence[int],
        *,
        start: date | None = None,
        end: date | None = None,
        known_at: datetime | None = None,
    ) -> list[BarColumns]:
        """Return the bars of both days and between, as known at an instant, by instrument.

        Instruments without a bar are left out, and so are bars of quality BAD.
        """
        asked = {"ids": list(instrument_ids), "start": start, "end": end, "known_at": known_at}
        return [BarColumns(*row) for row in await self.session.execute(text(COLUMNS), asked)]

    async def day_of_bar(
        self,
        instrument_id: int,
        number: int,
        *,
        start: date | None = None,
        known_at: datetime | None = None,
    ) -> date | None:
        """Return the day of one instrument's n-th usable bar from a day on, counted from one."""
        asked = {"ids": [instrument_id], "start": start, "end": None, "known_at": known_at}
        day: date | None = await self.session.scalar(text(DAY), asked | {"skipped": number - 1})
        return day

    async def latest_by_instrument(self, instrument_ids: Sequence[int]) -> list[PriceBar]:
        """Return each instrument's last bar; one without bars has none."""
        last = and_(
            col(PriceBar.instrument_id) == col(Instrument.id),
            col(PriceBar.date) == col(Instrument.last_bar),
        )
        found = select(PriceBar).join(Instrument, last)
        return list(await self.session.scalars(found.where(col(Instrument.id).in_(instrument_ids))))

    async def write(self, rows: Iterable[BarRow], *, reason: str = "the source changed") -> Written:
        """Write bars, at most one for each instrument and date.

        A bar that differs from the stored one replaces it: the old values go to the revisions
        and the new ones are known from now on, whatever their `known_at` says. Equal bars are
        not touched, so that the same write twice changes nothing.
        """
        async with staged(self.session, "price_bar", BarRow._fields, rows) as given:
            await self.session.execute(text(TAKE_TURNS))
            row = (await self.session.execute(text(MERGE), {"reason": reason})).one()
            if row.new:
                await self.session.execute(text(SPANS))
        return Written(row.new, row.revised, given - row.new - row.revised)
