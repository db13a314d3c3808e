"""The curve of an account, and what the same money would have become in an index."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput, UnknownSymbol
from api.services.portfolio_days import Days
from api.services.thinning import LEAST_POINTS, thinned
from models.instruments import InstrumentRepository
from models.price_bars import EPOCH, BarColumns, PriceBarRepository

USUAL = "^GSPC"
# How long before the first day an index may have closed last.
BEFORE = timedelta(days=10)


class Range(StrEnum):
    W1 = "W1"
    M1 = "M1"
    YTD = "YTD"
    Y1 = "Y1"
    Y5 = "Y5"
    MAX = "MAX"


@dataclass(frozen=True)
class Curve:
    """Columns of equal length; None where unknown, no benchmark where it has no bar."""

    days: list[date]
    values: list[float | None]
    benchmark: list[float | None] | None
    total_points: int


@dataclass(frozen=True)
class Index:
    """Closes of an index by day."""

    currency: str
    days: Sequence[date]
    closes: Sequence[float]

    def before(self, day: date) -> float | None:
        return self._close(bisect_left(self.days, day))

    def on(self, day: date) -> float | None:
        return self._close(bisect_right(self.days, day))

    def _close(self, row: int) -> float | None:
        return self.closes[row - 1] if row else None


def start_of(range: Range, day: date) -> date | None:
    """Return the day whose end the range begins with; None is the beginning."""
    match range:
        case Range.W1:
            return day - timedelta(days=7)
        case Range.M1:
            return month_before(day)
        case Range.YTD:
            return date(day.year - 1, 12, 31)
        case Range.Y1:
            return _years_before(day, 1)
        case Range.Y5:
            return _years_before(day, 5)
    return None


def month_before(day: date) -> date:
    """Return the same day of the month before, or its last."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def _years_before(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap else day.day)


async def read_index(
    session: AsyncSession, symbol: str | None, days: Days, *, known_at: datetime | None
) -> Index | None:
    """Return an index over the days of an account; the usual one where none is named.

    Raises UnknownSymbol for a named one that is not stored.
    """
    named = await InstrumentRepository(session).by_symbols([symbol or USUAL])
    if not named and symbol is not None:
        raise UnknownSymbol(
            f"benchmark was {symbol[:32]!r}; instruments lists what is known", field=("benchmark",)
        )
    if not named or not days.days:
        return None
    found = await PriceBarRepository(session).columns(
        [named[0].id], start=days.days[0] - BEFORE, end=days.days[-1], known_at=known_at
    )
    return _index(named[0].currency, found[0]) if found else None


def _index(currency: str, bars: BarColumns) -> Index:
    closes = zip(bars.days, bars.adjusted_close, bars.close, strict=True)
    known = [(day, adjusted or close) for day, adjusted, close in closes]
    return Index(
        currency=currency,
        days=[EPOCH + timedelta(days=day) for day, _ in known],
        closes=[close or 0.0 for _, close in known],
    )


def curve_of(days: Days, index: Index | None, start: date | None, max_points: int | None) -> Curve:
    """Return an account from the end of a day on, thinned to at most so many points.

    Raises InvalidInput for fewer points than a curve needs.
    """
    if max_points is not None and max_points < LEAST_POINTS:
        raise InvalidInput(
            f"maxPoints was {max_points}; ask for at least {LEAST_POINTS}", field=("maxPoints",)
        )
    first = 0 if start is None else max(0, days.row_of(start))
    shown, values = days.days[first:], days.values[first:]
    compared = None if index is None else _compared(days, index, first)
    rows = range(len(shown)) if max_points is None else thinned(values, max_points)
    return Curve(
        days=[shown[row] for row in rows],
        values=[values[row] for row in rows],
        benchmark=None if compared is None else [compared[row] for row in rows],
        total_points=len(shown),
    )


def _compared(days: Days, index: Index, first: int) -> list[float | None]:
    """Return what the same money would have become in the index, from a row on.

    It begins with what the account was worth, takes part in every flow at the start of its day,
    and ends with the first day for which a level, a rate or the money is missing.
    """
    worth = days.values[first] if first else 0.0
    before = _level(days, index, first, at_end=bool(first))
    found: list[float | None] = [worth] if first else []
    for row in range(len(found) + first, len(days.days)):
        level = _level(days, index, row)
        if worth is not None:
            flowed = worth + days.flows[row]
            known = before and level is not None and flowed >= 0.0
            worth = flowed * level / before if known and before and level is not None else None
        before = level
        found.append(worth)
    return found


def levels(days: Days, index: Index) -> list[float | None]:
    """Return the index on each day of an account, in the account's currency."""
    return [_level(days, index, row) for row in range(len(days.days))]


def _level(days: Days, index: Index, row: int, *, at_end: bool = True) -> float | None:
    """Return the index on a row's day, or before it, in the currency of the account."""
    close = index.on(days.days[row]) if at_end else index.before(days.days[row])
    rate, us_rate = days.rates[row], days.us_rates[row]
    if close is None or rate is None:
        return None
    if index.currency == "USD":
        return None if us_rate is None else close / us_rate * rate
    return close * rate
