"""The rebalance kernel: many fractional portfolios of one market, paths and statistics.

1. A market is read once: marks to value what is held, the price a fill gets, and who trades.
2. Per period, from one fill to the next, relatives ``price / price at the fill`` serve every
   portfolio. Rankings are handled in parts, so that memory does not grow with their number.
3. Equal weight on the first k ranks, for every k at once: gather the relatives of the ranked
   names, one product with the (sizes, ranks) shares. No vector of weights is built.
4. Turnover from the overlap of old and new ranks: 2 (1 - sum of the smaller weights), cash apart.
5. A fill costs ``cost * traded``; between fills weights drift with prices and are not restored.
6. Where a name that is held or wanted cannot be traded, that period takes the general route:
   dense weights, the name keeps what it drifted to, the others share what is left.
7. Statistics are gathered period by period; full curves only of the portfolios asked for.

The cost is of first order: charged on targets before costs. The exact one solves
``c = cost * sum |w (1 - c) - drifted|``; without it a path of 240 monthly fills at 10 bps is off by
6e-5 when it turns over five times a year and 5e-4 at twelve times. `exact` asks for it. A fee per
order needs a capital: `fee`, its share of the initial one, is charged for each name that trades.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.holdings import Dense, Drifted, Holding, Ranked
from engine.paths import Paths, Recorder, concatenate
from engine.returns import carry_forward
from engine.types import BoolArray, FloatArray, IntArray

# Doubles a part of the rankings may need at once: 16 MB, near the size of the caches.
PART_SIZE: Final = 2_000_000
FIXED_POINT_ROUNDS: Final = 4  # each gains a factor of the cost rate, 1e-2 or less
LEAST_TRADE: Final = 1e-9  # of equity; what rounding leaves of a name that stays as it is

# (decision, wanted, drifted) -> what is traded to, all (C, m); for limits on what may change.
Trim = Callable[[int, FloatArray, FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Market:
    """Total-return prices in one currency, (n, m); see `Market.of`."""

    marks: FloatArray  # last close, carried; NaN before the first
    at_fill: FloatArray  # what a holding is worth when a row's fill happens
    tradable: BoolArray
    rf: FloatArray  # (n,) simple return of cash per session, no NaN

    @classmethod
    def of(
        cls, close: FloatArray, *, fill: FloatArray | None = None, rf: FloatArray | None = None
    ) -> "Market":
        """Read total-return closes and fill prices (the closes by default), NaN where no bar is.

        A name with a NaN fill price cannot be traded on that row and is valued at its last mark.
        """
        marks = carry_forward(close)
        fill = close if fill is None else fill
        tradable = np.isfinite(fill) & np.isfinite(marks)
        before = np.vstack([np.full(close.shape[1], np.nan), marks[:-1]])
        at_fill = fill if tradable.all() else np.where(tradable, fill, before)
        rates = np.zeros(len(close)) if rf is None else rf
        return cls(marks=marks, at_fill=at_fill, tradable=tradable, rf=rates)

    def relatives(self, start: int, end: int) -> FloatArray:
        """Return relatives (m + 1, h) of rows start … end - 1 at marks and of row `end` at fill."""
        rows = self.marks[start:end]
        if end < len(self.marks):
            rows = np.vstack([rows, self.at_fill[end]])
        base = self.at_fill[start]
        relatives = np.zeros((len(base) + 1, len(rows)))
        # What is worth nothing by now, as a listing may end, stays worth nothing.
        worth = np.isfinite(base) & (base > 0.0)
        np.divide(rows.T, base[:, None], out=relatives[:-1], where=worth[:, None])
        return relatives

    def growth(self, start: int, end: int) -> FloatArray:
        """Return the growth (h,) of cash over the same rows, 1 at the fill itself."""
        steps = self.rf[start + 1 : end + 1]
        return np.concatenate([[1.0], np.cumprod(1.0 + steps)])


def simulate_rankings(
    market: Market,
    best: Callable[[int, int, slice], IntArray],
    *,
    n_rankings: int,
    sizes: Sequence[int],
    fill_rows: IntArray,
    cost: float = 0.0,
    fee: float = 0.0,
    exact: bool = False,
    keep: Sequence[int] = (),
) -> Paths:
    """Simulate equal weight on the first k names of each ranking, for each k of `sizes`.

    Parameters
    ----------
    best : callable (decision, count, part) -> ndarray of shape (g, count)
        Columns of the `count` best names of the rankings in `part`, best first, for the decision
        that fills on ``fill_rows[decision]``; m for a place nobody takes, which stays in cash.
    sizes : ascending sequence of S distinct numbers of names
    fill_rows : ndarray, strictly ascending
    cost : float
        Proportional cost of one unit traded, decimal fraction.
    fee : float
        Cost of trading one name, fraction of the initial capital.
    exact : bool
        Charge the cost of what trades after costs, to about 1e-6 of a path.
    keep : ascending sequence of portfolio numbers whose full curves are returned

    Returns
    -------
    Paths
        Portfolio ``ranking * S + j`` holds ``sizes[j]`` names.
    """
    m = market.marks.shape[1]
    counts = np.asarray(sizes)
    longest = int(np.diff(fill_rows, append=len(market.marks)).max()) + 1
    each = counts[-1] * longest + 4 * len(counts) * longest + (3 + len(counts)) * m
    parts = []
    for part in _parts(n_rankings, max(1, PART_SIZE // int(each))):
        first, stop = part.start * len(counts), part.stop * len(counts)
        nobody = np.full((part.stop - part.start, counts[-1]), m)

        def target(decision: int, part: slice = part) -> Ranked:
            return Ranked(best(decision, int(counts[-1]), part), counts, m)

        kept = [number - first for number in keep if first <= number < stop]
        start = Ranked(nobody, counts, m)
        costs = np.full(m, cost)
        parts.append(_simulate(market, start, target, fill_rows, costs, kept, fee=fee, exact=exact))
    return concatenate(parts)


def simulate_weights(
    market: Market,
    weights: FloatArray,
    *,
    fill_rows: IntArray,
    cost: float | FloatArray = 0.0,
    fee: float = 0.0,
    trim: Trim | None = None,
    exact: bool = False,
    keep: Sequence[int] = (),
) -> Paths:
    """Simulate C portfolios of given target weights, (n_fills, C, m), the rest in cash.

    `cost` may differ by asset, (m,). With `exact` the cost is solved to a fixed point, so that
    the portfolio holds its targets of what is left after costs.
    """
    _, n_paths, m = weights.shape
    costs = np.broadcast_to(np.asarray(cost, dtype=np.float64), m)
    start = Dense(np.zeros((n_paths, m)))

    def target(decision: int) -> Dense:
        return Dense(weights[decision])

    return _simulate(market, start, target, fill_rows, costs, keep, fee=fee, trim=trim, exact=exact)


def _parts(total: int, size: int) -> Iterator[slice]:
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))


def _simulate(
    market: Market,
    holding: Holding,
    target: Callable[[int], Holding],
    fill_rows: IntArray,
    costs: FloatArray,
    keep: Sequence[int],
    *,
    fee: float = 0.0,
    trim: Trim | None = None,
    exact: bool = False,
) -> Paths:
    """Go from fill to fill: trade, hold, record."""
    n_paths, m = len(holding.cash), len(costs)
    level = np.ones(n_paths)
    recorder = Recorder(n_paths, len(market.marks) - int(fill_rows[0]), keep)
    before = Drifted(holding, level, np.append(np.ones(m), 0.0), 1.0)
    ends = np.append(fill_rows[1:], len(market.marks))
    for decision, (row, end) in enumerate(zip(fill_rows.tolist(), ends.tolist(), strict=True)):
        stuck = ~market.tradable[row]
        wanted = target(decision)
        if trim is not None:
            wanted = Dense(trim(decision, wanted.dense(), before.weights(), level))
        holding, paid, turnover = _trade(before, wanted, stuck, costs, exact=exact)
        if fee:
            paid = paid + fee * _names_traded(before, holding) / level
        recorder.trade(turnover)
        level = level * (1.0 - paid)
        relatives, growth = market.relatives(row, end), market.growth(row, end)
        values = holding.values(relatives, growth)
        sessions = end - row
        recorder.add(level[:, None] * values[:, :sessions], market.rf[row:end])
        before = Drifted(holding, values[:, -1], relatives[:, -1], growth[-1])
        level = level * values[:, -1]
    return recorder.finish()


def _trade(
    before: Drifted, target: Holding, stuck: BoolArray, costs: FloatArray, *, exact: bool
) -> tuple[Holding, FloatArray, FloatArray]:
    """Return what is held after the fill, the share of equity paid, and the one-way turnover."""
    old = before.holding
    blocked = bool(stuck.any()) and (old.holds(stuck) or target.holds(stuck))
    if isinstance(target, Ranked) and isinstance(old, Ranked) and not blocked:
        shared, raised = target.compare(before, old)
        traded = 2.0 - target.cash - before.cash - 2.0 * shared
        # Targets shrink with the cost: what is bought becomes less and what is sold more.
        shrinks = 2.0 * raised - (1.0 - target.cash) if exact else 0.0
        paid = traded * costs[0] / (1.0 + costs[0] * shrinks)
        return target, paid, _one_way(traded, target.cash - before.cash)
    drifted = before.weights()
    after, paid = _settle(target.dense(), drifted, stuck, costs, exact=exact)
    held = Dense(after) if blocked else target
    return held, paid, _one_way(np.abs(after - drifted).sum(axis=1), held.cash - before.cash)


def _names_traded(before: Drifted, after: Holding) -> IntArray:
    """Return how many names each portfolio buys or sells, (C,)."""
    old = before.holding
    if isinstance(after, Ranked) and isinstance(old, Ranked):
        return after.names_in_either(old)
    changed = np.abs(after.dense() - before.weights()) > LEAST_TRADE
    traded: IntArray = np.count_nonzero(changed, axis=1)
    return traded


def _settle(
    wanted: FloatArray, drifted: FloatArray, stuck: BoolArray, costs: FloatArray, *, exact: bool
) -> tuple[FloatArray, FloatArray]:
    """Return weights (C, m) after a fill and the share of equity (C,) it costs."""
    amounts = _affordable(wanted, drifted, stuck, np.ones(len(drifted)))
    paid: FloatArray = np.abs(amounts - drifted) @ costs
    if not exact:
        return amounts, paid
    for _ in range(FIXED_POINT_ROUNDS):
        amounts = _affordable(wanted, drifted, stuck, 1.0 - paid)
        paid = np.abs(amounts - drifted) @ costs
    return amounts / (1.0 - paid)[:, None], paid


def _affordable(
    wanted: FloatArray, drifted: FloatArray, stuck: BoolArray, equity: FloatArray
) -> FloatArray:
    """Return amounts (C, m): what is stuck stays, the rest is scaled down to the room left."""
    kept = np.where(stuck, drifted, 0.0)
    asked = np.where(stuck, 0.0, wanted) * equity[:, None]
    room, total = equity - kept.sum(axis=1), asked.sum(axis=1)
    share = np.divide(room, total, out=np.ones_like(room), where=total > room)
    asked *= share[:, None]
    return kept + asked


def _one_way(traded: FloatArray, cash_change: FloatArray) -> FloatArray:
    """Return half of all changes of weight, cash included."""
    changes: FloatArray = traded + np.abs(cash_change)
    return 0.5 * changes
