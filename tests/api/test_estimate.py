"""What a run would take, told before it is queued, and refused for what it would be refused for."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from api.services.estimate import (
    DAYS_PER_YEAR,
    USD_PER_SECOND,
    USUAL_RUN_SECONDS_PER_YEAR,
    USUAL_TRIAL_SECONDS_PER_YEAR,
)
from models.job import Job
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.finished import finish_backtest
from tests.api.market import LAST, UNIVERSE
from tests.api.submitting import INPUT, changed, rows, submit
from tests.factories import STRANGER, make_job

ESTIMATE = """
query($input: RunBacktestInput!, $axes: [ParameterAxisInput!]) {
  estimate(input: $input, axes: $axes) {
    combinations computeSeconds costUsd allowed measuredRuns
    userErrors { code field reason message }
  }
}
"""
DAYS = (LAST - date(2018, 6, 1)).days
AXES = [{"name": "lookback", "values": [40, 60]}, {"name": "top_n", "low": 1, "high": 3}]


async def estimated(ask, input=INPUT, axes=None, **more):
    body = await ask(ESTIMATE, input=input, axes=axes, **more)
    assert "errors" not in body, body
    return body["data"]["estimate"]


async def ran(app, *, seconds, **given):
    """A backtest of a thousand days that took so long."""
    run = await finish_backtest(
        app,
        **{
            "strategy_key": "momentum",
            "universe_key": UNIVERSE,
            "start_on": date(2018, 1, 1),
            "end_on": date(2018, 1, 1) + timedelta(days=1_000),
        }
        | given,
    )
    async with unit_of_work(app.sessions) as session:
        took = update(Job).where(col(Job.id) == run.job_id).values(compute_seconds=seconds)
        await session.execute(took)


async def test_before_the_first_run_the_usual_figure_is_told(ask, app, market):
    told = await estimated(ask)

    assert (told["combinations"], told["measuredRuns"], told["allowed"]) == (1, 0, True)
    usual = USUAL_RUN_SECONDS_PER_YEAR * DAYS / DAYS_PER_YEAR
    assert told["computeSeconds"] == pytest.approx(usual)
    assert told["costUsd"] == pytest.approx(usual * USD_PER_SECOND)
    assert told["userErrors"] == []
    assert await rows(app.sessions, Job) == 0


async def test_axes_multiply_and_trials_have_a_pace_of_their_own(ask, app, market):
    told = await estimated(ask, axes=AXES)

    assert told["combinations"] == 6
    usual = USUAL_TRIAL_SECONDS_PER_YEAR * DAYS / DAYS_PER_YEAR
    assert told["computeSeconds"] == pytest.approx(6 * usual)


async def test_the_median_of_the_runs_most_like_it_counts(ask, app, market):
    await ran(app, seconds=900.0, strategy_key="hrp")
    of_any = await estimated(ask)
    await ran(app, seconds=90.0, universe_key="ELSEWHERE")
    of_the_strategy = await estimated(ask)
    for seconds in (1.0, 2.0, 30.0):
        await ran(app, seconds=seconds)
    of_both = await estimated(ask)

    assert [each["measuredRuns"] for each in (of_any, of_the_strategy, of_both)] == [1, 1, 3]
    assert of_any["computeSeconds"] == pytest.approx(0.9 * DAYS)
    assert of_the_strategy["computeSeconds"] == pytest.approx(0.09 * DAYS)
    assert of_both["computeSeconds"] == pytest.approx(0.002 * DAYS)


async def test_another_owners_runs_say_nothing(ask, app, market):
    await ran(app, seconds=900.0, owner_id=STRANGER)

    assert (await estimated(ask))["measuredRuns"] == 0


@pytest.mark.parametrize(
    "given",
    [
        {"strategy": "momentun"},
        {"parameters": {"lookback": 0}},
        {"universe": "NOWHERE"},
        {"universe": ..., "symbols": ["AAA", "NONE"]},
        {"start": "2019-12-27"},
        {"costs": {"slippageBps": -1}, "initialCapital": "0"},
        {"currency": "AUD", "start": "2018-02-01"},
    ],
)
async def test_it_is_refused_for_what_the_run_is(ask, app, market, given):
    asked = changed(**given)

    told, refused = await estimated(ask, asked), await submit(ask, asked)

    assert told["allowed"] is False
    assert told["combinations"] == 0
    assert told["userErrors"] == refused["userErrors"] != []


@pytest.mark.parametrize(
    ("axes", "code", "field"),
    [
        ([{"name": "lookbak", "values": [1]}], "INVALID", ["axes", "0", "name"]),
        ([{"name": "top_n", "values": []}], "INVALID", ["axes", "0", "values"]),
        ([{"name": "skip", "low": 0, "high": 1, "step": 0}], "INVALID", ["axes", "0", "step"]),
        ([AXES[0], AXES[0]], "INVALID", ["axes"]),
        (
            [
                {"name": "lookback", "low": 21, "high": 500},
                {"name": "top_n", "low": 1, "high": 100},
            ],
            "LIMIT_EXCEEDED",
            ["axes"],
        ),
    ],
)
async def test_axes_are_refused_at_their_own_argument(ask, app, market, axes, code, field):
    told = await estimated(ask, axes=axes)

    assert (code, field) in [(each["code"], each["field"]) for each in told["userErrors"]]
    assert told["allowed"] is False


async def test_a_run_that_fails_beside_axes_is_told_at_the_input(ask, app, market):
    told = await estimated(ask, changed(universe="NOWHERE"), axes=AXES)

    assert [each["field"] for each in told["userErrors"]] == [["input", "universe"]]


async def test_a_spent_quota_leaves_the_figures(ask, app, market):
    app.settings = app.settings.model_copy(update={"concurrent_jobs": 1})
    async with unit_of_work(app.sessions) as session:
        await JobRepository(session).add(make_job(owner_id=app.settings.owner_id))

    told = await estimated(ask)

    assert (told["allowed"], told["combinations"]) == (False, 1)
    assert told["computeSeconds"] > 0
    assert [each["reason"] for each in told["userErrors"]] == ["CONCURRENT_JOBS"]


def test_the_price_is_that_of_the_workers_as_they_are_deployed():
    root = Path(__file__).parents[2] / "pulumi"
    price = tomllib.loads((root / "prices.toml").read_text())["price"]["lambda-gb-second-arm"]
    memory = 3_008
    assert (
        f"backtest: WorkerSize = WorkerSize(memory_mb={memory:_},"
        in (root / "stack.py").read_text()
    )

    assert pytest.approx(memory / 1_024 * price["usd"]) == USD_PER_SECOND
