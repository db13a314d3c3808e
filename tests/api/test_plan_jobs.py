"""Plans of strategies: a job decides, with what is known at its day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from api.adapters.csv_series import read_series
from api.services.backtest_request import BacktestRequest, Costs
from api.services.backtests import submit_backtest
from api.services.import_series import import_series
from api.services.jobs import perform
from api.services.plan_request import PlanRequest
from api.services.publish_backtest import publish_backtest
from api.services.run_backtest import run_backtest
from api.services.work import Steps
from models.backtests import BacktestRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.job import Job, JobKind, JobStatus
from models.jobs import JobRepository
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.job_rows import FAST
from tests.api.market import LAST, UNIVERSE
from tests.api.rebalancing import (
    finished_run,
    perform_plan,
    plan_of_job,
    planned,
    read_plan,
    write_books,
    write_shares,
)
from tests.api.submitting import rows
from tests.factories import make_bar, make_job

STRATEGY = {
    "strategy": "equal_weight",
    "universe": UNIVERSE,
    "asOf": LAST.isoformat(),
    "capital": "10000",
    "costs": {"commissionFlat": "0", "slippageBps": 0, "fxSpreadBps": 0},
}


async def test_a_strategy_is_planned_by_a_job(ask, app, market):
    told = await planned(ask, STRATEGY)

    assert told["userErrors"] == []
    assert (told["plan"], told["job"]["kind"], told["job"]["status"]) == (None, "PLAN", "QUEUED")
    job_id = told["job"]["id"]
    await perform_plan(app, UUID(job_id.removeprefix("job_")))

    job = await plan_of_job(ask, job_id)
    assert (job["status"], job["error"]) == ("SUCCEEDED", None)
    plan = job["subject"]
    assert [each["targetWeight"] for each in plan["lines"]] == [pytest.approx(0.2)] * 5
    assert plan["asOf"] == LAST.isoformat()
    assert plan["decisionBar"] == "2019-12-27T21:00:00Z"
    # Five shares in US dollars at 0.75: each order is the most that 2,000 pays for.
    for line in plan["lines"]:
        unit = Decimal(line["estimatedPrice"]) / Decimal("0.75")
        assert Decimal(line["quantity"]) == 2000 // unit
    assert await read_plan(ask, plan["id"]) == plan


MOMENTUM = {"lookback": 60, "skip": 5, "top_n": 2}


@pytest.mark.parametrize(
    ("strategy", "parameters", "assets"),
    [
        ("momentum", MOMENTUM, 2),
        ("vol_scaling", {"target": 0.02, "window": 42, "primary_parameters": MOMENTUM}, 2),
        ("regime", {"min_obs": 252, "growth": "equal_weight", "stress_defensive": 0.1}, 5),
    ],
    ids=["momentum", "vol_scaling", "regime"],
)
async def test_a_plan_decides_as_a_run_that_begins_there(
    ask, app, market, strategy, parameters, assets
):
    """The weights are those of the strategy's first decision, by the engine's own run."""
    day = date(2019, 12, 26)
    async with unit_of_work(app.sessions) as session:
        # A run decides at the close, in summer at 20:00; these bars are known at 21:15.
        await session.execute(text("UPDATE price_bar SET known_at = known_at - interval '2 hours'"))
    async with unit_of_work(app.sessions) as session:
        submitted = await submit_backtest(
            session,
            owner_id=app.settings.owner_id,
            request=BacktestRequest(
                strategy=strategy,
                parameters=parameters,
                universe=UNIVERSE,
                start=day,
                end=LAST,
                costs=Costs(max_volume_share=1.0),
            ),
        )

    async def work(job, pulse):
        return await run_backtest(job, pulse, sessions=app.sessions, store=app.store)

    steps = {"BACKTEST": Steps(work=work, publish=publish_backtest)}
    await perform(submitted.job.id, steps, app.sessions, timing=FAST)
    async with unit_of_work(app.sessions) as session:
        run = await BacktestRepository(session).require_by_job(submitted.job.id)

    asked = STRATEGY | {"strategy": strategy, "parameters": parameters, "asOf": day.isoformat()}
    asked |= {"capital": "100000", "costs": {"maxVolumeShare": 1.0}}
    told = await planned(ask, asked)
    await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))
    plan = (await plan_of_job(ask, told["job"]["id"]))["subject"]

    wanted = {each["symbol"]: each["targetWeight"] for each in plan["lines"]}
    # The history of a plan begins some days before a run's, which moves a model fitted to it.
    near = 0.005 if strategy == "regime" else 1e-6
    assert wanted == pytest.approx(run.summary["targets"]["weights"], rel=near)
    assert len(wanted) == assets
    assert (sum(wanted.values()) < 0.99) == (strategy != "momentum")


async def test_a_strategy_sees_no_bar_that_is_not_known(ask, app, market):
    """Poison on the very day, known later: the best of the five stays the best."""
    asked = STRATEGY | {
        "strategy": "momentum",
        "parameters": {"lookback": 60, "skip": 0, "top_n": 1},
    }

    async def best():
        told = await planned(ask, asked)
        await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))
        plan = (await plan_of_job(ask, told["job"]["id"]))["subject"]
        return plan["lines"][0]["symbol"], plan["lines"][0]["estimatedPrice"]

    before = await best()
    async with unit_of_work(app.sessions) as session:
        tomorrow = datetime.now(UTC) + timedelta(days=1)

        ids = await InstrumentRepository(session).ids_by_symbol(["AAA", "BBB", "CCC", "DDD"])
        poison = [make_bar(each, LAST, 1e6, known_at=tomorrow) for each in ids.values()]
        await session.execute(
            text("DELETE FROM price_bar WHERE instrument_id = ANY (:ids) AND date = :day"),
            {"ids": list(ids.values()), "day": LAST},
        )
        await PriceBarRepository(session).write(poison)
        await FingerprintRepository(session).refresh(Scope.BARS, list(ids.values()))

    assert await best() == before


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"strategy": "momentun"}, "NOT_FOUND", ["input", "strategy"]),
        ({"parameters": {"topn": 3}}, "INVALID", ["input", "parameters", "topn"]),
        ({"universe": "NOWHERE"}, "NOT_FOUND", ["input", "universe"]),
        ({"universe": None, "symbols": ["AAA", "NONE"]}, "UNKNOWN_SYMBOL", ["input", "symbols"]),
        ({"universe": None}, "INVALID", ["input", "universe"]),
        ({"symbols": ["AAA"]}, "INVALID", ["input", "symbols"]),
        ({"allocator": "HRP"}, "INVALID", ["input", "allocator"]),
        ({"constraints": {"maxWeight": 2}}, "INVALID", ["input", "constraints", "maxWeight"]),
        ({"costs": {"slippageBps": -1}}, "INVALID", ["input", "costs", "slippageBps"]),
        ({"asOf": "2017-12-29"}, "MISSING_DATA", ["input", "asOf"]),
        (
            {"strategy": "momentum", "parameters": {"lookback": 500}},
            "MISSING_DATA",
            ["input", "asOf"],
        ),
    ],
)
async def test_a_strategy_is_refused_at_once_for_what_a_run_is(
    ask, app, market, given, code, field
):
    told = await planned(ask, STRATEGY | given)

    assert [(each["code"], each["field"]) for each in told["userErrors"]] == [(code, field)]
    assert await rows(app.sessions, Job) == 0


async def test_a_strategy_is_planned_on_a_day_that_has_begun_in_sydney_alone(
    ask, market, monkeypatch
):
    """Today of a plan is Sydney's; a run ends by the date of UTC, hours behind it."""
    monkeypatch.setattr("api.services.portfolio_days.AHEAD", timedelta(days=1))
    asked = {name: value for name, value in STRATEGY.items() if name != "asOf"}

    told = await planned(ask, asked)

    assert (told["userErrors"], told["job"]["kind"]) == ([], "PLAN")


async def test_the_quota_counts_a_plan(ask, app, market):
    app.settings = app.settings.model_copy(update={"concurrent_jobs": 1})

    first, second = await planned(ask, STRATEGY), await planned(ask, STRATEGY)

    assert first["userErrors"] == []
    assert second["userErrors"][0]["reason"] == "CONCURRENT_JOBS"


async def test_a_job_that_finds_less_history_than_was_there_says_so(app, market):
    """Prices may be withdrawn between the asking and the work."""
    asked = PlanRequest(
        strategy="momentum",
        parameters={"lookback": 60, "skip": 5, "top_n": 2},
        symbols=("AAA", "BBB"),
        as_of=date(2018, 3, 1),
    )
    async with unit_of_work(app.sessions) as session:
        await session.execute(text("UPDATE instrument SET currency = 'AUD'"))
        job = await JobRepository(session).add(
            make_job(kind=JobKind.PLAN, owner_id=app.settings.owner_id, payload=asked.payload())
        )

    await perform_plan(app, job.id)

    async with unit_of_work(app.sessions) as session:
        ended = await JobRepository(session).require(job.id)
    assert (ended.status, ended.failure_code) == (JobStatus.FAILED, "INSUFFICIENT_HISTORY")
    assert ended.failure_detail.startswith(
        "momentum needs 61 sessions before it can decide; 41 are known"
    )


async def test_a_job_whose_books_are_worth_nothing_says_so(ask, app, market):
    told = await planned(ask, STRATEGY | {"capital": None})
    await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))

    job = await plan_of_job(ask, told["job"]["id"])

    assert (job["status"], job["error"]["code"]) == ("FAILED", "MISSING_DATA")
    assert "record the deposits" in job["error"]["message"]


async def test_a_plan_of_three_takes_as_many_statements_as_one_of_one(ask, app, counting):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="200")
    one = await finished_run(app, {"BHP.AX": 0.5})
    three = await finished_run(app, {"BHP.AX": 0.2, "CBA.AX": 0.5, "AAPL": 0.25})

    counts = []
    for run in (one, three):
        with counting() as writing:
            told = await planned(ask, {"backtest": run, "asOf": "2024-03-04"})
        counts.append(len(writing))
    with counting() as reading:
        await read_plan(ask, told["plan"]["id"])

    assert counts[0] == counts[1] <= 12
    assert len(reading) == 1, reading


GATED = STRATEGY | {"strategy": "reversal", "parameters": {"vix_min": 12.0}}


async def write_vix(sessions):
    days = (LAST - timedelta(days=back) for back in range(40, -1, -1))
    content = "\n".join(["date,value", *(f"{day},20" for day in days), ""])
    async with unit_of_work(sessions) as session:
        file = read_series(content.encode(), name="vix.csv", panel="VIX")
        await import_series(session, file, now=datetime.now(UTC))


async def test_a_plan_misses_the_panel_its_strategy_needs_by_name(ask, sessions, market):
    told = await planned(ask, GATED)

    [error] = told["userErrors"]
    assert (error["code"], error["reason"]) == ("MISSING_DATA", "MISSING_PANEL")
    assert "reversal needs the panel VIX" in error["message"]
    assert await rows(sessions, Job) == 0


@pytest.mark.parametrize(
    ("gone", "status", "code"),
    [(False, "SUCCEEDED", None), (True, "FAILED", "MISSING_DATA")],
    ids=["still there", "gone by then"],
)
async def test_a_plan_reads_the_panels_of_its_strategy(ask, app, market, gone, status, code):
    await write_vix(app.sessions)
    told = await planned(ask, GATED)
    if gone:
        async with unit_of_work(app.sessions) as session:
            await session.execute(text("DELETE FROM macro_series"))

    await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))

    job = await plan_of_job(ask, told["job"]["id"])
    assert (job["status"], (job["error"] or {}).get("code")) == (status, code)
