import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Infeasible
from engine.risk_budgeting import risk_budgeting, risk_contributions
from tests.engine.optima import PRECISE, THREE, covariance_of, make_returns


def test_three_assets_contribute_alike():
    """3.3."""
    weights = risk_budgeting(THREE)

    np.testing.assert_allclose(weights, [0.549583, 0.245809, 0.204608], atol=5e-7)
    np.testing.assert_allclose(risk_contributions(THREE, weights), np.full(3, 1 / 3), rtol=1e-10)


def test_uncorrelated_assets_share_inverse_to_volatility():
    weights = risk_budgeting(covariance_of([0.1, 0.2, 0.4], np.eye(3)))

    np.testing.assert_allclose(weights, [4 / 7, 2 / 7, 1 / 7], rtol=1e-10)


@pytest.mark.parametrize("assets", [5, 40])
def test_weights_equal_skfolio(assets):
    from skfolio.optimization import RiskBudgeting

    returns = make_returns(sessions=300, assets=assets, seed=assets)
    budgets = np.linspace(1.0, 3.0, assets)
    covariance = np.cov(returns, rowvar=False)

    equal = RiskBudgeting(solver_params=PRECISE).fit(100.0 * returns).weights_
    unequal = (
        RiskBudgeting(risk_budget=budgets, solver_params=PRECISE).fit(100.0 * returns).weights_
    )

    np.testing.assert_allclose(risk_budgeting(covariance), equal, atol=1e-6)
    np.testing.assert_allclose(risk_budgeting(covariance, budgets), unequal, atol=1e-6)


@given(assets=st.integers(1, 30), seed=st.integers(0, 2**32 - 1))
def test_every_asset_contributes_its_budget(assets, seed):
    rng = np.random.default_rng(seed)
    returns = make_returns(sessions=4 * assets + 20, assets=assets, seed=seed)
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    budgets = rng.uniform(0.05, 1.0, assets)

    weights = risk_budgeting(covariance, budgets)

    assert (weights > 0.0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(
        risk_contributions(covariance, weights), budgets / budgets.sum(), rtol=1e-8
    )


def test_a_hundred_assets_of_few_sessions_settle():
    returns = make_returns(sessions=110, assets=100, seed=3)
    covariance = np.cov(returns, rowvar=False)

    contributions = risk_contributions(covariance, risk_budgeting(covariance))

    np.testing.assert_allclose(contributions, np.full(100, 0.01), rtol=1e-8)


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(Infeasible, match=r"budgets must be above zero, 0.00 found"):
        risk_budgeting(THREE, np.array([1.0, 0.0, 1.0]))


def test_what_cannot_settle_is_refused():
    """Two assets that cancel each other: the risk of any such pair is none."""
    covariance = covariance_of([0.1, 0.1], [[1, -1], [-1, 1]])

    with pytest.raises(Infeasible, match=r"did not settle|singular"):
        risk_budgeting(covariance)
