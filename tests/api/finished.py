"""A finished run with figures that a test can name, published the way a worker does."""

from datetime import date, timedelta

from sqlalchemy import update
from sqlmodel import col

from api.services.results import FULL, LEVELS, curve_key, write_columns
from models.backtest import Backtest
from models.backtests import BacktestRepository
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.factories import make_backtest, make_job

POINTS = 120
FIRST = date(2020, 1, 1)
METRICS = {
    "total_return": 0.5,
    "sharpe": 1.25,
    "calmar": None,
    "max_drawdown": -0.2,
    "total_costs": 12.345,
    "final_value": 150000.0,
    "trade_count": 3,
    "sessions": POINTS,
    "undefined": {"tail_ratio": "fewer than 20 returns", "calmar": "no losing period"},
}
SUMMARY = {
    "points": POINTS,
    "metrics": METRICS,
    "benchmark_metrics": None,
    "monthly": [[2020, 1, 0.01], [2020, 2, -0.02]],
    "annual": [[2020, 0.5, 0.4], [2021, 0.1, None]],
    "drawdowns": [
        {"peak": "2020-01-05", "trough": "2020-01-09", "recovered": None, "depth": -0.2, "days": 9}
    ],
    "attribution": {
        "asset": 0.4,
        "currency": 0.1,
        "interaction": 0.02,
        "costs": -0.03,
        "cash": 0.01,
        "by_symbol": {"AAA": 0.5},
    },
    "guards": {
        "lookahead_free": True,
        "lookahead_detail": "5 cuts",
        "fills_on_real_bars": True,
        "missing_data": [],
        "flags": ["vendor_adjusted"],
    },
    "assumed_betas": ["BBB"],
    "diagnostics": {"meta_label": {"auc": 0.53, "brier": None}},
    "overfitting": {
        "psr": 0.99,
        "min_track_record_length": 80.5,
        "sharpe_interval": [0.5, 2.0],
    },
    "orders": {"count": 3},
}
ORDERS = {
    "date": ["2020-01-02", "2020-01-02", "2020-02-03"],
    "symbol": ["AAA", "BBB", "AAA"],
    "side": ["BUY", "BUY", "SELL"],
    "quantity": ["10", "5", "10"],
    "filled": ["10", "5", "9"],
    "price": ["100.5", "20.25", "110"],
    "commission": ["3", "3", "3"],
    "slippage": ["0.5025", "0.05", "0.5"],
    "fx_cost": ["0", "0", "7.7"],
    "reason": ["rebalance", "rebalance", "volume"],
}


async def finish_backtest(app, **given):
    """Write a run, its objects and its figures; return the run."""
    async with unit_of_work(app.sessions) as session:
        jobs, runs = JobRepository(session), BacktestRepository(session)
        job = await jobs.add(make_job(owner_id=given.pop("owner_id", app.settings.owner_id)))
        run = await runs.add(make_backtest(job, **given))
        claim = await jobs.claim(job.id, lease=timedelta(minutes=1))
        prefix = f"results/{job.id}/{claim.fence}/"
        await _put_objects(app.store, prefix)
        await jobs.finish(
            job.id, fence=claim.fence, result_prefix=prefix, sha256="ab", compute_seconds=1.5
        )
        files = [{"label": "Orders (CSV)", "key": f"{prefix}orders.csv", "bytes": 9}]
        await runs.publish(
            run.id,
            result_prefix=prefix,
            summary=SUMMARY | {"downloads": files},
            sharpe=given.get("sharpe", 1.25),
            cagr=0.2,
            max_drawdown=-0.2,
        )
        # What the ledger's four trials leave of it.
        shown = update(Backtest).where(col(Backtest.id) == run.id)
        await session.execute(shown.values(deflated_sharpe=0.9, trials=4))
    return run


async def _put_objects(store, prefix):
    for level in (*(level for level in LEVELS if level < POINTS), POINTS):
        dates = [(FIRST + timedelta(days=day)).isoformat() for day in range(level)]
        levels = [100.0 + day for day in range(level)]
        label = FULL if level == POINTS else str(level)
        equity = {"net": levels, "gross": [2 * each for each in levels], "local": levels}
        await store.put(
            curve_key(prefix, "equity", label),
            write_columns({"dates": dates, **equity, "benchmark": levels}, total_points=POINTS),
        )
        await store.put(
            curve_key(prefix, "drawdown", label),
            write_columns({"dates": dates, "strategy": levels}, total_points=POINTS),
        )
    await store.put(f"{prefix}orders.columns.gz", write_columns(ORDERS, total_points=3))
    await store.put(f"{prefix}orders.csv", b"date,side")
