"""The reversion walks against the universal-portfolios package, step by step, to 1e-6.

Same convention: decided on a close and held from it, fractional weights, no costs. The package
predicts otherwise before its window is full, so both sides start when it is.
"""

import numpy as np
import pandas as pd
import pytest
from universal.algos import OLMAR, RMR

from engine.reversion import mean_reversion, median_reversion, smoothed_reversion, walk
from tests.golden.olps import read_levels, stretches, uniform

WINDOW = 5


def walk_of_peer(peer, levels, epsilon):
    """Return the weights after each session from the first of which the package predicts."""
    peer.eps = epsilon
    frame = pd.DataFrame(levels)
    peer.init_step(frame)
    weights = pd.Series(uniform(levels))
    walked = []
    for row in range(WINDOW, len(levels)):
        weights = peer.step(frame.iloc[row], weights, frame.iloc[: row + 1])
        walked.append(weights.to_numpy())
    return np.array(walked)


@pytest.mark.parametrize("epsilon", [1.01, 10.0])
@pytest.mark.parametrize("name", ["nyse_o", "tse", "msci", "djia"])
def test_reversion_to_the_mean(name, epsilon):
    levels = read_levels(name)[:200]

    ours = walk(uniform(levels), mean_reversion(stretches(levels, WINDOW))[1:], epsilon)

    peer = walk_of_peer(OLMAR(window=WINDOW), levels, epsilon)
    np.testing.assert_allclose(ours, peer, rtol=0, atol=1e-6)


@pytest.mark.parametrize("epsilon", [1.01, 10.0])
@pytest.mark.parametrize("alpha", [0.2, 0.5])
def test_reversion_to_the_smoothed_price(alpha, epsilon):
    """The package's phi is 1 on the session before its first prediction."""
    levels = read_levels("msci")[:120]

    begun = levels[WINDOW - 1 :]
    predicted = [smoothed_reversion(begun[None, : row + 1], alpha)[0] for row in range(len(begun))]

    peer = OLMAR(window=WINDOW, alpha=alpha, ma_type="EMA")
    np.testing.assert_allclose(
        walk(uniform(levels), np.array(predicted)[1:], epsilon),
        walk_of_peer(peer, levels, epsilon),
        rtol=0,
        atol=1e-6,
    )


@pytest.mark.parametrize("epsilon", [1.01, 10.0])
@pytest.mark.parametrize("name", ["nyse_o", "djia"])
def test_reversion_to_the_median(name, epsilon):
    levels = read_levels(name)[:25]

    predicted = median_reversion(stretches(levels, WINDOW), tol=1e-12, scaled=False)[1:]

    peer = walk_of_peer(RMR(window=WINDOW, tau=1e-10), levels, epsilon)
    np.testing.assert_allclose(walk(uniform(levels), predicted, epsilon), peer, rtol=0, atol=1e-6)
