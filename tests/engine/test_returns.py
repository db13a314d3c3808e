import numpy as np
import pytest

from engine.returns import (
    carry_forward,
    forward_factors,
    log_returns,
    simple_returns,
    trailing_return,
)

NAN = np.nan


def column(*values):
    return np.array(values, np.float64)[:, None]


def test_simple_and_log_returns_of_the_golden():
    """G1.1: simple returns sum to 0, log returns to ln 0.99."""
    prices = column(100, 110, 99)

    simple, log = simple_returns(prices), log_returns(prices)

    np.testing.assert_allclose(simple[:, 0], [0.10, -0.10], rtol=1e-12)
    np.testing.assert_allclose(log[:, 0], [0.0953101798, -0.1053605157], atol=1e-10)
    assert simple.sum() == pytest.approx(0.0, abs=1e-15)
    assert log.sum() == pytest.approx(-0.0100503359, abs=1e-10)


def test_a_return_spans_a_short_gap_on_the_row_of_the_next_bar():
    prices = column(100, NAN, NAN, 121)

    returns = simple_returns(prices, max_gap=2)

    np.testing.assert_allclose(returns[:, 0], [NAN, NAN, 0.21], rtol=1e-12)


def test_a_return_does_not_span_a_long_gap():
    prices = column(100, NAN, NAN, 121, 133.1)

    returns = simple_returns(prices, max_gap=1)

    np.testing.assert_allclose(returns[:, 0], [NAN, NAN, NAN, 0.1], rtol=1e-12)


def test_no_return_before_the_second_bar():
    prices = column(NAN, 100, 110)

    returns = simple_returns(prices)

    np.testing.assert_allclose(returns[:, 0], [NAN, 0.1], rtol=1e-12)


def test_carry_forward_fills_after_the_first_number_only():
    values = np.array([[NAN, 1.0], [2.0, NAN], [NAN, NAN]])

    filled = carry_forward(values)

    np.testing.assert_array_equal(filled, [[NAN, 1.0], [2.0, 1.0], [2.0, 1.0]])


def test_forward_factors_of_the_golden_split_and_dividend():
    """G1.3: 2:1 split, then close 51 and 0.50 per new share: 2 * 51.5 / 100 - 1 = 3 %."""
    close = column(100, 51)

    factors = forward_factors(close, column(1, 2), column(0, 0.5))

    level = close * factors
    assert factors[0, 0] == 1.0
    assert level[1, 0] / level[0, 0] - 1.0 == pytest.approx(0.03, abs=1e-12)


def test_a_later_action_changes_no_earlier_level():
    close, none = column(10, 11, 6), column(0, 0, 0)
    before = forward_factors(close, column(1, 1, 1), none)

    after = forward_factors(close, column(1, 1, 2), none)

    np.testing.assert_array_equal(before[:2], after[:2])
    assert after[2, 0] == 2.0


def test_factors_carry_over_rows_without_a_bar_and_start_at_the_first():
    close = column(NAN, 10, NAN, 5)

    factors = forward_factors(close, column(3, 3, 1, 2), column(0, 0, 0, 0))

    np.testing.assert_array_equal(factors[:, 0], [1.0, 1.0, 1.0, 2.0])


def test_trailing_return_of_the_momentum_golden():
    """2.1: closes 100 100 110 121 100, lookback 3, skip 1: 121 / 100 - 1 = 0.21; skip 0 gives 0."""
    closes = column(100, 100, 110, 121, 100)

    skipped = trailing_return(closes, lookback=3, skip=1)
    naive = trailing_return(closes, lookback=3, skip=0)

    assert skipped[0] == pytest.approx(0.21, abs=1e-12)
    assert naive[0] == 0.0


def test_an_end_point_without_a_bar_moves_at_most_three_sessions():
    near = np.array([NAN, NAN, NAN, 100, *[105] * 6, 110, NAN, NAN, NAN])
    far = np.array([NAN, NAN, NAN, NAN, *[105] * 6, 110, NAN, NAN, NAN])
    late = np.array([100, *[105] * 8, 110, NAN, NAN, NAN, NAN])
    prices = np.column_stack([near, far, late])

    scores = trailing_return(prices, lookback=13, skip=0)

    np.testing.assert_allclose(scores, [0.10, NAN, NAN], rtol=1e-12)


def test_end_points_never_cross():
    prices = column(NAN, NAN, 100, 110)

    score = trailing_return(prices, lookback=3, skip=2)

    assert np.isnan(score[0])
