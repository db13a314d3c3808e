"""Yahoo's chart through the real adapter: bars as they traded, on the day of their exchange."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

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
from tests.providers.market import Scenario, Share, asx_share, sessions, us_share, walk
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
