"""Faults of files of prices."""

import gzip
from collections.abc import Callable

from api.services.reasons import Reason as R  # noqa: N817 - it stands in every line
from tests.quality.defect import Defect
from tests.quality.found import Found, in_file
from tests.quality.made import file_of, make_share


def _files(name: str, reason: R, change: Callable[[list[str], int], object]) -> Defect:
    """Change line `at` of a file; a plant that returns bytes or nothing refuses the whole file."""

    def planted(seed: int) -> tuple[Found, Found]:
        lines = file_of(make_share(seed, calm=True))
        at = 20 + seed % 50
        made = change(lines, at)
        content = made if isinstance(made, bytes) else ("\n".join(lines) + "\n").encode()
        place = made if isinstance(made, str) else "file"
        return in_file(content), {(place, reason.value)}

    return Defect(name, reason, planted)


def _cell(column: int, text: str, *, row: bool = True) -> Callable[[list[str], int], object]:
    """Write another text into a cell; `row` says that only its row is lost."""

    def change(lines: list[str], at: int) -> str | None:
        cells = lines[at].split(",")
        cells[column] = text
        lines[at] = ",".join(cells)
        return f"line {at + 1}" if row else None

    return change


def _without_close(lines: list[str], at: int) -> None:
    lines[0] = lines[0].replace("close", "last")


def _semicolons(lines: list[str], at: int) -> None:
    lines[:] = [line.replace(",", ";") for line in lines]


def _cut(lines: list[str], at: int) -> bytes:
    return "\n".join(lines)[:-40].encode()


def _spoilt_gzip(lines: list[str], at: int) -> bytes:
    zipped = bytearray(gzip.compress("\n".join(lines).encode()))
    zipped[-6] ^= 1
    return bytes(zipped)


def _header_only(lines: list[str], at: int) -> None:
    del lines[1:]


def _reversed(lines: list[str], at: int) -> None:
    lines[1:] = lines[:0:-1]


FILES = [
    _files("no closing price", R.SCHEMA, _without_close),
    _files("semicolons", R.DIALECT, _semicolons),
    _files("a decimal comma", R.DIALECT, _cell(5, '"185,64"', row=False)),
    _files("a thousands separator", R.DIALECT, _cell(6, '"1,000,000"', row=False)),
    _files("a file cut off", R.TRUNCATED, _cut),
    _files("a gzip with a flipped bit", R.CHECKSUM, _spoilt_gzip),
    _files("a header and no row", R.EMPTY_FILE, _header_only),
    _files("newest first", R.UNSORTED, _reversed),
    _files("a time without an offset", R.NAIVE_TIME, _cell(0, "2024-01-02 16:00", row=False)),
    _files("seconds since 1970", R.TIME_UNIT, _cell(0, "1704153600", row=False)),
    _files("N/A for a price", R.NOT_A_NUMBER, _cell(5, "N/A")),
    _files("a dash for a volume", R.NOT_A_NUMBER, _cell(6, "-")),
    _files("a path for a symbol", R.BAD_SYMBOL, _cell(1, "../../etc")),
    _files("an hour that was skipped", R.NONEXISTENT_TIME, _cell(0, "2024-03-10 02:30 US/Eastern")),
    _files("an hour that came twice", R.AMBIGUOUS_TIME, _cell(0, "2024-11-03 01:30 US/Eastern")),
]
