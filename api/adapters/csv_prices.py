"""Prices from a file of one's own: date,symbol,open,high,low,close,adjusted_close,volume.

Only date, symbol and close are required, in any order. A structural fault refuses the file whole
and names line, value and remedy. A row that cannot be read is handed back as it was written;
whether a row that can is believed, the quality gates say.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from api.adapters.csv_dates import Dated, read_date
from api.adapters.csv_text import Table, read_table, refusal, require_points
from api.ports import BarBatch, PriceFile, RefusedRow
from api.services.reasons import Reason
from engine.types import FloatArray, IntArray

REQUIRED = ("date", "symbol", "close")
NUMERIC = ("open", "high", "low", "close", "adjusted_close", "volume")
DIGEST_SHOWN = 12
# Yahoo's style: BHP.AX, BRK-B, ^GSPC, AUDUSD=X; the sample's suffix :OHLCV. Nothing that could
# be a path, a pattern or a space.
SYMBOL = re.compile(r"\^?[A-Za-z0-9][A-Za-z0-9.\-=:_^]{0,30}")
PLAIN = re.compile(r"[0-9.eE+\-]*")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
NO_NUMBER = re.compile(r"[+-]?nan", re.IGNORECASE)

Faults = dict[int, tuple[Reason, str]]  # row of the table -> why, column


def read_prices(content: bytes, *, name: str) -> PriceFile:
    """Read a file, plain or gzipped, into one batch per symbol in order of appearance.

    A column that is empty throughout for a symbol is one its source does not carry; so the keys
    of a batch's `values` are the fields it declares.

    Raises
    ------
    InvalidInput
        The file is refused whole; `reason` is the code.
    LimitExceeded
        It is too large.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    table = read_table(content, name=name)
    columns = table.columns
    _require_columns(columns, name=name)
    faults: Faults = {}
    _judge_symbols(columns["symbol"], faults)
    day, stamped_at = _days(columns["date"], table, faults, name=name)
    values = {
        column: _numbers(column, columns[column], table, faults, name=name)
        for column in NUMERIC
        if column in columns
    }
    readable = np.ones(len(table.raw), np.bool_)
    readable[list(faults)] = False
    file = f"{name}#{sha256[:DIGEST_SHOWN]}"
    bars = _Bars(file=file, day=day, stamped_at=stamped_at, values=values, table=table)
    batches = tuple(bars.of(*found) for found in _rows_by(columns["symbol"], readable))
    for batch in batches:
        _require_order(batch, name=name)
    read = day[readable]
    return PriceFile(
        file=file,
        sha256=sha256,
        rows=len(table.raw),
        first_day=int(read.min()) if len(read) else None,
        last_day=int(read.max()) if len(read) else None,
        extra_columns=tuple(each for each in columns if each not in {*REQUIRED, *NUMERIC}),
        notes=_notes(table),
        batches=batches,
        refused=tuple(_refused(table, faults)),
    )


@dataclass(frozen=True, kw_only=True)
class _Bars:
    """Columns of the whole file, (n_rows,), before they are parted by symbol."""

    file: str
    day: IntArray
    stamped_at: IntArray | None
    values: Mapping[str, FloatArray]
    table: Table

    def of(self, symbol: str, rows: IntArray) -> BarBatch:
        own = {name: column[rows] for name, column in self.values.items()}
        carried = {
            name: column
            for name, column in own.items()
            if name == "close" or not np.isnan(column).all()
        }
        return BarBatch(
            symbol=symbol,
            file=self.file,
            row_number=self.table.line[rows],
            day=self.day[rows],
            values=carried,
            raw=[self.table.raw[row] for row in rows],
            stamped_at=None if self.stamped_at is None else self.stamped_at[rows],
        )


def _require_columns(found: Collection[str], *, name: str) -> None:
    for column in REQUIRED:
        if column not in found:
            raise refusal(
                Reason.SCHEMA,
                f"{name} line 1 has no column {column!r}, it has {', '.join(found)}; "
                f"name the columns in lower case: {', '.join(REQUIRED)} are required",
            )


def _judge_symbols(cells: Sequence[str], faults: Faults) -> None:
    bad = {cell for cell in set(cells) if not SYMBOL.fullmatch(cell)}
    if bad:
        for row, cell in enumerate(cells):
            if cell in bad:
                faults[row] = Reason.BAD_SYMBOL, "symbol"


def _days(
    cells: Sequence[str], table: Table, faults: Faults, *, name: str
) -> tuple[IntArray, IntArray | None]:
    """Day of each row, and its instant where any row has one; a spelling is read once."""
    read: dict[str, Dated | Reason] = {}
    day = np.zeros(len(cells), np.int64)
    stamped_at = np.full(len(cells), np.iinfo(np.int64).min)  # earlier than any closing time
    for row, cell in enumerate(cells):
        found = read.get(cell)
        if found is None:
            found = read[cell] = read_date(cell, name=name, line=int(table.line[row]))
        if isinstance(found, Reason):
            faults.setdefault(row, (found, "date"))
        else:
            day[row] = found.day
            if found.stamped_at is not None:
                stamped_at[row] = found.stamped_at
    stamped = any(isinstance(each, Dated) and each.stamped_at is not None for each in read.values())
    return day, stamped_at if stamped else None


def _numbers(
    column: str, cells: Sequence[str], table: Table, faults: Faults, *, name: str
) -> FloatArray:
    """Values of a column, NaN where a cell is empty; cells that are no number go to the faults."""
    if PLAIN.fullmatch("".join(cells)):
        try:
            return np.array([float(cell) if cell else np.nan for cell in cells])
        except ValueError:
            pass  # a dash alone, two points: looked for one by one
    value = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        if NUMBER.fullmatch(cell):
            value[row] = float(cell)
        elif cell:
            require_points(cell, name=name, line=int(table.line[row]), column=column)
            faults.setdefault(row, (_reason_of(cell, column), column))
    return value


def _reason_of(cell: str, column: str) -> Reason:
    if not NO_NUMBER.fullmatch(cell):
        return Reason.NOT_A_NUMBER
    return Reason.BAD_VOLUME if column == "volume" else Reason.BAD_PRICE


def _rows_by(symbols: Sequence[str], readable: np.ndarray) -> Iterator[tuple[str, IntArray]]:
    """Yield each symbol with its readable rows in the order of the file."""
    codes: dict[str, int] = {}
    code = np.array([codes.setdefault(symbol, len(codes)) for symbol in symbols])
    order = np.flatnonzero(readable)
    order = order[np.argsort(code[order], kind="stable")]
    bounds = np.searchsorted(code[order], np.arange(len(codes) + 1))
    for symbol, place in codes.items():
        rows = order[bounds[place] : bounds[place + 1]]
        if len(rows):
            yield symbol, rows


def _require_order(batch: BarBatch, *, name: str) -> None:
    back = np.flatnonzero(np.diff(batch.day) < 0)
    if len(back):
        line, on = batch.row_number[back[0] + 1], batch.day[back[0] + 1].astype("datetime64[D]")
        raise refusal(
            Reason.UNSORTED,
            f"{name} line {line}: {batch.symbol} goes back in time to {on}; "
            "sort the rows of each symbol by date, oldest first",
        )


def _refused(table: Table, faults: Faults) -> Iterator[RefusedRow]:
    for row, (reason, column) in sorted(faults.items()):
        symbol = table.columns["symbol"][row]
        yield RefusedRow(
            row_number=int(table.line[row]),
            raw=table.raw[row],
            reason=reason.value,
            symbol=symbol if SYMBOL.fullmatch(symbol) else None,
            detail={"column": column, "value": table.columns[column][row]},
        )


def _notes(table: Table) -> tuple[str, ...]:
    if table.ends_with_break:
        return ()
    return (f"line {table.line[-1]} has no line break: its last cell may have been cut off",)
