"""The figures of a run, each with one convention; what is undefined is None with a reason."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from engine import ratios
from engine.activity import RoundTrips, put_activity, put_holdings, put_round_trips
from engine.comparison import put_benchmark
from engine.drawdowns import (
    DrawdownPeriod,
    drawdown_episodes,
    drawdown_times,
    drawdowns,
    ulcer_index,
)
from engine.ratios import session_returns
from engine.sheet import FEW, FLAT, NO_RATE, Sheet
from engine.tables import annual_returns, monthly_returns
from engine.types import SESSIONS_PER_YEAR, FloatArray, IntArray

MIN_FOR_TAIL_RATIO: Final = 100
COUNTS: Final = (
    "max_drawdown_days",
    "max_drawdown_sessions",
    "max_drawdown_fall_days",
    "max_drawdown_fall_sessions",
    "max_drawdown_recovery_days",
    "max_drawdown_recovery_sessions",
    "longest_winning_run",
    "longest_losing_run",
    "trade_count",
)


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Decimal fractions unless said; drawdowns at most 0, losses of VaR and CVaR positive."""

    total_return: float | None
    cagr: float | None
    mean_return: float | None  # arithmetic, a year
    volatility: float | None
    downside_deviation: float | None  # a year, below the risk-free rate
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    omega: float | None
    max_drawdown: float | None
    max_drawdown_days: int | None  # peak to recovery, or to the last session while it lasts
    max_drawdown_sessions: int | None
    max_drawdown_fall_days: int | None  # peak to trough
    max_drawdown_fall_sessions: int | None
    max_drawdown_recovery_days: int | None  # trough to recovery, None while it lasts
    max_drawdown_recovery_sessions: int | None
    average_drawdown: float | None  # mean depth of distinct episodes
    ulcer_index: float | None
    var95: float | None
    cvar95: float | None
    skew: float | None
    kurtosis: float | None  # raw, normal = 3
    tail_ratio: float | None
    hit_rate: float | None  # by session
    trade_hit_rate: float | None  # of closed round trips, as are the six below
    payoff_ratio: float | None
    profit_factor: float | None
    average_win: float | None
    average_loss: float | None
    expectancy: float | None  # mean R-multiple of the round trips with a stop
    sqn: float | None
    best_day: float | None
    worst_day: float | None
    best_month: float | None  # calendar months and years, the first and last in part
    worst_month: float | None
    best_year: float | None
    worst_year: float | None
    longest_winning_run: int | None  # sessions in a row
    longest_losing_run: int | None
    alpha: float | None
    alpha_t_stat: float | None  # Newey-West
    beta: float | None
    correlation: float | None
    r_squared: float | None  # of the regression that gives alpha and beta
    up_capture: float | None
    down_capture: float | None
    information_ratio: float | None
    tracking_error: float | None
    turnover: float | None  # one-way, a year
    exposure: float | None
    time_invested: float | None  # share of sessions with any position
    average_holdings: float | None
    effective_holdings: float | None
    trade_count: int | None
    total_costs: float | None  # money, as is final_value
    cost_drag: float | None
    final_value: float | None
    sessions: int
    sessions_a_year: float | None  # beside the 252 that every figure is annualised by
    undefined: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Moments:
    """What judges a run: per-session Sharpe of excess returns, and what they are like."""

    sharpe: float | None
    sessions: int  # number of returns
    skew: float | None
    kurtosis: float | None
    autocorrelation: float | None = None  # of a return with the one before it


def moments(equity: FloatArray, rf: FloatArray) -> Moments:
    """Return the moments of the excess returns of equity (k,) over rf (k,), as `measure` takes."""
    returns = session_returns(equity)
    excess = returns - rf[1:]
    if _still(returns):
        return Moments(sharpe=None, sessions=len(excess), skew=None, kurtosis=None)
    figures = {
        "sharpe": ratios.sharpe_per_session(excess),
        "skew": ratios.skewness(excess),
        "kurtosis": ratios.kurtosis(excess),
        "autocorrelation": ratios.autocorrelation(excess),
    }
    known = {name: value if math.isfinite(value) else None for name, value in figures.items()}
    return Moments(sessions=len(excess), **known)


def measure(
    equity: FloatArray,
    session: IntArray,
    *,
    rf: FloatArray,
    benchmark: FloatArray | None = None,
    turnover: FloatArray | None = None,
    exposure: FloatArray | None = None,
    weights: FloatArray | None = None,
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
    weights : ndarray of shape (k, c), optional
        What each position was of equity at each close.
    gross : ndarray of shape (k,), optional
        Equity of the same run simulated without costs.
    """
    returns = session_returns(equity)
    excess = returns - rf[1:]
    sheet = Sheet()
    _put_growth(sheet, equity, session, gross)
    _put_risk(sheet, returns, excess)
    _put_tails(sheet, returns)
    _put_extremes(sheet, returns, equity, session)
    _put_drawdowns(sheet, equity, session)
    put_benchmark(sheet, equity, session, rf=rf, benchmark=benchmark)
    put_activity(sheet, session, turnover, exposure)
    put_holdings(sheet, weights)
    put_round_trips(sheet, round_trips)
    _put_given(sheet, trade_count, total_costs)
    return _metrics(sheet, len(session))


def _metrics(sheet: Sheet, sessions: int) -> Metrics:
    values: dict[str, Any] = dict(sheet.values)
    counts = {name: None if (value := values.pop(name)) is None else int(value) for name in COUNTS}
    return Metrics(**values, **counts, sessions=sessions, undefined=sheet.undefined)


def _put_growth(
    sheet: Sheet, equity: FloatArray, session: IntArray, gross: FloatArray | None
) -> None:
    first, last, days = float(equity[0]), float(equity[-1]), int(session[-1] - session[0])
    short = "fewer than 365 days"
    grown = ratios.cagr(first, last, days)
    sheet.put("final_value", last, "unknown")
    sheet.put("total_return", last / first - 1.0 if len(equity) > 1 else math.nan, "no return")
    sheet.put("cagr", grown, short)
    yearly = (len(session) - 1) * ratios.DAYS_PER_YEAR / days if days >= 365 else math.nan
    sheet.put("sessions_a_year", yearly, short)
    if gross is None:
        sheet.put("cost_drag", math.nan, "no run without costs to compare with")
        return
    sheet.put("cost_drag", ratios.cagr(float(gross[0]), float(gross[-1]), days) - grown, short)


def _still(returns: FloatArray) -> bool:
    """Tell whether a run never moved: all cash, whose excess return only mirrors the bill rate."""
    return len(returns) > 1 and ratios.deviation(returns) <= ratios.ZERO_DEVIATION


def _put_risk(sheet: Sheet, returns: FloatArray, excess: FloatArray) -> None:
    few, still = len(returns) < 2, _still(returns)
    unknown = NO_RATE if np.isnan(excess).any() else None
    sheet.put("mean_return", ratios.mean_return(returns), FEW)
    sheet.put("volatility", ratios.volatility(returns), FEW)
    below = math.nan if few else math.sqrt(SESSIONS_PER_YEAR) * ratios.downside_deviation(excess)
    sheet.put("downside_deviation", below, unknown or FEW)
    sharpe = math.nan if few or still else ratios.sharpe_ratio(excess)
    sheet.put("sharpe", sharpe, unknown or (FEW if few else FLAT))
    sortino = math.nan if few or still else ratios.sortino_ratio(excess)
    no_loss = FEW if few else "no return below the risk-free rate"
    sheet.put("sortino", sortino, unknown or (FLAT if still else no_loss))
    sheet.put("omega", math.nan if few else ratios.omega_ratio(excess), unknown or no_loss)


def _put_tails(sheet: Sheet, returns: FloatArray) -> None:
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


def _or(enough: bool, reason: str) -> str:
    return "the 5 % quantile is zero" if enough else reason


def _put_extremes(sheet: Sheet, returns: FloatArray, equity: FloatArray, session: IntArray) -> None:
    months = np.array([value for _, _, value, _ in monthly_returns(equity, session)])
    years = np.array([value for _, value, _ in annual_returns(equity, session)])
    for period, values in (("day", returns), ("month", months), ("year", years)):
        found = len(values) > 0
        sheet.put(f"best_{period}", float(values.max()) if found else math.nan, "no return")
        sheet.put(f"worst_{period}", float(values.min()) if found else math.nan, "no return")
    for name, happened in (("winning", returns > 0.0), ("losing", returns < 0.0)):
        longest = ratios.longest_run(happened) if len(returns) else math.nan
        sheet.put(f"longest_{name}_run", longest, "no return")


def _put_drawdowns(sheet: Sheet, equity: FloatArray, session: IntArray) -> None:
    episodes = drawdown_episodes(equity, session)
    deepest = min(episodes, key=lambda one: (one.depth, one.peak), default=None)
    depths = [episode.depth for episode in episodes]
    mean = sum(depths) / len(depths) if depths else math.nan
    worst = float(drawdowns(equity).min())
    growth = sheet.values["cagr"]
    sheet.put("max_drawdown", worst, "unknown")
    sheet.put("max_drawdown_days", deepest.days if deepest else 0, "unknown")
    sheet.put("average_drawdown", mean, "no drawdown")
    sheet.put("ulcer_index", ulcer_index(equity), "unknown")
    _put_drawdown_times(sheet, deepest, session)
    calmar = growth / -worst if growth is not None and worst < 0.0 else math.nan
    sheet.put("calmar", calmar, sheet.undefined.get("cagr", "no drawdown"))


def _put_drawdown_times(sheet: Sheet, deepest: DrawdownPeriod | None, session: IntArray) -> None:
    times = {} if deepest is None else asdict(drawdown_times(deepest, session))
    reason = "no drawdown" if deepest is None else "not recovered yet"
    sheet.put("max_drawdown_sessions", times.get("sessions", 0), "unknown")
    for name in ("fall_days", "fall_sessions", "recovery_days", "recovery_sessions"):
        lasted = times.get(name)
        sheet.put(f"max_drawdown_{name}", math.nan if lasted is None else lasted, reason)


def _put_given(sheet: Sheet, trade_count: int | None, total_costs: float | None) -> None:
    for name, value in (("trade_count", trade_count), ("total_costs", total_costs)):
        sheet.put(name, math.nan if value is None else value, "not recorded")
