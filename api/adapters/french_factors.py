"""Factor returns from Kenneth French's data library: three and five factors, by day and month.

Those of other regions than the US, by month alone, are measured in US dollars as well.

With them comes RF, the return of a one-month US bill. No other free source of it is asked: where
the library is silent, runs go without and say so.
"""

import asyncio
import re
from collections.abc import Sequence

import numpy as np

from api.adapters.archives import unzip_table
from api.adapters.downloads import Downloads
from api.adapters.ecb_fixings import NS_PER_DAY
from api.adapters.numbers import bad_data, require_order
from api.adapters.sample_files import to_days, to_month_ends, to_numbers
from api.errors import DataError
from api.ports import FactorTable, Observations
from api.services.named_panels import FACTOR_PANELS
from engine.types import FloatArray, IntArray

FOLDER = "pages/faculty/ken.french/ftp"
FILES = {
    ("FF3", "monthly"): "F-F_Research_Data_Factors_CSV.zip",
    ("FF3", "daily"): "F-F_Research_Data_Factors_daily_CSV.zip",
    ("FF5", "monthly"): "F-F_Research_Data_5_Factors_2x3_CSV.zip",
    ("FF5", "daily"): "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip",
    ("FF3_DEVELOPED_EX_US", "monthly"): "Developed_ex_US_3_Factors_CSV.zip",
    ("FF5_DEVELOPED_EX_US", "monthly"): "Developed_ex_US_5_Factors_CSV.zip",
    ("FF3_ASIA_PACIFIC", "monthly"): "Asia_Pacific_ex_Japan_3_Factors_CSV.zip",
    ("FF5_ASIA_PACIFIC", "monthly"): "Asia_Pacific_ex_Japan_5_Factors_CSV.zip",
}
# 192607 or 19260701; below them the yearly averages begin with 1927.
ROW = {"monthly": re.compile(r"\s*(\d{6})\s*,(.*)"), "daily": re.compile(r"\s*(\d{8})\s*,(.*)")}
# How the library writes that it does not know.
UNKNOWN = (-99.99, -999.0)


class FrenchFactors:
    """Eight downloads of together a megabyte, whole histories each."""

    key = "french"

    def __init__(self, *, url: str, timeout_seconds: float = 30.0) -> None:
        self._downloads = Downloads("Ken French's library", url, timeout_seconds=timeout_seconds)

    async def close(self) -> None:
        await self._downloads.close()

    async def fetch_factors(self) -> Sequence[FactorTable]:
        """Return all tables, decimal fractions. Raises FetchFailed."""
        return await asyncio.gather(*(self._fetch(*which) for which in FILES))

    async def _fetch(self, factor_set: str, frequency: str) -> FactorTable:
        file = FILES[factor_set, frequency]
        content = await self._downloads.get(f"{FOLDER}/{file}")
        text = unzip_table(content, publisher="Ken French's library")
        try:
            day, columns = read_factors(text, factor_set, frequency, file=file)
        except DataError as e:
            raise bad_data(str(e)) from e
        require_order(day, what=file)
        series = (_observe(name, day, column) for name, column in columns.items())
        return FactorTable(factor_set=factor_set, frequency=frequency, series=tuple(series))


def read_factors(
    text: str, factor_set: str, frequency: str, *, file: str
) -> tuple[IntArray, dict[str, FloatArray]]:
    """Return last days covered and fractions by factor, NaN where unknown. Raises DataError.

    Around the table stand prose, a table of yearly returns and a line of copyright.
    """
    rows = [found.groups() for found in map(ROW[frequency].fullmatch, text.splitlines()) if found]
    header = [name.strip() for name in _header(text, file=file).split(",")][1:]
    cells = [[cell.strip() for cell in row.split(",")] for _, row in rows]
    whole = bool(rows) and all(len(row) == len(header) for row in cells)
    if tuple(header) != FACTOR_PANELS[factor_set] or not whole:
        raise DataError(f"{file} does not hold {', '.join(FACTOR_PANELS[factor_set])} in each row")
    columns = zip(header, zip(*cells, strict=True), strict=True)
    days = [found for found, _ in rows]
    last_day = to_days if frequency == "daily" else to_month_ends
    return last_day(days, file=file), {
        name: _fractions(column, file=file) for name, column in columns
    }


def _header(text: str, *, file: str) -> str:
    """Return the line that names the columns, the first that begins without a date."""
    header = next((line for line in text.splitlines() if line.strip().startswith(",")), None)
    if header is None:
        raise DataError(f"{file} names no columns")
    return header


def _fractions(cells: Sequence[str], *, file: str) -> FloatArray:
    percent = to_numbers(cells, file=file)
    return np.where(np.isin(percent, UNKNOWN), np.nan, percent / 100.0)


def _observe(name: str, day: IntArray, value: FloatArray) -> Observations:
    """Count a return as known when its period is over; the library publishes some weeks later.

    The bill rate RF alone is settled beforehand: it is what a bill bought at the start pays.
    """
    known = np.isfinite(value)
    return Observations(
        key=name,
        source=FrenchFactors.key,
        day=day[known],
        value=value[known],
        known_at=(day[known] + 1) * NS_PER_DAY,
    )
