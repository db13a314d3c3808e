"""Tables that ship inside installed packages: found, opened and split into columns of text.

The packages themselves are never imported: one of them would take seconds.
"""

import csv
import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from api.errors import DataError, Unavailable
from engine.types import FloatArray, IntArray

FIRST_ROW = 2  # the header is line 1


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of text: columns by name, and each row as it was written."""

    file: str
    columns: Mapping[str, Sequence[str]]
    raw: Sequence[str]

    def row_numbers(self) -> IntArray:
        """Line of each row in the file, (n_rows,)."""
        return np.arange(FIRST_ROW, FIRST_ROW + len(self.raw), dtype=np.int64)


def locate(file: str) -> Path:
    """Path of `package/inner/path` inside the installed package. Raises Unavailable."""
    package, _, inner = file.partition("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(f"package {package} of the sample market is not installed")
    path = Path(spec.submodule_search_locations[0]) / inner
    if not path.is_file():
        raise Unavailable(f"{file} was not found in the installed package {package}")
    return path


def read_text(file: str) -> str:
    """Text of a plain file, a gzip or the first member of a zip."""
    content = locate(file).read_bytes()
    if file.endswith(".gz"):
        content = gzip.decompress(content)
    elif file.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    return content.decode("utf-8")


def digest_of(files: Iterable[str]) -> str:
    """Name the content of files: other content, other name. Raises Unavailable."""
    found = hashlib.sha256()
    for file in files:
        found.update(locate(file).read_bytes())
    return found.hexdigest()[:12]


def read_sheet(file: str, *, columns: Sequence[str] = ()) -> Sheet:
    """Split a comma-separated file into columns, or into those named. Raises DataError."""
    return split_sheet(read_text(file), file=file, columns=columns)


def split_sheet(text: str, *, file: str, columns: Sequence[str] = ()) -> Sheet:
    """Split a comma-separated text into columns, or into those named. Raises DataError.

    A row with more or fewer cells than the header refuses the whole file: nobody can tell which
    cell is missing.
    """
    header_line, *raw = text.splitlines() or [""]
    header = next(csv.reader([header_line]), [])
    rows = list(csv.reader(raw))
    ragged = next((i for i, row in enumerate(rows) if len(row) != len(header)), None)
    if ragged is not None or not rows:
        line = FIRST_ROW + (ragged or 0)
        raise DataError(f"{file} line {line} has not the {len(header)} cells of the header")
    absent = sorted(set(columns) - set(header))
    if absent:
        raise DataError(f"{file} has no column {absent[0]}")
    cells = dict(zip(header, zip(*rows, strict=True), strict=True))
    return Sheet(file=file, columns={name: cells[name] for name in columns or header}, raw=raw)


def to_numbers(cells: Sequence[str], *, file: str) -> FloatArray:
    """Parse cells into float64, (n,); an empty cell is NaN. Raises DataError."""
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError as e:
        raise DataError(f"{file} holds a cell that is no number: {e}") from e


def to_days(cells: Sequence[str], *, file: str) -> IntArray:
    """Parse dates into days since 1970-01-01, (n,). Raises DataError.

    Three spellings occur: 2009-08-21, 20090821 and the American 8/21/2009.
    """
    iso = {cell: _iso(cell) for cell in set(cells)}
    try:
        return np.array([iso[cell] for cell in cells], dtype="datetime64[D]").astype(np.int64)
    except ValueError as e:
        raise DataError(f"{file} holds a cell that is no date: {e}") from e


def to_month_ends(cells: Sequence[str], *, file: str) -> IntArray:
    """Parse months written 192607 into their last days since 1970-01-01, (n,). Raises DataError."""
    first = to_days([f"{cell}01" for cell in cells], file=file).astype("datetime64[D]")
    following = (first.astype("datetime64[M]") + 1).astype("datetime64[D]")
    last: IntArray = following.astype(np.int64) - 1
    return last


def _iso(cell: str) -> str:
    if "/" in cell:
        month, day, year = cell.split("/")
        return f"{year}-{month:0>2}-{day:0>2}"
    return cell if "-" in cell else f"{cell[:4]}-{cell[4:6]}-{cell[6:]}"
