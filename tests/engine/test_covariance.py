import numpy as np
import pytest

from engine.covariance import correlate
from engine.errors import InsufficientHistory, PanelError


def test_deviations_divide_by_one_less_than_the_sessions():
    # By hand: deviations (-1, 0, 1) and (-2, 1, 1) in hundredths; products 2, 3, 6 over 2.
    returns = np.array([[0.01, 0.01], [0.02, 0.04], [0.03, 0.04]])

    correlation, deviation = correlate(returns)

    np.testing.assert_allclose(deviation, [0.01, np.sqrt(3e-4)], rtol=1e-12)
    off = np.sqrt(3) / 2
    np.testing.assert_allclose(correlation, [[1, off], [off, 1]], rtol=1e-12)


def test_correlation_is_symmetric_to_the_last_bit():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (60, 40))

    correlation, _ = correlate(returns)

    np.testing.assert_array_equal(correlation, correlation.T)


def test_the_column_with_a_gap_is_named():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (5, 3))
    returns[2, 1] = np.nan

    with pytest.raises(PanelError, match="column 1 have a gap"):
        correlate(returns)


def test_a_price_that_stands_still_is_named():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (5, 3))
    returns[:, 2] = 0.0

    with pytest.raises(PanelError, match="column 2 have no variance"):
        correlate(returns)


def test_correlation_needs_two_sessions():
    with pytest.raises(InsufficientHistory, match="1 found"):
        correlate(np.zeros((1, 3)))
