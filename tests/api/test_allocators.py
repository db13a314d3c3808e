"""Every allocator of the contract on the sample, and what a run tells where one has no answer."""

import pytest

from models.backtest import Allocator
from tests.api.asking import asked
from tests.api.test_every_strategy import finished, require_sound, sample, submitted

__all__ = ["sample"]

FALLBACKS = """
query Fallbacks($id: ID!) {
  backtest(id: $id) { constraints diagnostics guards { flags } }
}
"""
MOMENTUM = {"parameters": {"top_n": 8}, "start": "2016-06-01"}


async def test_no_allocator_is_left_out(sample):
    told = await asked(sample, '{ strategy(key: "momentum") { allocators } }')

    assert set(told["data"]["strategy"]["allocators"]) == set(Allocator)


@pytest.mark.parametrize("allocator", sorted(Allocator))
async def test_an_allocator_weighs_what_momentum_chose(sample, allocator):
    told = await submitted(sample, "momentum", allocator=allocator, **MOMENTUM)

    require_sound(await finished(sample, told))


@pytest.mark.parametrize(("policy", "used"), [("RELAX", "limits"), ("HRP", "hrp")])
async def test_limits_that_cannot_hold_are_counted_in_the_result(sample, policy, used):
    limits = {"maxWeight": 0.05, "onInfeasible": policy, "relativeBand": 0.1, "bandFill": "SPREAD"}
    limits["minTrade"] = 250
    told = await submitted(sample, "momentum", constraints=limits, **MOMENTUM)

    await finished(sample, told)
    body = await asked(sample, FALLBACKS, id=told["backtest"]["id"])

    run = body["data"]["backtest"]
    found = run["diagnostics"]["fallbacks"]
    count = len(found["records"])
    assert count > 10
    assert found["summary"] == f"fallback on {count} of {count} decisions"
    assert found["records"][0]["why"] == ["max_weight 0.05 x 8 held = 0.40 < 1.00"]
    assert found["records"][0]["used"] == used
    relaxed = ["max_weight 0.05 relaxed to 0.125"] if policy == "RELAX" else []
    assert found["records"][0]["relaxed"] == relaxed
    assert "fallback" in run["guards"]["flags"]
    assert run["constraints"]["onInfeasible"] == policy
    assert run["constraints"]["bandFill"] == "SPREAD"
    assert run["constraints"]["minTrade"] == 250


async def test_caps_by_two_groupings_reach_the_run_and_come_back(sample):
    limits = {"groupCap": 0.4, "groupCaps": [{"by": "CURRENCY", "cap": 0.5}]}
    told = await submitted(sample, "momentum", constraints=limits, **MOMENTUM)

    require_sound(await finished(sample, told))
    run = (await asked(sample, FALLBACKS, id=told["backtest"]["id"]))["data"]["backtest"]

    # All trade in one currency: half is what may be held.
    assert run["constraints"]["groupCaps"] == [{"by": "CURRENCY", "cap": 0.5}]
    why = run["diagnostics"]["fallbacks"]["records"][0]["why"]
    assert why == ["caps by SECTOR 0.40, CURRENCY 0.50 leave room for 0.50 < 1.00"]


async def test_a_run_that_must_not_fall_back_fails_by_name(sample):
    limits = {"maxWeight": 0.05, "onInfeasible": "FAIL"}
    told = await submitted(sample, "momentum", constraints=limits, **MOMENTUM)

    run = await finished(sample, told)

    assert run["job"]["status"] == "FAILED"
    assert run["job"]["error"]["code"] == "INFEASIBLE"
    assert "max_weight 0.05 x 8 held = 0.40 < 1.00" in run["job"]["error"]["message"]


@pytest.mark.parametrize(
    "limits",
    [
        {"relativeBand": 0.6},
        {"minTrade": -1},
        {"groupCaps": [{"by": "SECTOR", "cap": 1.5}]},
        {"onInfeasible": "HOPE"},
        {"bandFill": "BURN"},
    ],
)
async def test_limits_out_of_range_are_refused(sample, limits):
    wish = {"strategy": "momentum", "universe": "SAMPLE_US", "start": "2016-06-01"}
    mutation = """
    mutation ($input: RunBacktestInput!) {
      runBacktest(input: $input) { userErrors { code field } }
    }
    """

    body = await asked(sample, mutation, input={**wish, "constraints": limits})

    if "onInfeasible" not in limits and "bandFill" not in limits:
        [error] = body["data"]["runBacktest"]["userErrors"]
        assert error["code"] == "INVALID"
        assert error["field"][:3] == ["input", "constraints", next(iter(limits))]
    else:
        assert "does not exist in" in body["errors"][0]["message"]


async def test_a_cap_that_limits_nothing_is_named(sample):
    mutation = """
    mutation ($input: RunBacktestInput!) {
      runBacktest(input: $input) { userErrors { message field } }
    }
    """
    caps = [{"by": "SECTOR", "cap": 0.5}, {"by": "SECTOR", "cap": 0}, {"by": "CURRENCY", "cap": 1}]
    wish = {"strategy": "momentum", "universe": "SAMPLE_US", "start": "2016-06-01"}

    body = await asked(sample, mutation, input={**wish, "constraints": {"groupCaps": caps}})

    [error] = body["data"]["runBacktest"]["userErrors"]
    assert error["message"] == "cap of SECTOR was 0; use more than 0 and at most 1"
    assert error["field"] == ["input", "constraints", "groupCaps", "1", "cap"]
