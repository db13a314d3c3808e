"""What bars were before they were corrected, and which runs had read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    Integer,
    Row,
    String,
    and_,
    column,
    extract,
    func,
    literal,
    select,
    text,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.backtest import Backtest
from models.base import INSTANT
from models.fingerprint import RunInput, Scope
from models.job import Job, JobStatus
from models.pages import MAX_COUNT, Page, Place
from models.price_bar import PriceBar, PriceBarRevision
from models.price_bars import VALUES
from models.seen import seen

MOST_RUNS = 100
# Why all bars of a history changed at once: no bar of it was corrected.
HANDED_OVER = "another source tells this history now"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One change of a bar; `before` and `after` are copies to look at."""

    instrument_id: int
    symbol: str
    date: date
    known_at: datetime
    reason: str
    before: PriceBar
    after: PriceBar

    @property
    def id(self) -> str:
        """Its place among the changes of one instant."""
        return f"{self.instrument_id}/{self.date}"


class Change(NamedTuple):
    """Which bar changed, and when the change became known."""

    instrument_id: int
    date: date
    known_at: datetime


_VALUES = (*VALUES, "known_at")
_OF = "r.instrument_id = ANY (CAST(:ids AS bigint[]))"
_ON = "r.date = :date"
_CORRECTED = "r.reason <> :handed_over"
# Behind where the last page ended.
_AFTER = "(r.known_to, r.instrument_id, r.date) < (:after_known_to, :after_id, :after_date)"
_NEWEST = "r.known_to DESC, r.instrument_id DESC, r.date DESC"
# A version begins when the one before it ends; the last one is the bar.
_PAGE = f"""
    SELECT r.instrument_id, i.symbol, r.date, r.known_to, r.reason,
        {", ".join(f"r.{name}" for name in _VALUES)},
        {", ".join(f"next.{name}" for name in _VALUES)}
    FROM (
        SELECT * FROM price_bar_revision r WHERE {{where}} ORDER BY {_NEWEST} LIMIT :rows
    ) r
    JOIN instrument i ON i.id = r.instrument_id
    CROSS JOIN LATERAL (
        SELECT {", ".join(_VALUES)} FROM price_bar b
        WHERE b.instrument_id = r.instrument_id AND b.date = r.date AND b.known_at = r.known_to
        UNION ALL
        SELECT {", ".join(_VALUES)} FROM price_bar_revision n
        WHERE n.instrument_id = r.instrument_id AND n.date = r.date AND n.known_at = r.known_to
    ) next
    ORDER BY {_NEWEST}
"""  # noqa: S608 - our own text
_COUNT = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM price_bar_revision r WHERE {{where}} LIMIT {MAX_COUNT + 1}
    ) listed
"""  # noqa: S608


class RevisionRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def list_page(
        self,
        instrument_ids: Sequence[int] | None,
        *,
        date: date | None = None,
        handed_over: bool = True,
        first: int,
        after: Place | None = None,
    ) -> Page[Revision]:
        """Return what changed, newest first; None asks for all instruments.

        Without those that were handed over, it is what somebody corrected. A place is (known_at,
        id) of a revision. Raises ValueError for an id that is none.
        """
        where, asked = _wanted(instrument_ids, date, handed_over=handed_over)
        if after is not None:
            instrument_id, day = _read_id(str(after.id))
            where.append(_AFTER)
            asked |= {"after_known_to": after.value, "after_id": instrument_id, "after_date": day}
        found = text(_PAGE.format(where=_all(where)))
        rows = [
            _revision(row) for row in await self.session.execute(found, asked | {"rows": first + 1})
        ]
        return Page(rows[:first], has_next=len(rows) > first)

    async def count_listed(
        self,
        instrument_ids: Sequence[int] | None,
        *,
        date: date | None = None,
        handed_over: bool = True,
    ) -> int | None:
        """Return how many changes the pages hold; None past ten thousand."""
        where, asked = _wanted(instrument_ids, date, handed_over=handed_over)
        found: int = await self.session.scalar(text(_COUNT.format(where=_all(where))), asked) or 0
        return found if found <= MAX_COUNT else None

    async def affected(self, changes: Sequence[Change], *, owner_id: UUID) -> list[list[Backtest]]:
        """Return, for each change, the owner's newest runs that read the bar as it was before.

        Those are the runs that read the instrument's bars of that year, end no earlier than the
        bar, stand at an instant at which the replaced values were believed, and did not fail. At
        most a hundred for each change, in one statement.
        """
        asked = (
            func.unnest(
                literal([each.instrument_id for each in changes], ARRAY(BigInteger)),
                literal([each.date for each in changes], ARRAY(Date)),
                literal([each.known_at for each in changes], ARRAY(INSTANT)),
            )
            .table_valued(
                column("instrument_id", BigInteger),
                column("date", Date),
                column("known_to", INSTANT),
                with_ordinality="number",
                name="asked",
            )
            .render_derived()
        )
        replaced = and_(
            col(PriceBarRevision.instrument_id) == asked.c.instrument_id,
            col(PriceBarRevision.date) == asked.c.date,
            col(PriceBarRevision.known_to) == asked.c.known_to,
        )
        read = and_(
            col(RunInput.scope) == Scope.BARS,
            col(RunInput.key) == sql_cast(asked.c.instrument_id, String),
            col(RunInput.year) == sql_cast(extract("year", asked.c.date), Integer),
        )
        runs = (
            select(col(Backtest.id))
            .join(RunInput, col(RunInput.backtest_id) == col(Backtest.id))
            .join(Job, col(Job.id) == col(Backtest.job_id))
            .where(
                read,
                # What failed or was cancelled has no figures that a correction could touch.
                col(Job.status).not_in([JobStatus.FAILED, JobStatus.CANCELLED]),
                col(Backtest.owner_id) == owner_id,
                col(Backtest.known_at) >= col(PriceBarRevision.known_at),
                col(Backtest.known_at) < asked.c.known_to,
                col(Backtest.end_on) >= asked.c.date,
            )
            .order_by(col(Backtest.created_at).desc(), col(Backtest.id).desc())
            .limit(MOST_RUNS)
            .lateral("touched")
        )
        found = (
            select(asked.c.number, Backtest)
            .select_from(asked)
            .join(PriceBarRevision, replaced)
            .join(runs, literal(value=True))
            .join(Backtest, col(Backtest.id) == runs.c.id)
            .order_by(asked.c.number, col(Backtest.created_at).desc(), col(Backtest.id).desc())
        )
        touched: list[list[Backtest]] = [[] for _ in changes]
        for number, run in await self.session.execute(found):
            touched[number - 1].append(run)
        return touched


def _wanted(
    ids: Sequence[int] | None, day: date | None, *, handed_over: bool
) -> tuple[list[str], dict[str, Any]]:
    where: list[str] = []
    asked: dict[str, Any] = {"ids": ids if ids is None else list(ids), "date": day}
    if not handed_over:
        where.append(_CORRECTED)
        asked["handed_over"] = HANDED_OVER
    if ids is not None:
        where.append(_OF)
    if day is not None:
        where.append(_ON)
    return where, {name: value for name, value in asked.items() if value is not None}


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) or "true"


def _read_id(id: str) -> tuple[int, date]:
    instrument_id, _, day = id.partition("/")
    return int(instrument_id), date.fromisoformat(day)


def _revision(row: Row[Any]) -> Revision:
    instrument_id, symbol, day, known_at, reason, *values = tuple(row)
    before, after = values[: len(_VALUES)], values[len(_VALUES) :]
    return Revision(
        instrument_id=instrument_id,
        symbol=symbol,
        date=day,
        known_at=known_at,
        reason=reason,
        before=_bar(instrument_id, day, before),
        after=_bar(instrument_id, day, after),
    )


def _bar(instrument_id: int, day: date, values: Sequence[Any]) -> PriceBar:
    [bar] = seen(PriceBar, [(instrument_id, day, *values)], ("instrument_id", "date", *_VALUES))
    return bar
