"""Several finished runs side by side."""

import math
from statistics import correlation
from uuid import UUID

import numpy as np
import orjson
import pytest
from sqlalchemy import update
from sqlmodel import col

from api.services import compare_backtests as compared
from api.services.results import FULL, curve_key, write_columns
from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.api.finished import finish_backtest
from tests.factories import STRANGER, make_backtest, make_job

COMPARE = """
query Compare($ids: [ID!]!, $maxPoints: Int) {
  compareBacktests(ids: $ids, maxPoints: $maxPoints) {
    dates equity correlation backtests { id metrics { sharpe } }
  }
}
"""
SHARPES = """
query Sharpes($ids: [ID!]!) { compareBacktests(ids: $ids) { sharpe { difference pValue } } }
"""
DAYS = [f"2020-01-{day:02}" for day in range(1, 29)]
DAYS_OF_TWO_YEARS = [f"{2000 + n // 336}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}" for n in range(504)]


async def run_of(app, curve, bills=None):
    """Return a finished run with this net equity by day."""
    run = await finish_backtest(app)
    async with unit_of_work(app.sessions) as session:
        run = await BacktestRepository(session).require_by_job(run.job_id)
    key = curve_key(run.result_prefix, "equity", FULL)
    columns = {"dates": list(curve), "net": list(curve.values())}
    if bills is not None:
        columns["bills"] = bills
    await app.store.delete(key)
    await app.store.put(key, write_columns(columns, total_points=len(curve)))
    return f"backtest_{run.id}"


async def test_runs_are_rebased_on_the_sessions_they_share(ask, app):
    first = await run_of(app, dict(zip(DAYS, [100.0, 110.0, 99.0, 120.0], strict=False)))
    second = await run_of(app, dict(zip(DAYS[1:], [50.0, 60.0, 45.0, 70.0], strict=False)))

    found = (await ask(COMPARE, ids=[second, first]))["data"]["compareBacktests"]

    assert [run["id"] for run in found["backtests"]] == [second, first]
    assert found["dates"] == DAYS[1:4]
    assert found["equity"] == [[100.0, 120.0, 90.0], [100.0, 90.0, 109.090909]]
    returns = [[0.2, -0.25], [-0.1, 120 / 99 - 1]]
    expected = correlation(*returns)
    assert found["correlation"][0] == pytest.approx([1.0, expected], abs=1e-12)
    assert found["correlation"][1] == pytest.approx([expected, 1.0], abs=1e-12)


async def test_what_the_runs_were_made_from_is_told_apart(ask, app):
    made = [
        {"engine": "a", "costs": "b", "data": "c"},
        {"engine": "a", "costs": "x", "data": "c", "overlay": "d"},
    ]
    ids = []
    for components in made:
        ids.append(await run_of(app, {day: 100.0 + n for n, day in enumerate(DAYS)}))
        values = update(Backtest).values(components=components)
        async with unit_of_work(app.sessions) as session:
            run_id = UUID(ids[-1].removeprefix("backtest_"))
            await session.execute(values.where(col(Backtest.id) == run_id))

    document = "query C($ids: [ID!]!) { compareBacktests(ids: $ids) { differIn } }"
    found = (await ask(document, ids=ids))["data"]["compareBacktests"]

    assert found["differIn"] == ["costs", "overlay"]


def test_correlations_are_pearson_s_and_undefined_where_nothing_moves():
    first = [0.01, -0.02, 0.015, 0.003, -0.007]
    second = [0.002, -0.01, 0.02, -0.004, 0.001]
    found = compared.correlations([first, second, [0.0] * 5, [0.001] * 5])

    assert found[0][1] == found[1][0] == pytest.approx(correlation(first, second), abs=1e-12)
    assert found[2] == found[3] == [None] * 4
    assert (found[0][0], found[0][2]) == (1.0, None)


async def test_fewer_points_keep_both_ends_and_the_whole_correlation(ask, app):
    days = [f"{2000 + n // 336:04}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}" for n in range(700)]
    levels = [100.0 + (n * 7 % 13) + n / 10 for n in range(700)]
    other = [100.0 + (n * 5 % 11) + n / 20 for n in range(700)]
    ids = [await run_of(app, dict(zip(days, each, strict=True))) for each in (levels, other)]

    whole = (await ask(COMPARE, ids=ids))["data"]["compareBacktests"]
    thin = (await ask(COMPARE, ids=ids, maxPoints=60))["data"]["compareBacktests"]

    assert (len(whole["dates"]), len(thin["dates"])) == (700, 60)
    assert (thin["dates"][0], thin["dates"][-1]) == (days[0], days[-1])
    assert thin["equity"][0][-1] == whole["equity"][0][-1]
    assert thin["correlation"] == whole["correlation"]


async def test_sharpe_ratios_are_compared_beyond_the_rate_of_bills(ask, app):
    days = DAYS_OF_TWO_YEARS
    rng = np.random.default_rng(4)
    common = 0.01 * rng.standard_normal(len(days) - 1)
    rate = 0.0002
    series = [common + 0.001, common + 0.003 * rng.standard_normal(len(common))]
    ids = [
        await run_of(app, dict(zip(days, grown(each), strict=True)), grown(rate + 0.0 * each))
        for each in series
    ]

    found = (await ask(SHARPES, ids=ids))["data"]["compareBacktests"]["sharpe"]

    one, two = ((each - rate).mean() / (each - rate).std() for each in series)
    expected = math.sqrt(252) * (one - two)
    assert found["difference"][0] == [None, pytest.approx(expected, rel=1e-6)]
    assert found["difference"][1] == [pytest.approx(-expected, rel=1e-6), None]
    assert found["pValue"][0][1] == found["pValue"][1][0] < 1e-6


async def test_a_run_that_kept_no_rate_and_a_short_one_are_not_tested(ask, app):
    moves = np.random.default_rng(5).normal(0.0, 0.01, (2, len(DAYS_OF_TWO_YEARS) - 1))
    curves = [dict(zip(DAYS_OF_TWO_YEARS, grown(each), strict=True)) for each in moves]
    bills = grown(np.zeros(len(moves[0])))
    ids = [await run_of(app, curves[0]), await run_of(app, curves[1], bills)]
    short = {day: curves[0][day] for day in DAYS_OF_TWO_YEARS[:250]}
    ids_of_short = [await run_of(app, short, bills[:250]), ids[1]]

    for chosen in (ids, ids_of_short):
        found = (await ask(SHARPES, ids=chosen))["data"]["compareBacktests"]["sharpe"]
        assert found == {"difference": [[None, None]] * 2, "pValue": [[None, None]] * 2}


def grown(returns):
    return (100.0 * np.cumprod(np.append(1.0, 1.0 + returns))).tolist()


async def test_what_cannot_be_compared_is_named(ask, app):
    done = await run_of(app, dict(zip(DAYS, [100.0, 110.0], strict=False)))
    apart = await run_of(app, dict(zip(DAYS[10:], [100.0, 110.0], strict=False)))
    async with unit_of_work(app.sessions) as session:
        job = await JobRepository(session).add(make_job())
        queued = await BacktestRepository(session).add(make_backtest(job))

    async def refused(ids, **more):
        body = await ask(COMPARE, ids=ids, **more)
        assert body["data"] is None
        [error] = body["errors"]
        return error["extensions"]["code"], error["message"]

    assert (await refused([done]))[0] == "INVALID"
    assert "twice" in (await refused([done, done]))[1]
    assert (await refused([done, "backtest_nonsense"]))[0] == "NOT_FOUND"
    assert (await refused([done, apart], viewer_id=STRANGER))[0] == "NOT_FOUND"
    code, message = await refused([done, f"backtest_{queued.id}"])
    assert (code, "no result yet" in message) == ("MISSING_DATA", True)
    code, message = await refused([done, apart])
    assert (code, "share no two sessions" in message) == ("MISSING_DATA", True)
    assert "at least 50" in (await refused([done, apart], maxPoints=3))[1]


async def test_all_runs_are_read_in_one_statement(ask, app, counting):
    curve = dict(zip(DAYS, [100.0, 110.0, 105.0], strict=False))
    ids = [await run_of(app, curve) for _ in range(4)]

    with counting() as seen:
        body = await ask(COMPARE, ids=ids)

    assert len(seen) == 1
    assert orjson.dumps(body["data"]["compareBacktests"]["correlation"]).count(b"1.0") == 16
