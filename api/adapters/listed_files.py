"""Our own files of lists: a first line that says where it is from and of when, then a table."""

import csv
from collections.abc import Iterator
from pathlib import Path

from api.errors import DataError

FOLDER = Path(__file__).parent / "universes"
MARK = "# Source: "


def read_listed(name: str, columns: tuple[str, ...]) -> tuple[str, list[dict[str, str]]]:
    """Return the provenance and the rows of a file. Raises DataError naming file and line."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    if not lines or not lines[0].startswith(MARK) or "; date: " not in lines[0]:
        raise DataError(f"{name}: the first line does not say its source and date")
    return lines[0].removeprefix(MARK), list(_rows(name, lines[1:], columns))


def _rows(name: str, lines: list[str], columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    table = csv.reader(lines, strict=True)
    if tuple(next(table, ())) != columns:
        raise DataError(f"{name}: expected the columns {', '.join(columns)}")
    for row in table:
        if len(row) != len(columns) or not row[0]:
            raise DataError(f"{name}, line {table.line_num + 1}: {len(row)} values were found")
        yield dict(zip(columns, row, strict=True))
