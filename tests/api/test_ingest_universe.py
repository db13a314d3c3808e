"""Whole lists and schedules: who is asked for, and what belongs to no share."""

from datetime import UTC, date, datetime

import pytest

from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from models.universes import Spell, UniverseRepository
from tests.api.ingesting import END, FRIDAY, START, desk, market
from tests.factories import make_bar, make_instrument, make_universe
from tests.providers.market import made_share

JUNE = "2024-06-03"
KNOWN = datetime(2020, 1, 2, tzinfo=UTC)


async def write_list(app, *symbols, key="LISTED", source="lists", left=()):
    """Write a list everybody shares, of instruments that only a list has described."""
    async with unit_of_work(app.sessions) as session:
        known = [
            make_instrument(
                symbol,
                source=source,
                fields=[],
                exchange="XASX" if symbol.endswith(".AX") else "XNAS",
                currency="AUD" if symbol.endswith(".AX") else "USD",
            )
            for symbol in (*symbols, *left)
        ]
        ids = await InstrumentRepository(session).upsert(known)
        spells = [Spell(ids[symbol], date(2020, 1, 2), None, KNOWN) for symbol in symbols]
        spells += [Spell(ids[symbol], date(2020, 1, 2), date(2023, 1, 3), KNOWN) for symbol in left]
        universe = make_universe(key, benchmark="^VIX")
        await UniverseRepository(session).save(universe, spells, reason="a test")


async def test_a_list_comes_with_its_benchmark_and_what_whole_markets_need(app, tmp_path):
    await write_list(app, "AAPL", "BHP.AX", left=["MSFT"])
    async with desk(app, tmp_path) as asked:
        report = await asked.ingest(universe="LISTED")

        bars = await asked.rows(
            "SELECT symbol, source, exchange FROM instrument WHERE bar_count > 0 ORDER BY 1"
        )
        macro = await asked.rows("SELECT DISTINCT series FROM macro_series ORDER BY 1")
    assert (report["universe_key"], report["requested"], report["succeeded"]) == ("LISTED", 3, 3)
    assert bars == [
        ("AAPL", "tiingo", "XNAS"),
        ("BHP.AX", "yahoo", "XASX"),
        ("^VIX", "yahoo", "INDEX"),
    ]
    assert macro == [("AU_CASH_RATE",), ("VIX",), ("VIX3M",)]
    # The library has no file here: it is named, and what the packages hold stands in.
    assert [(each["symbol"], each["source"]) for each in report["failures"]] == [
        ("factors", "french")
    ]


async def test_with_a_start_those_who_have_left_since_come_too(app, tmp_path):
    await write_list(app, "AAPL", left=["MSFT"])
    async with desk(app, tmp_path) as asked:
        report = await asked.ingest(universe="LISTED", start="2022-06-01")

    assert (report["requested"], report["succeeded"]) == (3, 3)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("asx-close", ["BHP.AX"]), ("us-close", ["AAPL", "MSFT"])],
)
async def test_a_close_asks_for_its_market_only(app, tmp_path, schedule, expected):
    """Of lists everybody shares, and of what was asked for before; never of the sample."""
    await write_list(app, "AAPL", "BHP.AX")
    await write_list(app, "KO", key="SAMPLE_OURS", source="sample:skfolio")
    async with desk(app, tmp_path) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE, now=FRIDAY.replace(day=27))
        before = set(await asked.rows("SELECT symbol, last_bar FROM instrument"))
        report = await asked.ingest(schedule=schedule)
        after = set(await asked.rows("SELECT symbol, last_bar FROM instrument"))

    assert sorted(symbol for symbol, _ in after - before) == expected
    assert report["requested"] == len(expected)


async def test_the_first_live_prices_of_a_sampled_share_replace_all_of_its_history(app, tmp_path):
    """One history, one source: what the new one does not have nobody may use any more."""
    monday, saturday = date(2024, 6, 24), date(2024, 6, 22)
    async with unit_of_work(app.sessions) as session:
        sampled = make_instrument("MSFT", source="sample:skfolio", fields=["adjusted_close"])
        ids = await InstrumentRepository(session).upsert([sampled])
        bars = [make_bar(ids["MSFT"], day, 7.0) for day in (saturday, monday)]
        await PriceBarRepository(session).write(bars)
    async with desk(app, tmp_path) as asked:
        await asked.ingest(symbols=["MSFT"], start="2024-06-26")

        [described] = await asked.rows("SELECT source, 'actions' = ANY (fields) FROM instrument")
        stored = await asked.rows(
            "SELECT date, close IS NULL, adjusted_close, quality FROM price_bar"
            " WHERE date < '2024-06-26' ORDER BY date"
        )
        was = await asked.rows("SELECT date, adjusted_close FROM price_bar_revision ORDER BY date")
    assert described == ("tiingo", True)
    assert stored == [
        (saturday, True, 7.0, "BAD"),
        (monday, False, None, "GOOD"),
        (date(2024, 6, 25), False, None, "GOOD"),
    ]
    assert was == [(saturday, 7.0), (monday, 7.0)]


async def test_a_known_list_is_brought_in_by_the_first_ingest_that_names_it(app, tmp_path):
    scenario = market(make=lambda symbol: made_share(symbol, START, END))
    async with desk(app, tmp_path, scenario) as asked:
        first = await asked.ingest(universe="CORE_ETFS", start=JUNE)
        before = asked.asked
        second = await asked.ingest(universe="CORE_ETFS", start=JUNE)

        [(members,)] = await asked.rows("SELECT count(*) FROM index_membership")
        unasked = asked.asked - before
    symbols = [each for each in first["failures"] if each["symbol"] != "factors"]
    assert (symbols, first["requested"], first["succeeded"]) == ([], members + 1, members + 1)
    # The library, which has no file here, is asked again for its eight.
    assert (second["rows_written"], second["succeeded"]) == (0, members + 1)
    assert unasked == 8
