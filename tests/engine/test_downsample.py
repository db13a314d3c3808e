import numpy as np
import pytest

from engine.downsample import deepest_per_bucket, largest_triangle_three_buckets

PICKERS = [largest_triangle_three_buckets, deepest_per_bucket]


@pytest.mark.parametrize("pick", PICKERS)
@pytest.mark.parametrize("n", [3, 4, 50, 51, 52, 99, 5787])
@pytest.mark.parametrize("points", [3, 50, 2000])
def test_rows_ascend_and_keep_both_ends(pick, n, points):
    values = np.sin(np.arange(n) / 7.0)

    rows = pick(values, points)

    assert len(rows) == min(n, points)
    assert rows[0] == 0
    assert rows[-1] == n - 1
    assert (np.diff(rows) > 0).all()


def test_a_lone_spike_survives():
    values = np.zeros(1000)
    values[437] = 5.0

    rows = largest_triangle_three_buckets(values, 50)

    assert 437 in rows


def test_the_trough_survives():
    values = -np.abs(np.sin(np.arange(1000) / 90.0))
    values[612] = -3.0

    rows = deepest_per_bucket(values, 50)

    assert values[rows].min() == -3.0
