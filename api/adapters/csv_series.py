"""A named panel from a file of one's own: date, its columns, and optionally known_at.

A structural fault, or a figure in another unit, refuses the file whole and names line, value and
remedy. A row that cannot be read is handed back as it was written.
"""

import hashlib
import math
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from api.adapters.csv_dates import Dated, read_date
from api.adapters.csv_prices import DIGEST_SHOWN, NUMBER, SYMBOL
from api.adapters.csv_text import Table, read_table, refusal, require_points
from api.errors import InvalidInput
from api.ports import Observations, RefusedRow, SeriesFile
from api.services.named_panels import (
    CASH_RATES,
    DAILY_PANELS,
    FACTOR_PANELS,
    IMPORTED,
    SYMBOL_PANELS,
    series_of,
)
from api.services.read_panels import FACTOR_DELAY_DAYS
from api.services.reasons import Reason
from api.services.routing import CSV

NS_PER_DAY = 86_400 * 10**9
# Indices of volatility close at 16:15 in New York, at 21:15 UTC in winter and earlier in summer.
INDEX_KNOWN = (21 * 60 + 15) * 60 * 10**9
VOLATILITY = ("VIX", "VIX3M")
YIELDS = {*DAILY_PANELS, *CASH_RATES.values()} - {*VOLATILITY}
EPOCH = date(1970, 1, 1)
DATE, KNOWN_AT = "date", "known_at"
# A real yield lies well within; what is beyond was written in another unit.
MOST_YIELD = 50.0


def read_series(content: bytes, *, name: str, panel: str) -> SeriesFile:
    """Read a file, plain or gzipped, into the series a panel is made of.

    Raises InvalidInput where the file is refused whole, LimitExceeded where it is too large.
    """
    if panel not in IMPORTED:
        raise InvalidInput(f"panel {panel[:64]!r} is not known; name one of {', '.join(IMPORTED)}")
    sha256 = hashlib.sha256(content).hexdigest()
    table = read_table(content, name=name)
    columns = _columns(table, panel, name=name)
    file = f"{name}#{sha256[:DIGEST_SHOWN]}"
    rows = _Rows(table, panel, columns, name=name)
    return SeriesFile(
        file=file,
        panel=panel,
        rows=len(table.raw),
        series=tuple(rows.series()),
        refused=tuple(rows.refused),
    )


def _columns(table: Table, panel: str, *, name: str) -> tuple[str, ...]:
    """Return the columns of figures. Raises InvalidInput for one that lacks or is too many."""
    found = [each for each in table.columns if each not in {DATE, KNOWN_AT}]
    if panel in SYMBOL_PANELS:
        strange = next((each for each in found if not SYMBOL.fullmatch(each)), None)
        if strange is not None or not found:
            raise refusal(
                Reason.SCHEMA,
                f"{name} line 1 names {strange!r}; name one symbol a column, beside date",
            )
        wanted = tuple(found)
    else:
        wanted = FACTOR_PANELS.get(panel, ("value",))
    missing = [each for each in (DATE, *wanted) if each not in table.columns]
    if missing:
        raise refusal(
            Reason.SCHEMA,
            f"{name} line 1 has no column {missing[0]!r}; {panel} has {', '.join(wanted)} by date",
        )
    return wanted


class _Rows:
    """The rows of a table, read one by one: a series has thousands, not millions."""

    def __init__(self, table: Table, panel: str, columns: Sequence[str], *, name: str) -> None:
        self.table, self.panel, self.columns, self.name = table, panel, columns, name
        self.refused: list[RefusedRow] = []
        self.days: list[int] = []
        self.known_at: list[int] = []
        self.values: list[list[float]] = []
        for row in range(len(table.raw)):
            self._read(row)

    def series(self) -> list[Observations]:
        """Return one series a column; an empty cell is no figure."""
        day, known_at = np.array(self.days, np.int64), np.array(self.known_at, np.int64)
        values = np.array(self.values, np.float64).reshape(len(day), len(self.columns))
        keys = self.columns
        if self.panel not in FACTOR_PANELS:
            keys = series_of(self.panel, self.columns)
        told = np.isfinite(values)
        return [
            Observations(
                key=key,
                source=CSV,
                day=day[told[:, at]],
                value=values[told[:, at], at],
                known_at=known_at[told[:, at]],
            )
            for at, key in enumerate(keys)
        ]

    def _read(self, row: int) -> None:
        line, cells = int(self.table.line[row]), self.table.columns
        day = read_date(cells[DATE][row], name=self.name, line=line)
        if isinstance(day, Reason):
            return self._refuse(row, day, DATE)
        on = self._period_end(day.day)
        values = [self._number(row, column) for column in self.columns]
        for column, value in zip(self.columns, values, strict=True):
            if isinstance(value, Reason):
                return self._refuse(row, value, column)
        known = self._known(row, on)
        if isinstance(known, Reason):
            return self._refuse(row, known, KNOWN_AT)
        if self.days and on <= self.days[-1]:
            return self._repeat(row, on, values)
        self.days.append(on)
        self.known_at.append(known)
        self.values.append([value for value in values if not isinstance(value, Reason)])
        return None

    def _repeat(self, row: int, on: int, values: Sequence[float | Reason]) -> None:
        line, day = int(self.table.line[row]), EPOCH + timedelta(days=on)
        if on < self.days[-1]:
            message = f"{self.name} line {line} goes back in time to {day}; sort by date"
            raise refusal(Reason.UNSORTED, message)
        same = np.array_equal(np.array(values, float), self.values[-1], equal_nan=True)
        self._refuse(row, Reason.DUPLICATE_SAME if same else Reason.DUPLICATE_CONFLICT, DATE)

    def _period_end(self, day: int) -> int:
        """Return the day a figure counts for: the last of its month for a month's return."""
        if self.panel not in FACTOR_PANELS:
            return day
        month = np.int64(day).astype("datetime64[D]").astype("datetime64[M]")
        return int((month + 1).astype("datetime64[D]").astype(np.int64)) - 1

    def _number(self, row: int, column: str) -> float | Reason:
        cell, line = self.table.columns[column][row], int(self.table.line[row])
        if not cell:
            return math.nan if self.panel in SYMBOL_PANELS else Reason.NULL_FIELD
        if not NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
            require_points(cell, name=self.name, line=line, column=column)
            return Reason.NOT_A_NUMBER
        value = float(cell)
        rule = _rule(self.panel, value)
        if rule is not None:
            message = f"{self.name} line {line}: {column} was {cell}; {rule}"
            raise refusal(Reason.DIALECT, message)
        return value

    def _known(self, row: int, day: int) -> int | Reason:
        """Return when the row became known; unless it says, when such figures usually do."""
        cell = self.table.columns[KNOWN_AT][row] if KNOWN_AT in self.table.columns else ""
        if not cell:
            return _usually_known(self.panel, day)
        told = read_date(cell, name=self.name, line=int(self.table.line[row]))
        if not isinstance(told, Dated):
            return told
        return (told.day + 1) * NS_PER_DAY if told.stamped_at is None else told.stamped_at

    def _refuse(self, row: int, reason: Reason, column: str) -> None:
        self.refused.append(
            RefusedRow(
                row_number=int(self.table.line[row]),
                raw=self.table.raw[row],
                reason=reason.value,
                symbol=self.panel,
                detail={"column": column, "value": self.table.columns[column][row]},
            )
        )


def _rule(panel: str, value: float) -> str | None:
    """Return the rule a figure breaks."""
    if panel in FACTOR_PANELS and abs(value) >= 1.0:
        return "write returns as fractions, 2.31 % as 0.0231"
    if panel in VOLATILITY and value <= 0.0:
        return "an index of volatility is above 0"
    if panel in SYMBOL_PANELS and value not in {0.0, 1.0}:
        return "write 1 where there was news and 0 or nothing elsewhere"
    if panel in YIELDS and abs(value) > MOST_YIELD:
        return "write a yield in percent a year"
    return None


def _usually_known(panel: str, day: int) -> int:
    if panel in FACTOR_PANELS:
        return (day + 1 + FACTOR_DELAY_DAYS) * NS_PER_DAY
    return day * NS_PER_DAY + INDEX_KNOWN if panel in VOLATILITY else (day + 1) * NS_PER_DAY
