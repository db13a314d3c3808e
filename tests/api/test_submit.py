import asyncio

import pytest
from sqlalchemy import select, update

from api import telemetry
from api.services import backtests
from api.telemetry import Metric
from models import Backtest, Instrument, Job
from tests.api.market import LAST, SHARES
from tests.api.submitting import changed, rows, submit
from tests.factories import STRANGER


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
        {"costs": {"cashBuffer": 0, "residualPass": False, "delistReturn": -0.30}},
        {"costs": {"fxMode": "CONVERT_EACH", "halfSpreadUsBps": None, "maxCarry": 3}},
        {"costs": {"cashRateBasis": "FIXED", "cashMarginBps": 0, "borrowSpreadBps": 150}},
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
        {"costs": {"halfSpreadUsBps": 5}},
        {"costs": {"cashBuffer": 0.1}},
        {"costs": {"residualPass": True}},
        {"costs": {"maxCarry": 0}},
        {"costs": {"delistReturn": -1}},
        {"costs": {"fxMode": "HOLD_USD"}},
        {"costs": {"cashMarginBps": 50}},
        {"costs": {"borrowSpreadBps": 149}},
        {"constraints": {"maxWeight": 0.5}},
        {"rebalance": "WEEKLY"},
        {"allocator": "HRP"},
        {"benchmark": "AAA"},
        {"fill": "NEXT_CLOSE"},
        {"wholeShares": False},
        {"overlayVolTarget": 0.1},
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


@pytest.mark.parametrize("said", [{"sector": "Energy"}, {"fields": ["close"]}, {"flags": ["odd"]}])
async def test_a_share_described_otherwise_makes_another_run(ask, market, sessions, said):
    first = await submit(ask)

    async with sessions.begin() as session:
        await session.execute(update(Instrument).filter_by(symbol=SHARES[0]).values(**said))
    second = await submit(ask)

    assert second["backtest"]["contentKey"] != first["backtest"]["contentKey"]


@pytest.mark.parametrize("edition", ["calendars_in_use", "libraries_in_use"])
async def test_other_calendars_or_libraries_make_another_run(ask, market, monkeypatch, edition):
    first = await submit(ask)

    monkeypatch.setattr(backtests, edition, lambda: "another edition")
    second = await submit(ask)

    assert second["backtest"]["contentKey"] != first["backtest"]["contentKey"]


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


async def test_equal_submits_at_once_are_one_job(ask, market, sessions, monkeypatch):
    monkeypatch.setattr(telemetry.meter, "sums", {})

    told = await asyncio.gather(*(submit(ask) for _ in range(12)))

    assert len({each["job"]["id"] for each in told}) == 1
    assert sorted(each["reused"] for each in told) == [False] + 11 * [True]
    assert telemetry.meter.sums == {Metric.JOBS_SUBMITTED: 1.0, Metric.REUSED_RUNS: 11.0}
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


async def test_quotas_hold_for_submits_at_once(ask, market, app, sessions):
    app.settings = app.settings.model_copy(update={"concurrent_jobs": 2})
    wishes = [changed(start=f"2018-06-{day:02}") for day in range(1, 9)]

    told = await asyncio.gather(*(submit(ask, wish) for wish in wishes))

    refused = [each["userErrors"][0]["reason"] for each in told if each["userErrors"]]
    assert refused == 6 * ["CONCURRENT_JOBS"]
    assert await rows(sessions, Job) == 2


async def test_the_first_start_in_australian_dollars_is_the_one_the_error_names(ask, market):
    told = await submit(ask, changed(currency="AUD", start="2018-08-27"))

    assert told["userErrors"] == []


async def test_a_key_given_with_content_that_is_there_is_taken(ask, market, sessions):
    first = await submit(ask)

    met = await submit(ask, changed(idempotencyKey="k1"))
    again = await submit(ask, changed(idempotencyKey="k1"))
    other = await submit(ask, changed(idempotencyKey="k1", start="2018-06-05"))

    assert [told["job"]["id"] for told in (met, again)] == 2 * [first["job"]["id"]]
    assert [fault["reason"] for fault in other["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert await rows(sessions, Job) == 1


async def test_another_owners_taken_key_is_free(ask, market):
    await submit(ask)
    await submit(ask, changed(idempotencyKey="k1"))

    theirs = await submit(ask, changed(idempotencyKey="k1", start="2018-06-05"), viewer_id=STRANGER)

    assert (theirs["userErrors"], theirs["reused"]) == ([], False)


async def test_an_identical_resubmit_takes_few_statements(ask, market, counting):
    await submit(ask)

    with counting() as seen:
        again = await submit(ask)

    assert again["reused"]
    assert len(seen) == 10, seen
