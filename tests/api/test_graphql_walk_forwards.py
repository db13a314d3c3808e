"""Walk-forwards and cross-validations through the API, on the small market."""

from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest

from models import Job, WalkForward
from tests.api.searching import AXES, BASE, RUN_WALK_FORWARD, changed, done, submitted
from tests.api.submitting import rows
from tests.factories import STRANGER

WALK = {"base": BASE, "axes": AXES, "trainSessions": 126, "testSessions": 42}
READ = """
query Read($id: ID!) {
  walkForward(id: $id) {
    shards shardsDone efficiency plan approximations
    pathSharpes pathDistribution { median low belowZero }
    job { status subject { id } }
    outOfSample { sharpe cagr sessions turnover }
    windows {
      trainStart trainEnd testStart testEnd partial parameters
      inSample { sharpe } outOfSample { sharpe totalReturn }
    }
    equity(maxPoints: 100) { dates strategy benchmark pointCount totalPoints }
    drawdown { strategy totalPoints }
    overfitting { trials effectiveTrials pbo psr deflatedSharpe }
  }
}
"""


def uuid(global_id):
    return UUID(global_id.rpartition("_")[2])


async def ask_for(ask, **given):
    return await submitted(ask, changed(WALK, **given), RUN_WALK_FORWARD, "runWalkForward")


async def walked(app, ask, **given):
    told = await ask_for(ask, **given)
    assert told["userErrors"] == []
    await done(app, uuid(told["job"]["id"]))
    body = await ask(READ, id=told["walkForward"]["id"])
    assert "errors" not in body, body
    return body["data"]["walkForward"]


async def test_each_choice_is_judged_by_what_came_after(app, market, ask):
    study = await walked(app, ask)

    windows = study["windows"]
    # 395 sessions less 126 and 5 are six tests of 42 and a rest of 12.
    assert [window["partial"] for window in windows] == [False] * 6 + [True]
    for window, following in pairwise(windows):
        assert window["trainEnd"] < window["testStart"] <= window["testEnd"]
        assert window["testEnd"] < following["testStart"]
        assert set(window["parameters"]) == {"lookback", "skip", "top_n"}
    assert windows[-1]["testEnd"] == "2019-12-27"
    grown = 1.0
    for window in windows:
        grown *= 1.0 + window["outOfSample"]["totalReturn"]
    equity = study["equity"]
    assert equity["strategy"][0] == pytest.approx(100_000.0)
    assert equity["strategy"][-1] == pytest.approx(100_000.0 * grown)
    assert (equity["pointCount"], equity["totalPoints"]) == (100, study["outOfSample"]["sessions"])
    assert study["drawdown"]["totalPoints"] == equity["totalPoints"]
    assert max(study["drawdown"]["strategy"]) == 0.0
    inside = [window["inSample"]["sharpe"] for window in windows]
    mean = sum(inside) / len(inside)
    assert study["efficiency"] == pytest.approx(study["outOfSample"]["sharpe"] / mean)
    assert (study["pathSharpes"], study["overfitting"]["trials"]) == (None, 18)
    assert study["plan"]["step"] == 42


async def test_cross_validation_has_every_split_and_its_paths(app, market, ask):
    study = await walked(app, ask, method="CPCV", groups=5, testGroups=2)

    # C(5, 2) splits and 10 x 2 / 5 paths.
    assert (len(study["windows"]), len(study["pathSharpes"])) == (10, 4)
    middle = sorted(study["pathSharpes"])[2]
    assert study["outOfSample"]["sharpe"] == pytest.approx(middle)
    lie = study["pathDistribution"]
    low, median = np.quantile(study["pathSharpes"], [0.05, 0.5])
    assert (lie["low"], lie["median"]) == (pytest.approx(low), pytest.approx(median))
    assert lie["belowZero"] == np.mean(np.array(study["pathSharpes"]) < 0.0)
    assert 1 <= study["overfitting"]["effectiveTrials"] <= 18
    assert study["equity"]["totalPoints"] == study["outOfSample"]["sessions"]


async def test_the_same_walk_forward_is_done_once(app, market, ask):
    first = await ask_for(ask)
    again = await ask_for(ask, step=42)  # a test's length, as when left out
    other = await ask_for(ask, anchored=True)

    assert [told["reused"] for told in (first, again, other)] == [False, True, False]
    assert again["walkForward"] == first["walkForward"]
    assert await rows(app.sessions, WalkForward) == 2


REFUSED = [
    ({"trainSessions": 59}, ["input", "trainSessions"], "use 60 to 5000"),
    ({"testSessions": 2_000_000_000}, ["input", "testSessions"], "was 2000000000; use 5"),
    ({"method": "CPCV", "groups": 1000}, ["input", "groups"], "groups was 1000; use 2 to 20"),
    ({"testSessions": 4}, ["input", "testSessions"], "use 5 to 2500"),
    ({"step": 43}, ["input", "step"], "at most testSessions, which is 42"),
    ({"purge": -1}, ["input", "purge"], "use 0 to 252"),
    ({"embargo": 0.6}, ["input", "embargo"], "use 0 to 0.5"),
    ({"method": "CPCV", "groups": 4, "testGroups": 4}, ["input", "testGroups"], "below groups"),
    ({"method": "CPCV", "groups": 20, "testGroups": 10}, ["input", "groups"], "184,756 splits"),
    (
        {"axes": [{"name": "costs.slippageBps", "values": [0, 5]}]},
        ["input", "axes"],
        "given and not chosen",
    ),
    ({"trainSessions": 500}, ["input", "trainSessions"], "leave none"),
]


async def test_what_cannot_be_walked_is_said_at_its_place(app, market, ask):
    for given, field, words in REFUSED:
        told = await ask_for(ask, **given)

        assert [fault["field"] for fault in told["userErrors"]] == [field], given
        assert words in told["userErrors"][0]["message"], given
    assert await rows(app.sessions, Job) == 0


async def test_a_strangers_walk_forward_is_absent(app, market, ask):
    told = await ask_for(ask)

    theirs = await ask(READ, id=told["walkForward"]["id"], viewer_id=STRANGER)
    listed = await ask("query { walkForwards { totalCount } }", viewer_id=STRANGER)

    assert theirs["data"]["walkForward"] is None
    assert listed["data"]["walkForwards"]["totalCount"] == 0
