"""Bars in bulk: columns for the engine and the charts, writes that keep what they replace."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.adjustment import KnownAction, adjusted_closes
from models.corporate_actions import VERSIONS as ACTION_VERSIONS
from models.instrument import Instrument
from models.price_bar import BY_HAND, BarRow, PriceBar
from models.reading import Row, read
from models.seen import seen
from models.staging import TAKE_TURNS, Written, differ, staged

FIGURES = ("open", "high", "low", "close", "adjusted_close", "volume")
# Which provider told the same figures is no news: fallbacks take turns.
WORDS = ("quality",)
# Why a bar differs, unless somebody says.
CHANGED = "the source changed"
VALUES = (*FIGURES, "source", *WORDS)

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class BarColumns:
    """One instrument's usable bars by column, oldest first; None where unknown.

    `days` count from 1970-01-01, `known_at_us` are microseconds of UTC from there. `actions` is
    None where the source knows none: its own adjusted close is then the only one there is.
    """

    instrument_id: int
    days: list[int]
    open: list[float | None]
    high: list[float | None]
    low: list[float | None]
    close: list[float | None]
    stored_adjusted_close: list[float | None]
    volume: list[float | None]
    known_at_us: list[int]
    actions: tuple[KnownAction, ...] | None = field(default=None, kw_only=True)

    @cached_property
    def adjusted_close(self) -> list[float | None]:
        """The closes, adjusted for all later splits and dividends that were known."""
        if self.actions is None:
            return self.stored_adjusted_close
        return adjusted_closes(self.days, self.close, self.actions)


def _each(prefix: str, names: Sequence[str] = VALUES) -> str:
    return ", ".join(f"{prefix}.{name}" for name in names)


# What we believed at an instant: the current bars then known, and those since replaced.
_READ = ("instrument_id", "date", *VALUES, "known_at")
_VERSION = ", ".join(_READ)
VERSIONS = f"""(
    SELECT {_VERSION}, 'infinity'::timestamptz AS known_to FROM price_bar
    UNION ALL
    SELECT {_VERSION}, known_to FROM price_bar_revision
)"""  # noqa: S608 - our own text
KNOWN = """
    known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
    AND (known_to = 'infinity' OR known_to > CAST(:known_at AS timestamptz))
"""
# No session is known before its day has begun: the index need not be walked past the instant.
USABLE = f"""
    {KNOWN} AND quality <> 'BAD'
    AND date <= coalesce((CAST(:known_at AS timestamptz) AT TIME ZONE 'UTC')::date, 'infinity')
"""
BELIEVED = f"""
    SELECT * FROM {VERSIONS} believed
    WHERE instrument_id = ANY (CAST(:ids AS bigint[]))
        AND date >= coalesce(CAST(:start AS date), '-infinity')
        AND date <= coalesce(CAST(:end AS date), 'infinity')
        AND {USABLE}
"""  # noqa: S608


def _acted(since: str, until: str, beyond: str) -> str:
    """Return the arrays of an instrument's actions between two days, as known at an instant.

    Beyond a day the close before a dividend is not among the bars that are read, and comes along.
    """
    return f"""
        SELECT array_agg(ex_date - '1970-01-01'::date) AS ex_days, array_agg(ratio) AS ratios,
            array_agg(cash) AS cash, array_agg(close_before) AS closes
        FROM (
            SELECT ex_date, ratio, cash, CASE WHEN cash > 0 AND ex_date > {beyond} THEN (
                SELECT close FROM {VERSIONS} earlier
                WHERE instrument_id = i.id AND date < action.ex_date AND close > 0 AND {USABLE}
                ORDER BY date DESC LIMIT 1
            ) END AS close_before
            FROM {ACTION_VERSIONS} action
            WHERE instrument_id = i.id AND 'actions' = ANY (i.fields) AND kind <> 'DELISTING'
                AND ex_date >= {since} AND ex_date <= {until} AND {KNOWN}
            ORDER BY ex_date, kind
        ) known
    """  # noqa: S608


@cache
def _columns(figures: frozenset[str], *, instants: bool) -> str:
    """Return the statement of bars by column; what is not wanted comes as NULL, and costs nothing.

    Aggregated by the server: one array decodes ten times faster than as many rows.
    """
    wanted = [f"array_agg({each})" if each in figures else "NULL::float8[]" for each in FIGURES]
    known = "array_agg((date_part('epoch', known_at) * 1000000)::bigint)"
    return f"""
        SELECT instrument_id, array_agg(date - '1970-01-01'::date),
            {", ".join(wanted)}, {known if instants else "NULL::bigint[]"}
        FROM ({BELIEVED} ORDER BY instrument_id, date) bar
        GROUP BY instrument_id ORDER BY instrument_id
    """  # noqa: S608


SINCE_START = _acted(
    since="coalesce(CAST(:start AS date), '-infinity')",
    until="'infinity'",
    beyond="CAST(:end AS date)",
)


@cache
def _adjusted_columns(figures: frozenset[str], *, instants: bool) -> str:
    return f"""
        SELECT bar.*, 'actions' = ANY (i.fields), acted.*
        FROM ({_columns(figures, instants=instants)}) bar
        JOIN instrument i ON i.id = bar.instrument_id
        CROSS JOIN LATERAL ({SINCE_START}) acted
        ORDER BY instrument_id
    """  # noqa: S608


DAY = f"SELECT date FROM ({BELIEVED}) bar ORDER BY date OFFSET :skipped LIMIT 1"  # noqa: S608

SINCE_BAR = _acted(
    since="bar.date + 1",
    until="coalesce(CAST(:valid_at AS date), 'infinity')",
    beyond="bar.date",
)
UP_TO_DAY = f"""
    instrument_id = i.id AND date <= coalesce(CAST(:valid_at AS date), 'infinity') AND {USABLE}
"""
# One descent of the index for each instrument, however long its history: what was replaced since
# can only be the last where it is later than the last that still stands.
LATEST = f"""
    SELECT bar.*, 'actions' = ANY (i.fields), acted.*
    FROM unnest(CAST(:ids AS bigint[])) AS asked (id)
    JOIN instrument i ON i.id = asked.id
    CROSS JOIN LATERAL (
        WITH standing AS (
            SELECT {_VERSION} FROM (
                SELECT *, 'infinity'::timestamptz AS known_to FROM price_bar
            ) current
            WHERE {UP_TO_DAY} ORDER BY date DESC LIMIT 1
        )
        SELECT * FROM standing
        UNION ALL (
            SELECT {_VERSION} FROM price_bar_revision
            WHERE {UP_TO_DAY} AND date > coalesce((SELECT date FROM standing), '-infinity')
            ORDER BY date DESC LIMIT 1
        )
        ORDER BY date DESC LIMIT 1
    ) bar
    CROSS JOIN LATERAL ({SINCE_BAR}) acted
"""  # noqa: S608


def _news(old: str, new: str) -> str:
    """Return the condition that a row replaces another: what a person put right stands."""
    allowed = f"({old}.source <> '{BY_HAND}' OR {new}.source = '{BY_HAND}')"
    return f"{differ(old, new, figures=FIGURES, words=WORDS)} AND {allowed}"


# The correction is known from now on, and what it replaces was believed until now.
MERGE = f"""
    WITH differing AS (
        SELECT s.* FROM staged s LEFT JOIN price_bar b USING (instrument_id, date)
        WHERE b.instrument_id IS NULL OR {_news("b", "s")}
    ), merged AS (
        INSERT INTO price_bar AS b ({", ".join(BarRow._fields)})
        SELECT {", ".join(BarRow._fields)} FROM differing ORDER BY instrument_id, date
        ON CONFLICT (instrument_id, date) DO UPDATE SET
            ({", ".join(VALUES)}) = ROW ({_each("excluded")}),
            known_at = greatest(statement_timestamp(), b.known_at + interval '1 microsecond'),
            recorded_at = statement_timestamp()
        WHERE {_news("b", "excluded")}
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

# What was withdrawn is no longer counted; the days it held remain those an earlier instant knew.
SPANS = """
    UPDATE instrument i
    SET first_bar = CASE WHEN spanned.bars > 0 THEN spanned.first END,
        last_bar = CASE WHEN spanned.bars > 0 THEN spanned.last END,
        bar_count = spanned.bars
    FROM (
        SELECT instrument_id, min(date) AS first, max(date) AS last,
            count(*) FILTER (WHERE quality <> 'BAD') AS bars
        FROM price_bar WHERE instrument_id IN (SELECT instrument_id FROM staged)
        GROUP BY instrument_id
    ) spanned
    WHERE i.id = spanned.instrument_id AND (i.bar_count, i.first_bar, i.last_bar)
        IS DISTINCT FROM (spanned.bars, spanned.first, spanned.last)
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
        adjust: bool = True,
        figures: Collection[str] = FIGURES,
        instants: bool = True,
    ) -> list[BarColumns]:
        """Return the bars of both days and between, as known at an instant, by instrument.

        Instruments without a bar are left out, and so are bars of quality BAD. Whoever adjusts
        closes by a way of its own spares the database the closes before all later dividends. Of
        `figures` those that are not named are empty, and so are the instants if nobody wants them.
        """
        asked = {"ids": list(instrument_ids), "start": start, "end": end, "known_at": known_at}
        if not adjust:
            statement = _columns(frozenset(figures), instants=instants)
            return [_bar_columns(row) for row in await read(self.session, statement, asked)]
        statement = _adjusted_columns(frozenset(figures), instants=instants)
        return [
            _bar_columns(row[:9], _actions(*row[9:]))
            for row in await read(self.session, statement, asked)
        ]

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

    async def latest_by_instrument(
        self,
        instrument_ids: Sequence[int],
        *,
        valid_at: date | None = None,
        known_at: datetime | None = None,
    ) -> list[PriceBar]:
        """Return each instrument's last usable bar up to a day, as known at an instant.

        It is adjusted for what went ex after it up to that day. They are copies to look at, of
        what a version holds. An instrument without bars has none.
        """
        asked = {"ids": list(instrument_ids), "valid_at": valid_at, "known_at": known_at}
        rows = await read(self.session, LATEST, asked)
        return seen(PriceBar, [_adjusted(row) for row in rows], _READ)

    async def hold(self, instrument_id: int, day: date) -> PriceBar | None:
        """Return a bar, and let nobody else write the instrument's until the transaction ends."""
        whose = select(col(Instrument.id)).where(col(Instrument.id) == instrument_id)
        await self.session.execute(whose.with_for_update(key_share=True))
        found = select(PriceBar).where(
            col(PriceBar.instrument_id) == instrument_id, col(PriceBar.date) == day
        )
        return await self.session.scalar(found.execution_options(populate_existing=True))

    async def write(self, rows: Iterable[BarRow], *, reason: str = CHANGED) -> Written:
        """Write bars, at most one for each instrument and date.

        A bar that differs from the stored one replaces it: the old values go to the revisions
        and the new ones are known from now on, whatever their `known_at` says. Equal bars are
        not touched, so that the same write twice changes nothing; nor is one that a person has put
        right, unless the row comes from a person too.
        """
        async with staged(self.session, "price_bar", BarRow._fields, rows) as given:
            await self.session.execute(text(TAKE_TURNS))
            row = (await self.session.execute(text(MERGE), {"reason": reason})).one()
            if row.new or row.revised:
                await self.session.execute(text(SPANS))
        return Written(row.new, row.revised, given - row.new - row.revised)


def _bar_columns(row: Row, actions: tuple[KnownAction, ...] | None = None) -> BarColumns:
    instrument_id, *columns = row
    return BarColumns(instrument_id, *(column or [] for column in columns), actions=actions)


def _actions(declared: bool, *columns: list[Any] | None) -> tuple[KnownAction, ...] | None:
    if not declared:
        return None
    return tuple(map(KnownAction, *(column or () for column in columns)))


def _adjusted(row: Row) -> Row:
    """Return a last bar with the adjusted close that the actions since it give."""
    actions = _actions(*row[-5:])
    if actions is None:
        return row
    values = dict(zip(_READ, row, strict=False))
    day = (values["date"] - EPOCH).days
    [values["adjusted_close"]] = adjusted_closes([day], [values["close"]], actions)
    return list(values.values())
