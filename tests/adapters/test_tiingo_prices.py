"""Tiingo's wire format through the real adapter: prices, splits and dividends as they were."""

from datetime import date

import pytest

from api.adapters.tiingo_prices import ticker_of
from api.errors import FailureKind, FetchFailed
from api.ports import Action
from tests.adapters.tiingo import (
    DIVIDEND,
    NOW,
    SPLIT,
    START,
    days,
    make_share,
    request,
    tiingo,
)
from tests.providers.market import (
    EPOCH,
    Scenario,
)


async def test_bars_come_back_as_they_were_traded():
    share = make_share()

    async with tiingo(Scenario(shares={"AAPL": share})) as (prices, fake):
        fetched = await prices.fetch(request())

    batch = fetched.batch
    assert batch.symbol == "AAPL"
    assert batch.day.tolist() == days(share.bars)
    for name in ("open", "high", "low", "close", "volume"):
        assert batch.values[name].tolist() == [getattr(bar, name) for bar in share.bars]
    assert batch.row_number.tolist() == list(range(1, len(share.bars) + 1))
    assert len(batch.raw) == len(share.bars)
    assert (fetched.requests, fake.count()) == (1, 1)


async def test_splits_and_dividends_are_told_with_the_vendors_own_adjusted_close():
    share = make_share()

    async with tiingo(Scenario(shares={"AAPL": share})) as (prices, _):
        fetched = await prices.fetch(request())

    assert fetched.actions == (
        Action(ex_day=(DIVIDEND - EPOCH).days, kind="DIVIDEND", cash=0.82, currency="USD"),
        Action(ex_day=(SPLIT - EPOCH).days, kind="SPLIT", ratio=4.0),
    )
    adjusted = [bar.close * share.adjustment(bar.day) for bar in share.bars]
    assert fetched.batch.values["adjusted_close"].tolist() == adjusted


async def test_only_the_range_is_asked_for_and_both_ends_belong_to_it():
    first, last = date(2020, 8, 10), date(2020, 8, 14)

    async with tiingo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        fetched = await prices.fetch(request(start=first, end=last))

    assert fake.asked[0].query == {"startDate": "2020-08-10", "endDate": "2020-08-14"}
    assert fetched.batch.day.tolist() == [(first - EPOCH).days + n for n in range(5)]


async def test_what_lies_outside_the_range_is_left_out():
    async with tiingo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        fake.respond = _forgetting_the_range(fake.respond)
        fetched = await prices.fetch(request(start=date(2020, 9, 1), end=date(2020, 9, 1)))

    assert fetched.batch.day.tolist() == [(date(2020, 9, 1) - EPOCH).days]


def _forgetting_the_range(respond):
    def answer(asked):
        return respond(type(asked)(asked.path, {"startDate": START.isoformat()}, asked.headers))

    return answer


@pytest.mark.parametrize(
    ("symbol", "ticker"),
    [("AAPL", "AAPL"), ("BRK-B", "BRK-B"), ("BF-B", "BF-B"), ("SPG-PJ", "SPG-P-J")],
)
async def test_classes_and_preferred_series_are_written_as_tiingo_writes_them(symbol, ticker):
    async with tiingo(Scenario(shares={ticker: make_share()})) as (prices, fake):
        fetched = await prices.fetch(request(symbol))

    assert fake.asked[0].path == f"/tiingo/daily/{ticker}/prices"
    assert fetched.batch.symbol == symbol


@pytest.mark.parametrize(
    "symbol", ["BHP.AX", "^GSPC", "AUDUSD=X", "BTC-USD", "AAPL:OHLCV", "../key", "aapl", ""]
)
def test_what_tiingo_cannot_have_is_not_asked_for(symbol):
    with pytest.raises(FetchFailed, match="US shares and funds only") as caught:
        ticker_of(symbol)

    assert caught.value.kind == FailureKind.UNKNOWN_SYMBOL


async def test_a_share_that_trades_no_more_is_delisted():
    async with tiingo(Scenario(shares={"AAPL": make_share()}), clock=lambda: NOW + 40 * 86_400) as (
        prices,
        _,
    ):
        with pytest.raises(FetchFailed, match="last traded on 2020-09-30") as caught:
            await prices.fetch(request(start=date(2020, 10, 1), end=date(2020, 11, 6)))

    assert caught.value.kind == FailureKind.DELISTED
    assert not caught.value.passing


async def test_a_range_without_a_session_is_empty_and_says_what_it_cost():
    async with tiingo(Scenario(shares={"AAPL": make_share()})) as (prices, _):
        weekend = await prices.fetch(request(start=date(2020, 8, 8), end=date(2020, 8, 9)))
        later = await prices.fetch(request(start=date(2020, 10, 1), end=date(2020, 10, 1)))

    assert [fetched.batch.day.tolist() for fetched in (weekend, later)] == [[], []]
    assert (weekend.requests, weekend.actions) == (2, ())
