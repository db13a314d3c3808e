"""Ingests that could leave a wrong number behind without a word: what comes late, or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from models import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.ingesting import END, FRIDAY, MONDAY, START, desk, market
from tests.factories import make_bars, make_instrument
from tests.providers.market import us_share

JUNE = "2024-06-03"
EX = date(2024, 6, 26)
FILE_FIELDS = ["adjusted_close", "close"]


async def write_file(sessions, *, start: date, closes: int, symbol: str = "MSFT") -> None:
    """A history that was imported, with an adjusted close of its own."""
    async with unit_of_work(sessions) as session:
        share = make_instrument(symbol, fields=FILE_FIELDS, source="csv")
        ids = await InstrumentRepository(session).upsert([share])
        rows = make_bars(ids[symbol], start, [50.0] * closes, close=100.0)
        await PriceBarRepository(session).write(rows)
        await FingerprintRepository(session).refresh(Scope.BARS, list(ids.values()))


async def test_a_split_told_late_clears_the_bar_it_explains(app, tmp_path):
    share = us_share(START, END, seed=2, splits={EX: 2.0})
    scenario = market(shares=market().shares | {"MSFT": replace(share, splits={})})
    quality = "SELECT quality FROM price_bar WHERE date = :day"
    async with desk(app, tmp_path, scenario) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE)
        then = await asked.rows(quality, day=EX)
        scenario.shares["MSFT"] = share
        report = await asked.ingest(symbols=["MSFT"], now=MONDAY)

        now = await asked.rows(quality, day=EX)
        told = await asked.rows("SELECT kind, ratio, known_at FROM corporate_action")
    assert (then, now) == ([("SUSPECT",)], [("GOOD",)])
    assert told == [("SPLIT", 2.0, MONDAY)]
    assert report["rows_revised"] == 1


async def test_a_dividend_that_moves_to_another_day_is_paid_once(app, tmp_path):
    scenario, first, then = market(), date(2024, 6, 25), date(2024, 6, 27)
    share = scenario.shares["MSFT"]
    scenario.shares["MSFT"] = replace(share, dividends={date(2024, 6, 5): 0.3, first: 0.3})
    async with desk(app, tmp_path, scenario) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE)
        scenario.shares["MSFT"] = replace(share, dividends={date(2024, 6, 5): 0.3, then: 0.3})
        await asked.ingest(symbols=["MSFT"], now=MONDAY)

        paid = await asked.rows("SELECT ex_date, cash FROM corporate_action ORDER BY ex_date")
        was = await asked.rows("SELECT ex_date, cash, reason FROM corporate_action_revision")
    assert paid == [(date(2024, 6, 5), 0.3), (then, 0.3)]
    assert was == [(first, 0.3, "it is told on another day now")]


async def test_a_source_without_a_bar_takes_no_history_over(app, tmp_path):
    scenario = market()
    later = [bar for bar in scenario.shares["MSFT"].bars if bar.day > FRIDAY.date()]
    scenario.shares["MSFT"] = replace(scenario.shares["MSFT"], bars=later)
    async with desk(app, tmp_path, scenario) as asked:
        await write_file(app.sessions, start=date(2024, 6, 3), closes=19)
        before = await asked.rows("SELECT * FROM price_bar ORDER BY date")

        report = await asked.ingest(symbols=["MSFT"], source="YAHOO")

        described = await asked.rows("SELECT source, fields FROM instrument")
        after = await asked.rows("SELECT * FROM price_bar ORDER BY date")
    assert described == [("csv", FILE_FIELDS)]
    assert after == before
    [failure] = report["failures"]
    assert (failure["symbol"], failure["kind"]) == ("MSFT", "BAD_DATA")
    assert "what is stored stays" in failure["message"]


async def test_a_history_that_is_taken_over_is_digested_from_its_first_day(app, tmp_path):
    digests = "SELECT year, digest FROM fingerprint WHERE scope = 'bars' AND year < 1970"
    async with desk(app, tmp_path) as asked:
        await write_file(app.sessions, start=date(1969, 12, 1), closes=5)
        before = await asked.rows(digests)

        await asked.ingest(symbols=["MSFT"], source="YAHOO")

        after = await asked.rows(digests)
        old = await asked.rows("SELECT DISTINCT quality FROM price_bar WHERE date < '1970-01-01'")
        told = await asked.rows("SELECT DISTINCT reason FROM price_bar_revision")
    assert old == [("BAD",)]
    assert told == [("another source tells this history now",)]
    assert [year for year, _ in before] == [year for year, _ in after] == [1969]
    assert after != before


async def test_a_history_that_is_taken_over_is_no_list_of_corrections(app, ask, tmp_path):
    listed = """{ dataHealth { revisions(first: 5) { nodes { reason } totalCount } }
        priceRevisions(symbol: "MSFT", first: 1) { nodes { reason } } }"""
    async with desk(app, tmp_path) as asked:
        await write_file(app.sessions, start=date(2024, 6, 3), closes=5)
        await asked.ingest(symbols=["MSFT"], source="YAHOO")
        over = (await ask(listed))["data"]
        share = asked.scenario.shares["MSFT"]
        [bar] = [bar for bar in share.bars if bar.day == date(2024, 6, 27)]
        asked.scenario.shares["MSFT"] = share.with_close(bar.day, (bar.high + bar.low) / 2)
        await asked.ingest(symbols=["MSFT"], source="YAHOO", now=MONDAY)

        corrected = (await ask(listed))["data"]
    told = [{"reason": "another source tells this history now"}]
    assert over == {
        "dataHealth": {"revisions": {"nodes": [], "totalCount": 0}},
        "priceRevisions": {"nodes": told},
    }
    assert corrected["dataHealth"]["revisions"] == {
        "nodes": [{"reason": "the source changed"}],
        "totalCount": 1,
    }


async def test_a_history_is_taken_over_whole_whatever_end_is_asked_for(app, tmp_path):
    async with desk(app, tmp_path) as asked:
        await write_file(app.sessions, start=date(2024, 6, 3), closes=19)
        await asked.ingest(symbols=["MSFT"], source="YAHOO", start="2024-06-03", end="2024-06-14")

        told = await asked.rows(
            "SELECT DISTINCT source, quality FROM price_bar WHERE date > '2024-06-19'"
        )
    assert told == [("yahoo", "GOOD")]


async def test_a_bar_that_was_asked_for_in_vain_is_known_when_it_comes(app, tmp_path):
    """A row that was refused, and put right by its vendor: nobody could use it until then."""
    scenario = market()
    share = scenario.shares["MSFT"]
    bars = [replace(bar, high=bar.low / 2) if bar.day == EX else bar for bar in share.bars]
    scenario.shares["MSFT"] = replace(share, bars=bars)
    known = "SELECT known_at FROM price_bar WHERE date = :day"
    async with desk(app, tmp_path, scenario) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE)
        scenario.shares["MSFT"] = share
        await asked.ingest(symbols=["MSFT"], now=MONDAY)

        late = await asked.rows(known, day=EX)
        day_after = await asked.rows(known, day=EX + timedelta(days=1))
        newest = await asked.rows(known, day=MONDAY.date())
    assert late == [(MONDAY,)]
    assert day_after == [(datetime(2024, 6, 27, 20, tzinfo=UTC),)]
    assert newest == [(datetime(2024, 7, 1, 20, tzinfo=UTC),)]
