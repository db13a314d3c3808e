"""Yahoo's chart through the real adapter: bars as they traded, on the day of their exchange."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial

import numpy as np
import pytest

from api.ports import Action
from tests.adapters.yahoo import (
    DIVIDEND,
    END,
    SPLIT,
    START,
    edited,
    make_share,
    number,
    request,
    yahoo,
)
from tests.providers.loopback import Answer
from tests.providers.market import Bar, Scenario, Share, asx_share, sessions, us_share, walk
from tests.providers.yahoo import CHART


async def test_bars_come_back_as_they_were_traded_though_yahoo_divides_by_splits():
    share = make_share()

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, fake):
        fetched = await prices.fetch(request())

    batch = fetched.batch
    assert batch.day.tolist() == [number(bar.day) for bar in share.bars]
    for name in ("open", "high", "low", "close", "volume"):
        assert batch.values[name].tolist() == [getattr(bar, name) for bar in share.bars]
    assert fetched.name == "Example Corporation"
    assert (fetched.requests, fake.count(CHART)) == (1, 1)


async def test_dividends_come_back_as_they_were_paid():
    share = make_share()

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, _):
        fetched = await prices.fetch(request())

    assert fetched.actions == (
        Action(ex_day=number(DIVIDEND), kind="DIVIDEND", cash=0.82, currency="USD"),
        Action(ex_day=number(SPLIT), kind="SPLIT", ratio=4.0),
    )
    adjusted = [bar.close * share.adjustment(bar.day) for bar in share.bars]
    assert fetched.batch.values["adjusted_close"].tolist() == adjusted


async def test_what_is_paid_on_one_day_is_one_amount():
    def add_special(chart):
        chart["events"]["dividends"]["1596807001"] = {"amount": 0.5, "date": 1596807001}

    async with yahoo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        fake.respond = edited(fake.respond, add_special)
        fetched = await prices.fetch(request())

    paid = [action.cash for action in fetched.actions if action.kind == "DIVIDEND"]
    assert paid == [0.82 + 4 * 0.5]


async def test_what_is_paid_in_another_currency_says_so():
    def pay_in_pounds(chart):
        chart["events"]["dividends"]["1596807000"]["currency"] = "GBP"

    async with yahoo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        fake.respond = edited(fake.respond, pay_in_pounds)
        fetched = await prices.fetch(request())

    assert fetched.actions[0].currency == "GBP"


async def test_a_range_before_a_split_is_undone_with_the_split_after_it():
    share = make_share()
    before = share.between(date(2020, 8, 5), date(2020, 8, 10))

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, _):
        fetched = await prices.fetch(request(start=before[0].day, end=before[-1].day))

    assert fetched.batch.values["close"].tolist() == [bar.close for bar in before]
    assert [action.kind for action in fetched.actions] == ["DIVIDEND"]
    assert fetched.actions[0].cash == 0.82


async def test_a_volume_is_whole_shares_after_an_odd_split_and_prices_agree_to_rounding():
    share = us_share(START, END, splits={SPLIT: 1.5}, dividends={})
    uneven = replace(share, bars=[replace(bar, volume=bar.volume + 1) for bar in share.bars])

    async with yahoo(Scenario(shares={"AAPL": uneven})) as (prices, _):
        fetched = await prices.fetch(request())

    traded = [bar.close for bar in share.bars]
    np.testing.assert_allclose(fetched.batch.values["close"], traded, rtol=1e-15)
    volume = fetched.batch.values["volume"]
    assert (volume == np.rint(volume)).all()
    assert np.abs(volume - [bar.volume for bar in uneven.bars]).max() <= 1.0


async def test_a_reverse_split_and_two_splits_are_undone_in_turn():
    splits = {date(2020, 8, 12): 0.1, SPLIT: 5.0}
    share = us_share(START, END, splits=splits)

    async with yahoo(Scenario(shares={"AAPL": share})) as (prices, _):
        fetched = await prices.fetch(request())

    traded = [bar.close for bar in share.bars]
    np.testing.assert_allclose(fetched.batch.values["close"], traded, rtol=1e-14)
    assert [(action.ex_day, action.ratio) for action in fetched.actions] == [
        (number(on), pytest.approx(ratio, rel=1e-15)) for on, ratio in splits.items()
    ]


# The day of a session is that of its exchange. While they keep summer time, Sydney opens at 23:00
# UTC of the day before, Auckland at 21:00, and London's midnight is 23:00; a coin's day is UTC's.
@pytest.mark.parametrize(
    ("symbol", "currency", "share"),
    [
        ("BHP.AX", "AUD", asx_share(date(2024, 1, 2), date(2024, 4, 30))),
        (
            "AUDUSD=X",
            "USD",
            Share(
                bars=walk(sessions("XNYS", date(2024, 3, 25), date(2024, 4, 5)), first=0.65),
                kind="CURRENCY",
                zone="Europe/London",
                opens=time(0),
                closes=time(23, 59),
            ),
        ),
        (
            "BTC-USD",
            "USD",
            Share(
                bars=walk([date(2024, 3, day) for day in range(8, 13)], first=70_000),
                kind="CRYPTOCURRENCY",
                zone="UTC",
                opens=time(0),
                closes=time(23, 59),
            ),
        ),
        (
            "7203.T",
            "JPY",
            Share(
                bars=walk([date(2024, 3, 8), date(2024, 3, 11)]),
                currency="JPY",
                zone="Asia/Tokyo",
                opens=time(9),
            ),
        ),
        (
            "FPH.NZ",
            "NZD",
            Share(
                bars=walk([date(2024, 1, 15), date(2024, 1, 16)]),
                currency="NZD",
                zone="Pacific/Auckland",
                opens=time(10),
            ),
        ),
        ("^GSPC", "USD", us_share(date(2024, 3, 4), date(2024, 3, 15), kind="INDEX")),
    ],
)
async def test_a_session_has_the_date_of_its_exchange(symbol, currency, share):
    asked = request(symbol, share.first, share.last, currency=currency)

    async with yahoo(Scenario(shares={symbol: share}), now=datetime(2024, 5, 1, tzinfo=UTC)) as (
        prices,
        fake,
    ):
        fetched = await prices.fetch(asked)

    assert fetched.batch.day.tolist() == [number(bar.day) for bar in share.bars]
    assert fake.count(f"{CHART}{symbol}") == 1


async def test_a_stamp_an_hour_before_midnight_belongs_to_the_day_that_begins():
    bars = walk([date(2022, 1, 5), date(2022, 1, 6)])
    late = Share(bars=bars, zone="America/Sao_Paulo", opens=time(0), currency="BRL")
    scenario = Scenario(shares={"VALE3.SA": late})
    asked = request("VALE3.SA", date(2022, 1, 3), date(2022, 1, 7), currency="BRL")

    async with yahoo(scenario, now=datetime(2022, 2, 1, tzinfo=UTC)) as (prices, fake):
        fake.respond = _an_hour_early(fake.respond)
        fetched = await prices.fetch(asked)

    assert fetched.batch.day.tolist() == [number(bar.day) for bar in bars]


def _an_hour_early(respond):
    """As Yahoo did for São Paulo after Brazil gave up summer time."""

    def answer(asked):
        given = respond(asked)
        for stamp in (b"1641351600", b"1641438000"):  # midnights in São Paulo
            given = replace(given, body=given.body.replace(stamp, b"%d" % (int(stamp) - 3600)))
        return given

    return answer


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
