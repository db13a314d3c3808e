"""A search on the small market, submitted by a document and done by the works themselves."""

from functools import partial
from uuid import UUID

from api.services.jobs import perform
from api.services.publish_study import publish_shard, publish_sweep, publish_walk_forward
from api.services.run_shard import run_shard
from api.services.run_study import run_study
from api.services.work import Steps
from models.job_outbox import JobOutbox
from models.session import unit_of_work
from tests.api.job_rows import FAST
from tests.api.market import UNIVERSE

RUN_SWEEP = """
mutation Run($input: RunSweepInput!) {
  runSweep(input: $input) {
    combinations reused
    sweep { id contentKey family shards }
    job { id kind status progress subject { id } }
    userErrors { code field message reason }
  }
}
"""
RUN_WALK_FORWARD = """
mutation Run($input: RunWalkForwardInput!) {
  runWalkForward(input: $input) {
    reused
    walkForward { id }
    job { id kind }
    userErrors { code field message reason }
  }
}
"""
# Bars of the small market are known a quarter of an hour after a winter's close: a decision at
# the close of Sydney knows them all.
BASE = {
    "strategy": "momentum",
    "parameters": {"lookback": 60, "skip": 5, "top_n": 2},
    "universe": UNIVERSE,
    "start": "2018-06-04",
    "currency": "USD",
    "decisionClock": "ASX_CLOSE",
}
# 3 x 2 x 3 = 18 combinations, all of which fit.
AXES = [
    {"name": "lookback", "values": [21, 40, 60]},
    {"name": "skip", "values": [0, 5]},
    {"name": "top_n", "low": 1, "high": 3},
]
SWEEP = {"base": BASE, "axes": AXES}
WORKS = {"SWEEP": run_study, "WALK_FORWARD": run_study, "SHARD": run_shard}
PUBLISH = {
    "SWEEP": publish_sweep,
    "WALK_FORWARD": publish_walk_forward,
    "SHARD": publish_shard,
}


def changed(input=SWEEP, **given):
    return {key: value for key, value in (input | given).items() if value is not ...}


def on_base(input=SWEEP, **given):
    return changed(input, base={**input["base"], **given})


async def submitted(ask, input=SWEEP, document=RUN_SWEEP, field="runSweep", **more):
    body = await ask(document, input=input, **more)
    assert "errors" not in body, body
    return body["data"][field]


def kinds_of(app):
    return {
        kind: Steps(
            work=partial(work, sessions=app.sessions, store=app.store), publish=PUBLISH[kind]
        )
        for kind, work in WORKS.items()
    }


async def called(app, job_id):
    async with unit_of_work(app.sessions) as session:
        return await JobOutbox(session).called_by(job_id)


async def done(app, job_id):
    """Perform the job and whatever it calls; return the ids in the order they were performed."""
    waiting, performed = [job_id], []
    while waiting:
        now = waiting.pop(0)
        await perform(now, kinds_of(app), app.sessions, timing=FAST)
        performed.append(now)
        waiting += [each for each in await called(app, now) if each not in waiting]
    return performed


READ = """
query Read($id: ID!) {
  sweep(id: $id) {
    shards shardsDone combinations approximations
    job { status progress attempts }
    best { number parameters metrics { sharpe } backtest { id } }
    trials(first: 100) {
      totalCount
      nodes { number parameters metrics { sharpe calmar turnover } backtest { id } }
    }
    surface(x: "lookback", y: "top_n") { x y metric values stability worst }
    overfitting {
      trials effectiveTrials pbo deflatedSharpe psr verdict
      deflatedByTrials deflatedByEffectiveTrials rough
    }
    pboLogits
    splits {
      blocks count slope probabilityOfLoss quantiles { share chosen blind } firstOrder secondOrder
    }
    snooping snoopingBenchmark
  }
}
"""


def uuid(global_id):
    return UUID(global_id.rpartition("_")[2])
