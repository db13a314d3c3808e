"""Ingests when providers misbehave, when time runs out, and when somebody says stop."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from api.adapters.french_factors import FILES
from api.errors import Unavailable
from api.services.work import Pulse, Stopped
from tests.api.ingesting import END, FRIDAY, MONDAY, START, desk, market
from tests.providers.market import always, hanging, status, us_share

JUNE = "2024-06-03"


async def test_a_failing_symbol_is_named_and_fails_nobody_else(app, tmp_path):
    scenario = market(faults={"BHP.AX": always(status(500))})
    async with desk(app, tmp_path, scenario) as asked:
        report = await asked.ingest(symbols=["MSFT", "BHP.AX"], start=JUNE)

        [state] = await asked.rows("SELECT errors FROM provider_state WHERE name = 'yahoo'")
    [failure] = report["failures"]
    assert (report["requested"], report["succeeded"]) == (2, 1)
    assert {**failure, "message": ...} == {
        "symbol": "BHP.AX",
        "kind": "NETWORK",
        "message": ...,
        "retryable": True,
        "attempts": 5,
        "source": "yahoo",
    }
    assert "trouble of its own (status 500)" in failure["message"]
    assert state[0].get("NETWORK", 0) > 0


async def test_an_unknown_symbol_is_not_asked_for_twice_a_day_unless_forced(app, tmp_path):
    async with desk(app, tmp_path) as asked:
        first = await asked.ingest(symbols=["NONE"])
        before = asked.asked
        again = await asked.ingest(symbols=["NONE"])
        unasked = asked.asked - before
        forced = await asked.ingest(symbols=["NONE"], force=True)

    kinds = [
        [(each["kind"], each["retryable"], each["attempts"]) for each in report["failures"]]
        for report in (first, again, forced)
    ]
    # Tiingo and Yahoo are asked once each.
    assert kinds == [
        [("UNKNOWN_SYMBOL", False, 2)],
        [("UNKNOWN_SYMBOL", False, 0)],
        [("UNKNOWN_SYMBOL", False, 2)],
    ]
    assert (unasked, again["requests_made"]) == (0, 0)


async def test_a_row_nobody_can_believe_is_quarantined_once_and_counted_each_time(app, tmp_path):
    scenario, bad = market(), date(2024, 6, 26)
    share = scenario.shares["MSFT"]
    bars = [replace(bar, high=bar.low / 2) if bar.day == bad else bar for bar in share.bars]
    scenario.shares["MSFT"] = replace(share, bars=bars)
    async with desk(app, tmp_path, scenario) as asked:
        first = await asked.ingest(symbols=["MSFT"], start=JUNE)
        second = await asked.ingest(symbols=["MSFT"], now=MONDAY)

        kept = await asked.rows("SELECT symbol, date, reason, raw FROM quarantine")
        stored = await asked.rows("SELECT count(*) FROM price_bar WHERE date = :day", day=bad)
    for report in (first, second):
        assert report["rows_quarantined"] == 1
        assert report["reasons"] == {"OHLC_ORDER": 1}
        read = report["rows_written"] + report["rows_unchanged"] + report["rows_quarantined"]
        assert report["rows_read"] == read
    assert [row[:3] for row in kept] == [("MSFT", bad, "OHLC_ORDER")]
    assert "2024-06-26" in kept[0][3]
    assert stored == [(0,)]


async def test_a_spike_that_the_next_bar_undoes_is_used_by_nobody(app, tmp_path):
    """On the day it came nobody could know; as of that day it is still believed."""
    scenario, spike = market(), date(2024, 6, 28)
    share = scenario.shares["MSFT"]
    [was] = share.between(spike, spike)
    tall = replace(was, open=was.open * 3, high=was.high * 3, low=was.low * 3, close=was.close * 3)
    bars = [tall if bar.day == spike else bar for bar in share.bars]
    scenario.shares["MSFT"] = replace(share, bars=bars)
    quality = "SELECT quality FROM price_bar WHERE date = '2024-06-28'"
    async with desk(app, tmp_path, scenario) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE)
        then = await asked.rows(quality)
        report = await asked.ingest(symbols=["MSFT"], now=MONDAY)

        now = await asked.rows(quality)
        revised = await asked.rows("SELECT date, quality FROM price_bar_revision")
    assert (then, now, revised) == ([("SUSPECT",)], [("BAD",)], [(spike, "SUSPECT")])
    assert report["reasons"] == {"SPIKE": 1}


class Stopping(Pulse):
    """Says stop when so many stages have been told."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after
        self.told = []

    def __call__(self, progress: float, stage: str) -> None:
        self.told.append(stage)
        self.left -= 1
        self.stopped = self.left == 0
        super().__call__(progress, stage)


async def test_a_cancelled_ingest_keeps_what_is_recorded_and_its_account(
    app, tmp_path, monkeypatch
):
    monkeypatch.setattr("api.services.ingest_live.MOST_SYMBOLS", 1)
    symbols = ["AAPL", "MSFT", "BHP.AX"]
    async with desk(app, tmp_path, fetch_concurrency=1) as asked:
        pulse = Stopping(after=4)  # planning, rates, and the second of three symbols
        with pytest.raises(Stopped):
            await asked.ingest(symbols=symbols, start=JUNE, pulse=pulse)

        bars = await asked.rows("SELECT count(DISTINCT instrument_id), count(*) FROM price_bar")
        reports = await asked.rows("SELECT requested, succeeded, rows_written FROM ingest_report")
        [(rates,)] = await asked.rows("SELECT count(*) FROM fx_rate")
        rest = await asked.ingest(symbols=symbols, start=JUNE)
    assert [stage.partition(" ")[2] for stage in pulse.told[-2:]] == ["1 of 3", "2 of 3"]
    [(instruments, written)] = bars
    assert (instruments, reports) == (1, [(3, 1, written + rates)])
    # One symbol and the rate are there already.
    assert (rest["succeeded"], rest["requests_saved"]) == (3, 2)


async def test_a_worker_that_lost_its_job_leaves_no_account(app, tmp_path):
    async with desk(app, tmp_path) as asked:
        original = asked.job

        async def taken_over(**payload):
            return replace(await original(**payload), fence=7)

        asked.job = taken_over
        with pytest.raises(Stopped):
            await asked.ingest(symbols=["MSFT"], start=JUNE, pulse=Stopping(after=3))

        assert await asked.rows("SELECT count(*) FROM ingest_report") == [(0,)]


async def test_when_time_runs_out_what_was_fetched_is_on_record(app, tmp_path):
    scenario = market(faults={"BHP.AX": always(hanging)})
    async with desk(app, tmp_path, scenario, job_timeout_seconds=5.0) as asked:
        report = await asked.ingest(symbols=["BHP.AX", "MSFT"], start=JUNE)

        stored = await asked.rows("SELECT symbol FROM instrument WHERE bar_count > 0")
    [failure] = report["failures"]
    assert (failure["symbol"], failure["kind"], failure["retryable"]) == (
        "BHP.AX",
        "TIMEOUT",
        True,
    )
    assert (report["succeeded"], stored) == (1, [("MSFT",)])


async def test_a_provider_that_is_down_is_left_alone_and_another_one_asked(app, tmp_path):
    """Ten tries find out; no more are made there, and none by the next process."""
    shares = {f"US{n}": us_share(START, END, seed=n) for n in range(12)}
    scenario = market(shares=market().shares | shares)
    async with desk(app, tmp_path, scenario, fetch_concurrency=1) as asked:
        asked.tiingo.respond = lambda _: status(503)(None)
        report = await asked.ingest(symbols=list(shares), start=JUNE)
        tried = len(asked.tiingo.asked)
        [(opened,)] = await asked.rows(
            "SELECT open_until FROM provider_state WHERE name = 'tiingo'"
        )
    async with desk(app, tmp_path, scenario) as next_process:
        later = await next_process.ingest(symbols=["MSFT"], start=JUNE)

        assert len(next_process.tiingo.asked) == 0
    assert (report["succeeded"], report["failures"]) == (12, [])
    assert tried == 10
    assert FRIDAY < opened <= FRIDAY + timedelta(seconds=60)
    assert any("left alone" in note for note in report["notes"])
    assert (later["succeeded"], later["failures"]) == (1, [])


async def test_nothing_at_all_is_no_success_but_is_on_record(app, tmp_path):
    scenario = market(faults={"BHP.AX": always(status(500))})
    async with desk(app, tmp_path, scenario) as asked:
        with pytest.raises(Unavailable, match="no provider gave anything"):
            await asked.ingest(symbols=["BHP.AX"], start=JUNE)

        [(requested, succeeded, failures)] = await asked.rows(
            "SELECT requested, succeeded, failures FROM ingest_report"
        )
    assert (requested, succeeded, failures[0]["kind"]) == (1, 0, "NETWORK")


async def test_what_ships_with_the_product_stands_in_for_publishers_that_fail(app, tmp_path):
    down = ("AUDUSD=X", "^VIX", "^VIX3M", "eurofxref-hist.zip", "f1-data.csv", *FILES.values())
    scenario = market(faults={name: always(status(404)) for name in down})
    async with desk(app, tmp_path, scenario) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE)
        report = await asked.ingest(schedule="us-close", now=MONDAY)

        fixed = await asked.rows("SELECT rate, source FROM fx_rate WHERE date = '2022-12-28'")
        bills = await asked.rows(
            "SELECT value FROM factor_return WHERE factor = 'RF' AND date = '2018-11-30'"
        )
        remembered = await asked.rows("SELECT key FROM asked_range WHERE key <> 'MSFT'")
    # ECB, 2022-12-28: 1.0640 US and 1.5660 Australian dollars for one euro.
    assert fixed == [(pytest.approx(1.0640 / 1.5660, rel=1e-15), "sample:ecb")]
    assert len(bills) == 1
    # Nobody answered, so everybody is due at the next ingest, and is told of.
    assert remembered == []
    failed = {failure["symbol"] for failure in report["failures"]}
    assert failed == {"AUDUSD", "AU_CASH_RATE", "VIX", "factors"}


async def test_publishers_that_stay_away_hold_no_later_ingest_up(app, tmp_path):
    """Each attempt has its five tries: none waits a minute for leave to ask for a small file."""
    down = ("AUDUSD=X", "eurofxref-hist.zip")
    scenario = market(faults={name: always(status(500)) for name in down})
    async with desk(app, tmp_path, scenario) as asked:
        asked.live = replace(asked.live, seconds=30.0)
        for _ in range(3):
            await asked.ingest(symbols=["MSFT"], start=JUNE)

        tries = asked.archives.count("eurofxref-hist.zip")
    assert tries == 15


async def test_a_split_that_is_told_late_clears_the_bar_it_explains(app, tmp_path):
    """The bar comes again with the figures it had, and is no longer doubted."""
    split = date(2024, 6, 27)
    told = us_share(START, END, seed=2, splits={split: 4.0})
    scenario = market(shares=market().shares | {"MSFT": replace(told, splits={})})
    doubt = "SELECT quality FROM price_bar WHERE date = '2024-06-27'"
    async with desk(app, tmp_path, scenario) as asked:
        await asked.ingest(symbols=["MSFT"], start=JUNE)
        then = await asked.rows(doubt)
        scenario.shares["MSFT"] = told
        await asked.ingest(symbols=["MSFT"], now=MONDAY)

        now = await asked.rows(doubt)
        [(known_at,)] = await asked.rows("SELECT known_at FROM corporate_action")
    assert (then, now) == ([("SUSPECT",)], [("GOOD",)])
    assert known_at == MONDAY
