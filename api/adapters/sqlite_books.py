"""The books of the program before this one, read from its SQLite file and never written to.

Its tables are `trades`, `portfolio_snapshots` and `index_constituents`. A file of an older or a
changed version may call a table or a column otherwise, or lack it: what is found is read by the
names below, what is not is reported. Dates are kept without an offset: midnight is a day alone, any
other time is UTC.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from api.errors import InvalidInput
from api.services.import_books import OldBooks, OldTable

MAGIC = b"SQLite format 3\0"
TRADES = ("trades", "trade")
SNAPSHOTS = ("portfolio_snapshots", "portfolio_snapshot", "snapshots")
MEMBERS = ("index_constituents", "index_membership", "index_memberships")
# Our names, and by which of theirs a column is known; the first that is there is taken.
TRADE_COLUMNS: Mapping[str, Sequence[str]] = {
    "reference": ("trade_id", "reference"),
    "symbol": ("ticker", "symbol"),
    "side": ("direction", "side"),
    "quantity": ("quantity", "shares"),
    "entry_price": ("entry_price",),
    "exit_price": ("exit_price",),
    "commission": ("commission", "fees"),
    "currency": ("currency",),
    "entry_at": ("entry_date", "entry_at", "trade_date"),
    "exit_at": ("exit_date", "exit_at"),
    "strategy": ("strategy_name", "strategy"),
    "signal_score": ("signal_score",),
    "status": ("status",),
    "notes": ("notes",),
}
SNAPSHOT_COLUMNS = {
    "date": ("snapshot_date", "date"),
    "value": ("total_value", "value"),
    "cash": ("cash_balance", "cash"),
}
MEMBER_COLUMNS = {
    "symbol": ("ticker", "symbol"),
    "universe": ("index_name", "index", "universe"),
    "starts_on": ("start_date", "starts_on"),
    "ends_on": ("end_date", "ends_on"),
}


def read_books(path: Path) -> OldBooks:
    """Read the file whole. Raises InvalidInput for one that cannot be read or is none."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as e:
        raise _refused(f"{path} cannot be read: {e.strerror}; name the old SQLite file") from e
    if begins != MAGIC:
        raise _refused(f"{path} is no SQLite database; name the file of the old program")
    try:
        address = f"file:{quote(str(path.resolve()))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return _books(connection)
    except sqlite3.DatabaseError as e:
        raise _refused(f"{path} cannot be read as SQLite: {e}; take it from a backup") from e


def _books(connection: sqlite3.Connection) -> OldBooks:
    listed = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    tables = {name.lower(): name for (name,) in listed}
    books = OldBooks(
        trades=_table(connection, tables, TRADES, TRADE_COLUMNS),
        snapshots=_table(connection, tables, SNAPSHOTS, SNAPSHOT_COLUMNS),
        members=_table(connection, tables, MEMBERS, MEMBER_COLUMNS),
    )
    if not any((books.trades, books.snapshots, books.members)):
        wanted = ", ".join(names[0] for names in (TRADES, SNAPSHOTS, MEMBERS))
        raise _refused(f"the file has none of the tables {wanted}; name the old program's file")
    return books


def _table(
    connection: sqlite3.Connection,
    tables: Mapping[str, str],
    names: Iterable[str],
    columns: Mapping[str, Sequence[str]],
) -> OldTable | None:
    name = next((tables[each] for each in names if each in tables), None)
    if name is None:
        return None
    found = connection.execute(f"SELECT rowid, * FROM {_quoted(name)} ORDER BY rowid")  # noqa: S608
    headers = [each[0].lower() for each in found.description[1:]]
    taken = {ours: _first(theirs, headers) for ours, theirs in columns.items()}
    places = {ours: headers.index(each) for ours, each in taken.items() if each is not None}
    rows = [
        (int(rowid), {ours: values[place] for ours, place in places.items()})
        for rowid, *values in found
    ]
    unread = [header for header in headers if header not in taken.values()]
    return OldTable(name=name, rows=rows, unread=unread)


def _first(names: Sequence[str], headers: Sequence[str]) -> str | None:
    return next((name for name in names if name in headers), None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, field=("file",))
