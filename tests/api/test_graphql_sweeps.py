"""Sweeps through the API: asked for, done in parts, read as a surface with its doubts."""

import pytest
from sqlalchemy import select, update

from api.services.engine_request import strategy_of
from api.services.panels import load_panel
from api.services.studies import load_scene
from models import Backtest, PriceBar, Sweep
from models.session import unit_of_work
from models.studies import StudyTrialRepository
from tests.api.searching import READ, SWEEP, changed, done, on_base, submitted, uuid
from tests.api.submitting import RUN, rows


async def searched(app, ask, input=SWEEP):
    told = await submitted(ask, input)
    await done(app, uuid(told["job"]["id"]))
    body = await ask(READ, id=told["sweep"]["id"])
    assert "errors" not in body, body
    return body["data"]["sweep"]


async def test_a_grid_is_searched_in_parts(app, market, ask):
    told = await submitted(ask)
    assert (told["combinations"], told["reused"], told["userErrors"]) == (18, False, [])
    assert told["job"]["kind"] == "SWEEP"
    assert told["job"]["subject"] == {"id": told["sweep"]["id"]}

    performed = await done(app, uuid(told["job"]["id"]))

    # The plan, 18 trials by 8 in three parts, and the end.
    assert len(performed) == 5
    sweep = (await ask(READ, id=told["sweep"]["id"]))["data"]["sweep"]
    # To fold what the parts found is no second attempt.
    assert sweep["job"] == {"status": "SUCCEEDED", "progress": 1.0, "attempts": 1}
    assert (sweep["shards"], sweep["shardsDone"], sweep["combinations"]) == (3, 3, 18)
    assert sweep["trials"]["totalCount"] == 18
    sharpes = [node["metrics"]["sharpe"] for node in sweep["trials"]["nodes"]]
    assert sharpes == sorted(sharpes, reverse=True)
    assert sweep["best"]["metrics"]["sharpe"] == sharpes[0]
    assert sweep["approximations"][0] == "fractional_shares"


async def test_trials_of_entries_and_stops_are_approximated_by_nothing(app, market, ask):
    breakout = {"strategy": "breakout", "parameters": {}}
    axes = [
        {"name": "base", "values": [10, 21]},
        {"name": "constraints.maxPositions", "values": [3]},
    ]
    level = PriceBar.adjusted_close
    ranges = {"high": level * 1.02, "low": level * 0.98, "close": level}
    async with unit_of_work(app.sessions) as session:
        await session.execute(update(PriceBar).values(**ranges, volume=1e6))

    told = await submitted(ask, on_base(changed(axes=axes), **breakout))
    await done(app, uuid(told["job"]["id"]))

    read = "query Read($id: ID!) { sweep(id: $id) { approximations job { status } combinations } }"
    sweep = (await ask(read, id=told["sweep"]["id"]))["data"]["sweep"]
    assert sweep == {"approximations": [], "job": {"status": "SUCCEEDED"}, "combinations": 2}


@pytest.mark.parametrize(
    ("parameters", "axis", "owes"),
    [
        ({}, {"name": "max_lev", "values": [1, 2]}, True),
        ({}, {"name": "target", "values": [0.05, 0.1]}, False),
        (
            {"primary": "nco", "primary_parameters": {"lookback": 126, "long_only": False}},
            {"name": "target", "values": [0.05, 0.1]},
            True,
        ),
    ],
    ids=["leverage is varied", "nothing is borrowed", "the wrapped one sells short"],
)
async def test_trials_say_that_loans_cost_nothing(app, market, ask, parameters, axis, owes):
    inner = {"primary_parameters": {"lookback": 60, "skip": 5, "top_n": 2}}
    wrapped = {"strategy": "vol_scaling", "parameters": {"window": 21, **inner, **parameters}}
    later = {"start": "2018-09-03"}

    told = await submitted(ask, on_base(changed(axes=[axis]), **wrapped, **later))
    await done(app, uuid(told["job"]["id"]))

    read = "query Read($id: ID!) { sweep(id: $id) { approximations job { status } } }"
    sweep = (await ask(read, id=told["sweep"]["id"]))["data"]["sweep"]
    assert sweep["job"] == {"status": "SUCCEEDED"}
    assert ("no_loan_costs" in sweep["approximations"]) == owes


async def test_a_surface_has_the_mean_of_what_shares_a_cell(app, market, ask):
    sweep = await searched(app, ask)

    surface, nodes = sweep["surface"], sweep["trials"]["nodes"]
    assert (surface["x"], surface["y"], surface["metric"]) == ([21, 40, 60], [1, 2, 3], "sharpe")
    shared = [
        node["metrics"]["sharpe"]
        for node in nodes
        if (node["parameters"]["lookback"], node["parameters"]["top_n"]) == (40, 2)
    ]
    assert len(shared) == 2
    assert surface["values"][1][1] == pytest.approx(sum(shared) / 2)
    near = [v for y, row in enumerate(surface["values"]) for x, v in enumerate(row) if x < 2 > y]
    near.remove(surface["values"][0][0])
    assert surface["stability"][0][0] == pytest.approx(sum(near) / 3)
    assert surface["worst"][0][0] == min(near)


async def test_every_trial_counts_in_the_ledger(app, market, ask):
    sweep = await searched(app, ask)

    assert sweep["overfitting"]["trials"] == 18
    assert 1 <= sweep["overfitting"]["effectiveTrials"] <= 18
    # 12,870 ways to take eight of sixteen blocks.
    assert len(sweep["pboLogits"]) == 12_870
    chances = [sweep["snooping"][name] for name in ("lower", "consistent", "upper")]
    assert chances == sorted(chances)
    assert 0.0 <= chances[0] <= chances[-1] <= 1.0
    lost = sum(logit <= 0 for logit in sweep["pboLogits"])
    assert sweep["overfitting"]["pbo"] == lost / 12_870
    both = [sweep["overfitting"][f"deflatedBy{which}Trials"] for which in ("", "Effective")]
    assert sweep["overfitting"]["deflatedSharpe"] == min(both)
    assert sweep["overfitting"]["rough"] is False
    # The benchmark of the small market is not cash: another test, of the same kind.
    assert sweep["snoopingBenchmark"].keys() == sweep["snooping"].keys()
    assert sweep["snoopingBenchmark"] != sweep["snooping"]


async def test_a_choice_is_held_against_a_blind_pick(app, market, ask):
    splits = (await searched(app, ask))["splits"]

    assert (splits["blocks"], splits["count"]) == (16, 12_870)
    assert 0.0 <= splits["probabilityOfLoss"] <= 1.0
    assert [row["share"] for row in splits["quantiles"]] == [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]
    for name in ("chosen", "blind"):
        values = [row[name] for row in splits["quantiles"]]
        assert values == sorted(values)
    ahead = all(row["chosen"] >= row["blind"] - 1e-9 for row in splits["quantiles"])
    assert ahead or not splits["firstOrder"]
    assert splits["secondOrder"] or not splits["firstOrder"]


async def test_the_ledger_of_a_search_is_read_page_by_page(app, market, ask):
    sweep = await searched(app, ask)

    ledger = """
        query { trials(family: "momentum:TEST_US", first: 2) {
            count effectiveCount bestSharpe expectedMaximumSharpe sharpeVariance
            trials { totalCount pageInfo { endCursor hasNextPage }
                     nodes { number parameters metrics { sharpe } } } } }
    """
    book = (await ask(ledger))["data"]["trials"]
    assert (book["count"], book["trials"]["totalCount"]) == (18, 18)
    assert book["effectiveCount"] == sweep["overfitting"]["effectiveTrials"]
    assert book["bestSharpe"] == pytest.approx(sweep["best"]["metrics"]["sharpe"])
    assert [node["number"] for node in book["trials"]["nodes"]] == [1, 2]
    after = book["trials"]["pageInfo"]["endCursor"]
    more = ledger.replace("first: 2", f'first: 2, after: "{after}"')
    assert [n["number"] for n in (await ask(more))["data"]["trials"]["trials"]["nodes"]] == [3, 4]


async def test_a_trial_finds_the_backtest_of_its_content(app, market, ask):
    sweep = await searched(app, ask)
    best = sweep["best"]
    assert best["backtest"] is None
    base = {**SWEEP["base"], "parameters": {**SWEEP["base"]["parameters"], **best["parameters"]}}

    run = (await ask(RUN, input=base))["data"]["runBacktest"]["backtest"]["id"]

    found = await ask(
        "query Q($id: ID!) { sweep(id: $id) { best { backtest { id } } } }",
        id=(await submitted(ask))["sweep"]["id"],
    )
    assert found["data"]["sweep"]["best"]["backtest"] == {"id": run}


@pytest.mark.parametrize("method", ["RANDOM", "BAYESIAN"])
async def test_a_search_that_does_not_try_everything_repeats(app, market, ask, method):
    axes = [
        {"name": "lookback", "low": 21, "high": 90},
        {"name": "top_n", "low": 1, "high": 5},
        {"name": "min_score", "low": -0.1, "high": 0.2},
    ]
    search = changed(axes=axes, method=method, maxTrials=12)
    first = await searched(app, ask, search)
    again = await searched(app, ask, on_base(search, benchmark="AAA"))
    other = await searched(app, ask, changed(search, seed=1))

    def tried(sweep):
        return {node["number"]: node["parameters"] for node in sweep["trials"]["nodes"]}

    assert len(tried(first)) == 12
    assert tried(first) == tried(again)
    assert tried(first) != tried(other)


async def test_the_same_sweep_is_done_once(app, market, ask):
    first = await submitted(ask, changed(idempotencyKey="k"))
    again = await submitted(ask)
    keyed = await submitted(ask, changed(idempotencyKey="k"))
    other = await submitted(ask, changed(objective="calmar", idempotencyKey="k"))

    assert [told["reused"] for told in (first, again, keyed)] == [False, True, True]
    assert again["sweep"]["id"] == keyed["sweep"]["id"] == first["sweep"]["id"]
    assert [fault["reason"] for fault in other["userErrors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert await rows(app.sessions, Sweep) == 1


async def test_a_trial_of_whole_numbers_is_the_backtest_of_them(app, market, ask):
    axes = [
        {"name": "costs.slippageBps", "values": [7]},
        {"name": "costs.delistReturn", "values": [-1]},
        {"name": "constraints.maxWeight", "values": [1]},
        {"name": "constraints.maxPositions", "values": [2]},
        {"name": "min_score", "values": [-1]},
    ]
    told = await submitted(ask, changed(axes=axes))
    await done(app, uuid(told["job"]["id"]))
    run = SWEEP["base"] | {
        "costs": {"slippageBps": 7, "delistReturn": -1},
        "constraints": {"maxWeight": 1, "maxPositions": 2},
        "parameters": SWEEP["base"]["parameters"] | {"min_score": -1},
    }

    backtest = (await ask(RUN, input=run))["data"]["runBacktest"]["backtest"]

    linked = "query Q($id: ID!) { sweep(id: $id) { best { backtest { id } } } }"
    found = (await ask(linked, id=told["sweep"]["id"]))["data"]["sweep"]
    assert found["best"]["backtest"] == {"id": backtest["id"]}


TRIALS = """
query Trials($id: ID!) {
  sweep(id: $id) { trials(first: 1) { nodes { metrics { sharpe totalReturn maxDrawdown } } } }
}
"""
# Trades on every session, each of a few: a model is soon trained, and nothing rounds what it says.
LEARNT = {
    "strategy": "meta_label",
    "parameters": {
        "primary": "olmar",
        "primary_parameters": {"epsilon": 1.001, "window": 20},
        "rebalance": "DAILY",
        "horizon": 3,
        "min_events": 50,
        "retrain": 252,
        "folds": 3,
        "min_p": 0.5,
    },
    "start": "2018-12-31",
    "end": "2019-06-28",
}


async def test_a_trial_draws_what_its_backtest_draws(app, market, ask):
    axes = [{"name": "step", "values": [0.0]}]
    listed, proposed = [
        await submitted(ask, on_base(changed(axes=axes, method=method, maxTrials=1), **LEARNT))
        for method in ("GRID", "BAYESIAN")
    ]
    for told in (listed, proposed):
        await done(app, uuid(told["job"]["id"]))
    parameters = {**LEARNT["parameters"], "step": 0.0}
    await ask(RUN, input={**SWEEP["base"], **LEARNT, "parameters": parameters})

    async with unit_of_work(app.sessions) as session:
        run = (await session.scalars(select(Backtest))).one()
        scene = await load_scene(session, uuid(listed["job"]["id"]))
        found = StudyTrialRepository(session).between(uuid(listed["job"]["id"]), 1, 1)
        [trial] = await found
    panel = await load_panel(app.sessions, app.store, scene.panel)
    drawn = scene.request(trial.parameters, trial.content_key, panel).strategy.circumstances

    assert drawn == strategy_of(run).circumstances
    first, second = [
        (await ask(TRIALS, id=told["sweep"]["id"]))["data"] for told in (listed, proposed)
    ]
    assert first == second
    assert first["sweep"]["trials"]["nodes"][0]["metrics"]["sharpe"] is not None
