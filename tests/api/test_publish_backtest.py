from types import SimpleNamespace

import pytest

from api.services.publish_backtest import family_of, judge, judged, publish_backtest
from api.services.work import ClaimedJob
from engine.overfitting import deflated_sharpe
from models.backtests import BacktestRepository
from models.jobs import JobRepository
from tests.factories import OWNER, make_backtest, make_job

# Worked example of Bailey & López de Prado (2014): annual Sharpe 2.5 over 1,250 days.
PAPER = {"sharpe": 0.1581138830, "sessions": 1250, "skew": -3.0, "kurtosis": 10.0}


def test_a_run_is_judged_by_its_own_returns():
    judgement = judge(PAPER)

    assert judgement["psr"] == pytest.approx(0.999997, abs=5e-7)
    assert set(judgement) == {"psr", "min_track_record_length", "sharpe_interval"}


def test_a_run_without_variance_is_not_judged():
    judgement = judge({"sharpe": None, "sessions": 250, "skew": None, "kurtosis": None})

    assert set(judgement.values()) == {None}


def moments(sharpe, **given):
    return {"sharpe": sharpe, "sessions": 1000, "skew": 0.0, "kurtosis": 3.0} | given


async def published(session, shape, **given):
    """Finish a run of these moments in the family momentum:SAMPLE_US, return its id."""
    jobs = JobRepository(session)
    job = await jobs.add(make_job())
    run = await BacktestRepository(session).add(make_backtest(job, **given))
    claimed = ClaimedJob(
        id=job.id, kind=job.kind, fence=1, attempt=1, owner_id=OWNER, payload=job.payload
    )
    figures = {"sharpe": None, "cagr": None, "max_drawdown": None}
    await publish_backtest(session, claimed, {"summary": {"metrics": figures}, "moments": shape})
    return run.id


async def read(session, *ids):
    found = await BacktestRepository(session).list_by_ids(ids, owner_id=OWNER)
    return {run.id: judged(run) for run in found}


async def test_later_trials_deflate_earlier_runs(session):
    # engine golden 6.2-2: trials .02 .05 .04 -.01 .06 over 1,000 sessions, PSR(0) of the last
    # .9709348, deflated .8022484.
    best = await published(session, moments(0.06), content_key="best")
    alone = (await read(session, best))[best]

    others = [
        await published(session, moments(sharpe), content_key=str(sharpe))
        for sharpe in (0.02, 0.05, 0.04, -0.01)
    ]

    now = (await read(session, best, *others))[best]
    assert (alone["trials"], now["trials"]) == (1, 5)
    assert alone["deflated_sharpe"] == pytest.approx(0.9709348, abs=5e-8)
    assert (alone["verdict"], now["verdict"]) == ("strong", "weak")
    assert now["deflated_sharpe"] == pytest.approx(0.8022484, abs=5e-8)
    assert now["psr"] == pytest.approx(0.9709348, abs=5e-8)


async def test_the_database_deflates_as_the_engine_does(session):
    shapes = [PAPER, moments(0.03, skew=-0.7, kurtosis=7.2, sessions=731), moments(-0.02)]

    ids = [await published(session, each, content_key=str(k)) for k, each in enumerate(shapes)]

    found = await read(session, *ids)
    sharpes = [each["sharpe"] for each in shapes]
    expected = [deflated_sharpe(**each, trial_sharpes=sharpes) for each in shapes]
    assert [found[each]["deflated_sharpe"] for each in ids] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    "shape",
    [moments(0.06, sessions=29), moments(0.9, skew=5.0, kurtosis=1.0), moments(None)],
    ids=["short", "no variance left", "undefined"],
)
async def test_what_cannot_be_deflated_is_unknown(session, shape):
    found = await published(session, shape, content_key="x")

    judgement = (await read(session, found))[found]
    assert (judgement["deflated_sharpe"], judgement["verdict"]) == (None, "unknown")
    assert judgement["trials"] == 1


def test_trials_compete_within_a_strategy_and_a_universe():
    run = SimpleNamespace(strategy_key="momentum", universe_key="SAMPLE_US", symbols=["AAPL"])

    assert family_of(run) == "momentum:SAMPLE_US"


def test_the_order_of_symbols_makes_no_new_family():
    one = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["KO", "AAPL"])
    other = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["AAPL", "KO"])
    third = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["AAPL", "KO", "GE"])

    assert family_of(one) == family_of(other)
    assert family_of(one) != family_of(third)
