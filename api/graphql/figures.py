"""Figures of a finished run, read from the summary its worker stored."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

CENT = Decimal("0.01")
NORMAL_KURTOSIS = 3.0
LASTED = ("sessions", "fall_days", "fall_sessions", "recovery_days", "recovery_sessions")


def _figure(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.type(
    description="Figures of a return series. Rates are fractions; what is not defined is null, "
    "with its reason in `undefined`."
)
class Metrics:
    total_return: float | None = _figure("Growth over the whole span.")
    cagr: float | None = _figure("Compound annual growth rate.")
    mean_return: float | None = _figure("Arithmetic mean of session returns, per annum.")
    volatility: float | None = _figure("Standard deviation of session returns, per annum.")
    downside_deviation: float | None = _figure(
        "Root mean square shortfall of session returns below the risk-free rate, per annum."
    )
    sharpe: float | None = _figure("Annual excess return per unit of volatility.")
    sortino: float | None = _figure("Annual excess return per unit of downside deviation.")
    calmar: float | None = _figure("Annual growth per unit of the deepest drawdown.")
    omega: float | None = _figure("Gains over losses, both against a threshold of zero.")
    max_drawdown: float | None = _figure("Deepest fall from a peak, at most 0.")
    max_drawdown_days: int | None = _figure(
        "Calendar days from the peak of the deepest drawdown to its recovery, or to the end."
    )
    max_drawdown_sessions: int | None = _figure("The same in sessions.")
    max_drawdown_fall_days: int | None = _figure(
        "Calendar days from the peak of the deepest drawdown to its trough."
    )
    max_drawdown_fall_sessions: int | None = _figure("The same in sessions.")
    max_drawdown_recovery_days: int | None = _figure(
        "Calendar days from the trough of the deepest drawdown to its recovery; null while it "
        "lasts."
    )
    max_drawdown_recovery_sessions: int | None = _figure("The same in sessions.")
    average_drawdown: float | None = _figure("Mean depth of all drawdowns, at most 0.")
    ulcer_index: float | None = _figure("Root mean square of the drawdown of every session.")
    var95: float | None = _figure("Loss of a session not exceeded in 95 % of them, as a gain > 0.")
    cvar95: float | None = _figure("Mean loss of the worst 5 % of sessions, as a gain > 0.")
    skew: float | None = _figure("Skewness of session returns.")
    kurtosis: float | None = _figure("Kurtosis of session returns; 3 is normal.")
    excess_kurtosis: float | None = _figure("The same less 3: 0 is normal.")
    tail_ratio: float | None = _figure("95th percentile over the size of the 5th.")
    hit_rate: float | None = _figure("Share of sessions with a gain among those that moved.")
    trade_hit_rate: float | None = _figure("Share of closed round trips with a profit.")
    payoff_ratio: float | None = _figure("Average win over the size of the average loss.")
    profit_factor: float | None = _figure("Gains over losses of closed round trips.")
    average_win: float | None = _figure("Mean return of the closed round trips that won.")
    average_loss: float | None = _figure(
        "Mean return of the closed round trips that lost, below 0."
    )
    expectancy: float | None = _figure(
        "Mean profit of the closed round trips with a stop, each in multiples of what its first "
        "stop put at risk."
    )
    sqn: float | None = _figure(
        "System quality number: the mean of those multiples over its standard error."
    )
    best_day: float | None = _figure("Highest return of a session.")
    worst_day: float | None = _figure("Lowest return of a session.")
    best_month: float | None = _figure("Highest return of a calendar month.")
    worst_month: float | None = _figure("Lowest return of a calendar month.")
    best_year: float | None = _figure("Highest return of a calendar year, partial ones included.")
    worst_year: float | None = _figure("Lowest return of a calendar year, partial ones included.")
    longest_winning_run: int | None = _figure("Most sessions in a row with a gain.")
    longest_losing_run: int | None = _figure("Most sessions in a row with a loss.")
    alpha: float | None = _figure("Annual return the benchmark does not explain.")
    alpha_t_stat: float | None = _figure(
        "Alpha over its standard error, by Newey and West with a lag of 5 sessions."
    )
    beta: float | None = _figure("Sensitivity to the benchmark.")
    correlation: float | None = _figure("Correlation of session returns with the benchmark's.")
    r_squared: float | None = _figure(
        "Share of the variance of excess returns that the benchmark explains."
    )
    up_capture: float | None = _figure(
        "Mean return over the benchmark's in the months in which the benchmark rose."
    )
    down_capture: float | None = _figure(
        "Mean return over the benchmark's in the months in which the benchmark fell."
    )
    information_ratio: float | None = _figure("Annual active return per unit of tracking error.")
    tracking_error: float | None = _figure("Standard deviation of active returns, per annum.")
    turnover: float | None = _figure("One-way turnover, fraction of equity per annum.")
    exposure: float | None = _figure("Mean share of equity that was invested.")
    time_invested: float | None = _figure("Share of sessions with any position.")
    average_holdings: float | None = _figure("Mean number of positions, sessions in cash included.")
    effective_holdings: float | None = _figure(
        "Mean number of equal positions that would be as concentrated, while anything is held."
    )
    trade_count: int | None = _figure("Orders filled.")
    total_costs: Decimal | None = _figure("All costs, in the run's currency.")
    cost_drag: float | None = _figure("Growth lost to costs, per annum.")
    final_value: Decimal | None = _figure("Equity at the end, in the run's currency.")
    sessions: int = strawberry.field(default=0, description="Sessions the figures rest on.")
    sessions_a_year: float | None = _figure(
        "Sessions a year, beside the 252 by which figures are annualised."
    )
    undefined: JSON = strawberry.field(
        default_factory=dict, description="Name to reason, for every figure that is null."
    )


@strawberry.type(
    description="How likely the result is luck. The count of trials is the ledger's, not a number "
    "the caller declares."
)
class Overfitting:
    psr: float | None = _figure("Probability that the true Sharpe ratio is above zero.")
    deflated_sharpe: float | None = _figure("The same against the best of as many blind trials.")
    psr_autocorrelated: float | None = _figure(
        "The first with only as many sessions as are independent of each other; null where "
        "returns do not follow those before them by more than chance would show."
    )
    autocorrelation: float | None = _figure(
        "Correlation of a session's excess return with the one before; null likewise."
    )
    independent_sessions: float | None = _figure(
        "Sessions the run's are worth if each were independent; null likewise."
    )
    deflated_by_trials: float | None = _figure(
        "The deflated Sharpe ratio by all trials of the family. `deflatedSharpe` is the lower of "
        "this and the next."
    )
    deflated_by_effective_trials: float | None = _figure(
        "The same by trials counted by how different they were; null without a sweep."
    )
    rough: bool = strawberry.field(
        default=False,
        description="Whether the trials are so few, two to nine, that what the best of them would "
        "show is known only roughly.",
    )
    trials: int = strawberry.field(default=1, description="Configurations tried in this family.")
    effective_trials: float | None = _figure("Trials counted by how different they were.")
    pbo: float | None = _figure("Probability of backtest overfitting; null without a sweep.")
    min_track_record_length: float | None = _figure(
        "Sessions needed to trust the Sharpe ratio at 95 %; null where it is not above zero, and "
        "with fewer than 30."
    )
    sharpe_interval: list[float] | None = _figure("95 % interval of the annual Sharpe ratio.")
    verdict: str = strawberry.field(
        default="",
        description="Band of the deflated Sharpe ratio: strong, moderate, weak, unknown.",
    )


@strawberry.type(description="What was checked on this run, and what to be careful about.")
class Guards:
    lookahead_free: bool | None = _figure("Whether hiding the future changed no decision.")
    lookahead_detail: str | None = _figure("How that was checked, or what differed.")
    survivorship_gap_cagr: float | None = _figure(
        "Growth owed to picking the last day's members; null until a job after the run has "
        "found it, and where the history of membership is not known."
    )
    smallest_viable_capital: Decimal | None = _figure(
        "Capital from which on the run keeps up with its benchmark after costs; null until a job "
        "after the run has found it, and where no capital does."
    )
    fills_on_real_bars: bool = strawberry.field(
        default=False, description="Whether every fill lies on a bar that exists."
    )
    missing_data: list[str] = strawberry.field(
        default_factory=list, description="Data the run would have liked to have."
    )
    flags: list[str] = strawberry.field(
        default_factory=list,
        description="Warnings, such as vendor_adjusted, volume_unknown, not_tradable, rf_missing.",
    )


@strawberry.type(description="Return of a calendar month.")
class MonthlyReturn:
    year: int = strawberry.field(description="Year.")
    month: int = strawberry.field(description="Month, 1 to 12.")
    value: float = strawberry.field(description="Return as a fraction.")
    benchmark: float | None = _figure("Return of the benchmark.")
    beat_benchmark: bool | None = _figure("Whether the run returned more than the benchmark.")
    partial: bool | None = _figure(
        "Whether the run has only part of the month; null for a run stored without."
    )


@strawberry.type(description="Return of a calendar year.")
class AnnualReturn:
    year: int = strawberry.field(description="Year; the first and last may be partial.")
    strategy: float = strawberry.field(description="Return of the run.")
    benchmark: float | None = _figure("Return of the benchmark.")
    beat_benchmark: bool | None = _figure("Whether the run returned more than the benchmark.")
    partial: bool | None = _figure(
        "Whether the run has only part of the year; null for a run stored without."
    )


@strawberry.type(description="A fall from a peak, until it was made good.")
class DrawdownPeriod:
    peak: date = strawberry.field(description="Last session at the peak.")
    trough: date = strawberry.field(description="Session at the bottom.")
    recovered: date | None = strawberry.field(description="First session back; null if not yet.")
    depth: float = strawberry.field(description="Depth as a fraction, at most 0.")
    days: int = strawberry.field(description="Calendar days from peak to recovery, or to the end.")
    ongoing: bool = strawberry.field(description="Whether the peak was not reached again.")
    sessions: int | None = _figure("Days in sessions; null for a run stored without, as below.")
    fall_days: int | None = _figure("Calendar days from peak to trough.")
    fall_sessions: int | None = _figure("The same in sessions.")
    recovery_days: int | None = _figure(
        "Calendar days from trough to recovery; null while it lasts."
    )
    recovery_sessions: int | None = _figure("The same in sessions.")


@strawberry.type(description="Where the return came from, as fractions of initial capital.")
class Attribution:
    asset: float = strawberry.field(description="Moves of the assets in their own currency.")
    currency: float = strawberry.field(description="Moves of the currencies.")
    interaction: float = strawberry.field(description="Both moving at once.")
    costs: float = strawberry.field(description="Commission, slippage and currency spread.")
    cash: float = strawberry.field(
        description="Interest on cash, and what exchange rates made of cash that stays in its "
        "own currency."
    )
    by_symbol: JSON = strawberry.field(description="Symbol to its share of the return.")


def metrics_of(values: Mapping[str, Any] | None) -> Metrics | None:
    if values is None:
        return None
    figures = _known(Metrics, values)
    for name in ("total_costs", "final_value"):
        figures[name] = money(figures.get(name))
    if (raw := figures.get("kurtosis")) is not None:
        figures["excess_kurtosis"] = raw - NORMAL_KURTOSIS
    reasons = {to_camel_case(name): reason for name, reason in values["undefined"].items()}
    if "kurtosis" in reasons:
        reasons["excessKurtosis"] = reasons["kurtosis"]
    return Metrics(**figures | {"undefined": JSON(reasons)})


def overfitting_of(values: Mapping[str, Any] | None) -> Overfitting | None:
    return None if values is None else Overfitting(**_known(Overfitting, values))


def guards_of(values: Mapping[str, Any] | None) -> Guards | None:
    if values is None:
        return None
    figures = _known(Guards, values)
    figures["smallest_viable_capital"] = money(figures.get("smallest_viable_capital"))
    return Guards(**figures)


def attribution_of(values: Mapping[str, Any] | None) -> Attribution | None:
    return None if values is None else Attribution(**_known(Attribution, values))


def monthly_returns(summary: Mapping[str, Any]) -> list[MonthlyReturn]:
    rows = summary.get("monthly") or []
    # A run stored before months stood beside the benchmark has three values a row.
    beside = [(*row[:3], row[3] if len(row) > 3 else None) for row in rows]
    return [
        MonthlyReturn(
            year=year,
            month=month,
            value=value,
            benchmark=benchmark,
            beat_benchmark=_beat(value, benchmark),
            partial=partial,
        )
        for (year, month, value, benchmark), partial in zip(
            beside, _partial(summary, "month", len(rows)), strict=True
        )
    ]


def annual_returns(summary: Mapping[str, Any]) -> list[AnnualReturn]:
    rows = summary.get("annual") or []
    return [
        AnnualReturn(
            year=year,
            strategy=strategy,
            benchmark=benchmark,
            beat_benchmark=_beat(strategy, benchmark),
            partial=partial,
        )
        for (year, strategy, benchmark), partial in zip(
            rows, _partial(summary, "year", len(rows)), strict=True
        )
    ]


def _beat(own: float, benchmark: float | None) -> bool | None:
    return None if benchmark is None else own > benchmark


def _partial(summary: Mapping[str, Any], period: str, count: int) -> list[bool | None]:
    """Tell of each period whether the run has only part of it: only the ends may be."""
    if "partial" not in summary:
        return [None] * count
    at_start, at_end = summary["partial"][period]
    return [(k == 0 and at_start) or (k == count - 1 and at_end) for k in range(count)]


def drawdown_period(values: Mapping[str, Any]) -> DrawdownPeriod:
    recovered = values["recovered"]
    return DrawdownPeriod(
        peak=date.fromisoformat(values["peak"]),
        trough=date.fromisoformat(values["trough"]),
        recovered=None if recovered is None else date.fromisoformat(recovered),
        depth=values["depth"],
        days=values["days"],
        ongoing=recovered is None,
        **{name: values.get(name) for name in LASTED},
    )


def money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(CENT)


def _known(figures: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(figures)}
    return {name: value for name, value in values.items() if name in names}
