import asyncio

import pytest
from sqlalchemy import func, select

from models import Backtest, Job
from tests.api.market import LAST, SHARES, UNIVERSE
from tests.factories import STRANGER

RUN = """
mutation Run($input: RunBacktestInput!) {
  runBacktest(input: $input) {
    reused
    backtest { id contentKey parameters costs constraints start end symbols benchmark rebalance }
    job { id status progress kind }
    userErrors { code field message reason }
  }
}
"""
INPUT = {
    "strategy": "momentum",
    "parameters": {"lookback": 60, "skip": 5, "top_n": 2},
    "universe": UNIVERSE,
    "start": "2018-06-01",
    "currency": "USD",
}


def changed(**given):
    return {key: value for key, value in (INPUT | given).items() if value is not ...}


async def rows(sessions, entity):
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(entity))


async def submit(ask, input=INPUT, **more):
    body = await ask(RUN, input=input, **more)
    assert "errors" not in body, body
    return body["data"]["runBacktest"]


async def test_a_backtest_is_queued_with_its_job(ask, market, app, sessions):
    told = await submit(ask, changed(name="First  e\u0301"))

    assert told["userErrors"] == []
    assert not told["reused"]
    assert (told["job"]["status"], told["job"]["progress"]) == ("QUEUED", 0)
    run = told["backtest"]
    assert (run["start"], run["end"]) == ("2018-06-01", LAST.isoformat())
    assert run["symbols"] == list(SHARES)
    assert (run["benchmark"], run["rebalance"]) == ("^GSPC", "MONTHLY")
    assert run["parameters"]["weighting"] == "equal"
    assert run["costs"]["fxSpreadBps"] == 70
    assert run["constraints"]["groupBy"] == "SECTOR"
    async with sessions() as session:
        job, stored = await session.scalar(select(Job)), await session.scalar(select(Backtest))
    assert job.payload == {"backtest_id": str(stored.id)}
    assert stored.name == "First  \u00e9"
    assert set(stored.components) >= {"data", "engine", "parameters", "dates", "knowledge"}
    assert job.enqueued_at is not None


async def test_the_same_content_is_the_same_run(ask, market, sessions):
    first = await submit(ask)

    again = await submit(ask, changed(name="another name"))

    assert again["reused"]
    assert again["backtest"]["id"] == first["backtest"]["id"]
    assert again["job"]["id"] == first["job"]["id"]
    assert await rows(sessions, Job) == 1


@pytest.mark.parametrize(
    "same",
    [
        {"parameters": {"lookback": 60.0, "skip": 5, "top_n": 2, "weighting": "equal"}},
        {"end": LAST.isoformat()},
        {"initialCapital": "100000.00"},
        {"costs": {"commissionFlat": "3", "slippageBps": 5.0}},
        {"constraints": {"maxWeight": 1, "groupBy": "SECTOR"}},
        {"rebalance": "MONTHLY"},
        {"benchmark": "^GSPC"},
        {"fill": "NEXT_OPEN", "wholeShares": True, "decisionClock": "US_CLOSE"},
    ],
    ids=lambda same: next(iter(same)),
)
async def test_a_default_that_is_written_out_changes_nothing(ask, market, same):
    first = await submit(ask)

    again = await submit(ask, changed(**same))

    assert again["userErrors"] == []
    assert again["backtest"]["contentKey"] == first["backtest"]["contentKey"]
    assert again["reused"]


@pytest.mark.parametrize(
    "other",
    [
        {"parameters": {"lookback": 60, "skip": 5, "top_n": 3}},
        {"start": "2018-06-05"},
        {"end": "2019-06-03"},
        {"initialCapital": "100000.01"},
        {"costs": {"slippageBps": 6}},
        {"constraints": {"maxWeight": 0.5}},
        {"rebalance": "WEEKLY"},
        {"allocator": "HRP"},
        {"benchmark": "AAA"},
        {"fill": "NEXT_CLOSE"},
        {"wholeShares": False},
        {"decisionClock": "ASX_CLOSE"},
        {"knownAt": "2020-01-01T00:00:00Z"},
        {"universe": ..., "symbols": list(SHARES)},
        {"strategy": "equal_weight", "parameters": {}},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_what_moves_a_number_is_another_run(ask, market, other):
    first = await submit(ask)

    second = await submit(ask, changed(**other))

    assert second["userErrors"] == []
    assert second["backtest"]["contentKey"] != first["backtest"]["contentKey"]
    assert not second["reused"]


async def test_the_order_of_symbols_does_not_matter(ask, market):
    first = await submit(ask, changed(universe=..., symbols=["AAA", "BBB", "CCC"]))

    second = await submit(ask, changed(universe=..., symbols=["CCC", "AAA", "BBB"]))

    assert second["reused"]
    assert second["backtest"]["id"] == first["backtest"]["id"]


async def test_a_run_that_failed_or_was_cancelled_is_made_anew(ask, market, sessions):
    first = await submit(ask)
    await ask("mutation($id: ID!) { cancelJob(id: $id) { job { id } } }", id=first["job"]["id"])

    second = await submit(ask)

    assert not second["reused"]
    assert second["backtest"]["contentKey"] == first["backtest"]["contentKey"]
    assert second["backtest"]["id"] != first["backtest"]["id"]
    assert await rows(sessions, Job) == 2


async def test_equal_submits_at_once_are_one_job(ask, market, sessions):
    told = await asyncio.gather(*(submit(ask) for _ in range(12)))

    assert len({each["job"]["id"] for each in told}) == 1
    assert sorted(each["reused"] for each in told) == [False] + 11 * [True]
    assert await rows(sessions, Job) == 1


async def test_the_same_key_at_once_is_one_job(ask, market, sessions):
    keyed = changed(idempotencyKey="k1")

    told = await asyncio.gather(*(submit(ask, keyed) for _ in range(12)))

    assert len({each["job"]["id"] for each in told}) == 1
    assert await rows(sessions, Job) == 1


async def test_a_key_stands_for_one_request_only(ask, market, sessions):
    first = await submit(ask, changed(idempotencyKey="k1"))

    other = await submit(ask, changed(idempotencyKey="k1", start="2018-06-05"))

    assert [error["code"] for error in other["userErrors"]] == ["CONFLICT"]
    assert other["userErrors"][0]["reason"] == "IDEMPOTENCY_CONFLICT"
    assert other["userErrors"][0]["field"] == ["input", "idempotencyKey"]
    assert other["backtest"] is None
    again = await submit(ask, changed(idempotencyKey="k1"))
    assert again["job"]["id"] == first["job"]["id"]
    assert await rows(sessions, Job) == 1


async def test_another_owner_has_keys_and_runs_of_its_own(ask, market, sessions):
    first = await submit(ask, changed(idempotencyKey="k1"))

    theirs = await submit(ask, changed(idempotencyKey="k1"), viewer_id=STRANGER)

    assert theirs["userErrors"] == []
    assert not theirs["reused"]
    assert theirs["job"]["id"] != first["job"]["id"]


async def test_quotas_refuse_what_is_too_much(ask, market, app, sessions):
    app.settings = app.settings.model_copy(update={"concurrent_jobs": 1})
    await submit(ask)

    refused = await submit(ask, changed(start="2018-06-05"))

    assert [error["code"] for error in refused["userErrors"]] == ["LIMIT_EXCEEDED"]
    assert refused["userErrors"][0]["reason"] == "CONCURRENT_JOBS"
    assert (await submit(ask))["reused"]
    assert await rows(sessions, Job) == 1


BAD = {
    "unknown strategy": (
        {"strategy": "momentun"},
        ("NOT_FOUND", "strategy", "did you mean momentum?"),
    ),
    "unknown universe": ({"universe": "NOWHERE"}, ("NOT_FOUND", "universe", "'NOWHERE'")),
    "neither universe nor symbols": (
        {"universe": ...},
        ("INVALID", "universe", "neither of universe and symbols"),
    ),
    "both": ({"symbols": ["AAA"]}, ("INVALID", "symbols", "both of universe and symbols")),
    "unknown symbol": (
        {"universe": ..., "symbols": ["AAA", "ZZZ"]},
        ("UNKNOWN_SYMBOL", "symbols", "'ZZZ'"),
    ),
    "lower-case symbol": (
        {"universe": ..., "symbols": ["aaa"]},
        ("UNKNOWN_SYMBOL", "symbols", "upper and lower case differ"),
    ),
    "no symbols": ({"universe": ..., "symbols": []}, ("INVALID", "symbols", "had 0 entries")),
    "too many symbols": (
        {"universe": ..., "symbols": [f"S{n}" for n in range(1001)]},
        ("INVALID", "symbols", "had 1001 entries"),
    ),
    "duplicate symbols": (
        {"universe": ..., "symbols": ["AAA", "BBB", "AAA"]},
        ("INVALID", "symbols", "symbols named AAA twice"),
    ),
    "unknown benchmark": ({"benchmark": "^NONE"}, ("UNKNOWN_SYMBOL", "benchmark", "'^NONE'")),
    "start after end": (
        {"start": "2019-01-02", "end": "2019-01-01"},
        ("INVALID", "start", "start was 2019-01-02"),
    ),
    "start is end": (
        {"start": "2019-01-02", "end": "2019-01-02"},
        ("INVALID", "start", "must lie before the end"),
    ),
    "end in the future": ({"end": "2099-01-01"}, ("INVALID", "end", "today is")),
    "end behind the prices": (
        {"end": "2021-01-01"},
        ("MISSING_DATA", "end", "prices end on 2019-12-27"),
    ),
    "start before the prices": (
        {"start": "1950-01-01"},
        ("MISSING_DATA", "start", "prices begin on 2018-01-01"),
    ),
    "start behind the prices": (
        {"start": "2020-01-01", "end": "2020-01-05"},
        ("MISSING_DATA", "start", "prices end on 2019-12-27"),
    ),
    "history too short": (
        {"parameters": {"lookback": 756}},
        ("INSUFFICIENT_HISTORY", "parameters.lookback", "needs 758 sessions"),
    ),
    "history too short before the end": (
        {"start": "2018-01-01", "end": "2018-03-01"},
        ("INSUFFICIENT_HISTORY", "parameters.lookback", "known on 2018-03-27 at the earliest"),
    ),
    "AUD before rates": (
        {"currency": "AUD"},
        ("MISSING_DATA", "start", "start on 2018-08-27 or later"),
    ),
    "knownAt in the future": (
        {"knownAt": "2099-01-01T00:00:00Z"},
        ("INVALID", "knownAt", "nobody knows"),
    ),
    "capital zero": ({"initialCapital": "0"}, ("INVALID", "initialCapital", "was 0;")),
    "capital negative": ({"initialCapital": "-5"}, ("INVALID", "initialCapital", "was -5;")),
    "capital NaN": ({"initialCapital": "NaN"}, ("INVALID", "initialCapital", "was NaN;")),
    "capital infinite": ({"initialCapital": "Infinity"}, ("INVALID", "initialCapital", "Inf")),
    "capital absurd": ({"initialCapital": "1e308"}, ("INVALID", "initialCapital", "1E+308")),
    "capital below a cent": (
        {"initialCapital": "100.001"},
        ("INVALID", "initialCapital", "two digits"),
    ),
    "negative slippage": (
        {"costs": {"slippageBps": -1}},
        ("INVALID", "costs.slippageBps", "slippageBps was -1; use at least 0 and at most 1000"),
    ),
    "fee above all": (
        {"costs": {"commissionBps": 10001}},
        ("INVALID", "costs.commissionBps", "at most 1000"),
    ),
    "commission NaN": (
        {"costs": {"commissionFlat": "NaN"}},
        ("INVALID", "costs.commissionFlat", "was nan"),
    ),
    "volume share": (
        {"costs": {"maxVolumeShare": 0}},
        ("INVALID", "costs.maxVolumeShare", "more than 0"),
    ),
    "weight above one": (
        {"constraints": {"maxWeight": 1e9}},
        ("INVALID", "constraints.maxWeight", "at most 1"),
    ),
    "least weight above most": (
        {"constraints": {"minWeight": 0.5, "maxWeight": 0.2}},
        ("INVALID", "constraints.minWeight", "must not be above maxWeight"),
    ),
    "positions": (
        {"constraints": {"maxPositions": 0}},
        ("INVALID", "constraints.maxPositions", "at least 1"),
    ),
    "allocator of another": (
        {"allocator": "NCO"},
        ("INVALID", "allocator", "choose one of EQUAL_WEIGHT, INVERSE_VOLATILITY, HRP"),
    ),
    "parameter below its bound": (
        {"parameters": {"lookback": 60, "skip": 5, "top_n": 0}},
        ("INVALID", "parameters.top_n", "top_n was 0; use at least 1"),
    ),
    "parameter above its bound": (
        {"parameters": {"lookback": 757}},
        ("INVALID", "parameters.lookback", "use at most 756"),
    ),
    "parameter of the wrong type": (
        {"parameters": {"top_n": "five"}},
        ("INVALID", "parameters.top_n", 'top_n was "five"; write a whole number'),
    ),
    "parameter that is true": (
        {"parameters": {"top_n": True}},
        ("INVALID", "parameters.top_n", "top_n was true; write a whole number"),
    ),
    "parameter that is null": (
        {"parameters": {"top_n": None}},
        ("INVALID", "parameters.top_n", "top_n was null"),
    ),
    "unknown choice": (
        {"parameters": {"weighting": "equally"}},
        ("INVALID", "parameters.weighting", "use one of equal, inverse_vol, hrp, score"),
    ),
    "unknown parameter": (
        {"parameters": {"top_k": 3}},
        ("INVALID", "parameters.top_k", "did you mean top_n?"),
    ),
    "parameters out of order": (
        {"parameters": {"lookback": 21, "skip": 21}},
        ("INVALID", "parameters.skip", "it must be below lookback, which is 21"),
    ),
    "parameters as a list": (
        {"parameters": [1]},
        ("INVALID", "parameters", "parameters was no object"),
    ),
    "a parameter's symbol is not of the run": (
        {"strategy": "dual_momentum", "parameters": {"lookback": 63, "defensive": ["ZZZ"]}},
        ("UNKNOWN_SYMBOL", "parameters.defensive", "no asset of this run"),
    ),
    "a symbol in two lists": (
        {
            "strategy": "dual_momentum",
            "parameters": {"lookback": 63, "risky": ["AAA"], "defensive": ["AAA"]},
        },
        ("INVALID", "parameters.defensive", "risky lists it already"),
    ),
    "control character in the name": ({"name": "a\x07b"}, ("INVALID", "name", "U+0007")),
    "bidi override in the name": ({"name": "a\u202eb"}, ("INVALID", "name", "U+202E")),
    "name too long": ({"name": "x" * 201}, ("INVALID", "name", "had 201 characters")),
    "empty key": ({"idempotencyKey": ""}, ("INVALID", "idempotencyKey", "had 0 characters")),
    "long key": (
        {"idempotencyKey": "k" * 129},
        ("INVALID", "idempotencyKey", "had 129 characters"),
    ),
}


@pytest.mark.parametrize(("given", "expected"), BAD.values(), ids=BAD.keys())
async def test_bad_input_is_named_and_nothing_is_queued(ask, market, sessions, given, expected):
    code, field, words = expected

    told = await submit(ask, changed(**given))

    assert [(e["code"], ".".join(e["field"])) for e in told["userErrors"]] == [
        (code, f"input.{field}")
    ]
    assert words in told["userErrors"][0]["message"]
    assert (told["backtest"], told["job"], told["reused"]) == (None, None, False)
    assert (await rows(sessions, Job), await rows(sessions, Backtest)) == (0, 0)


async def test_every_fault_is_told_at_once(ask, market, sessions):
    bad = changed(
        strategy="momentum",
        parameters={"top_n": 0, "lookbak": 3},
        initialCapital="0",
        costs={"slippageBps": -1},
    )

    told = await submit(ask, bad)

    assert {error["field"][-1] for error in told["userErrors"]} == {
        "lookbak",
        "top_n",
        "initialCapital",
        "slippageBps",
    }
    assert await rows(sessions, Job) == 0


async def test_the_first_start_in_australian_dollars_is_the_one_the_error_names(ask, market):
    told = await submit(ask, changed(currency="AUD", start="2018-08-27"))

    assert told["userErrors"] == []


async def test_an_identical_resubmit_takes_few_statements(ask, market, counting):
    await submit(ask)

    with counting() as seen:
        again = await submit(ask)

    assert again["reused"]
    assert len(seen) == 10, seen
