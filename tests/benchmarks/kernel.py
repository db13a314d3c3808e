"""The batched kernel against vectorbt: monthly cross-sectional momentum, 500 assets x 5,040.

One combination of ours is a thousandth of a run over all of them, ranking included; one of
vectorbt's is one warm `from_orders` of ready weights, value and three statistics included.
"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import vectorbt as vbt

from engine.grid import MomentumGrid
from engine.paths import Paths
from engine.simulate import Market, simulate_rankings
from tests.benchmarks.figure import Check, Figure, alternate, median_ratio, spell
from tests.benchmarks.peer_rules import size_like_vectorbt, solve_exactly

SESSIONS, ASSETS, WARMUP, MONTH = 5_040, 500, 253, 21
COST = 0.001
CAPITAL = 1e9  # vectorbt takes fewer than 1e-12 shares for none: keep every order above that
ROUNDS = 5
TARGET = 500.0
ENGINES = ("numba", "rust")


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A thousand combinations of lookback, skip and number of names."""

    name: str
    lookbacks: np.ndarray
    skips: np.ndarray
    sizes: tuple[int, ...]

    def best(self, prices, fills):
        grid = MomentumGrid(prices, lookbacks=self.lookbacks, skips=self.skips)
        return lambda decision, count, part=slice(None): grid.best(
            int(fills[decision]) - 1, count, part
        )

    def run(self, prices, market, fills, **options) -> Paths:
        return simulate_rankings(
            market,
            self.best(prices, fills),
            n_rankings=len(self.lookbacks),
            sizes=self.sizes,
            fill_rows=fills,
            **options,
        )

    def weights(self, prices, fills, portfolio):
        """Return the target weights of one portfolio, (n_fills, m)."""
        ranking, size = divmod(portfolio, len(self.sizes))
        best = self.best(prices, fills)
        count = self.sizes[size]
        weights = np.zeros((len(fills), ASSETS))
        for decision in range(len(fills)):
            weights[decision, best(decision, count, slice(ranking, ranking + 1))[0]] = 1.0 / count
        return weights


def product(lookbacks, skips):
    pairs = np.array([(lookback, skip) for lookback in lookbacks for skip in skips])
    return {"lookbacks": pairs[:, 0], "skips": pairs[:, 1]}


SHARED = Sweep(
    name="100 rankings x 10 top_n (10 to 100)",
    sizes=tuple(range(10, 101, 10)),
    **product(range(63, 253, 21), range(0, 50, 5)),
)
DISTINCT_20 = Sweep(
    name="1,000 distinct rankings, top 20",
    sizes=(20,),
    **product(range(57, 253, 5), range(0, 50, 2)),
)
DISTINCT_100 = Sweep(
    name="1,000 distinct rankings, top 100",
    sizes=(100,),
    **product(range(57, 253, 5), range(0, 50, 2)),
)


def make_prices() -> np.ndarray:
    """Return prices with a market, drifts that last half a year, and noise; no real series."""
    rng = np.random.default_rng(11)
    sessions = WARMUP + SESSIONS
    market = rng.normal(0.0003, 0.009, (sessions, 1)) * rng.uniform(0.6, 1.4, ASSETS)
    drift = rng.normal(0.0, 0.0006, (sessions // 126 + 1, ASSETS)).repeat(126, axis=0)[:sessions]
    noise = rng.normal(0.0, 0.015, (sessions, ASSETS))
    return 50.0 * np.exp(np.cumsum(market + drift + noise, axis=0))


class Peer:
    """vectorbt on ready target weights; idle rows are not its to simulate."""

    def __init__(self, prices, weights, fills) -> None:
        sessions = pd.date_range("2000-01-03", periods=len(prices) - fills[0], freq="D")
        size = np.full((len(sessions), ASSETS), np.nan)
        size[fills - fills[0]] = weights
        self.close = pd.DataFrame(prices[fills[0] :], index=sessions)
        self.size = pd.DataFrame(size, index=sessions)

    def run(self, *, cost: float, engine: str) -> tuple[np.ndarray, dict[str, float]]:
        portfolio = vbt.Portfolio.from_orders(
            self.close,
            size=self.size,
            size_type="targetpercent",
            group_by=True,
            cash_sharing=True,
            call_seq="auto",
            fees=cost,
            init_cash=CAPITAL,
            freq="1D",
            engine=engine,
        )
        statistics_ = {
            "total_return": portfolio.total_return(),
            "sharpe_ratio": portfolio.sharpe_ratio(),
            "max_drawdown": portfolio.max_drawdown(),
        }
        return portfolio.value().to_numpy() / CAPITAL, statistics_


def gap(curve: np.ndarray, reference: np.ndarray) -> float:
    return float(np.abs(curve / reference - 1.0).max())


def compare_free(prices, market, fills) -> list[Check]:
    """Compare curves and statistics without costs with vectorbt's, for four combinations."""
    curve_error = statistic_error = 0.0
    for sweep, portfolios in ((SHARED, [0, 555, 999]), (DISTINCT_20, [407])):
        ours = sweep.run(prices, market, fills, keep=portfolios)
        for number, portfolio in enumerate(portfolios):
            peer = Peer(prices, sweep.weights(prices, fills, portfolio), fills)
            curve, figures_ = peer.run(cost=0.0, engine="rust")
            curve_error = max(curve_error, gap(ours.curves[number], curve))
            for name, value in figures_.items():
                error = abs(getattr(ours, name)[portfolio] / value - 1.0)
                statistic_error = max(statistic_error, float(error))
    return [
        Check(what="4 curves without costs equal vectorbt's", error=curve_error, bound=1e-9),
        Check(
            what="their return, Sharpe, drawdown equal vectorbt's",
            error=statistic_error,
            bound=1e-9,
        ),
    ]


def compare_cost(prices, market, fills) -> tuple[list[Check], list[str]]:
    """Compare curves at 10 bps with the exact cost, and explain the distance to vectorbt's."""
    first_order = SHARED.run(prices, market, fills, cost=COST, keep=range(1_000))
    exact_cost = SHARED.run(prices, market, fills, cost=COST, exact=True, keep=range(1_000))
    order = np.argsort(first_order.turnover)
    chosen = {"least": order[0], "median": order[500], "most": order[-1]}
    near, notes = [], []
    for word, portfolio in chosen.items():
        weights = SHARED.weights(prices, fills, portfolio)
        solved = solve_exactly(prices, weights, fills, COST)
        near.append(gap(exact_cost.curves[portfolio], solved))
        off = gap(first_order.curves[portfolio], solved)
        notes.append(
            f"first-order cost, {word} turnover ({first_order.turnover[portfolio]:.1f} a year): "
            f"{off:.1e} from the exact solution"
        )
        if word == "median":
            typical, curve = off, Peer(prices, weights, fills).run(cost=COST, engine="rust")[0]
            rule = gap(size_like_vectorbt(prices, weights, fills, COST), curve)
            notes.append(
                f"vectorbt, same combination: {gap(curve, solved):.1e} from the exact solution, "
                "because it sizes orders before costs and its last purchases find the cash gone"
            )
    checks = [
        Check(
            what="3 curves at 10 bps, exact cost, equal its solution", error=max(near), bound=1e-4
        ),
        Check(what="first-order cost at median turnover likewise", error=typical, bound=1e-4),
        Check(what="vectorbt's curve at 10 bps equals that sizing rule", error=rule, bound=1e-9),
    ]
    return checks, notes


def fastest(peer: Peer) -> tuple[str, list[str]]:
    """Return the engine of vectorbt's that is faster here once warm, and the time of each."""
    for engine in ENGINES:
        peer.run(cost=COST, engine=engine)
    taken = alternate(
        [lambda e=engine: peer.run(cost=COST, engine=e) for engine in ENGINES], rounds=2
    )
    seconds = {engine: min(rounds) for engine, rounds in zip(ENGINES, taken, strict=True)}
    notes = [f"vectorbt, warm: {name} {spell(least)}" for name, least in seconds.items()]
    return min(seconds, key=seconds.__getitem__), notes


def figures() -> Iterator[Figure]:
    vbt.settings.returns["year_freq"] = "252 days"
    prices = make_prices()
    market = Market.of(prices)
    fills = np.arange(WARMUP, WARMUP + SESSIONS, MONTH)
    checks, notes = compare_cost(prices, market, fills)
    checks = [*compare_free(prices, market, fills), *checks]
    peer = Peer(prices, SHARED.weights(prices, fills, 555), fills)
    engine, engines = fastest(peer)
    sweeps = (SHARED, DISTINCT_20, DISTINCT_100)
    runs = [lambda s=sweep: s.run(prices, market, fills, cost=COST) for sweep in sweeps]
    theirs, *ours = alternate([lambda: peer.run(cost=COST, engine=engine), *runs], rounds=ROUNDS)
    for sweep, taken in zip(sweeps, ours, strict=True):
        each = [seconds / 1_000 for seconds in taken]
        ratio = median_ratio(theirs, each)
        yield Figure(
            name=f"momentum, {sweep.name}",
            ours=spell(statistics.median(each)),
            peer=f"vectorbt {spell(statistics.median(theirs))}",
            ratio=f"{ratio:.0f}x",
            target=f">= {TARGET:.0f}x" if sweep is SHARED else "beside it",
            met=ratio >= TARGET if sweep is SHARED else None,
            checks=checks if sweep is SHARED else (),
            notes=[*notes, *engines] if sweep is SHARED else (),
        )
