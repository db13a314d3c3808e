"""Plans a strategy has none of, and what a plan says of its decision."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from api.services.backtest_request import Costs
from api.services.plan_request import PlanRequest
from api.services.plan_strategy import strategy_of
from models.session import unit_of_work
from tests.api.rebalancing import perform_plan, plan_of_job, planned
from tests.api.test_plan_jobs import MOMENTUM, STRATEGY


async def test_a_decision_that_sells_short_is_no_plan(ask, app, market):
    told = await planned(
        ask, STRATEGY | {"strategy": "reversal", "parameters": {"allow_short": True}}
    )

    await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))

    job = await plan_of_job(ask, told["job"]["id"])
    assert (job["status"], job["error"]["code"]) == ("FAILED", "INVALID")
    assert "short, and a plan only buys and sells what is owned" in job["error"]["message"]


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [
        ("stat_arb", {"form": 126}),
        ("vol_scaling", {"primary": "stat_arb", "primary_parameters": {"form": 126}}),
    ],
    ids=["alone", "wrapped"],
)
async def test_a_strategy_that_must_sell_short_has_no_plan(ask, market, strategy, parameters):
    told = await planned(ask, STRATEGY | {"strategy": strategy, "parameters": parameters})

    [error] = told["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["input", "strategy"])
    assert "stat_arb cannot do without short positions" in error["message"]


async def test_a_plan_tells_what_its_decision_is_flagged_with(ask, app, market):
    asked = {"strategy": "meta_label", "parameters": {"primary_parameters": MOMENTUM}}
    told = await planned(ask, STRATEGY | asked)

    await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))

    plan = (await plan_of_job(ask, told["job"]["id"]))["subject"]
    assert "the decision is flagged untrained" in plan["warnings"]


def test_a_strategy_plans_with_the_costs_and_the_capital_its_plan_is_for():
    asked = PlanRequest(strategy="momentum", as_of=date(2024, 5, 31), capital=Decimal(5_000))
    dear = replace(asked, costs=Costs(slippage_bps=50.0))

    told, other = (strategy_of(each).circumstances for each in (asked, dear))

    assert (told.capital, other.costs.slippage_bps) == (5_000.0, 50.0)
    assert told.costs.commission_flat == Costs().commission_flat
    assert strategy_of(asked).circumstances.seed == told.seed
    assert other.seed != told.seed


async def test_a_decision_on_credit_is_no_plan(ask, app, market):
    async with unit_of_work(app.sessions) as session:
        # The account whose volatility counts decides at the close, as runs do.
        await session.execute(text("UPDATE price_bar SET known_at = known_at - interval '2 hours'"))
    more = {"window": 21, "max_lev": 3.0, "target": 0.4, "primary_parameters": MOMENTUM}
    asked = {"strategy": "vol_scaling", "parameters": more, "costs": {"maxVolumeShare": 1.0}}
    told = await planned(ask, STRATEGY | asked)

    await perform_plan(app, UUID(told["job"]["id"].removeprefix("job_")))

    job = await plan_of_job(ask, told["job"]["id"])
    assert (job["status"], job["error"]["code"]) == ("FAILED", "INVALID")
    assert "times the equity, and a plan borrows nothing" in job["error"]["message"]
