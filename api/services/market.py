"""Prices to look at: columns of bars as they stood at an instant."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput, MissingData, UnknownSymbol
from api.services.thinning import LEAST_POINTS, thinned
from models.backtest import Currency
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.price_bars import BarColumns, PriceBarRepository
from models.published_series import FxRateRepository, SeriesColumns

MOST_SYMBOLS = 50
MOST_NAMED = 10
# What is stored of rates: the fixings of one pair, the bill rate of one set of factors.
PAIR = "AUDUSD"
FACTOR_SET, MONTHLY, RISK_FREE = "FF3", "monthly", "RF"
ADJUSTED = "adjusted_close"
# So many series are written out within a millisecond or two.
FEW = 2
FIELDS = ("open", "high", "low", "close", "adjusted_close", "volume")
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, kw_only=True)
class PriceColumns:
    """One field of one symbol: days and values of equal length, None where unknown."""

    symbol: str
    currency: str
    dates: list[str]
    values: list[float | None]
    total_points: int


@dataclass(frozen=True, kw_only=True)
class BarTable:
    """The bars of one symbol by column, of equal length."""

    symbol: str
    dates: list[str]
    columns: dict[str, list[float | None]]


async def read_prices(
    session: AsyncSession,
    symbols: Sequence[str],
    *,
    field: str,
    currency: Currency | None = None,
    start: date | None = None,
    end: date | None = None,
    known_at: datetime | None = None,
    max_points: int | None = None,
) -> list[PriceColumns]:
    """Return one series for each symbol, in the order asked for; a source's gaps stay gaps.

    Raises UnknownSymbol, InvalidInput, and MissingData where a rate is needed and not there.
    """
    _check(symbols, start, end, max_points)
    instruments = await require_instruments(session, symbols, field=("symbols",))
    ids = [instrument.id for instrument in instruments]
    bars = await PriceBarRepository(session).columns(
        ids, start=start, end=end, known_at=known_at, figures=_read_for(field), instants=False
    )
    rates = None
    if field != "volume" and any(_foreign(each, currency) for each in instruments):
        fixings = await FxRateRepository(session).columns([PAIR], end=end, known_at=known_at)
        rates = fixings[PAIR]
    found = {columns.instrument_id: columns for columns in bars}

    def made() -> list[PriceColumns]:
        return [
            _series(each, found.get(each.id), field, currency, rates, max_points)
            for each in instruments
        ]

    # To adjust, convert or thin thousands of points is work in pure Python: beside the loop.
    plain = field != ADJUSTED and rates is None and max_points is None and len(bars) <= FEW
    return made() if plain else await asyncio.to_thread(made)


async def read_bars(
    session: AsyncSession,
    symbol: str,
    *,
    start: date | None = None,
    end: date | None = None,
    known_at: datetime | None = None,
    max_points: int | None = None,
) -> BarTable:
    """Return a symbol's bars; fewer points are chosen bars, never merged ones.

    Raises UnknownSymbol, InvalidInput.
    """
    _check([symbol], start, end, max_points)
    [instrument] = await require_instruments(session, [symbol], field=("symbol",))
    found = await PriceBarRepository(session).columns(
        [instrument.id], start=start, end=end, known_at=known_at, instants=False
    )
    if not found:
        return BarTable(symbol=symbol, dates=[], columns={name: [] for name in FIELDS})
    bars = found[0]
    closes = [a or b for a, b in zip(bars.close, bars.adjusted_close, strict=True)]
    rows = range(len(closes)) if max_points is None else thinned(closes, max_points)
    return BarTable(
        symbol=symbol,
        dates=[ISO_DAYS[bars.days[row]] for row in rows],
        columns={name: [getattr(bars, name)[row] for row in rows] for name in FIELDS},
    )


async def require_instruments(
    session: AsyncSession, symbols: Sequence[str], *, field: tuple[str, ...]
) -> list[Instrument]:
    """Return the instruments in the order of their symbols. Raises UnknownSymbol, naming ten."""
    found = {each.symbol: each for each in await InstrumentRepository(session).by_symbols(symbols)}
    unknown = sorted({symbol for symbol in symbols if symbol not in found})
    if unknown:
        raise unknown_symbols(unknown, field=field)
    return [found[symbol] for symbol in symbols]


def unknown_symbols(symbols: Sequence[str], *, field: tuple[str, ...]) -> UnknownSymbol:
    named = ", ".join(repr(symbol[:32]) for symbol in symbols[:MOST_NAMED])
    more = f" and {len(symbols) - MOST_NAMED} more" if len(symbols) > MOST_NAMED else ""
    return UnknownSymbol(
        f"{field[-1]} named {named}{more}, which is not stored; instruments lists what is,"
        " and upper and lower case differ",
        field=field,
    )


def _check(
    symbols: Sequence[str], start: date | None, end: date | None, max_points: int | None
) -> None:
    if not 1 <= len(symbols) <= MOST_SYMBOLS:
        raise InvalidInput(
            f"symbols had {len(symbols)} entries; name 1 to {MOST_SYMBOLS}", field=("symbols",)
        )
    if start is not None and end is not None and start > end:
        raise InvalidInput(f"start was {start}, after the end {end}; swap them", field=("start",))
    if max_points is not None and max_points < LEAST_POINTS:
        raise InvalidInput(
            f"maxPoints was {max_points}; ask for at least {LEAST_POINTS}",
            field=("maxPoints",),
            reason="BAD_MAX_POINTS",
        )


def _read_for(field: str) -> tuple[str, ...]:
    """Return the figures a field is made of."""
    return ("close", ADJUSTED) if field == ADJUSTED else (field,)


def _foreign(instrument: Instrument, currency: Currency | None) -> bool:
    return currency is not None and instrument.currency != currency.value


def _series(
    instrument: Instrument,
    bars: BarColumns | None,
    field: str,
    currency: Currency | None,
    rates: SeriesColumns | None,
    max_points: int | None,
) -> PriceColumns:
    days: list[int] = [] if bars is None else bars.days
    values: list[float | None] = [] if bars is None else getattr(bars, field)
    if rates is not None and currency is not None and _foreign(instrument, currency):
        values = _converted(instrument, days, values, currency, rates)
    total = len(days)
    if max_points is not None:
        rows = thinned(values, max_points)
        days, values = [days[row] for row in rows], [values[row] for row in rows]
    return PriceColumns(
        symbol=instrument.symbol,
        currency=instrument.currency if currency is None else currency.value,
        dates=[ISO_DAYS[day] for day in days],
        values=values,
        total_points=total,
    )


def _converted(
    instrument: Instrument,
    days: Sequence[int],
    values: Sequence[float | None],
    currency: Currency,
    rates: SeriesColumns,
) -> list[float | None]:
    """Convert at the last fixing up to each day; None before the first. Raises MissingData."""
    if {instrument.currency, currency.value} != {"AUD", "USD"} or not rates.days:
        raise MissingData(
            f"no rate from {instrument.currency} to {currency.value} is stored;"
            " leave currency out to see prices as quoted",
            field=("currency",),
        )
    converted: list[float | None] = []
    for day, value in zip(days, values, strict=True):
        row = bisect_right(rates.days, day) - 1
        if value is None or row < 0:
            converted.append(None)
        elif currency is Currency.AUD:
            converted.append(value / rates.values[row])
        else:
            converted.append(value * rates.values[row])
    return converted


class _IsoDays(dict[int, str]):
    """Days since 1970 as they are written; each is written once, and there are some thousands."""

    def __missing__(self, day: int) -> str:
        self[day] = date.fromordinal(EPOCH_ORDINAL + day).isoformat()
        return self[day]


ISO_DAYS = _IsoDays()
