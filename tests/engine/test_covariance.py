import numpy as np
import pytest

from engine.covariance import require_variance, sample_covariance
from engine.errors import InsufficientHistory, PanelError


def test_sample_covariance_divides_by_one_less_than_the_sessions():
    # By hand: deviations (-1, 0, 1) and (-2, 1, 1), products summed and divided by 2.
    returns = np.array([[0.01, 0.01], [0.02, 0.04], [0.03, 0.04]])

    covariance = sample_covariance(returns)

    np.testing.assert_allclose(covariance, [[1e-4, 1.5e-4], [1.5e-4, 3e-4]], rtol=1e-12)


def test_sample_covariance_is_symmetric_to_the_last_bit():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (60, 40))

    covariance = sample_covariance(returns)

    np.testing.assert_array_equal(covariance, covariance.T)


def test_sample_covariance_names_the_column_with_a_gap():
    returns = np.ones((5, 3))
    returns[2, 1] = np.nan

    with pytest.raises(PanelError, match="column 1 have a gap"):
        sample_covariance(returns)


def test_sample_covariance_needs_two_sessions():
    with pytest.raises(InsufficientHistory, match="1 found"):
        sample_covariance(np.zeros((1, 3)))


def test_a_price_that_stands_still_is_named():
    covariance = np.diag([1e-4, 0.0])

    with pytest.raises(PanelError, match="column 1 have no variance"):
        require_variance(covariance)
