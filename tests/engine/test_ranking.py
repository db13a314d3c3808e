import numpy as np
from scipy.stats import rankdata

from engine.ranking import percentiles, quantise, rank

ALL = np.ones(2, np.bool_)


def test_equal_scores_are_ordered_by_ascending_id():
    """2.1: A = B at 0.21 with ids 7 and 9; the first place goes to 7 in either column order."""
    scores = np.array([0.21, 0.21])

    assert rank(scores, np.array([7, 9]), ALL).tolist() == [0, 1]
    assert rank(scores, np.array([9, 7]), ALL).tolist() == [1, 0]


def test_scores_that_differ_in_the_last_bits_tie():
    scores = np.array([0.21, np.nextafter(0.21, 1.0)])

    assert rank(scores, np.array([7, 9]), ALL).tolist() == [0, 1]


def test_the_thirteenth_digit_is_rounded_away_at_any_size():
    scores = np.array([1.2345678901234e-9, -9.8765432109876e9, 0.0, np.nan])

    np.testing.assert_allclose(
        quantise(scores), [1.23456789012e-9, -9.87654321099e9, 0.0, np.nan], rtol=1e-15
    )


def test_nan_and_the_ineligible_have_no_rank():
    scores = np.array([np.nan, 0.3, 0.2])

    assert rank(scores, np.arange(3), np.array([True, False, True])).tolist() == [2]


def test_percentiles_run_from_the_worst_to_the_best_of_the_eligible():
    scores = np.array([0.3, np.nan, -0.1, 9.0, 0.1, 0.1])
    eligible = np.array([True, True, True, False, True, True])

    found = percentiles(scores, eligible)

    np.testing.assert_array_equal(found, [1.0, np.nan, 0.0, np.nan, 0.5, 0.5])


def test_percentiles_are_scipy_s_average_ranks():
    scores = np.random.default_rng(3).integers(0, 9, 40) / 7.0

    peer = (rankdata(scores) - 1.0) / 39.0

    np.testing.assert_allclose(percentiles(scores, np.ones(40, np.bool_)), peer, rtol=1e-15)


def test_a_candidate_alone_is_half_way():
    assert percentiles(np.array([0.3, 0.4]), np.array([True, False]))[0] == 0.5
    assert np.isnan(percentiles(np.array([np.nan]), np.array([True]))).all()
