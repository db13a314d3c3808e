import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contrarian import contrarian_weights

ONE_GROUP = np.zeros(4, np.int64)
RETURNS = np.array([0.03, 0.01, -0.02, -0.06])


def test_each_side_is_one_and_proportional_to_the_distance_from_the_mean():
    """2.20, golden: the mean is -1 %."""
    weights = contrarian_weights(RETURNS, ONE_GROUP, count=20)

    assert weights == pytest.approx([-0.6666667, -0.3333333, 0.1666667, 0.8333333], abs=5e-8)
    assert np.maximum(weights, 0.0) == pytest.approx([0.0, 0.0, 0.1666667, 0.8333333], abs=5e-8)


def test_within_groups_each_is_compared_with_its_own():
    """Means 2 % and -4 %: what fell less than its group is sold though it fell."""
    weights = contrarian_weights(RETURNS, np.array([7, 7, 3, 3]), count=20)

    assert weights == pytest.approx([-1 / 3, 1 / 3, -2 / 3, 2 / 3], abs=1e-9)


def test_the_largest_bets_are_kept_and_ties_go_to_the_first():
    weights = contrarian_weights(np.array([0.02, 0.02, -0.02, -0.02]), ONE_GROUP, count=1)

    assert weights.tolist() == [-1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("returns", [[], [0.3], [0.1, 0.1, 0.1], [0.07] * 6])
def test_equal_returns_are_no_bet(returns):
    returns = np.array(returns)

    weights = contrarian_weights(returns, np.zeros(len(returns), np.int64), count=5)

    assert weights.tolist() == [0.0] * len(returns)


@given(
    st.lists(st.integers(-5000, 5000).map(lambda bps: bps / 1e4), min_size=2, max_size=15),
    st.integers(1, 15),
)
def test_both_sides_are_of_one_size_and_what_is_bought_lagged_what_is_sold(returns, count):
    returns = np.array(returns)
    weights = contrarian_weights(returns, np.zeros(len(returns), np.int64), count=count)

    bought, sold = weights > 0.0, weights < 0.0
    assert weights[bought].sum() == pytest.approx(-weights[sold].sum(), abs=1e-12)
    assert bought.sum() <= count
    assert not bought.any() or returns[bought].max() < returns[sold].min()
