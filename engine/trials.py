"""Many runs over one market at once, through the kernel: what a search evaluates.

A trial is a request like a backtest's. Its decisions and limits are those of the ledger's run;
its trades are the kernel's: fractional shares at the fill price, costs in proportion to what is
traded, dividends reinvested on their ex date. `APPROXIMATIONS` names what that leaves out.

Requests that differ only in how many names they hold share a ranking (`engine.batched`); all
others are decided one by one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Final

import numpy as np

from engine.actions import DELISTING_RETURN, settle_actions
from engine.backtest import Constraints, Request, decide_within_limits
from engine.batched import batches, simulate_batch
from engine.costs import BASIS_POINT, CostModel
from engine.decide import Checkpoint
from engine.errors import InsufficientHistory
from engine.execution import FillPolicy
from engine.fills import Fills, fill_rows
from engine.metrics import Metrics, Moments, measure, moments
from engine.panel import NEVER, Panel
from engine.paths import Paths
from engine.returns import carry_forward
from engine.schedule import decision_instants
from engine.simulate import Market, Trim, simulate_weights
from engine.sizing import trimmed_weights
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray

# Flag -> whether a request's terms make it so; each is something only the ledger does.
APPROXIMATIONS: Final[dict[str, Callable[[Request], bool]]] = {
    "fractional_shares": lambda request: request.whole_shares,
    "approximate_flat_fee": lambda request: _flat(request.costs) > 0.0,
    "no_market_impact": lambda request: request.costs.impact_coefficient > 0.0,
    "no_volume_limit": lambda request: request.costs.max_volume_share < 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What came of C requests, over the same sessions; a value at or below 0 is a ruined run."""

    row: IntArray  # (k,) panel rows, the last before anything can have traded first
    equity: FloatArray  # (k, C) in units of the capital, 1.0 on the first
    turnover: FloatArray  # (C,) one-way, fractions of equity added up over all sessions


def evaluate(panel: Panel, requests: Sequence[Request], *, checkpoint: Checkpoint) -> Trials:
    """Simulate every request, in order. `checkpoint(progress, stage)` may raise to stop.

    All cover the same rows with the same capital, fill policy and clock. Raises
    InsufficientHistory, MissingData.
    """
    base = base_row(panel, requests[0])
    rows = np.arange(base, requests[0].last_row + 1)
    equity, turnover = np.ones((len(rows), len(requests))), np.zeros(len(requests))
    done = 0
    for batch in batches(panel, requests):
        chosen = [requests[number] for number in batch]
        fills, paths = _simulate(panel, chosen)
        growth = cash_growth(panel, chosen[0].costs)
        first = int(fills.row[0])
        before = growth[base:first] / growth[base]
        equity[: first - base, batch] = before[:, None]
        level = growth[first] / growth[base]
        equity[first - base :, batch] = level * paths.curves.T
        sessions = len(rows) - (first - base)
        turnover[batch] = paths.turnover * (sessions / SESSIONS_PER_YEAR)
        done += len(batch)
        checkpoint(done / len(requests), "trials")
    return Trials(row=rows, equity=equity, turnover=turnover)


def base_row(panel: Panel, request: Request) -> int:
    """Return the last row before anything can trade: where the curves of all trials begin."""
    row = request.first_row
    [instant] = decision_instants(panel, np.array([row]), request.clock)
    opens = panel.opens_at[row, 0]
    same_row = request.fill is FillPolicy.DECISION_CLOSE or (opens > instant and opens != NEVER)
    if same_row and row == 0:
        raise InsufficientHistory(
            "the first order fills on the panel's first session; start one session later"
        )
    return row - 1 if same_row else row


def figures(panel: Panel, trials: Trials, number: int, capital: float) -> tuple[Metrics, Moments]:
    """Return the figures of one trial, with the conventions of a backtest's."""
    equity, turnover = trials.equity[:, number], np.zeros(len(trials.row))
    turnover[-1] = trials.turnover[number]
    return assess(panel, trials.row, equity, capital=capital, turnover=turnover)


def assess(
    panel: Panel,
    row: IntArray,
    equity: FloatArray,
    *,
    capital: float,
    turnover: FloatArray | None = None,
) -> tuple[Metrics, Moments]:
    """Return the figures of equity (k,) on panel rows (k,); all undefined when it is ruined."""
    rf = risk_free(panel, row)
    if (equity <= 0.0).any():
        nothing = Moments(sharpe=None, sessions=len(row) - 1, skew=None, kurtosis=None)
        return _ruined(len(row)), nothing
    level = panel.benchmark[row]
    metrics = measure(
        capital * equity,
        panel.session[row],
        rf=rf,
        benchmark=level if np.isfinite(level).any() else None,
        turnover=turnover,
    )
    return metrics, moments(equity, rf)


def risk_free(panel: Panel, row: IntArray) -> FloatArray:
    """Return the risk-free return on each of the rows, 0 where none is known."""
    return np.nan_to_num(panel.rf[row], nan=0.0)


def approximations(request: Request) -> list[str]:
    """Name what the kernel leaves out of a request."""
    return [name for name, applies in APPROXIMATIONS.items() if applies(request)]


def market_of(panel: Panel, request: Request) -> Market:
    """Return the panel up to the last row as the kernel reads it.

    Marks are total-return levels in the base currency. On the session a listing ends, a holder
    gets its terminal value, or the usual return when none is known, and can sell from then on.
    """
    rows = slice(0, request.last_row + 1)
    scale = panel.total_return()[rows] / panel.close[rows]
    close = panel.total_return()[rows].copy()
    fill = close.copy()
    if request.fill is FillPolicy.NEXT_OPEN:
        opening = panel.open[rows] * scale
        fill = np.where(np.isfinite(opening), opening, close)
    fill = np.where(panel.tradable[rows], fill, np.nan)
    _pay_out(panel, close, fill)
    growth = cash_growth(panel, request.costs)[rows]
    steps = np.concatenate([[0.0], growth[1:] / growth[:-1] - 1.0])
    return Market.of(close, fill=fill, rf=steps)


def cash_growth(panel: Panel, costs: CostModel) -> FloatArray:
    """Return the value (n,) of one unit of cash left alone since row 0, as the ledger has it."""
    days = np.diff(panel.session, prepend=panel.session[:1])
    growth: FloatArray = (1.0 + costs.cash_rate / 365.0 * days).cumprod()
    return growth


def _pay_out(panel: Panel, close: FloatArray, fill: FloatArray) -> None:
    """Turn what was delisted into a price that moves no more, in place."""
    actions = settle_actions(panel)
    if not actions.delisted.any():
        return
    marks = carry_forward(close)
    raw = carry_forward(panel.close[: len(close)])
    for row, asset in np.argwhere(actions.delisted[: len(close)]).tolist():
        last = max(row - 1, 0)
        terminal = actions.terminal[row, asset]
        known = np.isfinite(terminal) and raw[last, asset] > 0.0
        gained = terminal / raw[last, asset] if known else 1.0 + DELISTING_RETURN
        close[row:, asset] = fill[row:, asset] = marks[last, asset] * gained


def _simulate(panel: Panel, requests: Sequence[Request]) -> tuple[Fills, Paths]:
    request = requests[0]
    rates = cost_rates(panel, request.costs)
    fee = _flat(request.costs) / request.capital
    market = market_of(panel, request)
    if len(requests) > 1:
        return simulate_batch(panel, market, requests, cost=float(rates[0]), fee=fee)
    targets, _ = decide_within_limits(panel, request)
    fills = fill_rows(panel, targets.rows, targets.instants, request)
    weights = targets.weights[fills.decision]
    paths = simulate_weights(
        market,
        weights[:, None, :],
        fill_rows=fills.row,
        cost=rates,
        fee=fee,
        trim=_trim(panel, targets.rows[fills.decision], request.constraints),
        exact=True,
        keep=[0],
    )
    return fills, paths


def cost_rates(panel: Panel, costs: CostModel) -> FloatArray:
    """Return the cost of one unit traded in each asset, (m,), decimal fraction."""
    everywhere = costs.commission_bps + costs.slippage_bps
    abroad = np.where(panel.currency != 0, costs.fx_spread_bps, 0.0)
    rates: FloatArray = (everywhere + abroad) * BASIS_POINT
    return rates


def _flat(costs: CostModel) -> float:
    return max(costs.commission_flat, costs.minimum_commission)


def _trim(panel: Panel, rows: IntArray, limits: Constraints) -> Trim | None:
    """Return the limits that depend on what is held, None where there are none."""
    if limits.no_trade_band <= 0.0 and limits.max_turnover is None:
        return None

    def trim(decision: int, wanted: FloatArray, drifted: FloatArray) -> FloatArray:
        member = panel.member[rows[decision]]
        trimmed = partial(
            trimmed_weights,
            no_trade_band=limits.no_trade_band,
            max_turnover=limits.max_turnover,
        )
        pairs = zip(wanted, drifted, strict=True)
        return np.array([trimmed(w, d, leaving=~member & (w == 0.0)) for w, d in pairs])

    return trim


_GIVEN: Final = frozenset({"sessions", "undefined"})


def _ruined(sessions: int) -> Metrics:
    values: dict[str, Any] = {entry.name: None for entry in fields(Metrics)}
    reasons = dict.fromkeys((name for name in values if name not in _GIVEN), "the run is ruined")
    return Metrics(**values | {"sessions": sessions, "undefined": reasons})
