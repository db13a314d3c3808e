import numpy as np
import pytest
from sklearn.cluster import DBSCAN

from engine.density import NOISE, dbscan


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("eps", "min_samples"), [(0.3, 3), (0.6, 4), (0.9, 2)])
def test_clusters_are_those_of_scikit_learn(seed, eps, min_samples):
    points = np.random.default_rng(seed).normal(size=(70, 3))

    labels = dbscan(points, eps=eps, min_samples=min_samples)

    peer = DBSCAN(eps=eps, min_samples=min_samples).fit(points)
    assert labels.tolist() == peer.labels_.tolist()


def test_whoever_lies_apart_is_in_no_cluster():
    points = np.array([[0.0], [0.1], [0.2], [9.0]])

    assert dbscan(points, eps=0.15, min_samples=2).tolist() == [0, 0, 0, NOISE]
    assert dbscan(points, eps=0.15, min_samples=4).tolist() == [NOISE] * 4


def test_nobody_makes_no_cluster():
    assert dbscan(np.empty((0, 2)), eps=1.0, min_samples=2).tolist() == []
