import numpy as np
import pytest

from engine.reversion import mean_reversion, median_reversion, revert, smoothed_reversion, walk
from tests.engine.panels import make_closes

TWO = np.array([[10, 10], [10, 10], [10, 10], [10, 10], [8, 12.5]])
THREE = np.array([[10, 10, 10], [10, 10, 10], [9, 10, 12]], np.float64)
LEVELS = make_closes(sessions=60, assets=5)


def stretches(levels, window):
    return np.stack([levels[row + 1 - window : row + 1] for row in range(window - 1, len(levels))])


def test_two_assets_move_as_far_as_epsilon_asks():
    """2.9, golden 1."""
    half = np.array([0.5, 0.5])
    [predicted] = mean_reversion(TWO[None])

    assert predicted == pytest.approx([1.2, 0.84], abs=1e-12)
    assert (half * predicted).sum() == pytest.approx(1.02, abs=1e-12)
    assert revert(half, predicted, 1.1) == pytest.approx([0.7222222, 0.2777778], abs=5e-8)
    assert revert(half, predicted, 10.0).tolist() == [1.0, 0.0]


def test_the_step_is_the_published_multiplier():
    """2.9, golden 1: lambda 1.2345679, seen in the weights as lambda times the deviation 0.18."""
    moved = revert(np.array([0.5, 0.5]), np.array([1.2, 0.84]), 1.1)

    assert (moved - 0.5) / 0.18 == pytest.approx([1.2345679, -1.2345679], abs=5e-8)


def test_three_assets_and_a_projection():
    """2.9, golden 2."""
    third = np.full(3, 1 / 3)
    [predicted] = mean_reversion(THREE[None])

    assert predicted == pytest.approx([1.0740741, 1.0, 0.8888889], abs=5e-8)
    assert revert(third, predicted, 1.0) == pytest.approx(
        [0.3947368, 0.3421053, 0.2631579], abs=5e-8
    )
    assert revert(third, predicted, 1.05) == pytest.approx([0.6328947, 0.3671053, 0.0], abs=5e-8)


def test_an_expectation_met_already_moves_nothing():
    weights = np.array([0.9, 0.1])

    assert revert(weights, np.array([1.2, 0.84]), 1.1) is weights


def test_predictions_that_are_all_alike_move_nothing():
    weights = np.array([0.9, 0.1])

    assert revert(weights, np.array([1.0, 1.0 + 1e-7]), 10.0) is weights
    assert revert(weights, np.array([1.0, 1.0 + 1e-5]), 10.0).tolist() == [0.0, 1.0]


def test_the_moved_weights_expect_epsilon_where_nothing_was_cut():
    weights = np.full(5, 0.2)
    [predicted] = mean_reversion(LEVELS[None, :5])
    epsilon = float((weights * predicted).sum()) + 1e-4

    moved = revert(weights, predicted, epsilon)

    assert moved.min() > 0.0
    assert (moved * predicted).sum() == pytest.approx(epsilon, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 0.95])
def test_the_smoothed_prediction_is_the_recursion_of_the_paper(alpha):
    phi = np.ones(5)
    for row in range(1, len(LEVELS)):
        phi = alpha + (1.0 - alpha) * phi / (LEVELS[row] / LEVELS[row - 1])

    np.testing.assert_allclose(smoothed_reversion(LEVELS[None], alpha)[0], phi, rtol=1e-11)


def test_a_smoothed_prediction_begins_at_the_first_price_there_is():
    holed = np.array(LEVELS)
    holed[:20, 1] = np.nan

    [found] = smoothed_reversion(holed[None], 0.1)

    assert found[1] == smoothed_reversion(LEVELS[None, 20:], 0.1)[0, 1]
    assert found[0] == smoothed_reversion(LEVELS[None], 0.1)[0, 0]


def test_without_scaling_the_dearest_asset_decides_what_is_far():
    """Three sessions: the dear asset has its middle price at the second, the cheap at the third."""
    levels = np.array([[900.0, 1.5], [1000.0, 1.0], [1100.0, 1.2]])[None]

    scaled = median_reversion(levels, tol=1e-9, scaled=True)[0]
    raw = median_reversion(levels, tol=1e-9, scaled=False)[0]

    assert raw[0] == pytest.approx(1000 / 1100, abs=1e-4)
    assert scaled[1] > raw[1] + 0.01
    dear = levels * np.array([1.0, 500.0])
    np.testing.assert_allclose(median_reversion(dear, tol=1e-9, scaled=True)[0], scaled, rtol=1e-9)


def test_a_walk_is_step_after_step_from_the_last_targets():
    predicted = mean_reversion(stretches(LEVELS, 5))
    weights = np.full(5, 0.2)

    walked = walk(weights, predicted, 1.02)

    for step, expected in enumerate(predicted):
        weights = revert(weights, expected, 1.02)
        assert walked[step].tolist() == weights.tolist()
    assert len(walked) == 56
