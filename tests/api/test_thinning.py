import pytest

from api.services.thinning import thinned


def test_what_fits_is_kept_whole():
    assert thinned([1.0, None, 3.0], 3) == [0, 1, 2]


def test_unknown_values_go_first():
    assert thinned([1.0, None, 3.0, None], 3) == [0, 2]


@pytest.mark.parametrize("wanted", [3, 4, 7, 50, 99])
def test_ends_are_kept_and_rows_ascend(wanted):
    values = [(row * 37) % 101 / 7 for row in range(100)]

    rows = thinned(values, wanted)

    assert len(rows) == wanted
    assert (rows[0], rows[-1]) == (0, 99)
    assert rows == sorted(set(rows))


def test_a_spike_survives():
    values = [1.0] * 1000
    values[537] = 9.0

    assert 537 in thinned(values, 20)
