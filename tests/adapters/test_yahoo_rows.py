"""Which rows of Yahoo's chart are sessions: none under way, none repeated, none of nulls."""

import json
from datetime import UTC, date, datetime, time
from functools import partial

import numpy as np
import pytest

from tests.adapters.yahoo import (
    END,
    START,
    edited,
    make_share,
    number,
    request,
    yahoo,
)
from tests.providers.loopback import Answer
from tests.providers.market import Bar, Scenario, Share, us_share


async def test_the_session_under_way_is_left_out_until_its_last_price_is_in():
    share = us_share(START, END)
    range_to_today = request(start=date(2020, 9, 28), end=END)
    during = datetime(2020, 9, 30, 18, 13, 20, tzinfo=UTC)  # 14:13 in New York
    just_closed = datetime(2020, 9, 30, 20, 15, tzinfo=UTC)
    settled = datetime(2020, 9, 30, 20, 31, tzinfo=UTC)

    last = []
    for now in (during, just_closed, settled):
        async with yahoo(Scenario(shares={"AAPL": share}, now=now), now=now) as (prices, _):
            last.append((await prices.fetch(range_to_today)).batch.day[-1])

    yesterday, today = number(date(2020, 9, 29)), number(END)
    assert last == [yesterday, yesterday, today]


async def test_half_a_day_is_a_whole_session():
    after_thanksgiving = date(2020, 11, 27)
    bars = us_share(date(2020, 11, 23), after_thanksgiving).bars
    share = Share(bars=bars, early={after_thanksgiving: time(13)})
    half_past_one = datetime(2020, 11, 27, 18, 30, tzinfo=UTC)
    asked = request(start=after_thanksgiving, end=after_thanksgiving)

    last = []
    for now in (half_past_one.replace(minute=29), half_past_one):
        async with yahoo(Scenario(shares={"AAPL": share}, now=now), now=now) as (prices, _):
            last.append((await prices.fetch(asked)).batch.values["close"].tolist())

    assert last == [[], [bars[-1].close]]


async def test_the_row_yahoo_repeats_for_a_session_just_over_is_one_session():
    share = us_share(START, END)

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, fake):
        fake.respond = edited(fake.respond, _repeat_last)
        fetched = await prices.fetch(request())

    assert fetched.batch.day.tolist() == [number(bar.day) for bar in share.bars]
    assert fetched.batch.values["volume"][-1] == share.bars[-1].volume + 7


@pytest.mark.parametrize("row", [2, -1])
async def test_a_day_given_twice_is_passed_on_for_judgement(row):
    share = us_share(START, END)

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, fake):
        fake.respond = edited(fake.respond, partial(_double, row=row % len(share.bars)))
        fetched = await prices.fetch(request())

    twice = share.bars[row]
    closes = fetched.batch.values["close"][fetched.batch.day == number(twice.day)].tolist()
    assert closes == [twice.close, twice.close + 1]


def _repeat_last(chart):
    chart["timestamp"].append(chart["timestamp"][-1] + 23_400)  # at the close
    quote = chart["indicators"]["quote"][0]
    for cells in (*quote.values(), chart["indicators"]["adjclose"][0]["adjclose"]):
        cells.append(cells[-1])
    quote["volume"][-1] += 7


def _double(chart, *, row):
    chart["timestamp"].insert(row, chart["timestamp"][row])
    quote = chart["indicators"]["quote"][0]
    for cells in (*quote.values(), chart["indicators"]["adjclose"][0]["adjclose"]):
        cells.insert(row, cells[row])
    quote["close"][row + 1] += 1


async def test_a_row_of_nulls_is_no_session_and_a_single_null_is_unknown():
    share = us_share(START, END)

    def edit(chart):
        quote = chart["indicators"]["quote"][0]
        for cells in quote.values():
            cells[1] = None
        quote["open"][2] = None

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, fake):
        fake.respond = edited(fake.respond, edit)
        fetched = await prices.fetch(request())

    days = [number(bar.day) for bar in share.bars]
    assert fetched.batch.day.tolist() == days[:1] + days[2:]
    assert np.isnan(fetched.batch.values["open"]).tolist() == [False, True] + [False] * (
        len(days) - 3
    )


@pytest.mark.parametrize("kind", ["CURRENCY", "INDEX"])
async def test_a_volume_nobody_counts_is_unknown_and_not_zero(kind):
    bars = [Bar(date(2020, 8, 3), 0.7, 0.71, 0.69, 0.7, 0.0)]
    share = Share(bars=bars, kind=kind)

    async with yahoo(Scenario(shares={"AUDUSD=X": share})) as (prices, _):
        fetched = await prices.fetch(request("AUDUSD=X"))

    assert "volume" not in fetched.batch.values


async def test_a_share_that_nobody_traded_has_a_volume_of_zero():
    share = Share(bars=[Bar(date(2020, 8, 3), 7.0, 7.0, 7.0, 7.0, 0.0)])

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, _):
        fetched = await prices.fetch(request())

    assert fetched.batch.values["volume"].tolist() == [0.0]


async def test_a_range_without_a_session_is_empty():
    said = {"code": "Bad Request", "description": "Data doesn't exist for startDate = 1, endDate"}
    refusal = Answer(
        body=json.dumps({"chart": {"result": None, "error": said}}).encode(), status=400
    )
    scenario = Scenario(shares={"AAPL": make_share()}, faults={"AAPL": [None, lambda _: refusal]})
    weekend = request(start=date(2020, 8, 8), end=date(2020, 8, 9))
    tomorrow = request(start=date(2020, 10, 1), end=date(2020, 10, 1))

    async with yahoo(scenario) as (prices, _):
        fetched = [await prices.fetch(asked) for asked in (weekend, weekend, tomorrow)]

    assert [each.batch.day.tolist() for each in fetched] == [[], [], []]
