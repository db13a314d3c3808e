import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Infeasible
from engine.mean_variance import (
    free_minimum_variance,
    maximum_sharpe,
    maximum_utility,
    minimum_variance,
    shrunk_mean,
    target_return,
)
from tests.engine.optima import PRECISE, THREE, covariance_of, gap_to_optimum, make_returns

SESSIONS = 600
PERCENT = 100.0  # the size of returns skfolio's solver is at ease with


def make_inputs(assets, seed=0):
    returns = make_returns(sessions=SESSIONS, assets=assets, seed=seed)
    return np.cov(returns, rowvar=False), returns.mean(axis=0)


def test_least_variance_of_three_assets():
    """3.3: with short sales, and without them exactly (0.9, 0, 0.1)."""
    np.testing.assert_allclose(
        free_minimum_variance(THREE), [0.936975, -0.042017, 0.105042], atol=5e-7
    )
    np.testing.assert_allclose(minimum_variance(THREE), [0.9, 0.0, 0.1], rtol=0, atol=1e-12)


def test_least_variance_of_two_assets_is_the_closed_form():
    covariance = covariance_of([0.1, 0.2], [[1, 0.3], [0.3, 1]])

    # (s2^2 - rho s1 s2) / (s1^2 + s2^2 - 2 rho s1 s2)
    first = (0.04 - 0.006) / (0.01 + 0.04 - 0.012)
    np.testing.assert_allclose(minimum_variance(covariance), [first, 1 - first], rtol=1e-12)


@pytest.mark.parametrize("assets", [2, 5, 30, 120])
def test_what_nobody_can_improve_is_found_to_the_last_digits(assets):
    covariance, expected = make_inputs(assets, seed=assets)
    expected = expected - expected.min() + 1e-4

    safest = minimum_variance(covariance)
    steepest = maximum_sharpe(covariance, expected)
    useful = maximum_utility(covariance, expected, risk_aversion=8.0)

    for weights in (safest, steepest, useful):
        assert weights.sum() == pytest.approx(1.0, abs=1e-12)
        assert (weights >= 0.0).all()
    unit = float(np.abs(covariance @ safest).max())
    assert gap_to_optimum(covariance @ safest, safest, unit=unit) < 1e-9
    assert gap_to_optimum(8.0 * covariance @ useful - expected, useful, unit=unit) < 1e-9
    # Of the ratio the gradient is that of the variance less twice its price of return.
    price = steepest @ covariance @ steepest / (steepest @ expected)
    assert gap_to_optimum(covariance @ steepest - price * expected, steepest, unit=unit) < 1e-9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weights_equal_pyportfolioopt(seed):
    from pypfopt import EfficientFrontier

    covariance, expected = make_inputs(12, seed=seed)
    covariance, expected = 252 * covariance, 252 * expected
    target = float(np.quantile(expected, 0.7))

    def peer(ask):
        frontier = EfficientFrontier(expected, covariance)
        ask(frontier)
        return np.array(list(frontier.clean_weights(cutoff=0, rounding=12).values()))

    for ours, theirs in [
        (minimum_variance(covariance), peer(lambda f: f.min_volatility())),
        (maximum_sharpe(covariance, expected), peer(lambda f: f.max_sharpe(risk_free_rate=0.0))),
        (
            maximum_utility(covariance, expected, risk_aversion=4.0),
            peer(lambda f: f.max_quadratic_utility(risk_aversion=4.0)),
        ),
        (
            target_return(covariance, expected, target=target),
            peer(lambda f: f.efficient_return(target)),
        ),
    ]:
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_weights_equal_skfolio():
    from skfolio.measures import RiskMeasure
    from skfolio.optimization import MeanRisk, ObjectiveFunction

    returns = make_returns(sessions=SESSIONS, assets=15, seed=4)
    covariance, expected = np.cov(returns, rowvar=False), returns.mean(axis=0)

    def peer(objective, **asked):
        model = MeanRisk(
            risk_measure=RiskMeasure.VARIANCE,
            objective_function=objective,
            solver_params=PRECISE,
            **asked,
        )
        return model.fit(PERCENT * returns).weights_

    np.testing.assert_allclose(
        minimum_variance(covariance), peer(ObjectiveFunction.MINIMIZE_RISK), atol=1e-5
    )
    np.testing.assert_allclose(
        maximum_sharpe(covariance, expected), peer(ObjectiveFunction.MAXIMIZE_RATIO), atol=1e-5
    )
    # Its utility is return less aversion times variance, ours halves the variance.
    np.testing.assert_allclose(
        maximum_utility(covariance, expected, risk_aversion=4.0),
        peer(ObjectiveFunction.MAXIMIZE_UTILITY, risk_aversion=2.0 / PERCENT),
        atol=1e-5,
    )


@pytest.mark.parametrize("even", [True, False], ids=["variance", "sharpe"])
@pytest.mark.parametrize("seed", range(8))
def test_a_bill_beside_a_coin_is_weighed_to_the_last_digits(seed, even):
    """Optimal: of what is held return over covariance with the portfolio is one, of others less."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** -rng.uniform(1.4, 5.0, 8)
    moves = rng.normal(size=(300, 8)) + 0.5 * rng.normal(size=(300, 1))
    covariance = np.cov(moves * scale, rowvar=False)
    expected = np.ones(8) if even else rng.normal(0.1, 0.2, 8) * scale

    w = minimum_variance(covariance) if even else maximum_sharpe(covariance, expected)

    ratio = expected / (covariance @ w) * (w @ covariance @ w) / (w @ expected)
    np.testing.assert_allclose(ratio[w > 0.0], 1.0, rtol=1e-9)
    short = (expected * (w @ covariance @ w) - covariance @ w * (w @ expected))[w == 0.0]
    assert (short <= 1e-9 * np.abs(expected).max() * (w @ covariance @ w)).all()


def test_a_return_nobody_expects_is_refused_in_numbers():
    with pytest.raises(Infeasible, match=r"target return 14.0% > best attainable 11.2%"):
        target_return(THREE, np.array([0.05, 0.112, 0.08]), target=0.14)


@pytest.mark.parametrize("seed", range(4))
def test_a_target_within_the_largest_weight_equals_pyportfolioopt(seed):
    from pypfopt import EfficientFrontier

    covariance, expected = make_inputs(12, seed=seed)
    covariance, expected, most = 252 * covariance, 252 * expected, 0.3
    target = 0.9 * float(np.sort(expected)[-3:].mean())
    peer = EfficientFrontier(expected, covariance, weight_bounds=(0.0, most))
    peer.efficient_return(target)

    found = target_return(covariance, expected, target=target, most=most)

    assert found.max() <= most + 1e-12
    assert found @ expected >= target - 1e-12
    np.testing.assert_allclose(found, peer.weights, atol=1e-5)


def test_the_best_attainable_is_that_of_the_largest_weight():
    """With a largest weight of a half 0.5 of 11.2 % and 0.5 of 8 % are all that is to be had."""
    expected = np.array([0.05, 0.112, 0.08])

    with pytest.raises(Infeasible, match=r"target return 10.0% > best attainable 9.6%") as refused:
        target_return(THREE, expected, target=0.10, most=0.5)

    np.testing.assert_allclose(refused.value.nearest, [0.0, 0.5, 0.5])
    assert refused.value.loosened == "target return 10.0% relaxed to 9.6%"
    reached = target_return(THREE, expected, target=0.096, most=0.5)
    np.testing.assert_allclose(reached, [0.0, 0.5, 0.5], atol=1e-9)


def test_a_largest_weight_without_room_for_all_leaves_cash():
    found = target_return(THREE, np.array([0.05, 0.112, 0.08]), target=0.01, most=0.2)

    np.testing.assert_allclose(found, 0.2, atol=1e-12)


def test_a_target_below_that_of_the_least_variance_changes_nothing():
    expected = np.array([0.05, 0.112, 0.08])

    weights = target_return(THREE, expected, target=0.01)

    np.testing.assert_allclose(weights, minimum_variance(THREE), atol=1e-12)


def test_the_highest_return_there_is_takes_it_all():
    expected = np.array([0.05, 0.112, 0.08])

    weights = target_return(THREE, expected, target=0.112)

    np.testing.assert_allclose(weights, [0.0, 1.0, 0.0], atol=1e-7)


def test_nothing_worth_holding_is_refused():
    with pytest.raises(Infeasible, match="no expected return is above zero"):
        maximum_sharpe(THREE, np.array([-0.01, 0.0, -0.02]))


def test_a_trade_that_costs_more_than_it_gains_is_not_made():
    """Derivative of the utility at what is held: no pair differs by a whole turnover's cost."""
    held = np.array([0.5, 0.3, 0.2])
    expected = np.array([0.05, 0.06, 0.07])
    marginal = expected - 3.0 * THREE @ held
    dear = float(marginal.max() - marginal.min()) * 1.01

    kept = maximum_utility(THREE, expected, risk_aversion=3.0, held=held, cost=dear)
    moved = maximum_utility(THREE, expected, risk_aversion=3.0, held=held, cost=dear * 0.9)

    np.testing.assert_allclose(kept, held, atol=1e-9)
    assert np.abs(moved - held).sum() > 1e-3


def test_trading_for_nothing_is_as_if_nothing_was_held():
    expected = np.array([0.05, 0.06, 0.07])
    free = maximum_utility(THREE, expected, risk_aversion=3.0)

    weights = maximum_utility(
        THREE, expected, risk_aversion=3.0, held=np.array([0.0, 0.0, 1.0]), cost=1e-12
    )

    np.testing.assert_allclose(weights, free, atol=1e-8)


@given(seed=st.integers(0, 2**32 - 1), assets=st.integers(1, 12), unit=st.floats(1e-6, 1e6))
def test_the_unit_of_risk_decides_nothing(seed, assets, unit):
    returns = make_returns(sessions=60, assets=assets, seed=seed)
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))

    weights = minimum_variance(covariance)

    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(minimum_variance(unit * covariance), weights, atol=1e-9)


def test_means_are_drawn_together_as_skfolio_does():
    from skfolio.moments import ShrunkMu, ShrunkMuMethods

    returns = make_returns(sessions=SESSIONS, assets=20, seed=6)
    returns += np.linspace(-0.004, 0.004, 20)

    theirs = ShrunkMu(method=ShrunkMuMethods.JAMES_STEIN).fit(returns).mu_

    assert not np.allclose(theirs, returns.mean(axis=0), rtol=1e-3)
    np.testing.assert_allclose(shrunk_mean(returns), theirs, rtol=1e-10)


def test_means_that_are_all_noise_become_one_and_never_change_places():
    returns = make_returns(sessions=30, assets=40, seed=1, drift=0.0)
    returns += 1e-6 * np.arange(40) - returns.mean(axis=0)

    shrunk = shrunk_mean(returns)

    np.testing.assert_allclose(shrunk, np.full(40, returns.mean()), rtol=1e-9)


@pytest.mark.parametrize("assets", [1, 2])
def test_two_means_cannot_be_improved_upon(assets):
    returns = make_returns(sessions=30, assets=assets)

    np.testing.assert_array_equal(shrunk_mean(returns), returns.mean(axis=0))
