import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from universal.tools import simplex_proj

from engine.simplex import nearest_on_simplex

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12).map(np.array)


@pytest.mark.parametrize(
    ("values", "nearest"),
    [
        ([0.2, 0.3, 0.5], [0.2, 0.3, 0.5]),
        ([5.0], [1.0]),
        ([-5.0], [1.0]),
        ([2.0, 2.0], [0.5, 0.5]),
        ([3.0, 1.0, -4.0], [1.0, 0.0, 0.0]),
        ([0.0, 0.0, 0.0, 0.0], [0.25] * 4),
        ([0.6434211, 0.3776316, -0.0210526], [0.63289475, 0.36710525, 0.0]),
    ],
)
def test_worked_examples(values, nearest):
    assert nearest_on_simplex(np.array(values)) == pytest.approx(nearest, abs=1e-12)


@given(VALUES)
def test_it_is_the_projection_another_library_finds(values):
    np.testing.assert_allclose(nearest_on_simplex(values), simplex_proj(values), atol=1e-9)


@given(VALUES)
def test_it_sums_to_one_is_not_negative_and_stays_when_projected_again(values):
    nearest = nearest_on_simplex(values)

    assert nearest.min() >= 0.0
    assert nearest.sum() == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(nearest_on_simplex(nearest), nearest, atol=1e-12)


def test_values_far_from_the_simplex_still_sum_to_one():
    away = np.random.default_rng(1).normal(0.0, 0.3, 6)

    for far in (1e7, -1e7, 1e12):
        nearest = nearest_on_simplex(away + far)

        assert nearest.sum() == pytest.approx(1.0, abs=1e-12)
        np.testing.assert_allclose(nearest, nearest_on_simplex(away + far - far), atol=1e-12)


def test_no_other_point_of_the_simplex_is_nearer():
    values = np.random.default_rng(4).normal(0.0, 0.5, 6)

    found = minimize(
        lambda w: np.square(w - values).sum(),
        np.full(6, 1 / 6),
        bounds=[(0.0, 1.0)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0},
        tol=1e-14,
    )

    np.testing.assert_allclose(nearest_on_simplex(values), found.x, atol=1e-6)
