"""The figures of a run, each with one convention; what is undefined is None with a reason."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from engine import ratios
from engine.drawdowns import drawdown_episodes, drawdowns
from engine.types import FloatArray, IntArray

MIN_FOR_TAIL_RATIO: Final = 100
MIN_FOR_REGRESSION: Final = 30
FEW: Final = "fewer than 2 returns"
FLAT: Final = "zero variance"


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Decimal fractions unless said; drawdowns at most 0, losses of VaR and CVaR positive."""

    total_return: float | None
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    omega: float | None
    max_drawdown: float | None
    max_drawdown_days: int | None  # peak to recovery, or to the last session while it lasts
    average_drawdown: float | None  # mean depth of distinct episodes
    var95: float | None
    cvar95: float | None
    skew: float | None
    kurtosis: float | None  # raw, normal = 3
    tail_ratio: float | None
    hit_rate: float | None  # by session
    profit_factor: float | None  # of closed round trips, as are the two below
    average_win: float | None
    average_loss: float | None
    best_day: float | None
    worst_day: float | None
    alpha: float | None
    beta: float | None
    information_ratio: float | None
    tracking_error: float | None
    turnover: float | None  # one-way, a year
    exposure: float | None
    trade_count: int | None
    total_costs: float | None  # money, as is final_value
    cost_drag: float | None
    final_value: float | None
    sessions: int
    undefined: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class RoundTrips:
    """Positions opened and closed again: money put in, and profit net of every fee."""

    cost: FloatArray
    profit: FloatArray


@dataclass(frozen=True, kw_only=True)
class Moments:
    """What the trials ledger keeps of a run: per-session Sharpe of excess returns and its shape."""

    sharpe: float | None
    sessions: int  # number of returns
    skew: float | None
    kurtosis: float | None


@dataclass
class _Sheet:
    values: dict[str, float | None] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: float, reason: str) -> None:
        """Enter a figure; one that is not finite becomes None, and `reason` says why."""
        defined = math.isfinite(value)
        self.values[name] = value if defined else None
        if not defined:
            self.undefined[name] = reason


def session_returns(equity: FloatArray) -> FloatArray:
    """Return V_t / V_{t-1} - 1 of equity (k,), shape (k - 1,)."""
    return equity[1:] / equity[:-1] - 1.0


def moments(equity: FloatArray, rf: FloatArray) -> Moments:
    """Return the moments of the excess returns of equity (k,) over rf (k,), as `measure` takes."""
    excess = session_returns(equity) - rf[1:]
    figures = (ratios.sharpe_per_session(excess), ratios.skewness(excess), ratios.kurtosis(excess))
    sharpe, skew, kurtosis = (value if math.isfinite(value) else None for value in figures)
    return Moments(sharpe=sharpe, sessions=len(excess), skew=skew, kurtosis=kurtosis)


def measure(
    equity: FloatArray,
    session: IntArray,
    *,
    rf: FloatArray,
    benchmark: FloatArray | None = None,
    turnover: FloatArray | None = None,
    exposure: FloatArray | None = None,
    gross: FloatArray | None = None,
    trade_count: int | None = None,
    total_costs: float | None = None,
    round_trips: RoundTrips | None = None,
) -> Metrics:
    """Return every figure of a run.

    Parameters
    ----------
    equity, session : ndarray of shape (k,)
        Net equity V_0..V_n in the base currency, and its days since 1970-01-01.
    rf : ndarray of shape (k,)
        Simple risk-free return per session; the first is not used. NaN makes what needs it None.
    benchmark : ndarray of shape (k,), optional
        Its level in the base currency; NaN before it exists: those sessions are left out.
    turnover, exposure : ndarray of shape (k,), optional
        One-way turnover and gross exposure of each session.
    gross : ndarray of shape (k,), optional
        Equity of the same run simulated without costs.
    """
    returns = session_returns(equity)
    excess = returns - rf[1:]
    sheet = _Sheet()
    _put_growth(sheet, equity, session, gross)
    _put_risk(sheet, returns, excess)
    _put_tails(sheet, returns)
    _put_drawdowns(sheet, equity, session)
    _put_benchmark(sheet, returns, rf[1:], benchmark)
    _put_activity(sheet, session, turnover, exposure)
    _put_round_trips(sheet, round_trips)
    _put_given(sheet, trade_count, total_costs)
    return _metrics(sheet, len(session))


def _metrics(sheet: _Sheet, sessions: int) -> Metrics:
    values: dict[str, Any] = dict(sheet.values)
    counts = {
        name: None if (value := values.pop(name)) is None else int(value)
        for name in ("max_drawdown_days", "trade_count")
    }
    return Metrics(**values, **counts, sessions=sessions, undefined=sheet.undefined)


def _put_growth(
    sheet: _Sheet, equity: FloatArray, session: IntArray, gross: FloatArray | None
) -> None:
    first, last, days = float(equity[0]), float(equity[-1]), int(session[-1] - session[0])
    short = "fewer than 365 days"
    grown = ratios.cagr(first, last, days)
    sheet.put("final_value", last, "unknown")
    sheet.put("total_return", last / first - 1.0 if len(equity) > 1 else math.nan, "no return")
    sheet.put("cagr", grown, short)
    if gross is None:
        sheet.put("cost_drag", math.nan, "no run without costs to compare with")
        return
    sheet.put("cost_drag", ratios.cagr(float(gross[0]), float(gross[-1]), days) - grown, short)


def _put_risk(sheet: _Sheet, returns: FloatArray, excess: FloatArray) -> None:
    few = len(returns) < 2
    unknown = "risk-free rate unknown" if np.isnan(excess).any() else None
    sheet.put("volatility", ratios.volatility(returns), FEW)
    sharpe = math.nan if few else ratios.sharpe_ratio(excess)
    sheet.put("sharpe", sharpe, unknown or (FEW if few else FLAT))
    sortino = math.nan if few else ratios.sortino_ratio(excess)
    no_loss = FEW if few else "no return below the risk-free rate"
    sheet.put("sortino", sortino, unknown or no_loss)
    sheet.put("omega", math.nan if few else ratios.omega_ratio(excess), unknown or no_loss)


def _put_tails(sheet: _Sheet, returns: FloatArray) -> None:
    count = len(returns)
    tail = f"fewer than {MIN_FOR_TAIL_RATIO} returns"
    long = count >= MIN_FOR_TAIL_RATIO
    sheet.put("tail_ratio", ratios.tail_ratio(returns) if long else math.nan, _or(long, tail))
    sheet.put("var95", ratios.value_at_risk(returns), "fewer than 20 returns")
    sheet.put("cvar95", ratios.conditional_value_at_risk(returns), "fewer than 20 returns")
    shape = "fewer than 4 returns" if count < 4 else FLAT
    sheet.put("skew", ratios.skewness(returns), shape)
    sheet.put("kurtosis", ratios.kurtosis(returns), shape)
    sheet.put("hit_rate", ratios.hit_rate(returns), "no return other than zero")
    sheet.put("best_day", float(returns.max()) if count else math.nan, "no return")
    sheet.put("worst_day", float(returns.min()) if count else math.nan, "no return")


def _or(enough: bool, reason: str) -> str:
    return "the 5 % quantile is zero" if enough else reason


def _put_drawdowns(sheet: _Sheet, equity: FloatArray, session: IntArray) -> None:
    episodes = drawdown_episodes(equity, session)
    deepest = min(episodes, key=lambda one: (one.depth, one.peak), default=None)
    depths = [episode.depth for episode in episodes]
    mean = sum(depths) / len(depths) if depths else math.nan
    worst = float(drawdowns(equity).min())
    growth = sheet.values["cagr"]
    sheet.put("max_drawdown", worst, "unknown")
    sheet.put("max_drawdown_days", deepest.days if deepest else 0, "unknown")
    sheet.put("average_drawdown", mean, "no drawdown")
    calmar = growth / -worst if growth is not None and worst < 0.0 else math.nan
    sheet.put("calmar", calmar, sheet.undefined.get("cagr", "no drawdown"))


def _put_benchmark(
    sheet: _Sheet, returns: FloatArray, rf: FloatArray, benchmark: FloatArray | None
) -> None:
    names = ("beta", "alpha", "tracking_error", "information_ratio")
    level = np.full(len(returns) + 1, np.nan) if benchmark is None else benchmark
    market = session_returns(level)
    both = np.isfinite(market)
    if not both.any():
        for name in names:
            sheet.put(name, math.nan, "no benchmark")
        return
    active, rate = returns[both] - market[both], rf[both]
    deviation = ratios.tracking_error(active)
    reason = FEW if len(active) < 2 else "no return differs from the benchmark's"
    differs = deviation > ratios.ZERO_DEVIATION
    sheet.put("tracking_error", deviation if differs else math.nan, reason)
    _put_regression(sheet, returns[both] - rate, market[both] - rate)
    sheet.put("information_ratio", ratios.information_ratio(active), reason)


def _put_regression(sheet: _Sheet, excess: FloatArray, market: FloatArray) -> None:
    few = len(excess) < MIN_FOR_REGRESSION
    reason = f"fewer than {MIN_FOR_REGRESSION} returns beside the benchmark"
    if not few:
        reason = "risk-free rate unknown" if np.isnan(excess).any() else "benchmark did not move"
    sheet.put("beta", math.nan if few else ratios.beta(excess, market), reason)
    sheet.put("alpha", math.nan if few else ratios.alpha(excess, market), reason)


def _put_activity(
    sheet: _Sheet, session: IntArray, turnover: FloatArray | None, exposure: FloatArray | None
) -> None:
    years = int(session[-1] - session[0]) / ratios.DAYS_PER_YEAR
    known = turnover is not None and years > 0.0
    traded = float(turnover.sum()) / years if turnover is not None and known else math.nan
    sheet.put("turnover", traded, "no time passed" if turnover is not None else "not recorded")
    held = float(exposure.mean()) if exposure is not None else math.nan
    sheet.put("exposure", held, "not recorded")


def _put_round_trips(sheet: _Sheet, trips: RoundTrips | None) -> None:
    profit = np.empty(0) if trips is None else trips.profit
    relative = profit if trips is None else profit / trips.cost
    wins, losses = profit > 0.0, profit < 0.0
    none = "no closed trade" if not len(profit) else ""
    lost = float(-profit[losses].sum())
    factor = float(profit[wins].sum()) / lost if lost > 0.0 else math.nan
    sheet.put("profit_factor", factor, none or "no losing trade")
    won = float(relative[wins].mean()) if wins.any() else math.nan
    sheet.put("average_win", won, none or "no winning trade")
    fell = float(relative[losses].mean()) if losses.any() else math.nan
    sheet.put("average_loss", fell, none or "no losing trade")


def _put_given(sheet: _Sheet, trade_count: int | None, total_costs: float | None) -> None:
    for name, value in (("trade_count", trade_count), ("total_costs", total_costs)):
        sheet.put(name, math.nan if value is None else value, "not recorded")
