"""1,035 crossings of moving means, one asset, 5,040 sessions: own states against vectorbt, warm.

Both sides compute every mean once, find every crossing, and measure return, Sharpe ratio and
deepest fall of each; beside it runs with stops, by vectorbt's two engines.
"""

import statistics
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt

from engine.compiled_runs import FASTER, Prices, Wishes, run_wishes
from engine.entry_exit import Outcomes, run_crossings
from engine.technical import sma
from tests.benchmarks.figure import Check, Figure, alternate, median_ratio, spell

SESSIONS = 5_040
WINDOWS = range(5, 97, 2)  # 46 of them: 1,035 pairs
PAIRS = list(combinations(range(len(WINDOWS)), 2))
COST = 0.001
ROUNDS = 5
TARGET = 10.0
ENGINES = ("numba", "rust")
STOPPED = 64  # columns of the runs with stops
BOUND = 1e-9


def make_price() -> np.ndarray:
    steps = np.random.default_rng(21).normal(0.0003, 0.012, SESSIONS)
    return 100.0 * np.exp(np.cumsum(steps))


def ours(price: np.ndarray) -> Outcomes:
    levels = np.stack([sma(price[:, None], window)[:, 0] for window in WINDOWS])
    return run_crossings(price, levels, PAIRS, cost=COST)


def theirs(close: pd.Series, engine: str) -> dict[str, np.ndarray]:
    fast, slow = vbt.MA.run_combs(close, window=list(WINDOWS), r=2, short_names=["fast", "slow"])
    portfolio = vbt.Portfolio.from_signals(
        close,
        fast.ma_crossed_above(slow),
        fast.ma_crossed_below(slow),
        fees=COST,
        freq="1D",
        engine=engine,
    )
    return {
        "total_return": portfolio.total_return().to_numpy(),
        "sharpe_ratio": portfolio.sharpe_ratio().to_numpy(),
        "max_drawdown": portfolio.max_drawdown().to_numpy(),
    }


def compare(found: Outcomes, peer: dict[str, np.ndarray]) -> Iterator[Check]:
    for name, values in peer.items():
        error = float(np.abs(getattr(found, name) - values).max())
        yield Check(what=f"{name} of 1,035 equals vectorbt's", error=error, bound=BOUND)


def make_wishes(price: np.ndarray) -> tuple[Prices, Wishes]:
    """Return bars around the price and wishes to enter with a stop and a target, by column."""
    rng = np.random.default_rng(22)
    close = np.repeat(price[:, None], STOPPED, axis=1)
    opening = np.vstack([close[:1], close[:-1]]) * 1.001
    bars = Prices(
        open=opening,
        high=np.maximum(opening, close) * 1.008,
        low=np.minimum(opening, close) * 0.992,
        close=close,
        tradable=np.ones(close.shape, np.bool_),
    )
    stop = np.full(close.shape, 0.03)
    entries, exits = rng.random((2, *close.shape)) < 0.03
    return bars, Wishes(entries=entries, exits=exits, stop=stop, target=2.0 * stop)


def with_stops(price: np.ndarray) -> Figure:
    """Return what the two engines of vectorbt take for runs with stops, warm."""
    bars, wishes = make_wishes(price)
    runs: list[Any] = [
        lambda e=engine: run_wishes(bars, wishes, cost=COST, compiler=e) for engine in ENGINES
    ]
    first, second = (run() for run in runs)
    error = float(np.abs(first.equity - second.equity).max())
    seconds = [statistics.median(each) for each in alternate(runs, rounds=ROUNDS)]
    numba, rust = seconds
    taken = dict(zip(ENGINES, seconds, strict=True))
    return Figure(
        name=f"entries and exits with stops, {STOPPED} columns, by {FASTER}",
        ours=spell(taken[FASTER]),
        peer=f"numba {spell(numba)}",
        ratio=f"{numba / rust:.1f}x",
        target="beside it",
        met=None,
        checks=[Check(what="the two engines' curves are equal", error=error, bound=BOUND)],
        notes=["both warm; before its first run numba compiles, rust does not"],
    )


def figures() -> Iterator[Figure]:
    vbt.settings.returns["year_freq"] = "252 days"
    price = make_price()
    close = pd.Series(price, index=pd.date_range("2000-01-03", periods=SESSIONS, freq="D"))
    peers = {engine: theirs(close, engine) for engine in ENGINES}
    checks = list(compare(ours(price), peers["numba"]))
    runs: list[Any] = [lambda e=engine: theirs(close, e) for engine in ENGINES]
    numba, rust, mine = alternate([*runs, lambda: ours(price)], rounds=ROUNDS)
    fastest = min(numba, rust, key=statistics.median)
    ratio = median_ratio(fastest, mine)
    yield Figure(
        name="1,035 crossings of moving means, 5,040 sessions",
        ours=spell(statistics.median(mine)),
        peer=f"vectorbt {spell(statistics.median(fastest))}",
        ratio=f"{ratio:.0f}x",
        target=f">= {TARGET:.0f}x",
        met=ratio >= TARGET,
        checks=checks,
        notes=[
            f"vectorbt, warm: {name} {spell(statistics.median(taken))}"
            for name, taken in zip(ENGINES, (numba, rust), strict=True)
        ],
    )
    yield with_stops(price)
