"""Regimes, scenarios and a run's risk, as the API answers them."""

import pytest
from sqlalchemy import update
from sqlmodel import col

from engine.scenarios import SCENARIOS
from models.backtest import Backtest
from models.session import unit_of_work
from tests.api.finished import SUMMARY, finish_backtest
from tests.api.regimes import SESSIONS, compute_regimes, write_index

REGIME = """
query ($symbol: String! = "^GSPC", $start: Date, $end: Date, $knownAt: DateTime, $points: Int) {
  regime(symbol: $symbol, start: $start, end: $end, knownAt: $knownAt, maxPoints: $points) {
    symbol source asOf fittedOn current since sessionsInState probabilities dates states labels
    stateProbabilities transitions suggestedAllocation allocationBasis indices flags
    byState { name share probability meanReturn volatility expectedSessions }
  }
}
"""
RISK = """
query ($id: ID!) {
  backtest(id: $id) {
    stress { scenario { key kind startsOn } covered return benchmarkReturn }
    crisisWindows { scenario { key name startsOn endsOn } covered return maxDrawdown costs }
    regimes { regime of share sessions cagr maxDrawdown meanReturn }
  }
}
"""
NO_FIGURES = {
    "max_drawdown": None, "benchmark_return": None, "asset_return": None, "currency_return": None,
    "costs": None, "turnover": None, "days_to_recover": None,
}  # fmt: skip
COVERED = NO_FIGURES | {"covered": True, "total_return": -0.25, "max_drawdown": -0.3}
UNCOVERED = NO_FIGURES | {"covered": False, "total_return": None}
GROUP = {
    "label": 0, "sessions": 60, "share": 0.5, "mean": 0.08, "volatility": 0.1, "sharpe": 0.7,
    "cagr": None, "hit_rate": 0.5, "beta": 1.0, "of": "^GSPC", "regime": "CALM",
}  # fmt: skip


@pytest.fixture
async def regimes(sessions):
    await write_index(sessions)
    await compute_regimes(sessions)


async def test_the_columns_are_as_long_as_each_other(regimes, ask):
    body = await ask(REGIME)

    found = body["data"]["regime"]
    assert found["states"] == ["CALM", "STRESS"]
    assert len(found["dates"]) == len(found["labels"]) == SESSIONS - 272
    assert [len(column) for column in found["stateProbabilities"]] == [SESSIONS - 272] * 2
    assert [sum(row) for row in found["transitions"]] == pytest.approx([1.0, 1.0], abs=1e-12)
    now = found["stateProbabilities"][0][-1], found["stateProbabilities"][1][-1]
    assert found["probabilities"] == {"CALM": now[0], "STRESS": now[1]}
    assert found["indices"] == ["^GSPC"]
    basis = found["allocationBasis"]
    assert basis["shares"]["STRESS"] == {"momentum": 0.0, "inverse_vol": 0.4, "cash": 0.6}
    assert sum(found["suggestedAllocation"].values()) == pytest.approx(1.0, abs=1e-12)


async def test_a_day_of_the_past_knows_its_past(regimes, ask):
    whole = (await ask(REGIME))["data"]["regime"]

    body = await ask(REGIME, knownAt="2020-06-30T23:00:00Z", start="2020-06-01", points=10)

    then = body["data"]["regime"]
    assert then["asOf"] == then["dates"][-1] == "2020-06-30"
    assert then["dates"][0] == "2020-06-01"
    assert len(then["dates"]) == 10
    row = whole["dates"].index("2020-06-30")
    assert then["current"] == whole["states"][whole["labels"][row]]


async def test_nothing_stored_is_an_error_that_says_what_brings_it(sessions, ask):
    await write_index(sessions)

    body = await ask(REGIME)

    [error] = body["errors"]
    assert error["extensions"] == {"code": "MISSING_DATA", "field": ["symbol"]}
    assert "computed after each ingest" in error["message"]
    assert body["data"] is None


async def test_an_unknown_symbol_is_named(ask):
    [error] = (await ask(REGIME, symbol="^NONE"))["errors"]

    assert error["extensions"]["code"] == "UNKNOWN_SYMBOL"
    assert "'^NONE'" in error["message"]


async def test_all_scenarios_are_listed(ask):
    body = await ask("{ stressScenarios { key name kind description startsOn endsOn } }")

    listed = body["data"]["stressScenarios"]
    assert [each["key"] for each in listed] == [scenario.key for scenario in SCENARIOS]
    assert len(listed) == 32
    assert listed[0] == {
        "key": "dot_com",
        "name": "Dot-com bust",
        "kind": "HISTORIC",
        "description": SCENARIOS[0].description,
        "startsOn": "2000-03-24",
        "endsOn": "2002-10-09",
    }
    dated = {each["kind"] for each in listed if each["startsOn"] is not None}
    assert dated == {"HISTORIC"}


async def test_a_run_from_before_there_were_any_is_empty(app, ask):
    run = await finish_backtest(app)

    body = await ask(RISK, id=f"backtest_{run.id}")

    assert body["data"]["backtest"] == {"stress": [], "crisisWindows": [], "regimes": []}


async def test_a_window_that_is_not_covered_has_no_figures(app, ask):
    run = await finish_backtest(app)
    stored = SUMMARY | {
        "crisis_windows": [{"key": "covid", **COVERED}, {"key": "dot_com", **UNCOVERED}],
        "stress": [
            {"key": "equity_10", **COVERED, "benchmark_return": -0.1},
            {"key": "thought_of_no_more", **COVERED},
        ],
        "regimes": [GROUP],
    }
    async with unit_of_work(app.sessions) as session:
        shown = update(Backtest).where(col(Backtest.id) == run.id)
        await session.execute(shown.values(summary=stored | {"downloads": []}))

    body = await ask(RISK, id=f"backtest_{run.id}")

    covid = {
        "key": "covid", "name": "COVID-19", "startsOn": "2020-02-19", "endsOn": "2020-03-23",
    }  # fmt: skip
    dot_com = {
        "key": "dot_com", "name": "Dot-com bust", "startsOn": "2000-03-24",
        "endsOn": "2002-10-09",
    }  # fmt: skip
    shares = {"key": "equity_10", "kind": "SHOCK", "startsOn": None}
    none = dict.fromkeys(("return", "maxDrawdown", "costs"))
    assert body["data"]["backtest"] == {
        "crisisWindows": [
            {"scenario": covid, "covered": True, "return": -0.25, "maxDrawdown": -0.3,
             "costs": None},
            {"scenario": dot_com, "covered": False, **none},
        ],
        "stress": [
            {"scenario": shares, "covered": True, "return": -0.25, "benchmarkReturn": -0.1},
        ],
        "regimes": [
            {"regime": "CALM", "of": "^GSPC", "share": 0.5, "sessions": 60, "cagr": None,
             "maxDrawdown": None, "meanReturn": 0.08},
        ],
    }  # fmt: skip
