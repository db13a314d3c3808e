"""Comma-separated trades as rows of text: a file that is none is refused whole, by its reason."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from api.errors import InvalidInput, LimitExceeded

LONGEST = 200_000
LONGEST_SHOWN = 200
REQUIRED = ("symbol", "side", "quantity", "entry_price", "entry_at")
COLUMNS = (
    *REQUIRED,
    "reference",
    "commission",
    "currency",
    "exit_price",
    "exit_at",
    "exit_commission",
    "fx_rate_at_entry",
    "fx_rate_at_exit",
    "strategy",
    "signal_score",
    "notes",
    "tags",
)
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
FIELD = ("input", "csv")
# entryPrice, Entry price and entry_price name one column.
_NAMES = {name.replace("_", ""): name for name in COLUMNS}
_FILLING = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, kw_only=True)
class TextRow:
    """A row of a file: where it begins, how it was written, its cells by column or its fault."""

    line: int
    text: str
    cells: dict[str, str]
    fault: str | None = None


@dataclass(frozen=True)
class TradeFile:
    rows: Sequence[TextRow]
    unread: Sequence[str]  # columns that are none of ours
    header: str


def column_of(name: str) -> str | None:
    """Return the column a header names, however it writes it."""
    return _NAMES.get(_FILLING.sub("", name.lower()))


def read_trades(content: str) -> TradeFile:
    """Split a file into rows. Raises InvalidInput or LimitExceeded for what is no such file."""
    if len(content) > LONGEST:
        raise LimitExceeded(
            f"csv had {len(content):,} characters; give at most {LONGEST:,}, in several files",
            field=FIELD,
        )
    lines = list(io.StringIO(content.removeprefix("\ufeff"), newline=""))
    try:
        records = list(_records(lines))
    except csv.Error as e:
        raise _refused(f"csv is no comma-separated text: {e}; mend its quotes") from e
    if len(records) < 2:
        raise _refused("csv has no row; the first line names the columns", reason="EMPTY_FILE")
    (_, header_text, header), *rows = records
    columns = _columns(header)
    return TradeFile(
        [_row(line, text, cells, columns) for line, text, cells in rows],
        [name for name, column in zip(header, columns, strict=True) if column is None],
        header_text[:LONGEST_SHOWN],
    )


def _records(lines: Sequence[str]) -> "Sequence[tuple[int, str, list[str]]]":
    reader, start, found = csv.reader(lines, strict=True), 0, []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            text = "".join(lines[start : reader.line_num]).rstrip("\r\n")
            found.append((start + 1, text, cells))
        start = reader.line_num
    return found


def _columns(header: Sequence[str]) -> list[str | None]:
    if len(header) == 1:
        for separator, called in SEPARATORS.items():
            if separator in header[0]:
                raise _refused(f"csv is separated by {called}; separate by commas")
    columns = [column_of(name) for name in header]
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise _refused(
            f"csv lacks {', '.join(missing)}; its first line has to name"
            f" {', '.join(REQUIRED)}, and may name {', '.join(COLUMNS[len(REQUIRED) :])}",
            reason="MISSING_COLUMN",
        )
    twice = {name for name in columns if name is not None and columns.count(name) > 1}
    if twice:
        raise _refused(f"csv names {min(twice)} twice; name each column once")
    return columns


def _row(line: int, text: str, cells: list[str], columns: Sequence[str | None]) -> TextRow:
    shown = text[:LONGEST_SHOWN]
    if len(cells) != len(columns):
        fault = (
            f"the row has {len(cells)} cells and the header has {len(columns)}; quote a text that"
            " holds a comma, and write 1234.5 for a number"
        )
        return TextRow(line=line, text=shown, cells={}, fault=fault)
    named = zip(columns, cells, strict=True)
    given = {name: cell.strip() for name, cell in named if name is not None and cell.strip()}
    return TextRow(line=line, text=shown, cells=given)


def _refused(message: str, *, reason: str = "DIALECT") -> InvalidInput:
    return InvalidInput(message, field=FIELD, reason=reason)
