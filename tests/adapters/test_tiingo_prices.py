"""Tiingo's wire format through the real adapter, from a provider that behaves and that does not."""

from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from email.utils import format_datetime

import numpy as np
import pytest

from api.adapters.downloads import Downloads
from api.adapters.tiingo_prices import TiingoPrices, ticker_of
from api.errors import FailureKind, FetchFailed
from api.ports import Action, BarRequest
from tests.providers.loopback import Answer, serving
from tests.providers.market import (
    EMPTY,
    EPOCH,
    HTML,
    Scenario,
    always,
    body,
    dripping,
    half,
    hanging,
    json_body,
    status,
    truncated,
    us_share,
)
from tests.providers.tiingo import fake_tiingo

START, END = date(2020, 8, 3), date(2020, 9, 30)
SPLIT, DIVIDEND = date(2020, 8, 31), date(2020, 8, 7)
NOW = datetime(2020, 10, 1, 12, tzinfo=UTC).timestamp()


def make_share(**changes):
    return us_share(START, END, splits={SPLIT: 4.0}, dividends={DIVIDEND: 0.82}, **changes)


@asynccontextmanager
async def tiingo(scenario, **changes):
    """Yield the adapter and the provider it asks."""
    async with fake_tiingo(scenario) as fake:
        given = {"url": fake.url, "key": scenario.key, "timeout_seconds": 5.0, "clock": lambda: NOW}
        prices = TiingoPrices(**given | changes)
        try:
            yield prices, fake
        finally:
            await prices.close()


def request(symbol="AAPL", start=START, end=END):
    return BarRequest(symbol=symbol, exchange="XNAS", currency="USD", start=start, end=end)


def days(bars):
    return [(bar.day - EPOCH).days for bar in bars]


async def failure(scenario, **changes) -> FetchFailed:
    async with tiingo(scenario, **changes) as (prices, _):
        with pytest.raises(FetchFailed) as caught:
            await prices.fetch(request())
    return caught.value


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


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (status(404), "UNKNOWN_SYMBOL", "Tiingo knows no AAPL"),
        (status(401), "NOT_CONFIGURED", "set TIINGO_API_KEY"),
        (status(403), "NOT_CONFIGURED", "set TIINGO_API_KEY"),
        (status(429), "RATE_LIMITED", "status 429"),
        (status(500), "NETWORK", "status 500"),
        (status(503), "NETWORK", "status 503"),
        (status(504), "TIMEOUT", "status 504"),
        (status(418), "BAD_DATA", "status 418"),
        (HTML, "BAD_DATA", "<!doctype html>"),
        (EMPTY, "BAD_DATA", "no JSON but 'nothing'"),
        (half, "BAD_DATA", "no JSON"),
        (truncated, "BAD_DATA", "broken body"),
        (json_body({}), "BAD_DATA", "no list"),
        (json_body(None), "BAD_DATA", "no list"),
        (json_body([1]), "BAD_DATA", "without its columns"),
        (json_body([{"date": "2020-08-03"}]), "BAD_DATA", "without its columns"),
        (body(b"[" * 100_000), "BAD_DATA", "no JSON"),
        (body(b'[{"date": NaN}]'), "BAD_DATA", "no JSON"),
    ],
)
async def test_each_misfortune_has_its_kind(fault, kind, says):
    failed = await failure(Scenario(shares={"AAPL": make_share()}, faults={"AAPL": [fault]}))

    assert failed.kind == FailureKind(kind)
    assert says in str(failed)
    assert failed.passing is (kind in {"RATE_LIMITED", "NETWORK", "TIMEOUT"})


ROW = {
    "date": "2020-08-03T00:00:00.000Z",
    **dict.fromkeys(("open", "high", "low", "close", "adjClose"), 100.0),
    "volume": 5,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"close": "100.0"},
        {"close": True},
        {"volume": [5]},
        {"volume": 10**400},
        {"date": "yesterday"},
        {"date": 20200803},
        {"splitFactor": "2:1"},
        {"divCash": {}},
    ],
)
async def test_a_cell_of_another_type_is_not_guessed(wrong):
    failed = await failure(Scenario(faults={"AAPL": [json_body([ROW | wrong])]}))

    assert failed.kind == FailureKind.BAD_DATA


async def test_a_null_is_unknown_and_goes_on_to_the_quality_rules():
    scenario = Scenario(faults={"AAPL": [json_body([ROW | {"open": None}])]})

    async with tiingo(scenario) as (prices, _):
        fetched = await prices.fetch(request())

    assert np.isnan(fetched.batch.values["open"]).tolist() == [True]
    assert fetched.batch.values["close"].tolist() == [100.0]
    assert '"open": null' in fetched.batch.raw[0]


async def test_a_day_given_twice_is_passed_on_for_judgement_and_disorder_is_refused():
    twice = [ROW, ROW | {"close": 101.0}]
    backwards = [ROW | {"date": "2020-08-04"}, ROW]
    scenario = Scenario(faults={"AAPL": [json_body(twice), json_body(backwards)]})

    async with tiingo(scenario) as (prices, _):
        fetched = await prices.fetch(request())
        with pytest.raises(FetchFailed, match="not in order"):
            await prices.fetch(request())

    assert fetched.batch.values["close"].tolist() == [100.0, 101.0]


async def test_the_old_way_of_saying_too_many_is_understood():
    overrun = b"You have run over your 500 symbol look up for this month. Please upgrade."

    failed = await failure(Scenario(faults={"AAPL": [body(overrun, "text/plain")]}))

    assert failed.kind == FailureKind.RATE_LIMITED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (format_datetime(datetime(2020, 10, 1, 12, 0, 30, tzinfo=UTC), usegmt=True), 30.0),
        (format_datetime(datetime(2020, 9, 30, tzinfo=UTC), usegmt=True), 0.0),
        ("soon", None),
    ],
)
async def test_both_forms_of_retry_after_are_read(header, seconds):
    slow_down = status(429, **{"retry-after": header})

    failed = await failure(Scenario(faults={"AAPL": [slow_down]}))

    assert failed.retry_after_seconds == seconds


async def test_retry_after_may_be_absent_or_come_with_trouble():
    assert (await failure(Scenario(faults={"AAPL": [status(429)]}))).retry_after_seconds is None
    resting = status(503, **{"retry-after": "60"})
    assert (await failure(Scenario(faults={"AAPL": [resting]}))).retry_after_seconds == 60.0


@pytest.mark.parametrize("fault", [hanging, dripping])
async def test_an_answer_that_never_ends_is_a_timeout(fault):
    failed = await failure(
        Scenario(shares={"AAPL": make_share()}, faults={"AAPL": [fault]}), timeout_seconds=0.3
    )

    assert failed.kind == FailureKind.TIMEOUT
    assert str(failed) == "Tiingo gave no answer in 0.3 s"


async def test_nobody_listening_is_the_network():
    async with serving(lambda _: Answer()) as gone:
        pass

    failed = await failure(Scenario(), url=gone.url)

    assert failed.kind == FailureKind.NETWORK


async def test_a_body_without_measure_is_cut():
    async with serving(lambda _: Answer(body=b" " * 2_000)) as fake:
        asked = Downloads("Tiingo", fake.url, timeout_seconds=5.0, largest_body=1_000)
        with pytest.raises(FetchFailed, match="more than 1,000 bytes") as caught:
            await asked.get("anything")
        await asked.close()

    assert caught.value.kind == FailureKind.BAD_DATA


async def test_the_key_goes_to_no_other_host():
    async with serving(lambda _: Answer(body=b"[]")) as stranger:
        away = Answer(status=302, headers={"location": f"{stranger.url}/prices"})
        failed = await failure(Scenario(faults={"AAPL": [lambda _: away]}))

    assert failed.kind == FailureKind.BAD_DATA
    assert "another host" in str(failed)
    assert stranger.asked == []


async def test_a_redirect_on_the_same_host_is_followed_but_not_for_ever():
    moved = Answer(status=301, headers={"location": "/tiingo/daily/META/prices"})
    share = make_share()
    once = Scenario(shares={"META": share}, faults={"AAPL": [lambda _: moved]})
    around = Answer(status=301, headers={"location": "/tiingo/daily/AAPL/prices"})

    async with tiingo(once) as (prices, _):
        await prices.fetch(request())  # what META answers to no range: its last bar
    failed = await failure(Scenario(faults={"AAPL": always(lambda _: around)}))

    assert (failed.kind, str(failed)) == (FailureKind.BAD_DATA, "Tiingo redirects without end")


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
