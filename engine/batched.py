"""Requests that share their rankings, decided and simulated together.

Of cross-sectional momentum with equal weights, a decision is the first names of a ranking: all
numbers of names share it, and all skips of a lookback share the screen before it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.backtest import Constraints, Request
from engine.decide import decision_calendar, lend
from engine.fills import Fills, fill_rows
from engine.panel import Panel
from engine.paths import Paths
from engine.schedule import decision_instants
from engine.simulate import Market, simulate_rankings
from engine.strategies.momentum import Momentum
from engine.trial_market import cost_rates
from engine.types import IntArray

# Portfolios simulated in vain for each that was asked for, before sizes are taken one by one.
MOST_IN_VAIN = 2


def batches(panel: Panel, requests: Sequence[Request]) -> Iterator[list[int]]:
    """Yield the numbers of the requests, those together that `simulate_batch` may take."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        groups[_shared(panel, request) or number].append(number)
    for group in groups.values():
        yield from _worthwhile(group, requests)


def simulate_batch(
    panel: Panel, market: Market, requests: Sequence[Request], *, cost: float, fee: float
) -> tuple[Fills, Paths]:
    """Simulate requests of one batch; the paths and their curves are in the requests' order."""
    first = requests[0]
    rows = decision_calendar(
        panel, first.strategy, first.first_row, first.last_row, first.rebalance
    )
    instants = decision_instants(panel, rows, first.clock)
    fills = fill_rows(panel, rows, instants, first)
    skips, sizes = _skips(requests), _sizes(requests)
    names = _rank(panel, first, rows[fills.decision], instants[fills.decision], skips, sizes[-1])
    wanted = [
        skips.index(request.strategy.parameters.skip) * len(sizes)
        + sizes.index(request.strategy.parameters.top_n)
        for request in requests
    ]
    paths = simulate_rankings(
        market,
        lambda decision, count, part: names[decision, part, :count],
        n_rankings=len(skips),
        sizes=sizes,
        fill_rows=fills.row,
        cost=cost,
        fee=fee,
        exact=True,
        keep=sorted(set(wanted)),
    )
    return fills, _in_order(paths, wanted)


def _shared(panel: Panel, request: Request) -> tuple[Any, ...] | None:
    """Return what requests of one batch have in common; None for one that is on its own."""
    strategy = request.strategy
    if not isinstance(strategy, Momentum) or not strategy.ranks_alone:
        return None
    if request.overlay_vol_target is not None or request.costs.cash_buffer > 0.0:
        return None
    rates = cost_rates(panel, request.costs, {})
    if request.constraints != Constraints() or (rates != rates[:1]).any():
        return None
    alike = strategy.parameters.model_dump(exclude={"skip", "top_n"})
    return (*sorted(alike.items()), request.rebalance, request.costs)


def _worthwhile(group: list[int], requests: Sequence[Request]) -> Iterator[list[int]]:
    chosen = [requests[number] for number in group]
    if len(group) == 1:
        yield group
        return
    if len(_skips(chosen)) * len(_sizes(chosen)) <= MOST_IN_VAIN * len(group):
        yield group
        return
    by_size: dict[int, list[int]] = defaultdict(list)
    for number in group:
        by_size[requests[number].strategy.parameters.top_n].append(number)
    yield from by_size.values()


def _skips(requests: Sequence[Request]) -> list[int]:
    return sorted({request.strategy.parameters.skip for request in requests})


def _sizes(requests: Sequence[Request]) -> list[int]:
    return sorted({request.strategy.parameters.top_n for request in requests})


def _rank(
    panel: Panel,
    request: Request,
    rows: IntArray,
    instants: IntArray,
    skips: Sequence[int],
    count: int,
) -> IntArray:
    """Return the best names (d, G, count) of each skip's ranking; m for a place nobody takes."""
    strategy = request.strategy
    if not isinstance(strategy, Momentum):
        raise TypeError("only rankings are simulated in batches")
    names = np.full((len(rows), len(skips), count), len(panel.symbols))
    for decision, (row, instant) in enumerate(zip(rows.tolist(), instants.tolist(), strict=True)):
        window = lend(panel, strategy, row, instant)
        for ranking, ranked in enumerate(strategy.rankings(window, skips)):
            best = ranked[:count]
            names[decision, ranking, : len(best)] = best
    return names


def _in_order(paths: Paths, wanted: Sequence[int]) -> Paths:
    kept = sorted(set(wanted))
    curves = paths.curves[[kept.index(number) for number in wanted]]
    return Paths(
        total_return=paths.total_return[wanted],
        sharpe_ratio=paths.sharpe_ratio[wanted],
        max_drawdown=paths.max_drawdown[wanted],
        turnover=paths.turnover[wanted],
        curves=curves,
    )
