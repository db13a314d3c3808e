"""Newey and West's t-statistics against sums written out term by term, and one worked by hand."""

import math

import numpy as np
import pytest

from engine import ratios
from engine.regression import factor_regression, regress

MONTHS = 60


def make_sample(*, n=MONTHS, factors=3, seed=11):
    """Return factors (n, f) and a y whose residuals are autocorrelated and uneven."""
    draws = np.random.default_rng(seed)
    x = draws.normal(0.005, 0.04, (n, factors))
    noise = np.zeros(n)
    for t in range(1, n):
        noise[t] = 0.4 * noise[t - 1] + draws.normal(0.0, 0.01 * (1.0 + 20.0 * abs(x[t, 0])))
    return 0.002 + x @ np.linspace(1.1, -0.3, factors) + noise, x


def by_hand(y, x, lags):
    """Return coefficients and t-statistics from the normal equations, one product at a time."""
    rows = [[1.0, *row] for row in x.tolist()]
    n, p = len(rows), len(rows[0])
    cross = [[math.fsum(row[i] * row[j] for row in rows) for j in range(p)] for i in range(p)]
    inverse = np.linalg.inv(np.array(cross)).tolist()
    right = [
        math.fsum(row[i] * value for row, value in zip(rows, y, strict=True)) for i in range(p)
    ]
    beta = [math.fsum(inverse[i][j] * right[j] for j in range(p)) for i in range(p)]
    u = [
        value - math.fsum(b * each for b, each in zip(beta, row, strict=True))
        for row, value in zip(rows, y, strict=True)
    ]
    middle = [[0.0] * p for _ in range(p)]
    for i in range(p):
        for j in range(p):
            for t in range(n):
                for s in range(n):
                    if abs(t - s) <= lags:
                        weight = 1.0 - abs(t - s) / (lags + 1)
                        middle[i][j] += weight * u[t] * u[s] * rows[t][i] * rows[s][j]
    variance = [
        math.fsum(inverse[i][a] * middle[a][b] * inverse[b][i] for a in range(p) for b in range(p))
        for i in range(p)
    ]
    return beta, [b / math.sqrt(v) for b, v in zip(beta, variance, strict=True)]


def test_a_mean_worked_by_hand():
    """Residuals -1.5 -.5 1.5 .5: squares 5, neighbours' products .75 twice at weight 1/2."""
    y = np.array([1.0, 2.0, 4.0, 3.0])

    found = regress(y, np.empty((4, 0)), lags=1)
    white = regress(y, np.empty((4, 0)), lags=0)

    assert found.coefficients.tolist() == pytest.approx([2.5], rel=1e-12)
    assert found.t_statistics.tolist() == pytest.approx([2.5 / math.sqrt(5.75 / 16)], rel=1e-12)
    assert white.t_statistics.tolist() == pytest.approx([2.5 / math.sqrt(5.0 / 16)], rel=1e-12)
    assert found.r_squared == pytest.approx(0.0, abs=1e-12)
    assert found.observations == 4


@pytest.mark.parametrize(("factors", "lags"), [(1, 5), (3, 6), (5, 0)])
def test_coefficients_and_t_statistics_are_the_sums_written_out(factors, lags):
    y, x = make_sample(factors=factors)

    found = regress(y, x, lags=lags)

    beta, t_statistics = by_hand(y, x, lags)
    np.testing.assert_allclose(found.coefficients, beta, rtol=1e-10)
    np.testing.assert_allclose(found.t_statistics, t_statistics, rtol=1e-10)


def test_with_one_regressor_it_is_the_regression_of_alpha_and_beta():
    y, x = make_sample(factors=1)

    found = regress(y, x, lags=5)

    assert found.coefficients[1] == pytest.approx(ratios.beta(y, x[:, 0]), rel=1e-12)
    assert 252 * found.coefficients[0] == pytest.approx(ratios.alpha(y, x[:, 0]), rel=1e-10)
    assert found.r_squared == pytest.approx(ratios.r_squared(y, x[:, 0]), rel=1e-12)


def test_the_unit_of_a_regressor_changes_no_t_statistic():
    y, x = make_sample()

    found = regress(y, x * np.array([1e-9, 1.0, 1e6]), lags=6)

    np.testing.assert_allclose(found.t_statistics, regress(y, x, lags=6).t_statistics, rtol=1e-8)


def test_an_exact_fit_has_no_t_statistic_and_a_flat_y_no_share():
    _, x = make_sample()

    exact = regress(0.01 + 2.0 * x[:, 0], x, lags=6)
    flat = regress(np.full(MONTHS, 0.01), x, lags=6)

    np.testing.assert_allclose(exact.coefficients, [0.01, 2.0, 0.0, 0.0], atol=1e-14)
    assert np.isnan(exact.t_statistics).all()
    assert exact.r_squared == pytest.approx(1.0, rel=1e-12)
    assert math.isnan(flat.r_squared)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: np.column_stack([x, x[:, 0] - 2.0 * x[:, 1]]),
        lambda x: np.column_stack([x, np.full(len(x), 0.01)]),
        lambda x: np.column_stack([x, np.zeros(len(x))]),
    ],
)
def test_factors_that_follow_from_each_other_have_no_coefficients(spoil):
    y, x = make_sample()

    found = regress(y, spoil(x), lags=6)

    assert np.isnan(found.coefficients).all()
    assert np.isnan(found.t_statistics).all()
    assert math.isnan(found.r_squared)


def test_a_run_is_explained_by_its_factors_and_alpha_is_yearly():
    y, x = make_sample()
    rf = np.full(MONTHS, 0.003)

    found = factor_regression(y + rf, rf, x)

    beta, t_statistics = by_hand(y, x, 6)
    assert found.alpha == pytest.approx(12 * beta[0], rel=1e-9)
    assert found.alpha_t_stat == pytest.approx(t_statistics[0], rel=1e-9)
    np.testing.assert_allclose(found.loadings, beta[1:], rtol=1e-9)
    np.testing.assert_allclose(found.loading_t_stats, t_statistics[1:], rtol=1e-9)
    assert 0.0 < found.r_squared < 1.0
    assert found.months == MONTHS


def test_months_with_something_unknown_are_left_out():
    y, x = make_sample()
    late = x.copy()
    late[50:, 2] = np.nan

    found = factor_regression(y, np.zeros(MONTHS), late)
    cut = factor_regression(y[:50], np.zeros(50), x[:50])

    assert found.months == cut.months == 50
    assert found.alpha == cut.alpha
    assert found.alpha_t_stat == cut.alpha_t_stat


def test_two_years_are_needed():
    y, x = make_sample()

    enough = factor_regression(y[:24], np.zeros(24), x[:24])
    short = factor_regression(y[:23], np.zeros(23), x[:23])

    assert math.isfinite(enough.alpha_t_stat)
    assert (short.months, len(short.loadings)) == (23, 3)
    assert np.isnan([short.alpha, short.alpha_t_stat, short.r_squared]).all()
    assert np.isnan(short.loadings).all()
    assert np.isnan(short.loading_t_stats).all()
