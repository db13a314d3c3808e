"""The turnover that the form tells beside epsilon, measured on the twenty shares of the sample."""

import re

import numpy as np

from engine.reversion import mean_reversion, walk
from engine.strategies.olmar import OlmarParameters
from tests.golden.olps import stretches, uniform
from tests.golden.test_momentum_on_real_prices import read_prices

SESSIONS, WINDOW = 2600, 5


def turnover_of(levels, epsilon):
    """Return the mean share of the book traded at each daily decision, one way."""
    weights = walk(uniform(levels), mean_reversion(stretches(levels, WINDOW)), epsilon)
    drifted = weights[:-1] * (levels[WINDOW:] / levels[WINDOW - 1 : -1])
    drifted /= drifted.sum(axis=1, keepdims=True)
    return 0.5 * np.abs(weights[1:] - drifted).sum(axis=1).mean()


def test_the_form_tells_the_turnover_that_epsilon_makes():
    _, _, rows = read_prices()
    levels = np.array(rows)[-SESSIONS:]
    told = re.findall(
        r"(\d+) %[^\d]*at ([\d.]+\d)", OlmarParameters.model_fields["epsilon"].description
    )

    assert [epsilon for _, epsilon in told] == ["10", "1.05", "1.01"]
    for share, epsilon in told:
        assert round(100 * turnover_of(levels, float(epsilon))) == int(share)
