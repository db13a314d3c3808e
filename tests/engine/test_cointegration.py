import math

import numpy as np
import pytest
from statsmodels.tsa.stattools import adfuller, coint

from engine.cointegration import (
    critical_value,
    crossings,
    dickey_fuller,
    engle_granger,
    fit_line,
    half_life,
    is_significant,
    p_value,
)


def make_pairs(count=40, sessions=252, seed=1):
    """Return y and x (count, sessions), tied more or less closely."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(0.0, 0.01, (count, sessions)), axis=1)
    apart = np.zeros((count, sessions))
    for t in range(1, sessions):
        apart[:, t] = np.linspace(0.5, 1.0, count) * apart[:, t - 1] + rng.normal(0, 0.01, count)
    return 0.3 + np.linspace(0.4, 2.0, count)[:, None] * x + apart, x


def test_the_statistic_and_its_p_value_are_those_of_statsmodels():
    y, x = make_pairs()

    statistic, p = engle_granger(fit_line(y, x))

    peers = [coint(each, other)[:2] for each, other in zip(y, x, strict=True)]
    np.testing.assert_allclose(statistic, [peer[0] for peer in peers], rtol=1e-10)
    np.testing.assert_allclose(p, [peer[1] for peer in peers], rtol=1e-9, atol=1e-14)
    assert p.min() < 1e-4
    assert p.max() > 0.5


@pytest.mark.parametrize("sessions", [40, 127, 505])
def test_lags_are_chosen_as_statsmodels_chooses_them(sessions):
    series = make_pairs(count=12, sessions=sessions, seed=4)[0]
    series = series - series.mean(axis=1)[:, None]

    statistic = dickey_fuller(series)

    peers = [adfuller(each, regression="n", result_object=False)[0] for each in series]
    np.testing.assert_allclose(statistic, peers, rtol=1e-9)


def test_critical_values_are_those_of_two_variables_with_a_constant():
    # engine.md 2.14; MacKinnon (2010), table 2. The plain value of one variable is -2.86154.
    assert critical_value(0.05) == -3.33613
    assert critical_value(0.05, 252) == pytest.approx(-3.360484, abs=5e-7)
    assert critical_value(0.01) == -3.89644
    assert critical_value(0.10) == -3.04445


def test_the_p_value_at_the_critical_value_is_the_size_of_the_test():
    # Two works of one author, fifteen years apart, agree to a thousandth.
    for size in (0.01, 0.05, 0.10):
        [p] = p_value(np.array([critical_value(size)]))
        assert p == pytest.approx(size, abs=2e-3)


def test_p_values_end_in_certainty_and_an_unknown_statistic_is_no_evidence():
    assert p_value(np.array([-19.0, 1.0, np.nan])).tolist() == [0.0, 1.0, 1.0]


def test_walks_that_are_not_tied_are_rarely_called_cointegrated():
    rng = np.random.default_rng(2)
    y, x = np.cumsum(rng.normal(size=(2, 400, 252)), axis=2)

    _, p = engle_granger(fit_line(y, x))

    # 5 % of 400 are 20, with a deviation of 4.4.
    assert 8 <= np.count_nonzero(p <= 0.05) <= 40


def test_prices_that_are_the_same_leave_nothing_to_test():
    x = np.cumsum(np.random.default_rng(3).normal(size=(1, 100)), axis=1)

    statistic, p = engle_granger(fit_line(2.0 * x + 1.0, x))

    assert np.isnan(statistic).all()
    assert p.tolist() == [1.0]


def test_a_line_is_least_squares_with_its_covariance():
    y, x = make_pairs(count=3, sessions=60)

    line = fit_line(y, x)

    for k in range(3):
        design = np.column_stack([np.ones(60), x[k]])
        beta, [left], *_ = np.linalg.lstsq(design, y[k])
        assert [line.intercept[k], line.slope[k]] == pytest.approx(beta.tolist(), rel=1e-9)
        assert line.variance[k] == pytest.approx(left / 58.0, rel=1e-9)
        expected = left / 58.0 * np.linalg.inv(design.T @ design)
        np.testing.assert_allclose(line.covariance[k], expected, rtol=1e-7)


def test_half_of_a_deviation_of_nine_tenths_is_gone_in_six_and_a_half_sessions():
    # engine.md 2.14: ln 2 / -ln 0.9, where the shortcut with the change gives 6.931472.
    spread = 0.9 ** np.arange(30.0)

    life = half_life(np.stack([spread, -spread]))

    np.testing.assert_allclose(life, 6.578813, rtol=1e-6)
    assert math.log(2.0) / 0.1 == pytest.approx(6.931472, abs=1e-6)


@pytest.mark.parametrize("phi", [-0.5, 1.02])
def test_what_swings_or_runs_away_has_no_half_life(phi):
    assert np.isnan(half_life(phi ** np.arange(30.0)[None])).all()


def test_crossings_count_changes_of_side():
    spread = np.array([[1.0, -1.0, 2.0, 2.0, -4.0], [1.0, 2.0, 3.0, 4.0, 5.0]])

    assert crossings(spread).tolist() == [3, 1]


def test_false_discoveries_are_bounded_as_by_benjamini_and_hochberg():
    # Their own example, table 1, at 0.05: the four smallest of fifteen hold.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    shuffled = np.random.default_rng(0).permutation(15)

    held = is_significant(np.array(p)[shuffled], 0.05)

    assert sorted(shuffled[held].tolist()) == [0, 1, 2, 3]
    assert is_significant(np.array([0.2, 0.9]), 0.05).tolist() == [False, False]
    assert is_significant(np.empty(0), 0.05).tolist() == []
