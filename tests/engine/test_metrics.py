import dataclasses
import json
import math
import re
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ratios
from engine.activity import RoundTrips
from engine.comparison import FIGURES
from engine.metrics import Metrics, Moments, measure, moments
from engine.regression import regress
from engine.tables import annual_returns, monthly_returns
from tests.engine.panels import make_sessions

SESSIONS = 600
DAYS = make_sessions(SESSIONS)
RATE = np.full(SESSIONS, 0.0001)


def make_curve(*, sessions=SESSIONS, seed=3, drift=0.0005):
    steps = np.random.default_rng(seed).normal(drift, 0.01, sessions - 1)
    return 100_000.0 * np.concatenate([[1.0], np.cumprod(1.0 + steps)])


def test_every_figure_of_a_whole_run_is_defined_and_from_its_formula():
    equity, market, gross = make_curve(), make_curve(seed=4), make_curve(drift=0.0006)
    turnover, exposure = np.full(SESSIONS, 0.01), np.full(SESSIONS, 0.9)
    weights = np.tile([0.6, 0.3], (SESSIONS, 1))
    trips = RoundTrips(
        cost=np.array([100.0, 200.0]),
        profit=np.array([30.0, -10.0]),
        risked=np.array([10.0, 10.0]),
    )

    found = measure(
        equity,
        DAYS,
        rf=RATE,
        benchmark=market,
        turnover=turnover,
        exposure=exposure,
        weights=weights,
        gross=gross,
        trade_count=7,
        total_costs=12.5,
        round_trips=trips,
    )

    returns, others = equity[1:] / equity[:-1] - 1.0, market[1:] / market[:-1] - 1.0
    excess = returns - 0.0001
    years = (DAYS[-1] - DAYS[0]) / 365.25
    growth = (equity[-1] / equity[0]) ** (1.0 / years) - 1.0
    assert found.undefined == {}
    assert found.total_return == pytest.approx(equity[-1] / equity[0] - 1.0, rel=1e-12)
    assert found.cagr == pytest.approx(growth, rel=1e-12)
    assert found.volatility == pytest.approx(math.sqrt(252) * returns.std(ddof=1), rel=1e-12)
    assert found.sharpe == pytest.approx(
        math.sqrt(252) * excess.mean() / excess.std(ddof=1), rel=1e-12
    )
    assert found.calmar == pytest.approx(growth / -found.max_drawdown, rel=1e-12)
    assert found.cost_drag == pytest.approx(
        (gross[-1] / gross[0]) ** (1.0 / years) - 1.0 - growth, rel=1e-12
    )
    assert found.beta == pytest.approx(ratios.beta(excess, others - 0.0001), rel=1e-12)
    assert found.tracking_error == pytest.approx(
        math.sqrt(252) * (returns - others).std(ddof=1), rel=1e-12
    )
    assert found.turnover == pytest.approx(6.0 / years, rel=1e-12)
    assert found.exposure == pytest.approx(0.9)
    assert (found.profit_factor, found.average_win, found.average_loss) == (3.0, 0.3, -0.05)
    assert (found.expectancy, found.sqn) == (1.0, pytest.approx(0.5))  # R of 3 and -1
    assert (found.trade_count, found.total_costs, found.sessions) == (7, 12.5, SESSIONS)
    assert found.sessions_a_year == pytest.approx((SESSIONS - 1) / years, rel=1e-12)
    assert found.final_value == equity[-1]
    assert found.best_day == returns.max()
    assert found.worst_day == returns.min()
    assert found.mean_return == pytest.approx(252 * returns.mean(), rel=1e-12)
    below = np.minimum(excess, 0.0)
    assert found.downside_deviation == pytest.approx(
        math.sqrt(252 * np.square(below).mean()), rel=1e-12
    )
    falls = equity / np.maximum.accumulate(equity) - 1.0
    assert found.ulcer_index == pytest.approx(math.sqrt(np.square(falls).mean()), rel=1e-12)
    assert (found.trade_hit_rate, found.payoff_ratio) == (0.5, pytest.approx(6.0))
    assert (found.average_holdings, found.time_invested) == (2.0, 1.0)
    assert found.effective_holdings == pytest.approx(0.9**2 / (0.36 + 0.09), rel=1e-12)
    assert found.correlation == pytest.approx(np.corrcoef(returns, others)[0, 1], rel=1e-12)
    assert found.r_squared == pytest.approx(
        np.corrcoef(excess, others - 0.0001)[0, 1] ** 2, rel=1e-12
    )
    fitted = regress(excess, (others - 0.0001)[:, None], lags=5)
    assert found.alpha_t_stat == fitted.t_statistics[0]


def test_best_and_worst_are_of_the_tables_and_runs_are_of_sessions():
    equity = make_curve()

    found = measure(equity, DAYS, rf=RATE)

    months = [value for _, _, value, _ in monthly_returns(equity, DAYS)]
    years = [value for _, value, _ in annual_returns(equity, DAYS)]
    assert (found.best_month, found.worst_month) == (max(months), min(months))
    assert (found.best_year, found.worst_year) == (max(years), min(years))
    signs = np.sign(np.diff(equity)).tolist()
    lengths = [(sign, len(list(run))) for sign, run in groupby(signs)]
    assert found.longest_winning_run == max(length for sign, length in lengths if sign > 0)
    assert found.longest_losing_run == max(length for sign, length in lengths if sign < 0)


def test_what_a_short_flat_run_leaves_undefined_is_none_with_its_reason():
    found = measure(np.full(3, 100.0), DAYS[:3], rf=np.zeros(3))

    assert found.total_return == 0.0
    assert found.volatility == 0.0
    assert found.max_drawdown == 0.0
    assert (found.max_drawdown_days, found.max_drawdown_sessions) == (0, 0)
    assert (found.mean_return, found.downside_deviation, found.ulcer_index) == (0.0, 0.0, 0.0)
    assert (found.best_month, found.worst_year) == (0.0, 0.0)
    assert (found.longest_winning_run, found.longest_losing_run) == (0, 0)
    assert found.undefined == {
        "cagr": "fewer than 365 days",
        "sessions_a_year": "fewer than 365 days",
        "calmar": "fewer than 365 days",
        "cost_drag": "no run without costs to compare with",
        "sharpe": "zero variance",
        "sortino": "zero variance",
        "omega": "no return below the risk-free rate",
        "tail_ratio": "fewer than 100 returns",
        "var95": "fewer than 20 returns",
        "cvar95": "fewer than 20 returns",
        "skew": "fewer than 4 returns",
        "kurtosis": "fewer than 4 returns",
        "hit_rate": "no return other than zero",
        "average_drawdown": "no drawdown",
        "max_drawdown_fall_days": "no drawdown",
        "max_drawdown_fall_sessions": "no drawdown",
        "max_drawdown_recovery_days": "no drawdown",
        "max_drawdown_recovery_sessions": "no drawdown",
        "beta": "no benchmark",
        "alpha": "no benchmark",
        "alpha_t_stat": "no benchmark",
        "correlation": "no benchmark",
        "r_squared": "no benchmark",
        "tracking_error": "no benchmark",
        "information_ratio": "no benchmark",
        "up_capture": "no benchmark",
        "down_capture": "no benchmark",
        "turnover": "not recorded",
        "exposure": "not recorded",
        "time_invested": "not recorded",
        "average_holdings": "not recorded",
        "effective_holdings": "not recorded",
        "trade_hit_rate": "no closed trade",
        "payoff_ratio": "no closed trade",
        "profit_factor": "no closed trade",
        "average_win": "no closed trade",
        "average_loss": "no closed trade",
        "expectancy": "no closed trade",
        "sqn": "no closed trade",
        "trade_count": "not recorded",
        "total_costs": "not recorded",
    }


def test_a_run_of_one_session_has_no_return():
    found = measure(np.array([100.0]), DAYS[:1], rf=np.zeros(1), turnover=np.zeros(1))

    assert found.total_return is None
    for name in ("total_return", "best_day", "best_month", "worst_year", "longest_losing_run"):
        assert found.undefined[name] == "no return"
    assert found.undefined["volatility"] == found.undefined["sharpe"] == "fewer than 2 returns"
    assert found.undefined["turnover"] == "no time passed"
    assert found.sessions == 1


def test_a_curve_without_a_fall_has_no_calmar():
    equity = 100.0 * 1.0001 ** np.arange(SESSIONS)

    found = measure(equity, DAYS, rf=np.zeros(SESSIONS))

    assert found.cagr is not None
    assert found.undefined["calmar"] == "no drawdown"


def test_an_unknown_rate_makes_only_what_needs_it_unknown():
    rate = np.append(RATE[:-1], np.nan)

    found = measure(make_curve(), DAYS, rf=rate, benchmark=make_curve(seed=4))

    unknown = {name for name, why in found.undefined.items() if why == "risk-free rate unknown"}
    assert unknown == {
        *("sharpe", "sortino", "omega", "downside_deviation"),
        *("beta", "alpha", "alpha_t_stat", "r_squared"),
    }
    assert found.volatility is not None
    assert found.tracking_error is not None


def test_sessions_before_the_benchmark_exists_are_left_out():
    equity, market = make_curve(), make_curve(seed=4)
    late = np.where(np.arange(SESSIONS) < 300, np.nan, market)

    found = measure(equity, DAYS, rf=RATE, benchmark=late)
    tail = measure(equity[300:], DAYS[300:], rf=RATE[300:], benchmark=market[300:])

    beside = [[getattr(run, name) for name in FIGURES] for run in (found, tail)]
    assert beside[0] == beside[1]
    assert None not in beside[0]


def test_a_regression_needs_thirty_returns_and_a_copy_of_the_benchmark_has_no_ratio():
    equity = make_curve()

    short = measure(equity[:20], DAYS[:20], rf=RATE[:20], benchmark=make_curve(seed=4)[:20])
    copy = measure(equity, DAYS, rf=RATE, benchmark=equity)

    assert short.undefined["beta"] == "fewer than 30 returns beside the benchmark"
    assert short.tracking_error is not None
    assert copy.beta == pytest.approx(1.0, rel=1e-12)
    assert copy.undefined["tracking_error"] == "no return differs from the benchmark's"
    assert copy.undefined["information_ratio"] == "no return differs from the benchmark's"


def test_the_deepest_drawdown_lasts_until_its_recovery_or_the_last_session():
    equity = np.array([100.0, 90.0, 100.0, 80.0, 85.0])

    recovered = measure(equity[:3], DAYS[:3], rf=np.zeros(3))
    lasting = measure(equity, DAYS[:5], rf=np.zeros(5))

    assert recovered.max_drawdown_days == 2  # Monday to Wednesday
    assert (lasting.max_drawdown, lasting.max_drawdown_days) == (pytest.approx(-0.2), 2)
    assert lasting.average_drawdown == pytest.approx(-0.15)
    assert (recovered.max_drawdown_fall_days, recovered.max_drawdown_fall_sessions) == (1, 1)
    assert (recovered.max_drawdown_recovery_days, recovered.max_drawdown_recovery_sessions) == (
        1,
        1,
    )
    assert lasting.max_drawdown_fall_sessions == 1
    assert (recovered.max_drawdown_sessions, lasting.max_drawdown_sessions) == (2, 2)
    for name in ("max_drawdown_recovery_days", "max_drawdown_recovery_sessions"):
        assert lasting.undefined[name] == "not recovered yet"


def test_moments_are_of_excess_returns_per_session():
    from statsmodels.tsa.stattools import acf

    equity = make_curve()
    excess = equity[1:] / equity[:-1] - 1.0 - 0.0001

    found = moments(equity, RATE)
    flat = moments(np.full(5, 100.0), np.zeros(5))

    assert found.sharpe == pytest.approx(excess.mean() / excess.std(ddof=1), rel=1e-12)
    assert found.sessions == SESSIONS - 1
    assert found.skew == ratios.skewness(excess)
    assert found.kurtosis == ratios.kurtosis(excess)
    assert (flat.sharpe, flat.skew, flat.kurtosis, flat.autocorrelation) == (None,) * 4
    assert found.autocorrelation == pytest.approx(acf(excess, nlags=1, fft=False)[1], rel=1e-12)


def test_the_figures_are_those_of_the_contract():
    sdl = Path(__file__).parents[2] / "client" / "schema.graphql"
    if not sdl.exists():
        pytest.fail("client/schema.graphql is missing; run make schema")
    body = re.search(r"type Metrics[^{]*\{(.*?)\n\}", sdl.read_text(), re.DOTALL)
    assert body is not None
    names = set(re.findall(r"(\w+): (?:Float|Int|Decimal|JSON)", body.group(1)))

    snake = {re.sub(r"([A-Z])", r"_\1", name).lower() for name in names}

    assert snake - {"excess_kurtosis"} == {entry.name for entry in dataclasses.fields(Metrics)}


levels = st.floats(min_value=1e-3, max_value=1e9) | st.just(100.0)


@given(equity=st.lists(levels, min_size=1, max_size=60), step=st.sampled_from([1, 30]))
def test_no_figure_is_ever_nan_or_infinite_and_none_has_a_reason(equity, step):
    curve = np.array(equity)
    days = np.arange(len(curve)) * step

    found = dataclasses.asdict(measure(curve, days, rf=np.zeros(len(curve)), benchmark=curve[::-1]))

    json.dumps(found, allow_nan=False)
    missing = {name for name, value in found.items() if value is None}
    assert missing == set(found["undefined"])


def test_all_cash_has_no_sharpe_although_the_bill_rate_moves():
    equity, rf = np.full(300, 100_000.0), np.linspace(0.0, 2e-4, 300)

    metrics = measure(equity, np.arange(300) * 2, rf=rf)

    assert (metrics.sharpe, metrics.sortino) == (None, None)
    assert metrics.undefined["sharpe"] == metrics.undefined["sortino"] == "zero variance"
    assert moments(equity, rf) == Moments(sharpe=None, sessions=299, skew=None, kurtosis=None)
