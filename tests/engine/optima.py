"""What an optimum is, told without a solver, and returns to look for one in."""

import numpy as np


def make_returns(*, sessions, assets, seed=0, drift=0.0003):
    rng = np.random.default_rng(seed)
    market = rng.normal(drift, 0.01, (sessions, 1)) * rng.uniform(0.5, 1.5, assets)
    return market + rng.normal(0.0, 1.0, (sessions, assets)) * rng.uniform(0.005, 0.03, assets)


def covariance_of(deviation, correlation):
    deviation = np.asarray(deviation)
    return np.asarray(correlation) * np.outer(deviation, deviation)


# Asked of skfolio's solver, which by itself stops at 1e-8.
PRECISE = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def gap_to_optimum(gradient, weights, *, unit):
    """Return how much one unit moved between two assets could still gain, in `unit`s.

    Of a convex objective over weights that are at least zero and sum to one, the optimum is where
    every asset held has the least gradient of all: nothing can be moved to advantage.
    """
    held = weights > 0.0
    return float((gradient[held].max() - gradient.min()) / unit)


# The engine specification's four assets of 2.21: two pairs that move alike.
FOUR = covariance_of(
    [0.1, 0.2, 0.1, 0.2],
    [[1, 0.8, 0.1, 0.1], [0.8, 1, 0.1, 0.1], [0.1, 0.1, 1, 0.6], [0.1, 0.1, 0.6, 1]],
)
# And the three of 3.3.
THREE = covariance_of([0.1, 0.2, 0.3], [[1, 0.5, 0], [0.5, 1, 0.2], [0, 0.2, 1]])
