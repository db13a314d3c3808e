"""Tiingo at its worst: each misfortune has its kind, and the key goes to nobody else."""

from datetime import UTC, datetime
from email.utils import format_datetime

import numpy as np
import pytest

from api.adapters.downloads import Downloads
from api.errors import FailureKind, FetchFailed
from tests.adapters.tiingo import (
    failure,
    make_share,
    request,
    tiingo,
)
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
