import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster import hierarchy

from engine.errors import PanelError
from engine.hrp import hrp_from_covariance, hrp_weights, leaf_order
from engine.strategies.hrp import Hrp, HrpParameters
from tests.engine.panels import make_panel

LINKAGES = ("single", "average", "ward")


def make_returns(*, sessions, assets, seed=0):
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0, 0.01, (sessions, 1))
    own = rng.normal(0.0, 1.0, (sessions, assets)) * rng.uniform(0.002, 0.05, assets)
    return market * rng.uniform(0.5, 1.5, assets) + own


def naive_weights(covariance, linkage="ward", order=None):
    """Bisect as in the paper: one cluster, one variance, one product at a time."""
    deviation = np.sqrt(np.diag(covariance))
    if order is None:
        order = leaf_order(covariance / np.outer(deviation, deviation), linkage=linkage)
    weights = np.ones(len(order))

    def variance(items):
        inverse = 1.0 / np.diag(covariance)[items]
        inverse /= inverse.sum()
        return inverse @ covariance[np.ix_(items, items)] @ inverse

    def descend(items):
        if len(items) < 2:
            return
        left, right = items[: len(items) // 2], items[len(items) // 2 :]
        total = variance(left) + variance(right)
        weights[left] *= variance(right) / total
        weights[right] *= variance(left) / total
        descend(left)
        descend(right)

    descend(list(order))
    return weights


def test_two_uncorrelated_assets_share_inverse_to_variance():
    # Closed form: 1/.04 : 1/.09.
    weights = hrp_from_covariance(np.diag([0.04, 0.09]))

    np.testing.assert_allclose(weights, [9 / 13, 4 / 13], rtol=1e-15)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_four_assets_in_two_pairs(linkage):
    # The engine specification's four assets: two correlated pairs, sd 10 % and 20 % in each.
    deviation = np.array([0.1, 0.2, 0.1, 0.2])
    correlation = np.array(
        [[1, 0.8, 0.1, 0.1], [0.8, 1, 0.1, 0.1], [0.1, 0.1, 1, 0.6], [0.1, 0.1, 0.6, 1]]
    )

    weights = hrp_from_covariance(correlation * np.outer(deviation, deviation), linkage=linkage)

    np.testing.assert_allclose(weights, [0.379487, 0.094872, 0.420513, 0.105128], atol=5e-7)


@pytest.mark.parametrize("assets", [2, 3, 5, 8, 31, 64, 500])
@pytest.mark.parametrize("linkage", LINKAGES)
def test_levels_at_once_equal_the_naive_recursion(assets, linkage):
    covariance = np.cov(make_returns(sessions=252, assets=assets, seed=assets), rowvar=False)

    weights = hrp_from_covariance(covariance, linkage=linkage)

    np.testing.assert_allclose(weights, naive_weights(covariance, linkage), rtol=1e-12)


def test_variances_of_very_different_size_keep_their_precision():
    # Cash-like beside crypto-like: with prefix sums the volatile block would cancel.
    returns = make_returns(sessions=120, assets=16, seed=5) * np.logspace(-4, 4, 16)
    covariance = 1e4 * np.cov(returns, rowvar=False)

    weights = hrp_from_covariance(covariance)

    np.testing.assert_allclose(weights, naive_weights(covariance), rtol=1e-11)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_the_example_of_the_paper_clusters_the_columns_of_distances(linkage):
    """López de Prado (2016) hands the square of distances to scipy, which takes rows for points."""
    returns = make_returns(sessions=300, assets=12, seed=5)
    covariance = np.cov(returns, rowvar=False)
    square = np.sqrt((1.0 - np.corrcoef(returns, rowvar=False)).clip(0.0, 2.0) / 2.0)
    apart = [np.linalg.norm(square[i] - square[j]) for i in range(12) for j in range(i + 1, 12)]
    order = hierarchy.leaves_list(hierarchy.linkage(apart, linkage))

    weights = hrp_weights(returns, linkage=linkage, distance_of_distances=True)

    np.testing.assert_allclose(weights, naive_weights(covariance, order=order), rtol=1e-9)
    assert not np.allclose(weights, hrp_weights(returns, linkage=linkage))


@pytest.mark.parametrize("linkage", LINKAGES)
def test_weights_equal_skfolio(linkage):
    from skfolio.cluster import HierarchicalClustering, LinkageMethod
    from skfolio.optimization import HierarchicalRiskParity
    from skfolio.seriation import HierarchicalSeriation

    returns = make_returns(sessions=252, assets=40, seed=9)
    clustering = HierarchicalClustering(linkage_method=LinkageMethod(linkage), max_clusters=2)
    seriation = HierarchicalSeriation(
        hierarchical_clustering_estimator=clustering, optimal_ordering=False
    )

    peer = HierarchicalRiskParity(seriation_estimator=seriation).fit(returns).weights_

    np.testing.assert_allclose(hrp_weights(returns, linkage=linkage), peer, atol=1e-12)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_weights_equal_pyportfolioopt(linkage):
    import pandas as pd
    from pypfopt import HRPOpt

    returns = make_returns(sessions=252, assets=30, seed=4)
    names = [f"S{k:02d}" for k in range(30)]

    peer = HRPOpt(pd.DataFrame(returns, columns=names)).optimize(linkage_method=linkage)

    theirs = [peer[name] for name in names]
    np.testing.assert_allclose(hrp_weights(returns, linkage=linkage), theirs, atol=1e-12)


@given(assets=st.integers(1, 20), seed=st.integers(0, 2**32 - 1))
def test_weights_are_positive_sum_to_one_and_ignore_leverage(assets, seed):
    returns = make_returns(sessions=30, assets=assets, seed=seed)

    weights = hrp_weights(returns)

    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(hrp_weights(3.0 * returns), weights, rtol=1e-8)


def test_perfectly_correlated_assets_share_alike():
    returns = make_returns(sessions=30, assets=1)

    weights = hrp_weights(np.column_stack([returns, returns]))

    np.testing.assert_allclose(weights, [0.5, 0.5], rtol=1e-12)


@pytest.mark.parametrize("assets", [0, 1])
def test_nothing_to_share(assets):
    np.testing.assert_array_equal(hrp_weights(np.zeros((10, assets))), np.ones(assets))


def test_a_column_without_variance_is_refused():
    returns = make_returns(sessions=30, assets=3)
    returns[:, 1] = 0.0

    with pytest.raises(PanelError, match="column 1 have no variance"):
        hrp_weights(returns)


def test_the_strategy_clusters_as_it_is_told():
    panel = make_panel(np.cumprod(1.0 + make_returns(sessions=130, assets=8, seed=6), axis=0))
    told = {"lookback": 120, "max_weight": 1.0, "min_price": 0.0}
    plain, other = (
        Hrp(HrpParameters(distance_of_distances=columns, **told)) for columns in (False, True)
    )
    window = panel.window(129, 121, int(panel.closes_at[129, 0]))
    returns = window.total_return[1:] / window.total_return[:-1] - 1.0

    for strategy, columns in ((plain, False), (other, True)):
        decision, _ = strategy.decide(window, None)
        expected = hrp_weights(returns, distance_of_distances=columns)
        np.testing.assert_allclose(decision.weights, expected, rtol=1e-9)
