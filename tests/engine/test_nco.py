import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mean_variance import free_minimum_variance
from engine.nco import cluster_assets, effective_number, nco_weights, nest
from tests.engine.optima import FOUR, PRECISE, covariance_of, make_returns

FREE = {"inner": "min_variance", "outer": "min_variance", "long_only": False}
PAIRS = np.array([1, 1, 2, 2])


def test_four_assets_fall_into_their_pairs():
    assert cluster_assets(FOUR, most=10).tolist() == PAIRS.tolist()


def test_least_variance_within_and_among_the_pairs():
    """2.21: inner (4/3, -1/3) and (14/13, -1/13), reduced covariance, and their product."""
    first = free_minimum_variance(FOUR[:2, :2])
    second = free_minimum_variance(FOUR[2:, 2:])
    np.testing.assert_allclose(first, [1.333333, -0.333333], atol=5e-7)
    np.testing.assert_allclose(second, [1.076923, -0.076923], atol=5e-7)
    within = np.array([[*first, 0, 0], [0, 0, *second]])
    np.testing.assert_allclose(
        within @ FOUR @ within.T, [[0.008, 0.000615], [0.000615, 0.009846]], atol=5e-7
    )

    np.testing.assert_allclose(
        nest(FOUR, PAIRS, **FREE), [0.740741, -0.185185, 0.478632, -0.034188], atol=5e-7
    )
    np.testing.assert_allclose(
        free_minimum_variance(FOUR), [0.761905, -0.207039, 0.492754, -0.047619], atol=5e-7
    )


def test_unrelated_pairs_are_as_one_optimisation():
    """2.21: with nothing between the pairs nesting loses nothing, both give (.5, 0, .5, 0)."""
    half = [[1, 0.5], [0.5, 1]]
    blocks = np.block([[np.array(half), np.zeros((2, 2))], [np.zeros((2, 2)), np.array(half)]])
    covariance = covariance_of([0.1, 0.2, 0.1, 0.2], blocks)

    np.testing.assert_allclose(nest(covariance, PAIRS, **FREE), [0.5, 0, 0.5, 0], atol=1e-12)
    np.testing.assert_allclose(free_minimum_variance(covariance), [0.5, 0, 0.5, 0], atol=1e-12)


@pytest.mark.parametrize("inner", ["min_variance", "erc", "equal"])
def test_weights_equal_skfolio(inner):
    """Its clusters are passed to ours; both then optimise within and among them."""
    from skfolio.cluster import HierarchicalClustering, LinkageMethod
    from skfolio.optimization import (
        EqualWeighted,
        MeanRisk,
        NestedClustersOptimization,
        RiskBudgeting,
    )
    from sklearn.model_selection import KFold

    returns = make_returns(sessions=400, assets=12, seed=2)
    returns[:, 6:] += np.random.default_rng(3).normal(0.0, 0.02, (400, 1))
    peers = {
        "min_variance": MeanRisk(solver_params=PRECISE),
        "erc": RiskBudgeting(solver_params=PRECISE),
        "equal": EqualWeighted(),
    }

    class WholeSample(KFold):
        """Estimate the clusters' returns on what the inner weights were fitted on."""

        def split(self, x, y=None, groups=None):
            yield np.arange(len(x)), np.arange(len(x))

        def get_n_splits(self, x=None, y=None, groups=None):
            return 1

    peer = NestedClustersOptimization(
        inner_estimator=peers[inner],
        outer_estimator=RiskBudgeting(solver_params=PRECISE),
        clustering_estimator=HierarchicalClustering(linkage_method=LinkageMethod.WARD),
        cv=WholeSample(),
    ).fit(100.0 * returns)
    labels = peer.clustering_estimator_.labels_

    ours = nest(np.cov(returns, rowvar=False), labels, inner=inner, outer="erc", long_only=True)

    assert len(np.unique(labels)) > 1
    np.testing.assert_allclose(ours, peer.weights_, atol=1e-5)


@pytest.mark.parametrize("outer", ["erc", "min_variance", "inverse_vol"])
def test_the_method_among_clusters_is_used(outer):
    """The golden pairs, each as one asset of its own least variance."""
    weights = nest(FOUR, PAIRS, inner="equal", outer=outer, long_only=True)

    within = np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    (a, c), (_, b) = within @ FOUR @ within.T
    first = {
        "erc": np.sqrt(b) / (np.sqrt(a) + np.sqrt(b)),
        "inverse_vol": np.sqrt(b) / (np.sqrt(a) + np.sqrt(b)),
        "min_variance": (b - c) / (a + b - 2 * c),
    }[outer]
    np.testing.assert_allclose(weights[:2].sum(), first, rtol=1e-9)


def test_an_asset_unlike_all_others_is_a_cluster_of_its_own():
    correlation = np.full((5, 5), 0.9)
    correlation[4] = correlation[:, 4] = 0.0
    np.fill_diagonal(correlation, 1.0)

    labels = cluster_assets(covariance_of(np.full(5, 0.1), correlation), most=10)

    assert len(set(labels[:4].tolist())) == 1
    assert labels[4] != labels[0]


def test_assets_nothing_tells_apart_are_one_cluster():
    weights = nco_weights(covariance_of([0.1, 0.1, 0.1], np.ones((3, 3)) + 1e-9 * np.eye(3)))

    np.testing.assert_allclose(weights, np.full(3, 1 / 3), atol=1e-6)


@pytest.mark.parametrize("assets", [0, 1])
def test_nothing_to_share(assets):
    np.testing.assert_array_equal(nco_weights(np.eye(assets)), np.ones(assets))


@given(
    assets=st.integers(2, 16),
    seed=st.integers(0, 2**32 - 1),
    inner=st.sampled_from(["min_variance", "erc", "equal"]),
    outer=st.sampled_from(["erc", "min_variance", "inverse_vol"]),
    long_only=st.booleans(),
)
def test_weights_sum_to_one_and_long_only_means_it(assets, seed, inner, outer, long_only):
    returns = make_returns(sessions=60, assets=assets, seed=seed)
    covariance = np.cov(returns, rowvar=False)

    weights = nco_weights(covariance, inner=inner, outer=outer, long_only=long_only)

    assert weights.sum() == pytest.approx(1.0, abs=1e-9)
    assert not long_only or (weights >= 0.0).all()


def test_effective_number_counts_equal_holdings():
    assert effective_number(np.full(4, 0.25)) == pytest.approx(4.0)
    assert effective_number(np.zeros(3)) is None
