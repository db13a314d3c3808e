import math

import numpy as np
import pytest

from engine.drawdowns import DrawdownTimes, drawdown_episodes, drawdown_times, ulcer_index
from tests.engine.panels import make_sessions


def test_the_ulcer_index_is_the_root_mean_square_of_all_drawdowns():
    """G5: drawdowns 0 0 -.02 0 0 -.01 0."""
    returns = np.array([0.01, -0.02, 0.03, 0.0, -0.01, 0.02])
    equity = np.concatenate([[1.0], np.cumprod(1.0 + returns)])

    assert ulcer_index(equity) == pytest.approx(math.sqrt(0.0005 / 7), rel=1e-12)
    assert ulcer_index(np.array([1.0, 1.0, 2.0])) == 0.0
    assert math.isnan(ulcer_index(np.empty(0)))


def test_a_fall_and_its_recovery_are_counted_in_days_and_in_sessions():
    """From a Tuesday's peak to the Friday, and back at it on the Tuesday after a weekend."""
    session = make_sessions(8)
    equity = np.array([100.0, 110.0, 105.0, 104.0, 99.0, 108.0, 110.0, 111.0])
    episode = drawdown_episodes(equity, session)[0]

    assert drawdown_times(episode, session) == DrawdownTimes(
        fall_days=3, fall_sessions=3, recovery_days=4, recovery_sessions=2, sessions=5
    )


def test_a_drawdown_that_lasts_has_fallen_but_not_recovered():
    session = make_sessions(4)
    episode = drawdown_episodes(np.array([100.0, 90.0, 80.0, 85.0]), session)[0]

    assert drawdown_times(episode, session) == DrawdownTimes(
        fall_days=2, fall_sessions=2, recovery_days=None, recovery_sessions=None, sessions=3
    )
