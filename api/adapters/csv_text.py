"""A file of comma-separated values as text and records; what is not one is refused whole.

Messages name the line, the value found there and what to write instead.
"""

import csv
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from api.errors import InvalidInput, LimitExceeded
from api.services.reasons import Reason
from engine.types import IntArray

MOST_BYTES = 256 * 2**20
MOST_QUOTED = 80  # characters of a line in a message
GZIP = b"\x1f\x8b"
# How other kinds of file begin.
MAGIC = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PAR1": "Parquet",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"%PDF": "a PDF",
    b"<": "HTML or XML",
    b"{": "JSON",
    b"[": "JSON",
}
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a file: cells by column, and of each row its text and the line where it begins."""

    columns: Mapping[str, Sequence[str]]
    raw: Sequence[str]
    line: IntArray
    ends_with_break: bool


@dataclass(frozen=True)
class _Records:
    """Header and rows as they follow one another; `cells` are those of all of them in one list."""

    line: list[int]
    raw: list[str]
    width: list[int]
    cells: list[str]


def refusal(reason: Reason, message: str) -> InvalidInput:
    """Return the error that refuses the whole file with a sentence."""
    return InvalidInput(message, field=("file",), reason=reason.value)


def read_table(content: bytes, *, name: str) -> Table:
    """Split a file, gzipped or not, into columns. Raises InvalidInput, LimitExceeded."""
    text = _decode(content, name=name)
    lines = list(io.StringIO(text, newline=""))
    try:
        records = _quoted(lines) if '"' in text else _plain(lines)
    except csv.Error as e:
        if "unexpected end" in str(e):
            message = f"{name} ends inside a quoted cell; fetch the file again"
            raise refusal(Reason.TRUNCATED, message) from e
        raise refusal(Reason.DIALECT, f"{name} is no comma-separated file: {e}") from e
    if len(records.raw) == 1:
        raise refusal(Reason.EMPTY_FILE, f"{name} has no row; the first line names the columns")
    width = records.width[0]
    header = records.cells[:width]
    _require_columns(header, name=name)
    _require_width(records, name=name)
    return Table(
        columns={column: records.cells[width + k :: width] for k, column in enumerate(header)},
        raw=records.raw[1:],
        line=np.array(records.line[1:], np.int64),
        ends_with_break=lines[-1].endswith(("\n", "\r")),
    )


def _decode(content: bytes, *, name: str) -> str:
    if content.startswith(GZIP):
        content = _unzip(content, name=name)
    elif name.endswith(".gz"):
        message = f"{name} is named .gz and is not gzipped; rename it, or fetch it again"
        raise refusal(Reason.DIALECT, message)
    if len(content) > MOST_BYTES:
        raise LimitExceeded(f"{name} has more than {MOST_BYTES:,} bytes; split it", field=("file",))
    _require_text(content, name=name)
    text = content.decode("utf-8-sig")
    if not text.strip():
        raise refusal(Reason.EMPTY_FILE, f"{name} is empty; the first line names the columns")
    return text


def _require_text(content: bytes, *, name: str) -> None:
    for magic, kind in MAGIC.items():
        if content.startswith(magic):
            message = f"{name} is {kind}; save it as comma-separated UTF-8 text"
            raise refusal(Reason.DIALECT, message)
    try:
        content.decode()
        bad = content.find(b"\0")
    except UnicodeDecodeError as e:
        bad = e.start
    if bad >= 0:
        line = content.count(b"\n", 0, bad) + 1
        message = f"{name} line {line} holds a byte that is no UTF-8 text; save the file as UTF-8"
        raise refusal(Reason.DIALECT, message)


def _unzip(content: bytes, *, name: str) -> bytes:
    """Decompress, at most one byte more than is allowed."""
    found = b""
    while content and len(found) <= MOST_BYTES:
        stream = zlib.decompressobj(wbits=31)
        try:
            found += stream.decompress(content, MOST_BYTES + 1 - len(found))
        except zlib.error as e:
            reason = Reason.CHECKSUM if "check" in str(e) else Reason.DIALECT
            raise refusal(reason, f"{name} cannot be unzipped ({e}); fetch it again") from e
        if not stream.eof and len(found) <= MOST_BYTES:
            raise refusal(
                Reason.TRUNCATED, f"{name} ends before its gzip does; fetch the file again"
            )
        content = stream.unused_data
    return found


def _plain(lines: Sequence[str]) -> _Records:
    """Split lines without a quotation mark; no list per row, which would take ten times as long."""
    raw = [line.rstrip("\r\n") for line in lines]
    line = [number for number, text in enumerate(raw, start=1) if text]
    raw = [text for text in raw if text]
    return _Records(line, raw, [text.count(",") + 1 for text in raw], ",".join(raw).split(","))


def _quoted(lines: Sequence[str]) -> _Records:
    """Split lines of which some go on inside quotes. Raises csv.Error."""
    found = _Records([], [], [], [])
    reader = csv.reader(lines, strict=True)
    start = 0
    for cells in reader:
        if cells:
            found.line.append(start + 1)
            found.raw.append("".join(lines[start : reader.line_num]).rstrip("\r\n"))
            found.width.append(len(cells))
            found.cells.extend(cells)
        start = reader.line_num
    return found


def _require_columns(header: Sequence[str], *, name: str) -> None:
    for separator, called in OTHER_SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise refusal(
                Reason.DIALECT, f"{name} line 1 is separated by {called}; separate by commas"
            )
    twice = next((column for column in header if header.count(column) > 1), None)
    if twice is not None:
        message = f"{name} line 1 has {twice!r} twice; let it name each column, and each once"
        raise refusal(Reason.SCHEMA, message)


def _require_width(records: _Records, *, name: str) -> None:
    width = records.width[0]
    row = next((row for row, found in enumerate(records.width) if found != width), None)
    if row is None:
        return
    message = (
        f"{name} line {records.line[row]} has {records.width[row]} cells and the header has "
        f"{width}: {records.raw[row][:MOST_QUOTED]!r}"
    )
    if records.width[row] > width:
        remedy = "a comma inside a number or a name? write 1234.5, and quote names"
        raise refusal(Reason.DIALECT, f"{message}; {remedy}")
    if row == len(records.raw) - 1:
        raise refusal(Reason.TRUNCATED, f"{message}; the file was cut off, fetch it again")
    raise refusal(Reason.SCHEMA, f"{message}; complete the row")


# Numbers as other places write them: 185,50 and 1.234,5; 1,234.50, 1'234 and 1 234.
DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
THOUSANDS = re.compile(r"[+-]?\d{1,3}([,' \u00a0\u2019]\d{3})+(\.\d+)?")


def require_points(cell: str, *, name: str, line: int, column: str) -> None:
    """Refuse the file if the cell is a number in another country's writing."""
    where = f"{name} line {line}: {column} {cell!r}"
    if THOUSANDS.fullmatch(cell):
        raise refusal(Reason.DIALECT, f"{where} has a thousands separator; write 1234.5")
    if DECIMAL_COMMA.fullmatch(cell):
        raise refusal(Reason.DIALECT, f"{where} has a decimal comma; write 1234.5")
