"""A whole run in the share-exact ledger: 500 assets, 2,520 sessions, monthly, report included."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.backtest import Constraints, Request, run
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.panel import Panel
from engine.report import Result
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from tests.benchmarks.figure import Check, Figure, spell
from tests.engine.panels import make_closes, make_panel

ROUNDS = 5
TARGET_SECONDS = 2.0
ASSETS, SESSIONS, WARMUP = 500, 2_520, 252
# Momentum of the best fifty, as a retail account trades it.
NAMES = 50


def make_market() -> Panel:
    close = make_closes(sessions=SESSIONS + WARMUP, assets=ASSETS)
    rng = np.random.default_rng(1)
    rate = 1.5 * np.exp(np.cumsum(rng.normal(0.0, 0.006, len(close))))
    dividend = np.where(rng.random(close.shape) < 0.015, 0.005 * close, 0.0)
    split = np.where(rng.random(close.shape) < 0.0002, 2.0, 1.0)
    close = close / np.cumprod(split, axis=0)
    panel = make_panel(close)
    return make_panel(
        close,
        dividend=dividend,
        split=split,
        currencies=("AUD", "USD"),
        currency=np.ones(ASSETS),
        fx=np.column_stack([np.ones(len(close)), rate]),
        fx_known_at=np.repeat(panel.closes_at, 2, axis=1),
        volume=rng.uniform(1e5, 1e6, close.shape),
    )


def make_request(panel: Panel) -> Request:
    momentum = STRATEGIES["momentum"]
    return Request(
        strategy=momentum(momentum.parameters_type(top_n=NAMES)),
        first_row=WARMUP,
        last_row=len(panel.session) - 1,
        capital=1_000_000.0,
        rebalance=Rebalance.MONTHLY,
        constraints=Constraints(),
        costs=CostModel(impact_coefficient=1.0, cash_rate=0.02),
        fill=FillPolicy.NEXT_OPEN,
        whole_shares=True,
        clock=DecisionClock.US_CLOSE,
    )


def backtest(panel: Panel, request: Request) -> Result:
    return run(panel, request, checkpoint=lambda *_: None)


def figures() -> Iterator[Figure]:
    panel = make_market()
    request = make_request(panel)
    first = backtest(panel, request)
    taken = []
    for _ in range(ROUNDS):
        # A panel derives its marks once; a run must not live on those of the one before.
        fresh = replace(panel)
        start = time.process_time()
        again = backtest(fresh, request)
        taken.append(time.process_time() - start)
    parts = first.attribution
    explained = parts.asset + parts.currency + parts.interaction + parts.costs + parts.cash
    total = first.equity[-1] / first.equity[0] - 1.0
    seconds = statistics.median(taken)
    yield Figure(
        name="ledger run, 500 x 2,520, monthly",
        ours=spell(seconds),
        target=f"<= {TARGET_SECONDS:.0f} s",
        met=seconds <= TARGET_SECONDS,
        checks=[
            Check(
                what="the same run twice",
                error=float(np.abs(again.equity - first.equity).max()),
                bound=0.0,
            ),
            Check(what="parts sum to the total return", error=abs(explained - total), bound=1e-10),
        ],
        notes=[
            f"{len(first.orders):,} orders with fees, impact, conversions, dividends and splits",
            "decides, trades net and gross, asserts every identity, repeats on cut panels, reports",
        ],
    )
