import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from engine.forest import DEPTH, LEAF, NO_CHILD, TREES, grow


def make_events(count=300, *, seed=5):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 6))
    won = features[:, 0] + rng.normal(size=count) > 0.3
    features[rng.random(features.shape) < 0.1] = np.nan
    features[:, 5] = np.nan
    return features, won, rng.uniform(0.2, 3.0, count)


def test_scores_from_the_tables_are_those_of_the_library():
    features, won, weights = make_events()
    strangers, _, _ = make_events(seed=6)

    forest = grow(features, won, weights, max_samples=0.4, seed=11)

    peer = RandomForestClassifier(
        TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAF,
        max_samples=120,  # of 300
        class_weight="balanced",
        random_state=11,
    )
    peer.fit(features.astype(np.float32), won, sample_weight=weights)
    told = peer.predict_proba(strangers.astype(np.float32))[:, 1]
    np.testing.assert_allclose(forest.score(strangers), told, atol=1e-12)
    assert told.std() > 0.01
    splits = [table.threshold[table.feature >= 0] for table in (t.tree_ for t in peer.estimators_)]
    assert forest.threshold[forest.left != NO_CHILD].tobytes() == np.concatenate(splits).tobytes()


def test_the_seed_decides_the_forest():
    features, won, weights = make_events(120)

    one, again, other = (
        grow(features, won, weights, max_samples=0.5, seed=seed).score(features)
        for seed in (2**32 + 1, 1, 2)
    )

    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()


def test_what_weighs_little_tells_little():
    """Two halves that say the opposite of one another: the heavier one is believed."""
    features = np.random.default_rng(8).normal(size=(400, 1))
    first = np.arange(400) < 200
    won = (features[:, 0] > 0.0) == first
    probe = np.array([[-1.5], [1.5]])

    low, high = grow(features, won, np.where(first, 1.0, 0.01), max_samples=1.0, seed=0).score(
        probe
    )
    turned_low, turned_high = grow(
        features, won, np.where(first, 0.01, 1.0), max_samples=1.0, seed=0
    ).score(probe)

    assert low < 0.1 < 0.9 < high
    assert turned_high < 0.1 < 0.9 < turned_low


@pytest.mark.parametrize("count", [2, 30])
def test_too_few_events_for_a_split_make_a_constant(count):
    features, won, weights = make_events(count)
    won[:2] = [True, False]

    scores = grow(features, won, weights, max_samples=1.0, seed=0).score(features)

    assert np.ptp(scores) < 1e-12
