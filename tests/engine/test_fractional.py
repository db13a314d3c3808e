import numpy as np
import pytest

from engine.fractional import difference_weights, last_difference


def test_weights_golden():
    """2.15: order 0.4 begins 1, -0.4, -0.12, -0.064, -0.0416 and keeps 55 weights of 1e-3."""
    weights = difference_weights(0.4)

    np.testing.assert_allclose(weights[:5], [1.0, -0.4, -0.12, -0.064, -0.0416], atol=1e-12)
    assert len(weights) == 55
    assert abs(weights[-1]) >= 1e-3


def test_order_one_is_the_plain_difference_and_order_zero_the_value():
    assert difference_weights(1.0).tolist() == [1.0, -1.0]
    assert difference_weights(0.0).tolist() == [1.0]


def test_the_difference_weighs_the_newest_row_first():
    values = np.random.default_rng(2).normal(size=(80, 3))
    weights = difference_weights(0.4)

    told = [sum(w * values[79 - k, i] for k, w in enumerate(weights)) for i in range(3)]

    np.testing.assert_allclose(last_difference(values, 0.4), told, rtol=1e-12)


@pytest.mark.parametrize("rows", [0, 54])
def test_too_few_rows_have_no_difference(rows):
    assert np.isnan(last_difference(np.ones((rows, 2)), 0.4)).all()


def test_a_missing_row_leaves_the_difference_unknown():
    values = np.ones((60, 2))
    values[30, 1] = np.nan

    assert np.isnan(last_difference(values, 0.4)).tolist() == [False, True]
