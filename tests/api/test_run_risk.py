"""What a real run shows of risk, beside the file its prices come from."""

import csv
import gzip
import importlib.util
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from api.adapters.local_store import LocalStore
from api.services.backtest_request import BacktestRequest, Costs
from api.services.backtests import submit_backtest
from api.services.jobs import perform
from api.services.publish_backtest import publish_backtest
from api.services.run_backtest import run_backtest
from api.services.run_risk import Labels, market_labels
from api.services.work import Steps
from api.settings import LOCAL_OWNER_ID
from models.backtest import Currency, FillPolicy
from models.backtests import BacktestRepository
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.job_rows import FAST
from tests.api.regimes import compute_regimes, made_closes, write_index
from tests.conftest import SAMPLE
from tests.factories import make_backtest, make_job

HELD_APPLE = BacktestRequest(
    strategy="buy_and_hold",
    symbols=("AAPL",),
    benchmark="^GSPC",
    start=date(2008, 1, 2),
    end=date(2022, 6, 30),
    currency=Currency.USD,
    costs=Costs(commission_flat=0.0, slippage_bps=0.0, fx_spread_bps=0.0),
    fill=FillPolicy.NEXT_CLOSE,
    whole_shares=False,
)


@pytest.fixture(scope="module")
async def run(make_database, sample_url, worker_id, tmp_path_factory):
    """Return a run that holds one share from its second session on, as it was published."""
    engine = make_engine(
        await make_database(f"risks_{worker_id}", template=SAMPLE),
        pool_size=2,
        command_timeout_seconds=60.0,
    )
    sessions = make_sessions(engine)
    async with unit_of_work(sessions) as session:
        submitted = await submit_backtest(session, owner_id=LOCAL_OWNER_ID, request=HELD_APPLE)
    store = LocalStore(tmp_path_factory.mktemp("objects"))
    work = partial(run_backtest, sessions=sessions, store=store)
    kinds = {"BACKTEST": Steps(work=work, publish=publish_backtest)}
    await perform(submitted.job.id, kinds, sessions, timing=FAST)
    async with unit_of_work(sessions) as session:
        yield await BacktestRepository(session).require_by_job(submitted.job.id)
    await engine.dispose()


def shipped(symbol, file="sp500_dataset"):
    """Read a column of a file the sample comes from, without the product's reader."""
    package = importlib.util.find_spec("skfolio").submodule_search_locations[0]
    with gzip.open(Path(package) / f"datasets/data/{file}.csv.gz", "rt") as lines:
        return {row["Date"]: float(row[symbol]) for row in csv.DictReader(lines)}


def index():
    return shipped("SP500", "sp500_index")


def by_key(rows):
    return {row["key"]: row for row in rows}


async def test_a_crisis_is_what_the_share_did_in_it(run):
    # 100,000 decided on the first close and filled at the second; the rest stays in cash, which
    # earns the bill rate: a few dollars.
    closes, market = shipped("AAPL"), index()
    shares = 100_000 / closes["2008-01-02"]
    cash = 100_000 - shares * closes["2008-01-03"]
    equity = {day: cash + shares * close for day, close in closes.items()}
    inside = [value for day, value in equity.items() if "2020-02-19" <= day <= "2020-03-23"]

    covid = by_key(run.summary["crisis_windows"])["covid"]

    assert covid["total_return"] == pytest.approx(inside[-1] / inside[0] - 1.0, abs=3e-5)
    falls = np.array(inside) / np.maximum.accumulate(inside) - 1.0
    assert covid["max_drawdown"] == pytest.approx(falls.min(), abs=3e-5)
    moved = market["2020-03-23"] / market["2020-02-19"] - 1.0
    assert covid["benchmark_return"] == pytest.approx(moved, rel=1e-9)
    assert (covid["currency_return"], covid["turnover"]) == (pytest.approx(0.0, abs=1e-12), 0.0)


async def test_windows_the_run_covers_in_part_are_null(run):
    windows = by_key(run.summary["crisis_windows"])

    partly = {"financial_crisis", "inflation_2022", "dot_com", "yen_2024"}
    for key in partly:
        assert windows[key]["covered"] is False
        assert {windows[key][name] for name in ("total_return", "max_drawdown")} == {None}
    assert windows["momentum_crash"]["covered"] is True


async def test_a_shock_moves_the_share_by_its_beta_of_the_last_year(run):
    closes, market = shipped("AAPL"), index()
    days = [day for day in sorted(closes) if day <= "2022-06-30"][-253:]
    own = np.diff([closes[day] for day in days]) / np.array([closes[day] for day in days[:-1]])
    others = np.diff([market[day] for day in days]) / np.array([market[day] for day in days[:-1]])
    beta = np.cov(own, others)[0, 1] / np.var(others, ddof=1)

    shocks = by_key(run.summary["stress"])

    weight = shocks["equity_10"]["total_return"] / (-0.1 * beta)
    # All but what the price between decision and fill left in cash.
    assert 0.95 < weight < 1.05
    assert shocks["equity_50"]["total_return"] == pytest.approx(
        5 * shocks["equity_10"]["total_return"], rel=1e-12
    )
    assert shocks["aud_down_20"]["total_return"] == 0.0
    assert shocks["gold_up_15"]["covered"] is False
    assert run.summary["assumed_betas"] == []


@pytest.mark.parametrize(("hour", "late"), [(21, True), (6, False), (None, False)])
def test_new_york_s_labels_are_known_in_the_evening_and_sydney_s_in_the_morning(hour, late):
    day = np.arange(0 if hour is None else 100)
    known = (day * 24 + (hour or 0)) * 3_600 * 10**6

    labels = Labels(of="VIX", names=(), day=day, label=day * 0, known_at_us=known)

    assert labels.is_late is late


async def test_thirds_of_the_vix_are_known_while_the_series_lasts(run):
    groups = run.summary["regimes"]

    assert {group["of"] for group in groups} == {"VIX"}
    assert {"VIX_LOW", "VIX_HIGH", "UNKNOWN"} <= {group["regime"] for group in groups}
    assert sum(group["sessions"] for group in groups) == run.summary["points"] - 1
    known = sum(group["sessions"] for group in groups if group["regime"] != "UNKNOWN")
    # The sample's VIX has five years from 2014 on, and the first of them makes the thirds.
    assert 4 * 252 <= known <= 4 * 252 + 7


@pytest.fixture
async def bought(sessions):
    """Return a function that tells what a run of some benchmark and instant knows."""

    async def labels(**given):
        async with unit_of_work(sessions) as session:
            backtest = make_backtest(make_job(), **given)
            return await market_labels(session, backtest)

    return labels


async def test_a_run_goes_by_the_regimes_of_its_benchmark_else_of_the_default(sessions, bought):
    await write_index(sessions)
    await write_index(sessions, "^AXJO", closes=made_closes(400, seed=9))
    assert await bought(benchmark="^GSPC") == []
    await compute_regimes(sessions, symbols=["^GSPC", "^AXJO"])

    [own] = await bought(benchmark="^AXJO")
    [default] = await bought(benchmark="^IXIC")
    [none] = await bought(benchmark=None)

    assert (own.of, default.of, none.of) == ("^AXJO", "^GSPC", "^GSPC")


async def test_a_run_knows_the_regimes_of_its_instant_only(sessions, bought):
    await write_index(sessions)
    await compute_regimes(sessions)

    [labels] = await bought(known_at=datetime(2020, 1, 1, tzinfo=UTC))

    last = (date(2019, 12, 31) - date(1970, 1, 1)).days
    assert labels.day[-1] == last
    assert len(labels.day) == len(labels.label)
