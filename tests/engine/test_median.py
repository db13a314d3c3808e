import numpy as np
import pytest
from scipy.optimize import minimize

from engine.median import l1_median


def median_of(points, **how):
    return l1_median(np.array(points, np.float64)[None], **how)[0]


@pytest.mark.parametrize(
    ("points", "median"),
    [
        ([(0, 0), (1, 0), (0, 1), (1, 1)], (0.5, 0.5)),
        ([(0, 0), (2, 0), (1, 3**0.5)], (1.0, 0.5773503)),
        ([(1, 1), (1, 1), (1, 1), (5, 9), (7, 0)], (1.0, 1.0)),
        ([(3, 4)], (3.0, 4.0)),
        ([(2, 2), (2, 2)], (2.0, 2.0)),
        # Collinear: the middle point, at which the iteration starts and which holds it.
        ([(0, 0), (1, 1), (9, 9)], (1.0, 1.0)),
    ],
)
def test_worked_examples(points, median):
    assert median_of(points) == pytest.approx(median, abs=1e-7)


@pytest.mark.parametrize(
    "points", [[(1, 1), (1, 1), (1, 1), (5, 9), (7, 0)], [(1, 1)] * 3, [(0, 0), (1, 1), (9, 9)]]
)
def test_a_point_that_holds_its_place_is_the_median_to_the_bit(points):
    """However loose the tolerance: the iteration must not leave it and come near again."""
    assert median_of(points, tol=1e-3).tolist() == [1.0, 1.0]


def test_an_estimate_that_hits_a_point_which_is_not_the_median_leaves_it():
    """The start (0, 0) is a point, and the other four pull harder than it holds."""
    points = [(0, 0), (4, 1), (4, -1), (-1, 5), (-1, -5)]

    found = median_of(points)

    start, here = np.zeros(2), np.array(points)
    assert np.median(here, axis=0).tolist() == start.tolist()
    assert np.abs(found).sum() > 0.1
    assert np.linalg.norm(here - found, axis=1).sum() < np.linalg.norm(here, axis=1).sum()


@pytest.mark.parametrize("seed", range(8))
def test_no_optimiser_finds_a_smaller_sum_of_distances(seed):
    points = np.random.default_rng(seed).normal(1.0, 0.1, (5, 3))

    def total(centre):
        return np.linalg.norm(points - centre, axis=1).sum()

    peer = minimize(total, points.mean(axis=0), method="Nelder-Mead", options={"xatol": 1e-12})

    # Close to one of the points the rounds shrink slowly and their number ends them.
    assert total(median_of(points)) <= peer.fun * (1.0 + 1e-6)


def test_many_sets_at_once_give_what_each_gives_alone():
    points = np.random.default_rng(2).normal(1.0, 0.1, (40, 5, 7))
    points[3, 1:4] = points[3, 0]

    alone = np.concatenate([l1_median(each[None]) for each in points])

    np.testing.assert_array_equal(l1_median(points), alone)


def test_a_loose_tolerance_stops_early():
    points = np.random.default_rng(6).normal(1.0, 0.3, (5, 4))

    loose, tight = median_of(points, tol=1e-2), median_of(points, tol=1e-12)

    assert 1e-6 < np.abs(loose - tight).max() < 0.05
