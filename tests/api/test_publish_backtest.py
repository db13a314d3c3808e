from types import SimpleNamespace

import pytest

from api.services.publish_backtest import family_of, judge, judged, publish_backtest
from api.services.study_results import judgement
from api.services.work import ClaimedJob
from engine.overfitting import deflated_sharpe
from models.backtests import BacktestRepository
from models.jobs import JobRepository
from models.trials import Tally
from tests.factories import OWNER, make_backtest, make_job

# Worked example of Bailey & López de Prado (2014): annual Sharpe 2.5 over 1,250 days.
PAPER = {"sharpe": 0.1581138830, "sessions": 1250, "skew": -3.0, "kurtosis": 10.0}


def test_a_run_is_judged_by_its_own_returns():
    judged_so = judge(PAPER)

    assert judged_so["psr"] == pytest.approx(0.999997, abs=5e-7)
    assert set(judged_so) == {"psr", "min_track_record_length", "sharpe_interval"}


def test_returns_that_follow_each_other_are_judged_a_second_time():
    quiet, trending = (
        judge(moments(0.06, autocorrelation=follows, sessions=1000)) for follows in (0.05, 0.2)
    )

    assert set(quiet) == {"psr", "min_track_record_length", "sharpe_interval"}
    assert (trending["psr"], trending["autocorrelation"]) == (quiet["psr"], 0.2)
    assert trending["independent_sessions"] == pytest.approx(1000 * 0.8 / 1.2)
    assert trending["psr_autocorrelated"] == pytest.approx(0.939025, abs=5e-6)


def test_of_a_short_track_no_length_is_told_that_would_do():
    told = [judge(moments(0.06, sessions=many))["min_track_record_length"] for many in (29, 30)]

    assert told == [None, pytest.approx(753.9, abs=0.1)]


def test_a_best_whose_returns_never_moved_is_judged_as_unknown():
    summary = {
        "moments": moments(None, skew=None, kurtosis=None),
        "overfitting": judge(moments(None)),
        "effective_trials": 3,
        "effective_variance": 0.1,
        "pbo": None,
    }
    tally = Tally(all=3, measured=2, variance=0.1, best=0.2)

    found = judgement(summary, tally)

    assert (found["deflated_sharpe"], found["verdict"], found["rough"]) == (None, "unknown", True)


def test_a_search_is_deflated_by_all_trials_and_by_the_different_ones():
    summary = {
        "moments": moments(0.06),
        "overfitting": judge(moments(0.06)),
        "effective_trials": 2,
        "effective_variance": 0.00077,
        "pbo": 0.1,
    }
    tally = Tally(all=5, measured=5, variance=0.00077, best=0.06)

    found = judgement(summary, tally)

    assert found["deflated_by_trials"] == pytest.approx(0.8022484, abs=5e-8)
    assert found["deflated_by_effective_trials"] > found["deflated_by_trials"]
    assert found["deflated_sharpe"] == found["deflated_by_trials"]
    older = {name: value for name, value in summary.items() if "effective" not in name}
    assert judgement(older, tally)["deflated_by_effective_trials"] is None


def test_a_run_without_variance_is_not_judged():
    found = judge({"sharpe": None, "sessions": 250, "skew": None, "kurtosis": None})

    assert set(found.values()) == {None}


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

    told = (await read(session, found))[found]
    assert (told["deflated_sharpe"], told["verdict"]) == (None, "unknown")
    assert told["trials"] == 1


def test_trials_compete_within_a_strategy_and_a_universe():
    run = SimpleNamespace(strategy_key="momentum", universe_key="SAMPLE_US", symbols=["AAPL"])

    assert family_of(run) == "momentum:SAMPLE_US"


def test_the_order_of_symbols_makes_no_new_family():
    one = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["KO", "AAPL"])
    other = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["AAPL", "KO"])
    third = SimpleNamespace(strategy_key="hrp", universe_key=None, symbols=["AAPL", "KO", "GE"])

    assert family_of(one) == family_of(other)
    assert family_of(one) != family_of(third)
