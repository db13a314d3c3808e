"""Who was in an index and when, from a public CSV file of either shape found in the wild.

1. One row a day, with the tickers of that day: they hold until the next row.
2. One row a spell, with its first day and the first day no longer a member, empty while one.

A ticker is not a company. Rows of one ticker are one company that left and came back, unless the
file tells two apart (a month of delisting as in AAL-199702, or another name), or our own list of
reused tickers does.
"""

import asyncio
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from api.adapters.downloads import Downloads
from api.adapters.listed_files import read_listed
from api.adapters.universe_lists import yahoo_symbol
from api.errors import FailureKind, FetchFailed
from api.ports import IndexSpell, MembershipHistory

LARGEST_FILE = 32 * 2**20
TIMEOUT_SECONDS = 30.0
REUSED, REUSED_COLUMNS = "reused_tickers.csv", ("symbol", "until", "company")
# A column under any of its names, lower case.
DAY = ("date",)
TICKERS = ("tickers", "symbols", "constituents", "members")
TICKER = ("ticker", "symbol")
START = ("start_date", "start", "starts_on", "date_added", "added", "from")
END = ("end_date", "end", "ends_on", "date_removed", "removed", "to")
NAME = ("name", "company", "company_name", "security")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
DELISTED = re.compile(r"(?P<ticker>.+)-(?P<month>\d{6})")
SHAPE = re.compile(r"[A-Z0-9^=-]{1,20}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A spell as the file has it; what tells two companies of one ticker apart is `company`."""

    line: int
    ticker: str
    company: str | None
    month: str | None  # of delisting, where the ticker carries it
    taken_over: bool  # another company is known to have the ticker now
    starts_on: date
    ends_on: date | None


class MembershipCsv:
    """A file at an address or on this machine."""

    def __init__(self, place: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._place = place
        self._timeout_seconds = timeout_seconds

    async def fetch(self) -> MembershipHistory:
        """Return its spells. Raises FetchFailed, which names a line that cannot be read."""
        address = urlsplit(self._place)
        if "://" in self._place:
            # Neither a name and password nor a key in the query is anybody's to read.
            source = f"{address.hostname}{address.path}"
            content = await self._download(address, source)
        else:
            source = Path(self._place).name
            content = await self._read(source)
        return await asyncio.to_thread(parse_membership, content, source=source)

    async def _download(self, address: SplitResult, source: str) -> bytes:
        downloads = Downloads(
            source,
            f"{address.scheme}://{address.netloc}",
            timeout_seconds=self._timeout_seconds,
            largest_body=LARGEST_FILE,
        )
        try:
            return await downloads.get(address._replace(scheme="", netloc="", fragment="").geturl())
        finally:
            await downloads.close()

    async def _read(self, source: str) -> bytes:
        try:
            return await asyncio.to_thread(Path(self._place).read_bytes)
        except OSError as e:
            message = f"membership file {source} could not be read: {e.strerror}"
            raise FetchFailed(FailureKind.NOT_CONFIGURED, message) from e


def parse_membership(content: bytes, *, source: str) -> MembershipHistory:
    """Read a file of either shape. Raises FetchFailed."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise _refusal(f"byte {e.start} is not UTF-8; save the file as UTF-8") from e
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().casefold() for name in next(table, [])]
        lines = [(table.line_num, row) for row in table if any(cell.strip() for cell in row)]
    except csv.Error as e:
        raise _refusal(f"line {table.line_num}: {e}") from e
    if not lines:
        raise _refusal("the file holds no rows")
    reads = _reader(header)
    rows, read = reads(header, lines)
    spells, notes = _spells(rows)
    unread = [name for place, name in enumerate(header) if place not in read and name]
    if unread:
        notes = [f"columns not read: {', '.join(unread)}", *notes]
    return MembershipHistory(
        source=source,
        first_on=min(each.starts_on for each in spells),
        spells=tuple(spells),
        notes=tuple(notes),
    )


Lines = Sequence[tuple[int, list[str]]]
Reader = Callable[[Sequence[str], Lines], tuple[list[Row], set[int]]]


def _reader(header: Sequence[str]) -> Reader:
    if _place(header, DAY) is not None and _place(header, TICKERS) is not None:
        return _by_day
    if _place(header, TICKER) is not None and _place(header, START) is not None:
        return _by_spell
    raise _refusal(
        f"found the columns {', '.join(header) or 'none'}; expected date and tickers, one row a"
        " day, or ticker, start_date and end_date, one row a spell"
    )


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _by_day(header: Sequence[str], lines: Lines) -> tuple[list[Row], set[int]]:
    day, tickers = _required(header, DAY), _required(header, TICKERS)
    # A list nobody quoted runs on over the end of the header.
    last = tickers == len(header) - 1
    lists: dict[date, tuple[int, set[str]]] = {}
    for line, cells in lines:
        on = _date(_cell(cells, day), line, header[day])
        named = ",".join(cells[tickers:] if last else [_cell(cells, tickers)])
        members = set(re.findall(r"[^\s,;'\"\[\]]+", named))
        if not members:
            raise _refusal(f"line {line}: no tickers were found")
        if lists.setdefault(on, (line, members))[1] != members:
            raise _refusal(f"line {line}: {on} was listed before with other tickers")
    return list(_runs(lists)), {day, tickers}


def _runs(lists: Mapping[date, tuple[int, set[str]]]) -> Iterator[Row]:
    """Turn lists of days into spells: from the first list with a ticker to the first without."""
    held: dict[str, tuple[int, date]] = {}
    for on in sorted(lists):
        line, members = lists[on]
        for ticker in sorted(held.keys() - members):
            yield _row(*held.pop(ticker), ticker, on)
        for ticker in members - held.keys():
            held[ticker] = (line, on)
    for ticker, begun in sorted(held.items()):
        yield _row(*begun, ticker, None)


def _by_spell(header: Sequence[str], lines: Lines) -> tuple[list[Row], set[int]]:
    ticker, start = _required(header, TICKER), _required(header, START)
    end, name = _place(header, END), _place(header, NAME)
    if end is None:
        raise _refusal(f"found the columns {', '.join(header)}; end_date is missing")
    rows = []
    for line, cells in lines:
        starts_on = _date(_cell(cells, start), line, header[start])
        written = _cell(cells, end)
        ends_on = _date(written, line, header[end]) if written else None
        if ends_on is not None and ends_on <= starts_on:
            raise _refusal(f"line {line}: {header[end]} {ends_on} does not lie behind {starts_on}")
        company = None if name is None else _cell(cells, name) or None
        rows.append(_row(line, starts_on, _cell(cells, ticker), ends_on, company))
    return rows, {place for place in (ticker, start, end, name) if place is not None}


def _required(header: Sequence[str], names: Sequence[str]) -> int:
    found = _place(header, names)
    if found is None:
        raise _refusal(f"found the columns {', '.join(header)}; {names[0]} is missing")
    return found


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _date(written: str, line: int, column: str) -> date:
    with suppress(ValueError):
        if ISO.fullmatch(written):
            return date.fromisoformat(written)
    raise _refusal(f"line {line}: {column} was {written[:32]!r}; write dates as 1996-01-02")


def _row(
    line: int, starts_on: date, ticker: str, ends_on: date | None, company: str | None = None
) -> Row:
    symbol = yahoo_symbol(ticker)
    delisted = DELISTED.fullmatch(symbol)
    month = None if delisted is None else delisted["month"]
    symbol = symbol if delisted is None else delisted["ticker"]
    if SHAPE.fullmatch(symbol) is None:
        raise _refusal(f"line {line}: {ticker[:32]!r} is no ticker")
    former = _former(symbol, ends_on)
    return Row(
        line=line,
        ticker=symbol,
        company=company or former,
        month=month,
        taken_over=former is not None,
        starts_on=starts_on,
        ends_on=ends_on,
    )


def _former(ticker: str, ends_on: date | None) -> str | None:
    """Name the company that had a ticker which a later member of the index took over."""
    until, company = _reused().get(ticker, (date.min, ""))
    return company if ends_on is not None and ends_on <= until else None


@cache
def _reused() -> Mapping[str, tuple[date, str]]:
    _, rows = read_listed(REUSED, REUSED_COLUMNS)
    return {row["symbol"]: (date.fromisoformat(row["until"]), row["company"]) for row in rows}


def _spells(rows: Iterable[Row]) -> tuple[list[IndexSpell], list[str]]:
    by_ticker: dict[str, list[Row]] = {}
    for row in rows:
        by_ticker.setdefault(row.ticker, []).append(row)
    spells: list[IndexSpell] = []
    notes: list[str] = []
    for ticker in sorted(by_ticker):
        companies = list(_companies(by_ticker[ticker], notes))
        for company in companies:
            has_it = company is companies[-1] and not company[-1].taken_over
            symbol = ticker if has_it else f"{ticker}-{_month(company[-1])}"
            spells.extend(
                IndexSpell(
                    symbol=symbol, ticker=ticker, starts_on=row.starts_on, ends_on=row.ends_on,
                    name=row.company,
                )
                for row in company
            )  # fmt: skip
    return spells, notes


def _month(row: Row) -> str:
    if row.ends_on is None:
        raise AssertionError("who has a ticker no longer has left")
    return row.month or f"{row.ends_on:%Y%m}"


def _companies(rows: Sequence[Row], notes: list[str]) -> Iterator[list[Row]]:
    """Group the spells of a ticker by company, oldest first; those that overlap become one."""
    company: list[Row] = []
    for row in sorted(rows, key=lambda each: (each.starts_on, each.ends_on or date.max)):
        before = company[-1] if company else None
        if before is None or (before.company, before.month) != (row.company, row.month):
            if before is not None:
                _check_apart(before, row)
                yield company
            company = [row]
        elif before.ends_on is None or row.starts_on <= before.ends_on:
            if before.ends_on is None or row.starts_on < before.ends_on:
                notes.append(f"lines {before.line} and {row.line} of {row.ticker} overlap: merged")
            company[-1] = replace(before, ends_on=_later(before.ends_on, row.ends_on))
        else:
            company.append(row)
    yield company


def _check_apart(before: Row, row: Row) -> None:
    if before.ends_on is None or row.starts_on < before.ends_on:
        raise _refusal(
            f"lines {before.line} and {row.line}: {row.ticker} was two companies at once,"
            f" {before.company or before.month} and {row.company or row.month}; correct the file"
        )


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _refusal(message: str) -> FetchFailed:
    return FetchFailed(FailureKind.BAD_DATA, f"membership file: {message}")
