"""Many runs over one market at once, through the kernel: what a search evaluates.

A trial is a request like a backtest's. Its decisions and limits are those of the ledger's run;
its trades are the kernel's: fractional shares at the fill price, costs in proportion to what is
traded, dividends reinvested on their ex date. `approximations` names what that leaves out.

Requests that differ only in how many names they hold share a ranking (`engine.batched`); all
others are decided one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from engine.backtest import Constraints, Request, decide_within_limits, trade
from engine.batched import batches, simulate_batch
from engine.cash_rates import cash_growth, require_cash_rates
from engine.costs import CostModel
from engine.decide import Checkpoint, Targets
from engine.errors import InsufficientHistory
from engine.execution import FillPolicy
from engine.fills import Fills, fill_rows
from engine.metrics import Metrics, Moments, measure, moments
from engine.panel import NEVER, Panel
from engine.paths import Paths
from engine.schedule import decision_instants
from engine.simulate import Trim, simulate_weights
from engine.trial_market import cost_rates, market_of
from engine.trimming import trimmed_weights
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray


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
    _require_cash_rates(panel, requests, base)
    rows = np.arange(base, requests[0].last_row + 1)
    equity, turnover = np.ones((len(rows), len(requests))), np.zeros(len(requests))
    done = 0
    for batch in batches(panel, requests):
        chosen = [requests[number] for number in batch]
        equity[:, batch], turnover[batch] = _simulate(panel, chosen, base)
        done += len(batch)
        checkpoint(done / len(requests), "trials")
    return Trials(row=rows, equity=equity, turnover=turnover)


def _require_cash_rates(panel: Panel, requests: Sequence[Request], base: int) -> None:
    for costs in {each.costs: None for each in requests}:
        require_cash_rates(panel, costs, base, requests[0].last_row)


def from_base(
    panel: Panel, costs: CostModel, fills: Fills, paths: Paths, base: int
) -> tuple[FloatArray, FloatArray]:
    """Return equity (k, C) from row `base` on, in cash before the first fill, and turnover (C,)."""
    growth = cash_growth(panel, costs)
    first = int(fills.row[0])
    before = np.tile((growth[base:first] / growth[base])[:, None], len(paths.curves))
    after = growth[first] / growth[base] * paths.curves.T
    traded: FloatArray = paths.turnover * (len(after) / SESSIONS_PER_YEAR)
    return np.vstack([before, after]), traded


def base_row(panel: Panel, request: Request) -> int:
    """Return the last row before anything can trade: where the curves of all trials begin."""
    row = request.first_row
    [instant] = decision_instants(panel, np.array([row]), request.clock)
    later_today = (panel.opens_at[row] > instant) & (panel.opens_at[row] != NEVER)
    same_row = request.fill is FillPolicy.DECISION_CLOSE or bool(later_today.any())
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
        return _ruined(len(row)), _no_moments(len(row))
    level = panel.benchmark[row]
    metrics = measure(
        capital * equity,
        panel.session[row],
        rf=rf,
        benchmark=level if np.isfinite(level).any() else None,
        turnover=turnover,
    )
    return metrics, moments(equity, rf)


def assess_apart(
    panel: Panel, rows: IntArray, chosen: IntArray, returns: FloatArray
) -> tuple[Metrics, Moments]:
    """Return the figures of some sessions' returns that need not follow each other.

    `returns` (T,) end on panel rows ``rows[1:]``; `chosen` are the places of those that count.
    They are joined to one curve over as many sessions; there is no benchmark to compare with.
    """
    equity = np.concatenate([[1.0], np.cumprod(1.0 + returns[chosen])])
    rf = np.concatenate([[0.0], risk_free(panel, rows[1:])[chosen]])
    if (equity <= 0.0).any():
        return _ruined(len(equity)), _no_moments(len(equity))
    session = panel.session[rows[: len(equity)]]
    return measure(equity, session, rf=rf), moments(equity, rf)


def risk_free(panel: Panel, row: IntArray) -> FloatArray:
    """Return the risk-free return on each of the rows, 0 where none is known."""
    return np.nan_to_num(panel.rf[row], nan=0.0)


def approximations(
    costs: CostModel,
    fill: FillPolicy,
    *,
    whole_shares: bool,
    kind: str = "weights",
    shorts: bool = False,
) -> list[str]:
    """Name what only the ledger does under these terms; what is no weights the ledger trades."""
    if kind in {"signals", "options"}:
        return []
    left_out = {
        "fractional_shares": whole_shares,
        "sized_at_fill": fill is not FillPolicy.DECISION_CLOSE,
        "approximate_flat_fee": _flat(costs) > 0.0,
        "no_market_impact": costs.impact_coefficient > 0.0,
        "converts_each": costs.holds,
        "no_volume_limit": costs.max_volume_share < 1.0,
        "no_loan_costs": shorts,
    }
    return [name for name, applies in left_out.items() if applies]


def _simulate(
    panel: Panel, requests: Sequence[Request], base: int
) -> tuple[FloatArray, FloatArray]:
    """Return equity (k, C) from row `base` on and turnover (C,) of requests that share a batch."""
    request = requests[0]
    if len(requests) > 1:
        rates = cost_rates(panel, request.costs, {})
        fee = _flat(request.costs) / request.capital
        market = market_of(panel, request)
        batch = simulate_batch(panel, market, requests, cost=float(rates[0]), fee=fee)
        return from_base(panel, request.costs, *batch, base)
    targets, _ = decide_within_limits(panel, request)
    if targets.by_ledger:
        equity, turnover = ledger_trial(panel, request, targets, base)
        return equity[:, None], np.array([turnover])
    limits = [request.constraints] * len(targets.rows)
    return from_base(panel, request.costs, *simulate_targets(panel, request, targets, limits), base)


def ledger_trial(
    panel: Panel, request: Request, targets: Targets, base: int
) -> tuple[FloatArray, float]:
    """Trade share by share; return equity (k,) in units of the capital, and turnover.

    The kernel knows neither stops nor options, so these trials are what their backtests are.
    Equity is that of the rows from `base` on.
    """
    ledger = trade(panel, targets, request, request.costs, lambda *_: None)
    books, growth = ledger.books, cash_growth(panel, request.costs)
    first = int(books.row[0])
    before = growth[base:first] / growth[base]
    after = growth[first] / growth[base] * books.equity / books.capital
    return np.concatenate([before, after]), float(ledger.turnover.sum())


def simulate_targets(
    panel: Panel, request: Request, targets: Targets, limits: Sequence[Constraints]
) -> tuple[Fills, Paths]:
    """Trade targets on the request's terms, each decision within limits of its own."""
    fills = fill_rows(panel, targets.rows, targets.instants, request)
    weights = targets.weights[fills.decision] * request.costs.invested
    kept = [limits[decision] for decision in fills.decision.tolist()]

    def sold(row: int, asset: int) -> bool:
        # What has no bar any more is decided to 0 and stays: its last weight of any size counts.
        decided = weights[: int(np.searchsorted(fills.row, row)), asset]
        held = decided[decided != 0.0]
        return len(held) > 0 and bool(held[-1] < 0.0)

    paths = simulate_weights(
        market_of(panel, request, sold),
        weights[:, None, :],
        fill_rows=fills.row,
        cost=cost_rates(panel, request.costs, request.strategy.extra_slippage()),
        fee=_flat(request.costs) / request.capital,
        trim=_trim(panel, targets, targets.rows[fills.decision], kept, request),
        exact=True,
        keep=[0],
    )
    return fills, paths


def _flat(costs: CostModel) -> float:
    return max(costs.commission_flat, costs.minimum_commission)


def _trim(
    panel: Panel,
    targets: Targets,
    rows: IntArray,
    limits: Sequence[Constraints],
    request: Request,
) -> Trim | None:
    """Return the limits that depend on what is held, None where there are none."""
    trims = [replace(each.trim, invested=request.costs.invested) for each in limits]
    if not any(each.trims for each in trims) and not targets.keep:
        return None

    def trim(
        decision: int, wanted: FloatArray, drifted: FloatArray, level: FloatArray
    ) -> FloatArray:
        member = panel.member[rows[decision]]
        kept = targets.keep.get(int(rows[decision]), False)
        wanted = np.where(kept, drifted, wanted)
        return np.array(
            [
                trimmed_weights(
                    w, d, trims[decision].at(request.capital * at), leaving=~member & (w == 0.0)
                )
                for w, d, at in zip(wanted, drifted, level.tolist(), strict=True)
            ]
        )

    return trim


def _no_moments(sessions: int) -> Moments:
    return Moments(sharpe=None, sessions=sessions - 1, skew=None, kurtosis=None)


_GIVEN: Final = frozenset({"sessions", "undefined"})


def _ruined(sessions: int) -> Metrics:
    values: dict[str, Any] = {entry.name: None for entry in fields(Metrics)}
    reasons = dict.fromkeys((name for name in values if name not in _GIVEN), "the run is ruined")
    return Metrics(**values | {"sessions": sessions, "undefined": reasons})
