"""The known lists, bounded by what their sources say of themselves."""

import re
from collections import Counter

import pytest

from api.adapters.listed_files import FOLDER, read_listed
from api.adapters.universe_lists import COLUMNS, LISTS, SECTORS, UniverseLists, yahoo_symbol
from api.errors import DataError, NotFound
from models.instrument import AssetClass, Exchange
from models.universe import Region

FILES = sorted(known.file for known in LISTS.values() if known.file)


@pytest.fixture(scope="module")
async def listed():
    lists = UniverseLists({})
    return {key: await lists.fetch_list(key) for key in lists.keys}


def test_the_lists_are_those_the_product_promises():
    assert set(LISTS) == {"SPX500", "NASDAQ100", "ASX200", "US_ETFS", "ASX_ETFS", "CORE_ETFS"}


@pytest.mark.parametrize(
    ("key", "least", "most"),
    [
        # 500 companies, some with several classes of shares: 503 lines since 2022.
        ("SPX500", 500, 506),
        # 100 companies; Alphabet has two lines.
        ("NASDAQ100", 100, 103),
        # 200 in the index; Wikipedia's table without listed investment companies.
        ("ASX200", 190, 200),
        ("US_ETFS", 100, 200),
        ("ASX_ETFS", 75, 150),
        ("CORE_ETFS", 10, 30),
    ],
)
def test_a_list_has_the_size_its_source_gives_it(listed, key, least, most):
    symbols = listed[key].universe.symbols

    assert least <= len(symbols) <= most
    assert len(set(symbols)) == len(symbols)
    assert symbols == tuple(member.symbol for member in listed[key].members)


def test_each_class_of_shares_is_a_member_by_its_own_symbol(listed):
    members = set(listed["SPX500"].universe.symbols)

    classes = {"BRK-B", "BF-B", "GOOG", "GOOGL", "FOX", "FOXA", "NWS", "NWSA"}
    assert classes <= members
    assert {"GOOG", "GOOGL"} <= set(listed["NASDAQ100"].universe.symbols)
    # Names of other listings of the same companies, which the library knows too.
    assert members.isdisjoint({"BRK.B", "BRK-A", "BF-A", "FXBY", "CUK", "XON", "PEAK", "RE"})


def test_a_company_of_both_indices_is_described_alike(listed):
    spx = {member.symbol: member for member in listed["SPX500"].members}
    nasdaq = {member.symbol: member for member in listed["NASDAQ100"].members}

    both = spx.keys() & nasdaq.keys()

    assert {"AAPL", "GOOG", "GOOGL", "MSFT"} <= both
    assert [symbol for symbol in both if spx[symbol] != nasdaq[symbol]] == []


def test_a_fund_of_two_lists_is_described_alike(listed):
    core = set(listed["CORE_ETFS"].members)
    assert core <= {*listed["US_ETFS"].members, *listed["ASX_ETFS"].members}


@pytest.mark.parametrize(
    ("symbol", "exchange", "sector", "flags"),
    [
        ("AAPL", "XNAS", "Information Technology", ()),
        ("BRK-B", "XNYS", "Financials", ()),  # `NYSE : BRK.A ( Class A ) NYSE : BRK.B`
        ("GOOG", "XNAS", "Communication Services", ()),  # `Nasdaq: GOOG ( Class C )`
        ("CCL", "XNYS", "Consumer Discretionary", ()),  # also of London
        ("DUK", "XNYS", "Utilities", ()),  # Energy and Utilities
        ("EQIX", "XNAS", "Real Estate", ()),  # Financials and Real Estate
        ("GRMN", "XNYS", "Consumer Discretionary", ()),  # and Industrials
        ("GEV", "XNYS", "Industrials", ()),  # and Energy
        ("MCO", "XNYS", "Financials", ()),  # and Industrials
        ("STE", "XNYS", "Health Care", ()),  # and Utilities
        ("UAL", "XNYS", "Industrials", ("exchange_assumed",)),  # the library says no exchange
    ],
)
def test_a_company_is_described_by_its_line_in_the_index(listed, symbol, exchange, sector, flags):
    [found] = [each for each in listed["SPX500"].members if each.symbol == symbol]

    assert (found.exchange, found.sector, found.flags) == (exchange, sector, flags)
    assert (found.currency, found.asset_class) == ("USD", "EQUITY")


def test_a_sector_that_is_not_known_is_none(listed):
    sectors = {each.symbol: each.sector for each in listed["NASDAQ100"].members}

    assert sectors["ASML"] is None
    assert set(sectors.values()) - {None} <= set(SECTORS)


@pytest.mark.parametrize("key", LISTS)
def test_every_member_can_be_stored(listed, key):
    universe, members = listed[key].universe, listed[key].members

    assert Region(universe.region)
    for member in (*members, listed[key].benchmark):
        assert Exchange(member.exchange), member
        assert AssetClass(member.asset_class), member
        assert member.currency == ("AUD" if member.symbol.endswith((".AX", "^AXJO")) else "USD")
        assert member.sector is None or member.sector in SECTORS, member
        assert re.fullmatch(r"\S{1,32}", member.symbol), member
        assert (member.source, member.fields) == ("lists", ())


def test_the_benchmark_of_a_list_is_an_index(listed):
    levels = {key: each.benchmark.symbol for key, each in listed.items()}

    assert levels == {
        "SPX500": "^GSPC",
        "NASDAQ100": "^NDX",
        "ASX200": "^AXJO",
        "US_ETFS": "^GSPC",
        "ASX_ETFS": "^AXJO",
        "CORE_ETFS": "^GSPC",
    }
    assert {key: each.universe.benchmark for key, each in listed.items()} == levels
    assert {each.benchmark.asset_class for each in listed.values()} == {"INDEX"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_ours_is_whole_and_names_each_symbol_once(name):
    source, rows = read_listed(name, COLUMNS)

    assert re.search(r"; date: \d{4}-\d{2}-\d{2}", source)
    symbols = [row["symbol"] for row in rows]
    assert [symbol for symbol, count in Counter(symbols).items() if count > 1] == []
    assert symbols == sorted(symbols)
    assert all(row["name"].strip() == row["name"] != "" for row in rows)
    assert all(row["symbol"].endswith(".AX") == (row["exchange"] == "XASX") for row in rows)


def test_no_file_lies_about_unread():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted([*FILES, "reused_tickers.csv"])


def test_what_the_asx_list_is_not_is_said(listed):
    universe = listed["ASX200"].universe

    assert "not S&P's own list" in universe.description
    assert "MuscleLove-777/index-stocks-compass" in universe.source
    assert "; date: 2026-05-09" in universe.source
    # What that table calls XYX and YAN trades as XYZ and YAL; funds that invest are in no index.
    assert {"BHP.AX", "CBA.AX", "CSL.AX", "XYZ.AX", "YAL.AX"} <= set(universe.symbols)
    assert {"AFI.AX", "ARG.AX", "XYX.AX", "YAN.AX"}.isdisjoint(universe.symbols)
    assert f"its {len(universe.symbols)} names" in universe.description


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("symbol,name\nA,B\n", "does not say its source and date"),
        ("# Source: here\nsymbol,name\nA,B\n", "does not say its source and date"),
        ("# Source: here; date: 2026-01-02\nsymbol\nA\n", "expected the columns symbol, name"),
        ("# Source: here; date: 2026-01-02\nsymbol,name\nA,B\nC\n", "line 4: 1 values were found"),
        ("# Source: here; date: 2026-01-02\nsymbol,name\n,B\n", "line 3: 2 values were found"),
    ],
)
def test_a_broken_file_is_refused(monkeypatch, tmp_path, text, message):
    monkeypatch.setattr("api.adapters.listed_files.FOLDER", tmp_path)
    (tmp_path / "broken.csv").write_text(text)

    with pytest.raises(DataError, match=message):
        read_listed("broken.csv", ("symbol", "name"))


async def test_an_unknown_list_is_named_with_those_there_are():
    with pytest.raises(NotFound, match="no list is called 'FTSE'; there are SPX500, NASDAQ100"):
        await UniverseLists({}).fetch_list("FTSE")


async def test_without_a_source_there_is_no_history():
    assert await UniverseLists({}).fetch_history("SPX500") is None


@pytest.mark.parametrize("ticker", ["BRK.B", "BRK/B", "brk-b", " BRK.B "])
def test_a_class_of_shares_has_one_spelling(ticker):
    assert yahoo_symbol(ticker) == "BRK-B"
