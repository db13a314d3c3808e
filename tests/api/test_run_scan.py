"""Scans of the real sample: figures against the shipped file, and what was known on the day."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import orjson
import pytest
from sqlalchemy import text

from api.adapters import sample_catalogue
from api.adapters.local_store import LocalStore
from api.services.backtest_request import BacktestRequest
from api.services.results import read_columns
from api.services.scan_request import ScanRequest
from api.services.scan_results import read_hits
from models.backtest import Currency
from models.instruments import InstrumentRepository
from models.price_bar import Quarantine
from models.price_bars import PriceBarRepository
from models.quarantines import QuarantineRepository
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.scanning import finished
from tests.api.test_run_backtest import finished as finished_run
from tests.api.test_run_backtest import shipped_closes
from tests.conftest import SAMPLE
from tests.factories import make_bar

FRIDAY = date(2020, 3, 13)
SHARES = tuple(row[0] for row in sample_catalogue._SHARES)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return LocalStore(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="module")
async def sessions(make_database, sample_url, worker_id):
    engine = make_engine(
        await make_database(f"scans_{worker_id}", template=SAMPLE),
        pool_size=2,
        command_timeout_seconds=60.0,
    )
    yield make_sessions(engine)
    await engine.dispose()


def of_twenty(**given):
    wish = {"scanner": "momentum", "universe": "SAMPLE_US", "parameters": {"top_fraction": 0.25}}
    return ScanRequest(**wish | given)


async def shown(sessions, store, request):
    """Return the hits by symbol with what is known of each, and the summary."""
    scan = await finished(sessions, store, request)
    assert scan.summary is not None
    return {hit["symbol"]: hit for hit in await read_hits(store, scan)}, scan.summary


async def test_a_saturday_stands_on_friday_and_ranks_the_shipped_closes(sessions, store):
    hits, summary = await shown(sessions, store, of_twenty(as_of=FRIDAY + timedelta(days=1)))

    grown = {symbol: _momentum(symbol, FRIDAY) for symbol in SHARES}
    expected = sorted(grown, key=grown.__getitem__, reverse=True)[:5]
    assert summary["session"] == FRIDAY.isoformat()
    assert summary["instant"] == "2020-03-15T00:00:00+00:00"
    assert set(hits) == set(expected)
    for symbol, hit in hits.items():
        measured = {part["code"]: part["value"] for part in hit["values"]["score"]}
        assert measured["return_252"] == pytest.approx(grown[symbol], rel=1e-9)
        assert hit["values"]["rules"][-1]["value"] == expected.index(symbol) + 1


def _momentum(symbol, day):
    """Return the 12-1 return by the shipped file alone."""
    closes = shipped_closes(symbol)
    days = sorted(each for each in closes if each <= day.isoformat())
    return closes[days[-22]] / closes[days[-253]] - 1.0


async def test_a_scan_of_the_past_is_that_of_the_past(sessions, store):
    """A market that had ended on the day gives the same hits: nothing after it was read."""
    request = of_twenty(as_of=FRIDAY, max_results=20)
    before = await shown(sessions, store, request)
    async with unit_of_work(sessions) as session:
        await session.execute(
            text("""
                DELETE FROM price_bar b USING instrument i WHERE i.id = b.instrument_id
                    AND i.symbol = ANY(:symbols) AND b.date > :day
            """),
            {"symbols": [*SHARES, "^GSPC"], "day": FRIDAY},
        )
        await session.execute(
            text("UPDATE scan SET content_key = content_key || ' before', known_at = known_at")
        )

    assert await shown(sessions, store, request) == before


async def test_a_correction_is_known_from_when_it_was_made(sessions, store):
    """As of a day, the bar is the one believed on that day, whatever was learnt since."""
    request = of_twenty(as_of=date(2010, 6, 30))
    before, _ = await shown(sessions, store, request)
    loser = min(SHARES, key=lambda symbol: _momentum(symbol, date(2010, 6, 30)))
    days = sorted(each for each in shipped_closes(loser) if each <= "2010-06-30")
    async with unit_of_work(sessions) as session:
        [share] = await InstrumentRepository(session).by_symbols([loser])
        corrected = make_bar(
            share.id,
            date.fromisoformat(days[-253]),
            0.5 * shipped_closes(loser)[days[-253]],
            source=share.source,
            known_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
        await PriceBarRepository(session).write([corrected], reason="a correction")
        await session.execute(text("UPDATE scan SET content_key = content_key || ' before'"))

    after, _ = await shown(sessions, store, request)

    assert loser not in before
    assert after == before


async def test_every_member_is_accounted_for_where_bars_are_whole(sessions, store):
    request = ScanRequest(universe="SAMPLE_OHLCV", parameters={"min_return_63": 0.15})
    hits, summary = await shown(sessions, store, request)

    funnel = summary["funnel"]
    assert funnel[0]["entered"] == 524
    for step, following in pairwise(funnel):
        assert step["entered"] == step["passed"] + step["failed"] + step["unknown"]
        assert following["entered"] == step["passed"]
    assert len(hits) == summary["hits"] == funnel[-1]["passed"] > 0
    trend = next(step for step in funnel if step["code"] == "above_sma_200")
    assert all("fewer than 200 bars" in reason for reason in trend["because"])
    for hit in hits.values():
        order = hit["values"]["order"]
        assert order["stop"] < order["entry"]
        assert order["shares"] * (order["entry"] - order["stop"]) <= 500.0 + 1e-6


async def test_a_hit_says_that_a_row_of_it_was_refused(sessions, store):
    request = of_twenty(as_of=date(2015, 6, 30))
    before, _ = await shown(sessions, store, request)
    symbol, other = sorted(before)[:2]
    rows = [
        Quarantine(source="test", file="a file", symbol=name, date=day, raw="x", reason="SPIKE")
        for name, day in ((symbol, date(2015, 6, 1)), (other, date(2015, 7, 1)))
    ]
    async with unit_of_work(sessions) as session:
        await QuarantineRepository(session).add(rows)
        await session.execute(text("UPDATE scan SET content_key = content_key || ' before'"))

    after, _ = await shown(sessions, store, request)

    flagged = [name for name, hit in after.items() if "quarantined" in hit["values"]["flags"]]
    assert flagged == [symbol]


async def test_a_benchmark_without_bars_is_not_replaced(sessions, store):
    async with unit_of_work(sessions) as session:
        await session.execute(
            text("""
                UPDATE universe SET benchmark = '^NONE' WHERE key = 'SAMPLE_OHLCV'
            """)
        )
    lenient = {"min_return_63": None, "min_return_21": None}
    request = ScanRequest(universe="SAMPLE_OHLCV", parameters=lenient)

    hits, summary = await shown(sessions, store, request)

    step = next(step for step in summary["funnel"] if step["code"] == "beats_benchmark")
    assert hits == {}
    assert step["unknown"] == step["entered"] > 400
    assert "the benchmark has no level" in step["because"][0]


async def test_the_screen_buys_what_the_scan_of_that_day_finds(sessions, store):
    hits, _ = await shown(sessions, store, of_twenty(as_of=date(2015, 6, 30), parameters={}))
    request = BacktestRequest(
        strategy="screen",
        parameters={"scanner": "momentum", "top_n": 2},
        universe="SAMPLE_US",
        start=date(2015, 6, 30),
        end=date(2015, 7, 15),
        currency=Currency.USD,
    )

    run = await finished_run(sessions, store, request)

    orders = read_columns(await store.get(f"{run.result_prefix}orders.columns.gz")).columns
    assert sorted(orjson.loads(orders["symbol"])) == sorted(hits)
    assert set(orjson.loads(orders["date"])) == {"2015-07-01"}
