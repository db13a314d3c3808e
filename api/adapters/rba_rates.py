"""The cash rate target of the Reserve Bank of Australia, from its statistical tables F1 and F1.1.

F1 has every business day since 2011. F1.1 has the average of each month since 1990; it stands in
for the months before the first day of F1, known when they are over.
"""

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np

from api.adapters.downloads import Downloads
from api.adapters.ecb_fixings import NS_PER_DAY
from api.adapters.numbers import bad_data, day_number, require_order
from api.adapters.sample_files import to_numbers
from api.errors import DataError
from api.ports import Observations
from api.services.named_panels import CASH_RATES
from engine.types import FloatArray, IntArray

FOLDER: Final = "statistics/tables/csv"
NAMES: Final = "Series ID"  # the row that ends what is said of the columns
UNIT: Final = "Per cent"
# 04-Jan-2011 of days and 31/12/2010 of months.
DATES: Final = ("%d-%b-%Y", "%d/%m/%Y")
MOST: Final = 50.0  # it was never a third of that; more is a figure of another kind
EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Table:
    """One file of the bank's, and the column of it that is read."""

    file: str
    series: str
    frequency: str


DAILY: Final = Table("f1-data.csv", "FIRMMCRTD", "Daily")
MONTHLY: Final = Table("f1.1-data.csv", "FIRMMCRT", "Monthly")


class RbaRates:
    """Two downloads of together some hundred kilobytes, whole histories each."""

    key = "rba"

    def __init__(self, *, url: str, timeout_seconds: float = 30.0) -> None:
        self._downloads = Downloads(
            "The Reserve Bank of Australia", url, timeout_seconds=timeout_seconds
        )

    async def close(self) -> None:
        await self._downloads.close()

    async def fetch_macro(self, start: date, end: date) -> list[Observations]:
        """Return AU_CASH_RATE, percent a year, on days of the range. Raises FetchFailed."""
        (days, daily), (months, averages) = await asyncio.gather(
            self._fetch(DAILY), self._fetch(MONTHLY)
        )
        before = months < days[0]
        day = np.concatenate([months[before], days])
        value = np.concatenate([averages[before], daily])
        kept = (day >= day_number(start)) & (day <= day_number(end))
        return [
            Observations(
                key=CASH_RATES["AUD"],
                source=self.key,
                day=day[kept],
                value=value[kept],
                # Posted on the next business morning in Sydney, where it begins with UTC's day.
                known_at=(day[kept] + 1) * NS_PER_DAY,
            )
        ]

    async def _fetch(self, table: Table) -> tuple[IntArray, FloatArray]:
        content = await self._downloads.get(f"{FOLDER}/{table.file}")
        try:
            day, value = read_rates(content, table)
        except DataError as e:
            raise bad_data(str(e)) from e
        require_order(day, what=table.file)
        return day, value


def read_rates(content: bytes, table: Table) -> tuple[IntArray, FloatArray]:
    """Return days since 1970-01-01 and percent a year of one column. Raises DataError.

    Rows of what is said of the columns end with their names; a cell may be empty, that of the
    newest day among them.
    """
    rows = [[cell.strip() for cell in row] for row in _rows(content, table)]
    head = next((at for at, row in enumerate(rows) if row[:1] == [NAMES]), None)
    if head is None:
        raise DataError(f"{table.file} is no table of the bank's: no row begins with {NAMES!r}")
    column = _column(rows[: head + 1], table)
    told = [row for row in rows[head + 1 :] if len(row) > column and row[0] and row[column]]
    if not told:
        raise DataError(f"{table.file} holds no figure of {table.series}")
    day = np.array([_day(row[0], table) for row in told], np.int64)
    value = to_numbers([row[column] for row in told], file=table.file)
    strange = ~(np.abs(value) <= MOST)
    if strange.any():
        at = int(np.argmax(strange))
        raise DataError(f"{table.file} says {value[at]:g} percent of {told[at][0]}")
    return day, value


def _rows(content: bytes, table: Table) -> Sequence[Sequence[str]]:
    """Return the cells; the bank writes UTF-8 or, with a dash in its title, Windows' own."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return list(csv.reader(io.StringIO(content.decode(encoding))))
        except UnicodeDecodeError:
            continue
        except csv.Error as e:
            raise DataError(f"{table.file} is no table of text: {e}") from e
    raise DataError(f"{table.file} is no text")


def _column(head: Sequence[Sequence[str]], table: Table) -> int:
    """Return where the series stands. Raises DataError where it is none or another measure."""
    said = {row[0]: row for row in head if row}
    if table.series not in said[NAMES]:
        raise DataError(f"{table.file} has no series {table.series}")
    column = said[NAMES].index(table.series)
    for label, expected in (("Frequency", table.frequency), ("Units", UNIT)):
        found = (*said.get(label, ()), *[""] * (column + 1))[column]
        if not found.startswith(expected):
            raise DataError(
                f"{table.file} gives {table.series} with {label} {found!r}, not {expected!r}"
            )
    return column


def _day(cell: str, table: Table) -> int:
    for form in DATES:
        try:
            return (datetime.strptime(cell, form).date() - EPOCH).days  # noqa: DTZ007 - a day
        except ValueError:
            continue
    raise DataError(f"{table.file} begins a row with {cell[:32]!r}, which is no date")
