import numpy as np

from engine.uniqueness import sample_weights, uniqueness


def test_uniqueness_golden():
    """2.15: spans [0, 2], [2, 3], [4, 5] share session 2 alone."""
    found = uniqueness(np.array([0, 2, 4]), np.array([2, 3, 5]))

    np.testing.assert_allclose(found, [0.8333333, 0.75, 1.0], atol=5e-8)


def test_uniqueness_is_the_mean_of_one_over_the_labels_at_each_session():
    rng = np.random.default_rng(1)
    start = np.sort(rng.integers(50, 300, 60))
    end = start + rng.integers(0, 20, 60)

    def concurrent(session):
        return np.count_nonzero((start <= session) & (session <= end))

    told = [
        np.mean([1.0 / concurrent(session) for session in range(first, last + 1)])
        for first, last in zip(start, end, strict=True)
    ]
    np.testing.assert_allclose(uniqueness(start, end), told, rtol=1e-12)


def test_no_labels_have_no_uniqueness():
    assert uniqueness(np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def test_weights_follow_uniqueness_and_the_size_of_the_move_and_are_one_on_average():
    gain = np.expm1([0.1, -0.2, 0.0])

    weights = sample_weights(np.array([0.5, 1.0, 1.0]), gain)

    np.testing.assert_allclose(weights, [0.6, 2.4, 0.0], rtol=1e-12)


def test_labels_that_did_not_move_weigh_alike():
    assert sample_weights(np.array([0.5, 1.0]), np.zeros(2)).tolist() == [1.0, 1.0]
