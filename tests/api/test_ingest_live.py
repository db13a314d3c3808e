"""Ingests from providers, end to end: what is asked for, what is written, what is told."""

from datetime import date

import pytest

from tests.api.ingesting import DIVIDEND, FRIDAY, MONDAY, SPLIT, desk, market

BARS = "SELECT count(*) FROM price_bar"


async def test_prices_are_kept_as_they_were_traded_with_the_actions_beside_them(app, tmp_path):
    async with desk(app, tmp_path) as asked:
        report = await asked.ingest(symbols=["AAPL", "BHP.AX"], start="2022-01-03")

        shares = asked.scenario.shares
        counted = len(shares["AAPL"].between(date(2022, 1, 3), FRIDAY.date()))
        counted += len(shares["BHP.AX"].between(date(2022, 1, 3), FRIDAY.date()))
        [(rates,)] = await asked.rows("SELECT count(*) FROM fx_rate WHERE pair = 'AUDUSD'")
        described = await asked.rows(
            "SELECT symbol, exchange, currency, source, 'actions' = ANY (fields), bar_count > 0"
            " FROM instrument ORDER BY symbol"
        )
        actions = await asked.rows(
            "SELECT ex_date, kind, ratio, cash, currency, known_at FROM corporate_action"
            " ORDER BY ex_date"
        )
        stored = await asked.rows(
            "SELECT date, open, high, low, close, adjusted_close, volume FROM price_bar b"
            " JOIN instrument i ON i.id = b.instrument_id WHERE symbol = 'AAPL' ORDER BY date"
        )

    assert (report["requested"], report["succeeded"], report["failures"]) == (2, 2, [])
    # A rate for each weekday that London has ended, and a bar for each session.
    assert report["rows_read"] == report["rows_written"] == counted + rates
    assert (report["rows_unchanged"], report["rows_quarantined"]) == (0, 0)
    assert described == [
        ("AAPL", "XNYS", "USD", "tiingo", True, True),
        ("BHP.AX", "XASX", "AUD", "yahoo", True, True),
    ]
    assert [row[:5] for row in actions] == [
        (SPLIT, "SPLIT", 4.0, None, None),
        (DIVIDEND, "DIVIDEND", None, 0.25, "USD"),
    ]
    assert [row[5].isoformat() for row in actions] == [
        "2023-06-15T13:30:00+00:00",
        "2024-05-10T13:30:00+00:00",
    ]
    traded = shares["AAPL"].between(date(2022, 1, 3), FRIDAY.date())
    assert stored == [(b.day, b.open, b.high, b.low, b.close, None, b.volume) for b in traded]


async def test_a_second_run_of_the_day_asks_for_nothing_and_writes_nothing(app, tmp_path):
    async with desk(app, tmp_path) as asked:
        await asked.ingest(symbols=["AAPL", "MSFT", "BHP.AX"])
        before, bars = asked.asked, await asked.rows(BARS)

        again = await asked.ingest(symbols=["AAPL", "MSFT", "BHP.AX"])

        assert asked.asked == before
        assert await asked.rows(BARS) == bars
    # Three symbols and the rate.
    assert (again["requests_made"], again["requests_saved"]) == (0, 4)
    assert (again["rows_read"], again["rows_written"], again["succeeded"]) == (0, 0, 3)


async def test_the_next_session_comes_with_the_five_before_it(app, tmp_path):
    async with desk(app, tmp_path) as asked:
        await asked.ingest(symbols=["MSFT"])
        asked.tiingo.asked.clear()

        report = await asked.ingest(symbols=["MSFT"], now=MONDAY)

        [request] = asked.tiingo.asked
    assert (request.query["startDate"], request.query["endDate"]) == ("2024-06-24", "2024-07-01")
    # The rate of Monday is new as well.
    assert (report["rows_unchanged"], report["rows_revised"]) == (5, 0)


async def test_a_changed_close_is_a_revision_and_the_old_one_is_kept(app, tmp_path):
    changed = date(2024, 6, 26)
    async with desk(app, tmp_path) as asked:
        await asked.ingest(symbols=["MSFT"])
        share = asked.scenario.shares["MSFT"]
        was = share.between(changed, changed)[0].close
        asked.scenario.shares["MSFT"] = share.with_close(changed, was + 0.01)

        report = await asked.ingest(symbols=["MSFT"], now=MONDAY)

        kept = await asked.rows("SELECT date, close FROM price_bar_revision")
        now = await asked.rows("SELECT close FROM price_bar WHERE date = :day", day=changed)
    assert report["rows_revised"] == 1
    assert (kept, now) == ([(changed, was)], [(was + 0.01,)])


@pytest.mark.parametrize("source", ["AUTO", "YAHOO"])
async def test_without_a_key_yahoo_stands_in_and_the_report_says_so(app, tmp_path, source):
    async with desk(app, tmp_path, market(), tiingo_api_key=None) as asked:
        report = await asked.ingest(symbols=["MSFT"], start="2024-01-02", source=source)

        [(named,)] = await asked.rows("SELECT source FROM instrument WHERE symbol = 'MSFT'")
    assert (named, report["succeeded"]) == ("yahoo", 1)
    told = ["yahoo was asked instead of tiingo: tiingo is not set up here: put its key into"]
    assert [note[: len(told[0])] for note in report["notes"]] == told * (source == "AUTO")
