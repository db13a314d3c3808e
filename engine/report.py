"""What a finished run has to show: curves, figures, tables, attribution, guards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine import tables
from engine.activity import RoundTrips
from engine.books import Books
from engine.burden import burden, interest_told
from engine.decide import Targets
from engine.drawdowns import DrawdownPeriod
from engine.guards import Lookahead, missing_bars
from engine.hedge import hedged_curve
from engine.ledger import Ledger
from engine.metrics import Metrics, Moments, measure, moments
from engine.option_risk import OpenContracts
from engine.orders import Orders
from engine.panel import NEVER, AnyArray, Panel
from engine.ratios import session_returns
from engine.round_trips import round_trips
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray

# Above these a run is more likely wrong than good, and its reader is told.
NAV_JUMP: Final = 0.25  # change of equity in one session
HIGH_TURNOVER: Final = 50.0  # a year
HIGH_CAGR: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Where the total return came from, each a fraction of the capital; the first five sum to it.

    `by_symbol` and `cash` sum to it too: an asset's share has its own costs in it, and `cash` is
    interest and what exchange rates made of cash that stays in its own currency.
    """

    asset: float
    currency: float
    interaction: float
    costs: float  # at most 0
    cash: float
    by_symbol: FloatArray  # (m,), as many as the run's symbols


@dataclass(frozen=True, kw_only=True)
class Guards:
    """Why the run may be trusted, and what its reader has to know."""

    lookahead_free: bool
    lookahead_detail: str
    fills_on_real_bars: bool
    missing_data: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished run. Curves of shape (k,) are money in base currency and begin at the capital."""

    session: IntArray  # (k,) days since 1970-01-01
    closed_at: IntArray  # (k,) ns UTC: the last market of the session has closed, so it is valued
    equity: FloatArray
    gross: FloatArray  # the same run without costs
    local: FloatArray  # currency and interaction taken out
    hedged: FloatArray | None  # the same with the carry of a hedge; None where a rate is unknown
    price: FloatArray | None  # dividends taken out; None where prices have them in already
    benchmark: FloatArray  # rebased to the capital; NaN where it is absent
    cash: FloatArray
    rf: FloatArray  # (k,) simple rate per session, the run's cash rate where none is known
    books: Books
    turnover: FloatArray  # (k,) one-way, fraction of equity, on the session of the decision
    exposure: FloatArray  # (k,) gross, long and short positions added up, fraction of equity
    metrics: Metrics
    benchmark_metrics: Metrics | None
    moments: Moments  # what the trials ledger keeps
    monthly: list[tuple[int, int, float, float | None]]
    annual: list[tuple[int, float, float | None]]
    drawdowns: list[DrawdownPeriod]
    symbols: tuple[str, ...]  # of the books: the panel's assets, contracts behind them
    orders: Orders
    traded: tuple[str, ...]  # what each order traded
    contracts: OpenContracts | None  # held at the end
    attribution: Attribution
    decisions: IntArray  # (d,) days since 1970-01-01
    weights: FloatArray  # (d, m) target weights as traded
    targets: FloatArray  # (m,) those of the last decision before band and turnover cap
    decided_at: int  # instant of that decision, ns UTC; 0 where nothing was decided
    reasons: Mapping[str, int]  # why assets were passed over or removed, over all decisions
    notes: tuple[str, ...]  # limits that could not hold, by decision
    diagnostics: Mapping[str, Any]  # what the strategy measured of itself, by topic
    learnt: Mapping[str, AnyArray]  # tables of the last model it trained
    guards: Guards


def report(
    panel: Panel,
    targets: Targets,
    net: Ledger,
    gross: Ledger,
    *,
    lookahead: Lookahead,
    notes: tuple[str, ...],
    warming_up: bool,
) -> Result:
    """Measure a run from its ledger and the ledger of the same run without costs.

    `warming_up` tells that the run began before its strategy could decide.
    """
    books, session = net.books, net.books.session
    rf = risk_free(panel, net)
    benchmark = _rebased(panel.benchmark[books.row], books.capital)
    turnover, exposure = _activity(net)
    metrics = measure(
        books.equity,
        session,
        rf=rf,
        benchmark=benchmark,
        turnover=turnover,
        exposure=exposure,
        weights=books.value / books.equity[:, None],
        gross=gross.books.equity,
        trade_count=int(np.count_nonzero(net.orders.traded)),
        total_costs=0.0 - float(books.costs.sum()),  # not -0.0
        round_trips=_closed(net, len(panel.symbols)),
    )
    costs = burden(
        net.orders,
        net=books.equity,
        gross=gross.books.equity,
        rf=rf,
        session=session,
        paid=0.0 - float(books.costs.sum()),
    )
    return Result(
        session=session,
        closed_at=_closed_at(panel)[books.row],
        equity=books.equity,
        gross=gross.books.equity,
        local=books.local_curve(),
        hedged=hedged_curve(net.panel, books),
        price=None if "vendor_adjusted" in panel.flags else books.price_curve(),
        benchmark=benchmark,
        cash=books.cash,
        rf=rf,
        books=books,
        turnover=turnover,
        exposure=exposure,
        metrics=metrics,
        benchmark_metrics=_measure_benchmark(benchmark, session, rf),
        moments=moments(books.equity, rf),
        monthly=tables.monthly_returns(books.equity, session, benchmark),
        annual=tables.annual_returns(books.equity, session, benchmark),
        drawdowns=tables.drawdown_periods(books.equity, session),
        symbols=net.panel.symbols,
        orders=net.orders,
        traded=_traded(net),
        contracts=None if net.derivatives is None else net.derivatives.still_open(),
        attribution=attribute(books, len(net.panel.symbols)),
        decisions=panel.session[net.decisions],
        weights=net.weights[:, : len(panel.symbols)],
        targets=targets.weights[-1] if len(targets.rows) else np.zeros(len(panel.symbols)),
        decided_at=int(targets.instants[-1]) if len(targets.rows) else 0,
        reasons=targets.reasons,
        notes=notes,
        diagnostics={
            **targets.diagnostics,
            "decisions": _decisions(targets),
            "costs": costs,
            **_topic("interest", interest_told(books)),
        },
        learnt=targets.learnt,
        guards=_guards(
            panel,
            net,
            metrics,
            lookahead,
            decided=targets.flags,
            limited=bool(notes),
            warming_up=warming_up,
        ),
    )


def _closed_at(panel: Panel) -> IntArray:
    """Return when the last of the markets that trade on each session has closed, (n,) ns UTC."""
    closed: IntArray = np.where(panel.closes_at == NEVER, 0, panel.closes_at).max(axis=1)
    return closed


def _guards(
    panel: Panel,
    net: Ledger,
    metrics: Metrics,
    lookahead: Lookahead,
    *,
    decided: tuple[str, ...],
    limited: bool,
    warming_up: bool,
) -> Guards:
    books = net.books
    found = {
        "nav_jump": bool((np.abs(session_returns(books.equity)) > NAV_JUMP).any()),
        "high_turnover": (metrics.turnover or 0.0) > HIGH_TURNOVER,
        "high_cagr": (metrics.cagr or 0.0) > HIGH_CAGR,
        "rf_missing": bool(np.isnan(panel.rf[books.row[1:]]).any()),
        "rf_foreign": _is_lent(panel, books.row[1:]),
        "fallback": limited,
        "warming_up": warming_up,
    }
    raised = [flag for flag, is_raised in found.items() if is_raised]
    return Guards(
        lookahead_free=lookahead.free,
        lookahead_detail=lookahead.detail,
        fills_on_real_bars=_on_real_bars(net.panel, net.orders),
        missing_data=missing_bars(panel, books.row),
        flags=tuple(dict.fromkeys([*panel.flags, *net.flags, *decided, *raised])),
    )


def _topic(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told} if told else {}


def _decisions(targets: Targets) -> dict[str, Any]:
    """Count the decisions, those that hold nothing, and by reason the assets they passed over."""
    idle = ~(targets.weights != 0.0).any(axis=1)
    opens = np.array([each is not None for each in targets.opens or (None,) * len(idle)], np.bool_)
    passed_over = sorted(targets.reasons.items(), key=lambda each: (-each[1], each[0]))
    return {
        "made": len(idle),
        "in_cash": int(np.count_nonzero(idle & ~opens)),
        "passed_over": {reason: count for reason, count in passed_over if count} or None,
    }


def attribute(books: Books, n_assets: int) -> Attribution:
    """Return each part of the total return as a fraction of the capital."""
    by_symbol = np.zeros(n_assets)
    by_symbol[books.held] = books.by_asset / books.capital
    return Attribution(
        asset=float(books.asset.sum()) / books.capital,
        currency=float(books.currency.sum()) / books.capital,
        interaction=float(books.interaction.sum()) / books.capital,
        costs=float(books.costs.sum()) / books.capital,
        cash=float(books.interest.sum() + books.revalued.sum()) / books.capital,
        by_symbol=by_symbol,
    )


def _closed(net: Ledger, assets: int) -> RoundTrips:
    """Return the round trips in the first so many columns, and the positions in contracts."""
    shares = net.orders.select(net.orders.asset < assets)
    trips = round_trips(net.books, shares, net.payments, net.actions, net.risks)
    return trips if net.derivatives is None else trips.join(net.derivatives.round_trips())


def _traded(net: Ledger) -> tuple[str, ...]:
    if net.derivatives is not None:
        return net.derivatives.labels(net.orders)
    return tuple(net.panel.symbols[asset] for asset in net.orders.asset.tolist())


def risk_free(panel: Panel, net: Ledger) -> FloatArray:
    """Return the rate per session, the run's own cash rate where none is known."""
    rf = panel.rf[net.books.row]
    return np.where(np.isnan(rf), net.cash_rate / SESSIONS_PER_YEAR, rf)


def _rebased(level: FloatArray, capital: float) -> FloatArray:
    known = np.flatnonzero(np.isfinite(level))
    rebased: FloatArray = capital * level / level[known[0]] if len(known) else level
    return rebased


def _measure_benchmark(benchmark: FloatArray, session: IntArray, rf: FloatArray) -> Metrics | None:
    """Return the benchmark's own figures over the sessions on which it exists."""
    known = np.isfinite(benchmark)
    if known.sum() < 2:
        return None
    return measure(benchmark[known], session[known], rf=rf[known])


def _activity(net: Ledger) -> tuple[FloatArray, FloatArray]:
    """Return turnover on the sessions of decisions, and the invested fraction of each session."""
    books = net.books
    turnover = np.zeros(len(books.row))
    turnover[net.decisions - books.row[0]] = net.turnover
    return turnover, np.abs(books.value).sum(axis=1) / books.equity


def _on_real_bars(panel: Panel, orders: Orders) -> bool:
    traded = (orders.filled > 0.0) & (orders.decision >= 0)
    return bool(panel.tradable[orders.row[traded], orders.asset[traded]].all())


def _is_lent(panel: Panel, rows: IntArray) -> bool:
    """Tell whether the risk-free return of some row is another currency's."""
    if panel.cash_returns is None:
        return False
    return bool((np.isfinite(panel.rf[rows]) & np.isnan(panel.cash_returns[rows, 0])).any())
