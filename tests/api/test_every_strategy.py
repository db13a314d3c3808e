"""Every registered strategy, asked for in GraphQL on the sample and performed by a worker.

What the sample lacks is missed by its name; with a synthetic panel imported from a file, marked as
such by the file's name, those strategies run too.
"""

import math
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import isfinite
from uuid import UUID

import pytest

from api.adapters.csv_prices import read_prices
from api.adapters.csv_series import read_series
from api.services.import_prices import import_prices
from api.services.import_series import import_series
from api.services.jobs import perform
from api.services.publish_backtest import publish_backtest
from api.services.run_backtest import run_backtest
from api.services.work import Steps
from api.wiring import App
from engine.strategies import STRATEGIES
from models.session import make_engine, make_sessions, unit_of_work
from tests.api.asking import asked
from tests.api.job_rows import FAST
from tests.api.market import make_settings
from tests.api.submitting import RUN
from tests.conftest import SAMPLE
from tests.factories import OWNER

TOLD = """
query Told($id: ID!) {
  backtest(id: $id) {
    job { status error { code message } }
    metrics { totalReturn cagr volatility sharpe maxDrawdown finalValue tradeCount sessions }
    guards { lookaheadFree fillsOnRealBars missingData flags }
    orders(first: 1) { totalCount }
  }
}
"""
USUAL = {
    "universe": "SAMPLE_US",
    "start": "2016-01-04",
    "end": "2017-06-30",
    "currency": "USD",
    "initialCapital": "1000000",
}
BARS = {"symbols": [f"{name}:OHLCV" for name in ("AAPL", "GOOG", "IBM", "MSFT")], "universe": None}
INDEX = {"symbols": ["^GSPC", "AAPL", "JNJ"], "universe": None}
METALS = {"symbols": ["BTC-USD", "GLD", "SLV"], "universe": None, "benchmark": "^GSPC"}
# What a strategy is asked with where the usual would not let it act.
ASKED = {
    "breakout": BARS
    | {"start": "2009-01-05", "end": "2011-12-30", "benchmark": "^GSPC:OHLCV"}
    | {"parameters": {"top_pct": 0.5, "adr_min": 0.0, "max_range": 0.3, "vol_mult": 1.0}},
    "hard_assets": METALS,
    "iron_condor": INDEX,
    "stat_arb": {"parameters": {"p_max": 0.2, "eps": 1.5, "min_samples": 2, "hl_max": 120}},
    "tail_hedge": INDEX | {"parameters": {"primary": "buy_and_hold"}},
    "vrp": INDEX,
}
# What the sample has not got, by who needs it.
MISSED = {
    "hard_assets": "BTC-USD",
    "iron_condor": "VIX3M",
    "tail_hedge": "VIX3M",
    "vrp": "VIX3M",
}


async def opened(make_database, name, home):
    url = await make_database(name, template=SAMPLE)
    app = App(make_settings(home, database_url=url))
    app.engine = make_engine(url, pool_size=4, command_timeout_seconds=60.0)
    app.sessions = make_sessions(app.engine)
    return app


@pytest.fixture(scope="module")
async def sample(make_database, sample_url, worker_id, tmp_path_factory):
    app = await opened(make_database, f"every_{worker_id}", tmp_path_factory.mktemp("home"))
    yield app
    await app.engine.dispose()


@pytest.fixture(scope="module")
async def synthetic(make_database, sample_url, worker_id, tmp_path_factory):
    """The sample with figures and prices of nobody's, from files that say so."""
    app = await opened(make_database, f"synthetic_{worker_id}", tmp_path_factory.mktemp("home"))
    now = datetime.now(UTC)
    async with unit_of_work(app.sessions) as session:
        for panel, content in (("VIX3M", figures(18.0)), ("US10Y_REAL", figures(1.0))):
            name = f"synthetic_{panel}.csv"
            file = read_series(content.encode(), name=name, panel=panel)
            await import_series(session, file, now=now)
        file = read_series(factors().encode(), name="synthetic_FF5.csv", panel="FF5")
        await import_series(session, file, now=now)
        prices = read_prices(metals().encode(), name="synthetic_metals.csv")
        await import_prices(session, prices, universe="SYNTHETIC", owner_id=OWNER, now=now)
    yield app
    await app.engine.dispose()


def days(first=date(2013, 1, 1), last=date(2017, 12, 29)):
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def weekdays():
    return [day for day in days() if day.weekday() < 5]


def figures(level):
    rows = (f"{day},{level * (1.2 + math.sin(i / 30)):.4f}" for i, day in enumerate(weekdays()))
    return "\n".join(["date,value", *rows, ""])


def factors():
    months = sorted({day.replace(day=1) for day in weekdays()})
    rows = (f"{day}," + ",".join(f"{0.02 * math.sin(i * k):.4f}" for k in range(2, 8))
            for i, day in enumerate(months))  # fmt: skip
    return "\n".join(["date,Mkt-RF,SMB,HML,RMW,CMA,RF", *rows, ""])


def metals():
    rows = (
        f"{day},{symbol},{price * math.exp(drift * i + 0.2 * math.sin(i / period)):.4f}"
        for symbol, price, drift, period, traded in (
            ("BTC-USD", 100.0, 0.003, 23, days()),
            ("GLD", 150.0, 0.0003, 40, weekdays()),
            ("SLV", 20.0, 0.0002, 31, weekdays()),
        )
        for i, day in enumerate(traded)
    )
    return "\n".join(["date,symbol,close", *rows, ""])


async def submitted(app, key, **given):
    wish = {"strategy": key} | USUAL | ASKED.get(key, {}) | given
    wish = {name: value for name, value in wish.items() if value is not None}
    body = await asked(app, RUN, input=wish)
    assert "errors" not in body, body
    return body["data"]["runBacktest"]


async def finished(app, told):
    """Perform the job of a run in this process and ask what came of it."""
    assert told["userErrors"] == [], told
    work = partial(run_backtest, sessions=app.sessions, store=app.store)
    kinds = {"BACKTEST": Steps(work=work, publish=publish_backtest)}
    job = UUID(told["job"]["id"].removeprefix("job_"))
    await perform(job, kinds, app.sessions, timing=FAST)
    body = await asked(app, TOLD, id=told["backtest"]["id"])
    return body["data"]["backtest"]


def require_sound(run):
    assert run["job"] == {"status": "SUCCEEDED", "error": None}
    figures = run["metrics"].items()
    assert [name for name, value in figures if value is None or not isfinite(float(value))] == []
    assert run["metrics"]["volatility"] > 0.0
    assert run["orders"]["totalCount"] > 0
    assert run["guards"]["lookaheadFree"]
    assert run["guards"]["fillsOnRealBars"]


@pytest.mark.parametrize("key", sorted(STRATEGIES.keys() - MISSED))
async def test_a_strategy_runs_on_the_sample(sample, key):
    run = await finished(sample, await submitted(sample, key))

    require_sound(run)


@pytest.mark.parametrize("key", sorted(MISSED))
async def test_what_the_sample_lacks_is_missed_by_its_name(sample, key):
    told = await submitted(sample, key, **(INDEX if key == "hard_assets" else {}))

    assert told["backtest"] is None
    assert {error["code"] for error in told["userErrors"]} == {"MISSING_DATA"}
    assert MISSED[key] in told["userErrors"][0]["message"]


@pytest.mark.parametrize("key", sorted(MISSED))
async def test_it_runs_on_a_synthetic_panel_from_a_file(synthetic, key):
    run = await finished(synthetic, await submitted(synthetic, key))

    require_sound(run)


@pytest.mark.parametrize(
    ("symbols", "sessions"),
    [(["BTC-USD", "GLD", "SLV"], 252 + 1), (["BTC-USD"], 366 + 3)],  # of 2016 and after it
)
async def test_a_coin_keeps_the_sessions_of_the_shares_beside_it(synthetic, symbols, sessions):
    """It has a bar on each day; beside shares 252 sessions are a year of it as well."""
    span = {"universe": None, "start": "2016-01-01", "end": "2017-01-03", "benchmark": "BTC-USD"}
    parameters = {"lookback": 252, "skip": 0, "top_n": 1, "rebalance": "DAILY"}

    told = await submitted(synthetic, "momentum", symbols=symbols, parameters=parameters, **span)
    run = await finished(synthetic, told)

    require_sound(run)
    assert run["metrics"]["sessions"] == sessions


async def test_the_history_of_a_coin_counts_in_the_sessions_of_the_shares(synthetic):
    """254 days of a coin, from the first of 2013, are no 254 sessions of New York."""
    asked = {"universe": None, "symbols": ["BTC-USD", "GLD"], "benchmark": "BTC-USD"}
    long = asked | {"start": "2013-01-02", "parameters": {"lookback": 252, "skip": 0}}

    short = await submitted(synthetic, "momentum", **long, end="2013-12-31")
    enough = await submitted(synthetic, "momentum", **long, end="2014-01-06")

    assert "254 sessions" in short["userErrors"][0]["message"]
    assert enough["userErrors"] == []


async def test_the_panel_a_parameter_asks_for_is_the_one_that_is_missed(sample, synthetic):
    five = {"factors": "ff5", "reg_months": 24, "form": 6}

    told = await submitted(sample, "residual_momentum", parameters=five)
    run = await finished(
        synthetic, await submitted(synthetic, "residual_momentum", parameters=five)
    )

    [error] = told["userErrors"]
    assert (error["code"], error["reason"]) == ("MISSING_DATA", "MISSING_PANEL")
    assert "residual_momentum needs the panel FF5" in error["message"]
    assert "parakeet import-series" in error["message"]
    require_sound(run)
    abroad = await submitted(sample, "residual_momentum", parameters={"region": "asia_pacific"})
    assert "needs the panel FF3_ASIA_PACIFIC" in abroad["userErrors"][0]["message"]


async def test_another_figure_in_a_panel_is_another_run(synthetic):
    before = await submitted(synthetic, "vrp")
    again = await submitted(synthetic, "vrp")
    figure = "date,value\n2017-12-30,19.5\n"
    async with unit_of_work(synthetic.sessions) as session:
        file = read_series(figure.encode(), name="synthetic_VIX3M.csv", panel="VIX3M")
        await import_series(session, file, now=datetime.now(UTC))
    after = await submitted(synthetic, "vrp")

    assert again["backtest"]["contentKey"] == before["backtest"]["contentKey"]
    assert after["backtest"]["contentKey"] != before["backtest"]["contentKey"]


async def test_a_run_that_outlives_its_panel_says_so(sample):
    """The sample's factors end in November 2018; a month's stand until the next could be known."""
    told = await submitted(sample, "residual_momentum", start="2018-07-02", end="2019-08-30")

    run = await finished(sample, told)

    require_sound(run)
    [silent] = run["guards"]["missingData"]
    assert silent.startswith("FF3: no figure on ")
    assert silent.endswith(" sessions from 2019-02-05 to 2019-08-30")
