import numpy as np

from engine.actions import forward_factor


def test_the_forward_factor_reinvests_and_never_looks_back():
    close = np.array([[np.nan, 10.0], [100.0, 10.0], [np.nan, 10.0], [51.0, 10.0]])
    split, dividend = np.ones((4, 2)), np.zeros((4, 2))
    # Without a bar on the day, a holder meets the action on the next one.
    split[2, 0], dividend[3, 0] = 2.0, 0.5
    dividend[0, 1] = 1.0  # paid before anybody could hold the first bar

    factor = forward_factor(close, split, dividend)

    # engine.md G1.3: 2 (51 + 0.50) / 100 - 1 = 3 %.
    assert factor[:, 1].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert (close[3, 0] * factor[3, 0], factor[1, 0]) == (103.0, 1.0)
    np.testing.assert_array_equal(forward_factor(close[:3], split[:3], dividend[:3]), factor[:3])
