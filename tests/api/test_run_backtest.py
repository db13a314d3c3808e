"""A backtest through every layer but the network: rows, panel, engine, objects, figures."""

import csv
import gzip
import importlib.util
import io
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from api.adapters.local_store import LocalStore
from api.errors import MissingData
from api.services.backtest_request import BacktestRequest, Costs
from api.services.backtests import submit_backtest
from api.services.engine_request import request_of, strategy_of
from api.services.jobs import perform
from api.services.publish_backtest import publish_backtest
from api.services.results import curve_key, read_columns
from api.services.run_backtest import run_backtest
from api.services.work import Steps
from api.settings import LOCAL_OWNER_ID
from models.backtest import Currency, DecisionClock, FillPolicy
from models.backtests import BacktestRepository
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.job_rows import FAST
from tests.conftest import SAMPLE
from tests.engine.panels import make_panel

FREE = Costs(commission_flat=0.0, slippage_bps=0.0, fx_spread_bps=0.0)
HELD_APPLE = BacktestRequest(
    strategy="buy_and_hold",
    symbols=("AAPL",),
    benchmark="^GSPC",
    start=date(2000, 1, 3),
    end=date(2022, 12, 28),
    currency=Currency.USD,
    costs=FREE,
    fill=FillPolicy.NEXT_CLOSE,
    whole_shares=False,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return LocalStore(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="module")
async def sessions(make_database, sample_url, worker_id):
    engine = make_engine(
        await make_database(f"runs_{worker_id}", template=SAMPLE),
        pool_size=2,
        command_timeout_seconds=60.0,
    )
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture(scope="module")
async def run(sessions, store):
    return await finished(sessions, store, HELD_APPLE)


async def finished(sessions, store, request):
    """Submit the request, perform its job in this process, return the run as published."""
    async with unit_of_work(sessions) as session:
        submitted = await submit_backtest(session, owner_id=LOCAL_OWNER_ID, request=request)
    work = partial(run_backtest, sessions=sessions, store=store)
    kinds = {"BACKTEST": Steps(work=work, publish=publish_backtest)}
    await perform(submitted.job.id, kinds, sessions, timing=FAST)
    async with unit_of_work(sessions) as session:
        return await BacktestRepository(session).require_by_job(submitted.job.id)


def shipped_closes(symbol):
    """Read a column of the file the sample comes from, without the product's reader."""
    package = importlib.util.find_spec("skfolio").submodule_search_locations[0]
    path = Path(package) / "datasets/data/sp500_dataset.csv.gz"
    with gzip.open(path, "rt") as lines:
        return {row["Date"]: float(row[symbol]) for row in csv.DictReader(lines)}


async def test_holding_one_share_without_costs_is_its_price(run):
    closes = shipped_closes("AAPL")
    decided, filled, last = (closes[day] for day in ("2000-01-03", "2000-01-04", "2022-12-28"))
    # Sized at the decision's price, filled at the next close; what that left stays in cash.
    shares = 100_000 / decided
    expected = 100_000 - shares * filled + shares * last
    assert run.summary["metrics"]["final_value"] == pytest.approx(expected, rel=1e-9)


async def test_the_curve_is_stored_whole_and_at_each_resolution(run, store):
    whole = read_columns(await store.get(curve_key(run.result_prefix, "equity", "full")))
    thin = read_columns(await store.get(curve_key(run.result_prefix, "equity", "100")))
    net = orjson.loads(whole.columns["net"])
    dates = orjson.loads(whole.columns["dates"])
    assert list(whole.columns) == [
        "dates",
        "net",
        "gross",
        "local",
        "benchmark",
        "bills",
        "hedged",
    ]
    assert (dates[0], dates[-1]) == ("2000-01-03", "2022-12-28")
    assert whole.points == whole.total_points == thin.total_points == run.summary["points"]
    assert thin.points == 100
    assert net[-1] == run.summary["metrics"]["final_value"]
    assert orjson.loads(thin.columns["net"])[-1] == net[-1]


async def test_the_parquet_holds_the_same_curve(run, store):
    table = pq.read_table(io.BytesIO(await store.get(f"{run.result_prefix}series.parquet")))
    whole = read_columns(await store.get(curve_key(run.result_prefix, "equity", "full")))
    assert table.column("net").to_pylist() == orjson.loads(whole.columns["net"])
    assert str(table.column("date")[0]) == "2000-01-03"
    # Valued at the close in New York.
    assert str(table.column("valued_at")[0]) == "2000-01-03 21:00:00+00:00"


async def test_orders_are_exact_and_the_csv_holds_them_too(run, store):
    columns = read_columns(await store.get(f"{run.result_prefix}orders.columns.gz")).columns
    rows = list(
        csv.DictReader((await store.get(f"{run.result_prefix}orders.csv")).decode().split("\n"))
    )
    assert orjson.loads(columns["date"]) == ["2000-01-04"]
    assert orjson.loads(columns["symbol"]) == ["AAPL"]
    assert orjson.loads(columns["side"]) == ["BUY"]
    assert rows == [
        {name: orjson.loads(column)[0] for name, column in columns.items()},
    ]


async def test_every_term_of_cash_reaches_the_account(sessions, store):
    terms = {
        "fx_mode": "HOLD_USD",
        "cash_buffer": 0.2,
        "residual_pass": True,
        "half_spread_us_bps": 20.0,
        "delist_return": -1.0,
    }
    australian = replace(
        HELD_APPLE,
        strategy="equal_weight",
        symbols=("AAPL", "MSFT"),
        start=date(2018, 1, 2),
        currency=Currency.AUD,
        whole_shares=True,
        costs=Costs(**terms),
    )

    run = await finished(sessions, store, australian)

    assert terms.items() <= run.costs.items()
    parts = run.summary["attribution"]
    # A fifth is not invested, and nothing but the rate of dollars kept abroad moves it.
    assert parts["cash"] != 0.0
    assert run.summary["metrics"]["exposure"] == pytest.approx(0.8, abs=0.02)
    total = run.summary["metrics"]["total_return"]
    assert sum(
        parts[name] for name in ("asset", "currency", "interaction", "costs", "cash")
    ) == pytest.approx(total, abs=1e-9)


OF_OLD = (
    "commission_flat",
    "commission_bps",
    "minimum_commission",
    "slippage_bps",
    "impact_coefficient",
    "fx_spread_bps",
    "max_volume_share",
    "cash_rate",
)


async def test_a_run_stored_before_a_cost_was_known_reads_as_it_did(run):
    before = run.model_copy(update={"costs": {name: run.costs[name] for name in OF_OLD}})
    panel = make_panel(np.full((3, 1), 10.0))

    older, newer = (request_of(each, strategy_of(each), panel) for each in (before, run))

    assert older.costs == newer.costs
    assert len(run.costs) > len(OF_OLD)


async def test_the_name_is_no_part_of_the_content(run, sessions, store):
    again = await finished(sessions, store, replace(HELD_APPLE, name="again"))

    assert again.id == run.id


@pytest.mark.parametrize(
    "early",
    [{"fill": FillPolicy.DECISION_CLOSE}, {"decision_clock": DecisionClock.ASX_CLOSE}],
    ids=["decision close", "Sydney close"],
)
async def test_a_run_that_trades_on_its_first_day_begins_the_day_before(early, sessions, store):
    request = replace(HELD_APPLE, strategy="equal_weight", end=date(2001, 1, 3), **early)

    run = await finished(sessions, store, request)

    orders = read_columns(await store.get(f"{run.result_prefix}orders.columns.gz")).columns
    assert (run.summary["first_on"], run.summary["last_on"]) == ("1999-12-31", "2001-01-03")
    assert orjson.loads(orders["date"])[0] == "2000-01-03"
    assert run.summary["metrics"]["exposure"] > 0.9


async def test_a_start_without_rates_is_refused_by_name(sessions, store):
    request = replace(HELD_APPLE, currency=Currency.AUD, start=date(1995, 1, 3))

    with pytest.raises(MissingData, match="1999-01-04"):
        await finished(sessions, store, request)


async def test_a_benchmark_that_ends_within_the_run_is_left_out_from_there(sessions, store):
    request = replace(HELD_APPLE, benchmark="MSFT:OHLCV", start=date(2012, 1, 3))

    run = await finished(sessions, store, request)

    whole = read_columns(await store.get(curve_key(run.result_prefix, "equity", "full"))).columns
    level = orjson.loads(whole["benchmark"])
    known = [day for day, each in zip(orjson.loads(whole["dates"]), level, strict=True) if each]
    assert (known[0], known[-1]) == ("2012-01-03", "2013-03-08")  # its last bar is of 1 March
    assert "benchmark_incomplete" in run.summary["guards"]["flags"]
    assert [row[2] is None for row in run.summary["annual"][:3]] == [False, True, True]


async def test_a_model_is_kept_as_plain_arrays_with_its_out_of_fold_figures(sessions, store):
    request = replace(
        HELD_APPLE,
        strategy="meta_label",
        symbols=("AAPL", "AMD", "BAC", "CVX", "GE", "HD", "JNJ", "KO", "PFE", "WMT"),
        start=date(2009, 1, 5),
        end=date(2011, 12, 30),
        parameters={
            "primary_parameters": {"lookback": 21, "skip": 0, "top_n": 3},
            "min_events": 50,
            "horizon": 5,
            "folds": 3,
            "retrain": 252,
            "rebalance": "WEEKLY",
        },
    )

    run = await finished(sessions, store, request)

    told = run.summary["diagnostics"]["meta_label"]
    assert told["events"] >= 50
    assert 0.0 < told["auc"] < 1.0
    assert 0.0 < told["brier"] < 1.0
    assert {row["range"] for row in told["reliability"]}
    assert run.summary["guards"]["lookahead_free"]
    assert "untrained" in run.summary["guards"]["flags"]
    [kept] = [each for each in run.summary["downloads"] if each["label"] == "Model (NumPy)"]
    tables = np.load(io.BytesIO(await store.get(kept["key"])), allow_pickle=False)
    assert len(tables["root"]) == 200
    assert len(tables["threshold"]) == len(tables["share"]) > 200
