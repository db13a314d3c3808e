"""The way into Yahoo: as many at once as there are threads, no crumb insisted on, nothing kept."""

import asyncio

import pytest
import yfinance

from api.errors import FetchFailed
from tests.adapters.yahoo import END, START, make_share, request, yahoo
from tests.providers.loopback import Answer
from tests.providers.market import Scenario, made_share
from tests.providers.yahoo import CHART


async def test_as_many_are_asked_at_once_as_there_are_threads():
    symbols = [f"S{n}" for n in range(24)]
    scenario = Scenario(make=lambda symbol: made_share(symbol, START, END), delay_seconds=0.2)

    async with yahoo(scenario, threads=8) as (prices, fake):
        fetched = await asyncio.gather(*(prices.fetch(request(symbol)) for symbol in symbols))

    assert [each.batch.symbol for each in fetched] == symbols
    assert fake.count(CHART) == 24
    assert 8 <= fake.most_running <= 9  # the crumb of the first is asked beside


async def test_the_crumb_is_asked_for_once_and_nothing_is_left_on_the_disk(tmp_path):
    yfinance.set_tz_cache_location(str(tmp_path))
    scenario = Scenario(shares={"AAPL": make_share()})

    async with yahoo(scenario) as (prices, fake):
        prices._session.cookies.set("A3", "d=tests", domain=".yahoo.com")
        for _ in range(3):
            await prices.fetch(request())

    assert fake.count("getcrumb") == 1
    assert fake.asked[-1].query["crumb"] == "crumb.of/tests"
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("refusal", [Answer(status=500), Answer(body=b"<html>no</html>")])
async def test_without_a_crumb_charts_are_asked_for_all_the_same_and_crumbs_no_more(refusal):
    async with yahoo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        respond = fake.respond
        fake.respond = lambda asked: respond(asked) if CHART in asked.path else refusal
        for _ in range(3):
            await prices.fetch(request())

    charts = [asked for asked in fake.asked if CHART in asked.path]
    assert len(charts) == 3
    assert not any("crumb" in asked.query for asked in charts)
    assert len(fake.asked) - len(charts) <= 6  # yfinance's two ways of asking, once each


async def test_what_was_read_once_is_asked_for_again():
    share = make_share()
    scenario = Scenario(shares={"AAPL": share})
    day = share.bars[3].day

    async with yahoo(scenario) as (prices, _):
        first = await prices.fetch(request())
        scenario.shares["AAPL"] = share.with_close(day, share.bars[3].close + 0.25)
        second = await prices.fetch(request())

    assert second.batch.values["close"][3] - first.batch.values["close"][3] == 0.25


async def test_two_bases_in_one_process_keep_apart():
    here, there = Scenario(shares={"AAPL": make_share()}), Scenario()

    async with yahoo(here) as (ours, asked), yahoo(there) as (theirs, other):
        await ours.fetch(request())
        with pytest.raises(FetchFailed):
            await theirs.fetch(request())
        await ours.fetch(request())

    assert (asked.count(CHART), other.count(CHART)) == (2, 1)
