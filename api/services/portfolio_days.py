"""An account day by day: value, flows and what it was all worth, in one currency."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import MissingData
from api.services.positions import HOME, NOTHING
from api.services.returns import Figure, Flow, money_weighted, time_weighted
from models.portfolio_books import BookAt, BookRepository, DayRow
from models.portfolio_snapshots import PortfolioSnapshotRepository, SettledDay

EMPTY = Figure(None, "no trade and no cash flow is recorded")
# Sydney's summer time: no trade that has happened is of a later day.
AHEAD = timedelta(hours=11)
# Less than this of a market value is the rounding of sums.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Days:
    """The days on which something changed, oldest first, in one currency.

    `values` are at the end of each day, None where a holding had no price or no rate. `dividends`
    count from the beginning. `moved` says whether a price or a trade changed anything. `rates` are
    units of the currency for one Australian dollar, `us_rates` US dollars for one. `unrated` is the
    first day on which money moved that no rate is known of.
    """

    days: Sequence[date]
    values: Sequence[float | None]
    cash: Sequence[Decimal | None]
    flows: Sequence[float]
    dividends: Sequence[float]
    moved: Sequence[bool]
    rates: Sequence[float | None]
    us_rates: Sequence[float | None]
    unrated: date | None = None

    @cached_property
    def growth(self) -> list[Figure]:
        """What one unit of money had become on each day, or why nobody can say."""
        return time_weighted(self.days, self.values, self.flows)

    @property
    def time_weighted(self) -> Figure:
        if not self.days:
            return EMPTY
        last = self.growth[-1]
        return last if last.value is None else Figure(last.value - 1.0)

    @property
    def money_weighted(self) -> Figure:
        if not self.days:
            return EMPTY
        if self.unrated:
            return Figure(None, f"money moved on {self.unrated}, before the first rate of AUDUSD")
        pairs = zip(self.days, self.flows, strict=True)
        flows = [Flow(day, flow) for day, flow in pairs if flow]
        return money_weighted(flows, self.values[-1], self.days[-1])

    @property
    def last_moved(self) -> date | None:
        """The last day on which a price or a trade changed anything."""
        return max(
            (day for day, moved in zip(self.days, self.moved, strict=True) if moved), default=None
        )

    def require_rates(self) -> None:
        """Raise MissingData where money moved on a day that no rate is known of."""
        if self.unrated:
            raise no_rate(self.unrated)

    def row_of(self, day: date) -> int:
        """Return the row that still stood at the end of a day; -1 before the first."""
        return bisect_right(self.days, day) - 1

    def gain_since(self, row: int, until: int | None = None) -> float | None:
        """Return what was earned after a row, up to another or the last one.

        None where the value at either end is unknown.
        """
        if not self.days:
            return None
        end = len(self.days) - 1 if until is None else until
        first, last = 0.0 if row < 0 else self.values[row], self.values[end]
        if first is None or last is None:
            return None
        return last - first - sum(self.flows[row + 1 : end + 1])


def no_rate(day: date) -> MissingData:
    return MissingData(
        f"no rate of AUDUSD is known up to {day}: ask for AUD, or fetch prices of AUDUSD=X",
        field=("currency",),
    )


def today(now: datetime) -> date:
    """Return the day it is where the first of our markets opens."""
    return (now + AHEAD).date()


async def read_days(session: AsyncSession, at: BookAt) -> Days:
    """Return the account day by day; snapshots stand for days of which nothing new is known."""
    before, settled = await PortfolioSnapshotRepository(session).settled(at)
    if not settled:
        return days_of(await BookRepository(session).days(at), at.currency)
    later = await BookRepository(session).days(at, since=before)
    opening = [row for row in later if before is not None and row.day < before]
    return days_of([*_rows_of(settled, opening), *later[len(opening) :]], at.currency)


def _rows_of(settled: Sequence[SettledDay], opening: Sequence[DayRow]) -> list[DayRow]:
    """Return the changes from one snapshot to the next, market values in Australian dollars.

    At the end of the last one they are told apart by currency again: that is what `opening` knows.
    """
    rows: list[DayRow] = []
    aud, unpriced, cash, dividends = 0.0, 0, NOTHING, NOTHING
    for each in settled:
        held = aud if each.value is None else each.value - float(each.cash)
        missing = int(each.value is None)
        row = DayRow(
            day=each.day,
            cash=each.cash - cash,
            flow=each.flow,
            dividend=each.dividends - dividends,
            aud=held - aud,
            usd=0.0,
            unpriced=missing - unpriced,
            rate=each.rate,
        )
        rows.append(row)
        before = aud, unpriced
        aud, unpriced, cash, dividends = held, missing, each.cash, each.dividends
    rows[-1] = rows[-1]._replace(
        aud=sum(row.aud for row in opening) - before[0],
        usd=sum(row.usd for row in opening),
        unpriced=sum(row.unpriced for row in opening) - before[1],
    )
    return rows


def days_of(rows: Sequence[DayRow], currency: str) -> Days:
    """Add up what changed from day to day."""
    if not any(row.cash or row.flow or row.aud or row.usd or row.unpriced for row in rows):
        rows = []
    rates = [1.0 if currency == HOME else row.rate for row in rows]
    home = [Decimal(1) if rate is None else Decimal(repr(rate)) for rate in rates]
    cash = list(accumulate(row.cash for row in rows))
    sums = zip(
        cash,
        accumulate(row.aud for row in rows),
        accumulate(row.usd for row in rows),
        accumulate(row.unpriced for row in rows),
        rows,
        rates,
        strict=True,
    )
    return Days(
        days=[row.day for row in rows],
        values=[
            _value(float(money), aud, usd, row.rate, rate) if not unpriced else None
            for money, aud, usd, unpriced, row, rate in sums
        ],
        cash=[
            None if rate is None else money * unit
            for money, unit, rate in zip(cash, home, rates, strict=True)
        ],
        flows=_scaled((row.flow for row in rows), rates),
        dividends=list(accumulate(_scaled((row.dividend for row in rows), rates))),
        moved=[bool(row.aud or row.usd or row.cash != row.flow) for row in rows],
        rates=rates,
        us_rates=[row.rate for row in rows],
        unrated=next(
            (row.day for row, rate in zip(rows, rates, strict=True) if rate is None and row.cash),
            None,
        ),
    )


def _value(
    cash: float, aud: float, usd: float, us_rate: float | None, rate: float | None
) -> float | None:
    """Return the value in the currency whose units for one Australian dollar are `rate`."""
    foreign: float | None = 0.0
    if abs(usd) > ROUNDING:
        foreign = None if us_rate is None else usd / us_rate
    if foreign is None or rate is None:
        return None
    return (cash + aud + foreign) * rate


def _scaled(amounts: Iterable[Decimal], rates: Sequence[float | None]) -> list[float]:
    """Convert at each day's rate; before the first fixing no value is known either."""
    return [float(amount) * (rate or 0.0) for amount, rate in zip(amounts, rates, strict=True)]
