"""Figures against empyrical-reloaded: equal where conventions are, and where they are not, why."""

import math

import empyrical
import numpy as np
import pytest

from engine.metrics import measure
from tests.engine.panels import make_sessions

SESSIONS = 1_500
DAYS = make_sessions(SESSIONS + 1)
RATES = np.full(SESSIONS + 1, 0.0001)


def make_returns(seed):
    """Return returns of a run and of what it is compared with: fat tails, correlated."""
    rng = np.random.default_rng(seed)
    market = 0.0003 + 0.01 * rng.standard_t(4, SESSIONS) / math.sqrt(2)
    return 0.0002 + 0.7 * market + 0.006 * rng.standard_normal(SESSIONS), market


def level(returns):
    return 100.0 * np.cumprod(np.concatenate([[1.0], 1.0 + returns]))


@pytest.fixture(params=range(5))
def measured(request):
    """Return our figures and the two series of returns they come from."""
    returns, market = make_returns(request.param)
    figures = measure(level(returns), DAYS, rf=RATES, benchmark=level(market))
    return figures, returns, market


def test_where_the_conventions_agree_so_do_the_figures(measured):
    ours, returns, market = measured
    rate = RATES[1]
    alpha, beta = empyrical.alpha_beta(returns, market, risk_free=rate, annualization=1)
    theirs = {
        "total_return": empyrical.cum_returns_final(returns),
        "volatility": empyrical.annual_volatility(returns),
        "sharpe": empyrical.sharpe_ratio(returns, risk_free=rate),
        "sortino": empyrical.sortino_ratio(returns, required_return=rate),
        "downside_deviation": empyrical.downside_risk(returns, required_return=rate),
        "max_drawdown": empyrical.max_drawdown(returns),
        # Theirs takes the rate of a year and compounds it down to a day.
        "omega": empyrical.omega_ratio(returns, required_return=(1.0 + rate) ** 252 - 1.0),
        "tail_ratio": empyrical.tail_ratio(returns),
        "beta": beta,
        # Theirs compounds a year's alpha of the same intercept of a day.
        "alpha": 252 * alpha,
    }
    for name, value in theirs.items():
        assert getattr(ours, name) == pytest.approx(value, rel=1e-9), name


def test_growth_is_by_the_calendar_and_theirs_by_252_sessions_a_year(measured):
    ours, returns, _ = measured
    wealth = np.prod(1.0 + returns)
    years = (DAYS[-1] - DAYS[0]) / 365.25

    assert empyrical.annual_return(returns) == pytest.approx(wealth ** (252 / SESSIONS) - 1.0)
    assert ours.cagr == pytest.approx(wealth ** (1.0 / years) - 1.0, rel=1e-12)
    assert ours.calmar == pytest.approx(-ours.cagr / empyrical.max_drawdown(returns), rel=1e-12)


def test_losses_are_observed_ones_and_theirs_lie_between_two(measured):
    """Ours is an order statistic, positive for a loss; theirs interpolates, negative for one."""
    ours, returns, _ = measured
    worst = np.sort(returns)
    tail = SESSIONS * 0.05

    assert ours.var95 == pytest.approx(-worst[math.ceil(tail) - 1], rel=1e-12)
    assert ours.cvar95 == pytest.approx(-worst[: int(tail)].mean(), rel=1e-12)
    between = -empyrical.value_at_risk(returns)
    assert -worst[math.ceil(tail)] <= between <= ours.var95 * (1.0 + 1e-12)
    # Theirs counts one observation more, so it is at most that much milder.
    assert -empyrical.conditional_value_at_risk(returns) <= ours.cvar95 * (1.0 + 1e-12)


def test_the_information_ratio_annualises_and_theirs_does_not(measured):
    ours, returns, market = measured

    assert ours.information_ratio == pytest.approx(
        math.sqrt(252) * empyrical.excess_sharpe(returns, market), rel=1e-9
    )
