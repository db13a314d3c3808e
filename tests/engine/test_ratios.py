"""G5, with the figures of engine specification section 5; risk-free rate 0."""

import numpy as np
import pytest

from engine import ratios
from engine.drawdowns import drawdowns

R = np.array([0.01, -0.02, 0.03, 0.0, -0.01, 0.02])
B = np.array([0.008, -0.015, 0.02, 0.002, -0.012, 0.015])
EQUITY = np.concatenate([[1.0], np.cumprod(1.0 + R)])
TAIL = np.repeat([-0.05, -0.03, -0.02, -0.01, 0.0, 0.01, 0.01, 0.02, 0.03, 0.04], 2)


def near(value):
    return pytest.approx(value, abs=1e-10)


def test_growth_and_spread():
    assert EQUITY[-1] == near(1.0294850412)
    assert R.mean() == near(0.005)
    assert ratios.mean_return(R) == near(1.26)
    assert ratios.deviation(R) == near(0.0187082869)
    assert ratios.volatility(R) == near(0.2969848481)
    assert ratios.sharpe_ratio(R) == near(4.2426406871)


def test_downside_counts_every_session():
    """The deviation of the negative returns alone would give 11.2250."""
    assert ratios.downside_deviation(R) == near(0.0091287093)
    assert ratios.sortino_ratio(R) == near(8.6948260477)


def test_drawdowns_and_odds():
    np.testing.assert_allclose(drawdowns(EQUITY), [0, 0, -0.02, 0, 0, -0.01, 0], atol=1e-12)
    assert ratios.omega_ratio(R) == near(2.0)
    assert ratios.hit_rate(R) == near(0.6)


def test_shape():
    assert abs(ratios.skewness(R)) < 1e-12
    assert ratios.kurtosis(R) == near(1.7314285714)
    np.testing.assert_allclose(np.quantile(R, [0.05, 0.95]), [-0.0175, 0.0275], atol=1e-12)
    assert ratios.tail_ratio(R) == near(1.5714285714)


def test_against_a_benchmark():
    assert ratios.beta(R, B) == near(1.2996031746)
    assert ratios.alpha(R, B) == near(0.2775)
    assert ratios.tracking_error(R - B) == near(0.0833978417)
    assert ratios.information_ratio(R - B) == near(6.0433218622)


def test_correlation_and_what_the_benchmark_explains():
    """Deviations from the mean in thousandths: squares 1750 and 1008, products 1310."""
    explained = ratios.beta(R, B) ** 2 * np.var(B, ddof=1) / np.var(R, ddof=1)

    assert ratios.correlation(R, B) == near(1310 / np.sqrt(1750 * 1008))
    assert ratios.correlation(R, -B) == near(-1310 / np.sqrt(1750 * 1008))
    assert ratios.r_squared(R, B) == near(1310**2 / (1750 * 1008))
    assert ratios.r_squared(R, B) == pytest.approx(explained, rel=1e-12)


def test_the_longest_run_is_broken_by_every_other_session():
    assert ratios.longest_run(np.array([True, True, False, True, True, True])) == 3
    assert ratios.longest_run(R > 0.0) == 1
    assert ratios.longest_run(np.ones(4, np.bool_)) == 4
    assert ratios.longest_run(np.zeros(4, np.bool_)) == 0
    assert ratios.longest_run(np.empty(0, np.bool_)) == 0


@pytest.mark.parametrize(("level", "var", "cvar"), [(0.90, 0.05, 0.05), (0.85, 0.03, 0.13 / 3)])
def test_value_at_risk_and_the_mean_beyond_it(level, var, cvar):
    assert ratios.value_at_risk(TAIL, level) == pytest.approx(var, abs=1e-15)
    assert ratios.conditional_value_at_risk(TAIL, level) == pytest.approx(cvar, abs=1e-15)


def test_the_return_at_the_edge_of_the_tail_counts_in_part():
    returns = np.arange(-30, 0) / 100.0

    # k = 1.5: the worst in full, half of the second
    assert ratios.value_at_risk(returns) == near(0.29)
    assert ratios.conditional_value_at_risk(returns) == near((0.30 + 0.5 * 0.29) / 1.5)


def test_growth_a_year():
    """1.00 to 1.21 over 730 days."""
    assert ratios.cagr(1.0, 1.21, 730) == pytest.approx(0.100072, abs=5e-7)
    assert ratios.cagr(1.0, 0.0, 730) == -1.0
    assert np.isnan(ratios.cagr(1.0, 1.21, 364))


@pytest.mark.parametrize(
    "figure",
    [
        ratios.mean_return,
        ratios.deviation,
        ratios.volatility,
        ratios.sharpe_ratio,
        ratios.sortino_ratio,
        ratios.omega_ratio,
        ratios.downside_deviation,
        ratios.tail_ratio,
        ratios.value_at_risk,
        ratios.conditional_value_at_risk,
        ratios.skewness,
        ratios.kurtosis,
        ratios.hit_rate,
        ratios.information_ratio,
    ],
)
def test_nothing_follows_from_no_returns(figure):
    assert np.isnan(figure(np.empty(0)))


@pytest.mark.parametrize(
    "figure",
    [
        ratios.sharpe_ratio,
        ratios.sortino_ratio,
        ratios.omega_ratio,
        ratios.tail_ratio,
        ratios.skewness,
        ratios.kurtosis,
        ratios.hit_rate,
    ],
)
def test_a_flat_curve_has_no_ratio(figure):
    assert np.isnan(figure(np.zeros(200)))


def test_a_benchmark_that_stands_still_has_no_beta():
    assert np.isnan(ratios.beta(R, np.zeros(6)))
    assert np.isnan(ratios.alpha(R, np.zeros(6)))


@pytest.mark.parametrize("figure", [ratios.correlation, ratios.r_squared])
def test_what_stands_still_is_correlated_with_nothing(figure):
    assert np.isnan(figure(R, np.zeros(6)))
    assert np.isnan(figure(np.zeros(6), R))
    assert np.isnan(figure(R[:1], B[:1]))
