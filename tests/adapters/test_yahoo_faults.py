"""Yahoo at its worst: each misfortune has its kind, costs one request and ends in time."""

from datetime import UTC, date, datetime
from email.utils import format_datetime

import pytest

from api.adapters import yahoo_session
from api.errors import FailureKind, FetchFailed
from tests.adapters.yahoo import edited, failure, make_share, request, yahoo
from tests.providers.loopback import Answer, serving
from tests.providers.market import (
    EMPTY,
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
)
from tests.providers.yahoo import CHART


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (status(429), "RATE_LIMITED", "status 429"),
        (status(500), "NETWORK", "status 500"),
        (status(401), "NETWORK", "does not let us in (status 401)"),
        (status(403), "NETWORK", "does not let us in (status 403)"),
        (status(504), "TIMEOUT", "status 504"),
        (status(418), "BAD_DATA", "status 418"),
        (body(b"<html>Will be right back...</html>", "text/html"), "NETWORK", "right back"),
        (HTML, "BAD_DATA", "<!doctype html>"),
        (EMPTY, "BAD_DATA", "no JSON but 'nothing'"),
        (half, "BAD_DATA", "no JSON"),
        (truncated, "BAD_DATA", "broken body"),
        (json_body({}), "BAD_DATA", "no chart"),
        (json_body([]), "BAD_DATA", "no chart"),
        (json_body(None), "BAD_DATA", "no chart"),
        (json_body({"chart": {"result": [], "error": None}}), "BAD_DATA", "no chart"),
        (json_body({"chart": {"result": None, "error": "no"}}), "BAD_DATA", "no chart"),
        (body(b"[" * 100_000), "BAD_DATA", "no JSON"),
    ],
)
async def test_each_misfortune_has_its_kind(fault, kind, says):
    failed = await failure(Scenario(shares={"AAPL": make_share()}, faults={"AAPL": [fault]}))

    assert failed.kind == FailureKind(kind)
    assert says in str(failed)


@pytest.mark.parametrize(
    "edit",
    [
        lambda chart: chart["meta"].pop("exchangeTimezoneName"),
        lambda chart: chart["meta"].update(exchangeTimezoneName="Mars/Olympus"),
        lambda chart: chart["timestamp"].pop(),
        lambda chart: chart["timestamp"].reverse(),
        lambda chart: chart["timestamp"].__setitem__(0, "1596461400"),
        lambda chart: chart["timestamp"].__setitem__(0, 10**15),
        lambda chart: chart["indicators"]["quote"][0]["close"].__setitem__(0, "100"),
        lambda chart: chart["indicators"]["quote"][0].pop("high"),
        lambda chart: chart["events"].update(splits=[]),
        lambda chart: chart["events"]["splits"]["1598880600"].update(denominator=0.0),
        lambda chart: chart["events"]["splits"]["1598880600"].update(numerator=-4.0),
        lambda chart: chart["events"]["dividends"]["1596807000"].update(amount="0.2"),
        lambda chart: chart["meta"].update(symbol="MSFT"),
        lambda chart: chart["meta"].update(currency="GBp"),
    ],
)
async def test_a_chart_of_another_form_is_not_guessed(edit):
    async with yahoo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        fake.respond = edited(fake.respond, edit)
        with pytest.raises(FetchFailed) as caught:
            await prices.fetch(request())

    assert caught.value.kind == FailureKind.BAD_DATA


async def test_columns_of_unequal_length_are_not_stretched():
    async with yahoo(Scenario(shares={"AAPL": make_share()})) as (prices, fake):
        fake.respond = edited(
            fake.respond, lambda chart: chart["indicators"]["quote"][0].update(volume=[5])
        )
        with pytest.raises(FetchFailed, match="42 days and 1 cells of volume") as caught:
            await prices.fetch(request())

    assert caught.value.kind == FailureKind.BAD_DATA


@pytest.mark.parametrize("now", [datetime(2020, 10, 1, 12, 0, 0, tzinfo=UTC)])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (format_datetime(datetime(2020, 10, 1, 12, 0, 30, tzinfo=UTC), usegmt=True), 30.0),
        (None, None),
    ],
)
async def test_both_forms_of_retry_after_are_read(header, seconds, now):
    headers = {"retry-after": header} if header else {}

    failed = await failure(Scenario(faults={"AAPL": [status(429, **headers)]}), now=now)

    assert failed.kind == FailureKind.RATE_LIMITED
    assert failed.retry_after_seconds == seconds


async def test_a_refusal_costs_one_request():
    async with yahoo(Scenario(faults={"*": always(status(429))})) as (prices, fake):
        with pytest.raises(FetchFailed):
            await prices.fetch(request())

    assert fake.count(CHART) == 1


async def test_an_unknown_symbol_is_named_after_one_request():
    async with yahoo(Scenario()) as (prices, fake):
        with pytest.raises(FetchFailed, match="Yahoo knows no ZZZZ: No data found") as caught:
            await prices.fetch(request("ZZZZ"))

    assert caught.value.kind == FailureKind.UNKNOWN_SYMBOL
    assert fake.count(CHART) == 1


@pytest.mark.parametrize("symbol", ["AAPL:OHLCV", "../../etc", "aapl", "A B", "", "AAPL?x=1"])
async def test_what_is_no_symbol_is_not_asked_for(symbol):
    async with yahoo(Scenario()) as (prices, fake):
        with pytest.raises(FetchFailed) as caught:
            await prices.fetch(request(symbol))

    assert caught.value.kind == FailureKind.UNKNOWN_SYMBOL
    assert fake.asked == []


async def test_a_share_that_trades_no_more_is_delisted():
    scenario = Scenario(shares={"AAPL": make_share()})
    after = request(start=date(2020, 10, 1), end=date(2020, 11, 6))

    async with yahoo(scenario, now=datetime(2020, 11, 10, tzinfo=UTC)) as (prices, _):
        with pytest.raises(FetchFailed, match="last traded on 2020-09-30") as caught:
            await prices.fetch(after)

    assert caught.value.kind == FailureKind.DELISTED


@pytest.mark.timeout(25)  # yfinance left to itself waits for 30 s
@pytest.mark.parametrize("fault", [hanging, dripping])
async def test_an_answer_that_never_ends_is_a_timeout(fault):
    scenario = Scenario(shares={"AAPL": make_share()}, faults={"AAPL": [fault]})

    failed = await failure(scenario, timeout_seconds=0.3)

    assert (failed.kind, str(failed)) == (FailureKind.TIMEOUT, "Yahoo gave no answer in 0.3 s")


async def test_nobody_listening_is_the_network():
    async with serving(lambda _: Answer()) as gone:
        pass

    told = await failure(Scenario(), url=gone.url)
    assert told.kind == FailureKind.NETWORK
    assert str(told).startswith("Yahoo could not be reached: Failed to connect to 127.0.0.1")
    assert "curl" not in str(told)


async def test_a_body_without_measure_is_cut(monkeypatch):
    monkeypatch.setattr(yahoo_session, "LARGEST_BODY", 100_000)

    failed = await failure(Scenario(faults={"AAPL": [body(b" " * 10**7)]}))

    assert (failed.kind, str(failed)) == (
        FailureKind.BAD_DATA,
        "Yahoo sent more than 100,000 bytes",
    )


async def test_a_redirect_is_not_followed():
    async with serving(lambda _: Answer(body=b"{}")) as stranger:
        away = Answer(status=302, headers={"location": f"{stranger.url}{CHART}AAPL"})
        failed = await failure(Scenario(faults={"AAPL": [lambda _: away]}))

    assert failed.kind == FailureKind.BAD_DATA
    assert stranger.asked == []
