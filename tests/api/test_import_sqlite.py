"""The old program's books: what is taken, what is there, what is not and why."""

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from api.adapters.sqlite_books import read_books
from api.cli.import_sqlite import report
from api.errors import InvalidInput
from api.services.import_books import import_books
from models.trades import SortBy, TradeRepository
from models.universes import UniverseRepository
from tests.api.market import SHARES, write_market
from tests.factories import OWNER, STRANGER

# As the old program's first migration makes them.
TABLES = """
CREATE TABLE trades (
    id INTEGER NOT NULL PRIMARY KEY, trade_id VARCHAR(50) NOT NULL, ticker VARCHAR(20) NOT NULL,
    asset_name VARCHAR(100), asset_class VARCHAR(50), direction VARCHAR(4) NOT NULL,
    quantity FLOAT NOT NULL, entry_price FLOAT NOT NULL, exit_price FLOAT, commission FLOAT,
    currency VARCHAR(3), entry_date DATETIME NOT NULL, exit_date DATETIME, pnl FLOAT,
    pnl_percent FLOAT, strategy_name VARCHAR(100), signal_score FLOAT, status VARCHAR(9),
    notes TEXT, created_at DATETIME, updated_at DATETIME, knowledge_timestamp DATETIME NOT NULL,
    event_timestamp DATETIME
);
CREATE TABLE portfolio_snapshots (
    id INTEGER NOT NULL PRIMARY KEY, snapshot_date DATETIME NOT NULL, total_value FLOAT NOT NULL,
    cash_balance FLOAT NOT NULL, invested_value FLOAT NOT NULL, daily_return FLOAT,
    cumulative_return FLOAT, volatility_21d FLOAT, sharpe_ratio_21d FLOAT, max_drawdown FLOAT,
    num_positions INTEGER, created_at DATETIME, knowledge_timestamp DATETIME NOT NULL,
    event_timestamp DATETIME
);
CREATE TABLE index_constituents (
    id INTEGER NOT NULL PRIMARY KEY, ticker VARCHAR(20) NOT NULL, index_name VARCHAR(20) NOT NULL,
    start_date DATETIME NOT NULL, end_date DATETIME, active BOOLEAN, created_at DATETIME
);
"""
TRADE = (
    "trade_id, ticker, direction, quantity, entry_price, exit_price, commission, currency,"
    " entry_date, exit_date, strategy_name, status, notes, pnl, knowledge_timestamp"
)
BHP = (
    "BUY",
    100.0,
    45.2,
    50.0,
    3.0,
    "AUD",
    "2024-01-08 00:00:00.000000",
    "2024-02-05 00:00:00.000000",
)
KNOWN = "2024-02-06 00:00:00"
NOTHING = (None, None, KNOWN)
OPENED = "2024-01-08 00:00:00"
NOT_LEFT = (None, None, "OPEN", None, None, KNOWN)
TRADES = [
    ("T-1", "BHP.AX", *BHP, "dual_momentum", "CLOSED", "as bought", 477.0, KNOWN),
    ("T-2", "CBA.AX", "SELL", 0.1, 98.3, None, None, "AUD", "2024-01-08 01:30:00", *NOT_LEFT),
    ("T-3", "AAA", "BUY", 10.0, 100.0, None, 3.0, "AUD", "2018-07-03 00:00:00", *NOT_LEFT),
    ("T-4", "BHP.AX", *BHP, None, "CANCELLED", None, None, KNOWN),
    ("T-5", "BHP.AX", "BUY", 1.0, 45.2, None, 3.0, "AUD", OPENED, None, None, "CLOSED", *NOTHING),
    ("T-6", "BHP.AX", "BUY", -1.0, 45.2, None, 3.0, "AUD", OPENED, *NOT_LEFT),
]
SNAPSHOTS = [
    ("2024-01-08 00:00:00", 100_000.5, 95_000.25),
    ("2024-01-09 00:00:00", 100_500.0, 95_000.25),
    ("2090-01-01 00:00:00", 1.0, 1.0),
    ("2024-01-10 00:00:00", float("inf"), 1.0),
]
MEMBERS = [
    ("AAA", "S&P 500", "2018-01-02 00:00:00", "2018-06-29 00:00:00"),
    ("BBB", "S&P 500", "2018-01-02 00:00:00", None),
    ("ZZZ", "S&P 500", "2018-01-02 00:00:00", None),
    ("CCC", "S&P 500", "2018-06-01 00:00:00", "2018-01-01 00:00:00"),
]


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "trades.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        marks = ", ".join("?" * 15)
        connection.executemany(f"INSERT INTO trades ({TRADE}) VALUES ({marks})", TRADES)  # noqa: S608
        connection.executemany(
            "INSERT INTO portfolio_snapshots (snapshot_date, total_value, cash_balance,"
            " invested_value, knowledge_timestamp) VALUES (?, ?, ?, 0, '2024-01-01')",
            SNAPSHOTS,
        )
        connection.executemany(
            "INSERT INTO index_constituents (ticker, index_name, start_date, end_date)"
            " VALUES (?, ?, ?, ?)",
            MEMBERS,
        )
    return path


@pytest.fixture
async def bring(sessions, old):
    """Return a function that brings the old file in and answers what came of it."""
    await write_market(sessions)

    async def brought(*, quoted=False, owner_id=OWNER):
        async with sessions() as session, session.begin():
            books = read_books(old)
            return await import_books(session, books, owner_id=owner_id, quoted=quoted)

    return brought


def counted(brought):
    parts = (brought.trades, brought.snapshots, brought.members)
    return [(part.taken, part.there, len(part.refused)) for part in parts]


async def trades_of(sessions, owner_id=OWNER):
    async with sessions() as session:
        page = await TradeRepository(session).list_page(
            owner_id=owner_id, by=SortBy.SYMBOL, descending=False, first=10
        )
        return page.rows


async def test_what_can_be_taken_is_taken_as_it_was_written(bring, sessions):
    assert counted(await bring()) == [(2, 0, 4), (2, 0, 2), (2, 0, 2)]

    bhp, cba = await trades_of(sessions)
    # One commission came off a round trip there; a day alone is its market's hours.
    assert (bhp.reference, bhp.pnl) == ("T-1", Decimal(477))
    assert (bhp.commission, bhp.exit_commission) == (Decimal(3), Decimal(0))
    assert (bhp.entry_on, bhp.exit_on) == (date(2024, 1, 8), date(2024, 2, 5))
    assert (bhp.strategy, bhp.notes, bhp.version) == ("dual_momentum", "as bought", 1)
    # A float is the shortest decimal that stands for it, a time without an offset is UTC.
    assert (str(cba.quantity), str(cba.entry_price)) == ("0.1", "98.3")
    assert cba.entry_at.isoformat() == "2024-01-08T01:30:00+00:00"


async def test_the_same_file_again_writes_nothing(bring, sessions):
    first = await bring()

    again = await bring()

    assert counted(again) == [(0, 2, 4), (0, 2, 2), (0, 2, 2)]
    assert again.trades.refused == first.trades.refused
    assert counted(await bring(owner_id=STRANGER))[:2] == [(2, 0, 4), (2, 0, 2)]


async def test_what_is_not_taken_says_why(bring):
    brought = await bring()

    reasons = {each.line: each.reason for each in brought.trades.refused}
    assert "currency was AUD, but AAA is quoted in USD" in reasons[3]
    assert "cancelled in the old books" in reasons[4]
    assert "CLOSED without an exit" in reasons[5]
    assert "quantity was -1.0" in reasons[6]
    assert [each.reason for each in brought.snapshots.refused] == [
        "date was 2090-01-01; it is none that has been",
        "value was inf; it is beyond what the books hold",
    ]
    [unknown, backwards] = [each.reason for each in brought.members.refused]
    assert "nothing is known of 'ZZZ'" in unknown
    assert "before it began on 2018-06-01" in backwards


async def test_a_share_s_own_currency_is_taken_where_that_is_asked_for(bring, sessions):
    assert counted(await bring(quoted=True))[0] == (3, 0, 3)

    [aaa, *_] = await trades_of(sessions)
    assert (aaa.symbol, aaa.currency.value) == ("AAA", "USD")
    assert str(aaa.fx_at_entry) == "1.333333333333333333"


async def test_members_come_with_their_days_and_what_is_believed_stands(bring, sessions):
    await bring()

    async with sessions() as session:
        universes = UniverseRepository(session)
        spells = await universes.spells("OLD_S_P_500")
        listed = [(each.symbol, each.starts_on, each.ends_on) for each in spells]
        universe = await universes.by_key("OLD_S_P_500", owner_id=OWNER)
    # The last day there is the first day without here.
    assert listed == [
        ("AAA", date(2018, 1, 2), date(2018, 6, 30)),
        ("BBB", date(2018, 1, 2), None),
    ]
    assert (universe.owner_id, universe.survivorship_free) == (OWNER, True)
    assert {"AAA", "BBB"} <= set(SHARES)


async def test_snapshots_are_what_was_said_of_those_days(bring, sessions):
    await bring()

    async with sessions() as session:
        told = await session.execute(
            text(
                "SELECT date, value, cash FROM portfolio_snapshot WHERE owner_id = :id ORDER BY 1"
            ),
            {"id": OWNER},
        )
    assert [(row.date, row.value, row.cash) for row in told] == [
        (date(2024, 1, 8), Decimal("100000.5"), Decimal("95000.25")),
        (date(2024, 1, 9), Decimal(100_500), Decimal("95000.25")),
    ]


async def test_the_report_names_tables_rows_and_columns(bring, old):
    lines = report(read_books(old), await bring())

    assert lines[0] == "Trades: 2 taken, 0 there already, 4 not taken"
    assert lines[1].startswith("  row 3: currency was AUD")
    assert any("columns that were not read: id, asset_name" in line for line in lines)
    assert "Portfolio snapshots: 2 taken, 0 there already, 2 not taken" in lines


async def test_a_file_may_lack_tables_and_call_things_otherwise(tmp_path, session):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE Trade (Symbol, Side, Shares, Entry_Price, Trade_Date, Odd)"
        )
        connection.execute(
            "INSERT INTO Trade VALUES ('BHP.AX', 'long', 5, '45.20', '2024-01-08', 1)"
        )

    books = read_books(path)
    brought = await import_books(session, books, owner_id=OWNER, quoted=False)

    assert (brought.trades.taken, brought.trades.refused) == (1, [])
    assert report(books, brought) == [
        "Trades: 1 taken, 0 there already, 0 not taken",
        "  columns that were not read: odd",
        "The file has no table of portfolio snapshots.",
        "The file has no table of index memberships.",
    ]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"x" * 200])
def test_what_is_no_such_file_is_refused(tmp_path, content):
    path = tmp_path / "trades.db"
    path.write_bytes(content)

    with pytest.raises(InvalidInput):
        read_books(path)


def test_a_file_without_our_tables_is_refused(tmp_path):
    path = tmp_path / "empty.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE songs (title)")

    with pytest.raises(InvalidInput, match="none of the tables trades"):
        read_books(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_books(tmp_path / "missing.db")


def test_the_file_is_only_read(old):
    before = old.read_bytes()
    old.chmod(0o444)

    read_books(old)

    assert old.read_bytes() == before
