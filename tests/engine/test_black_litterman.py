import numpy as np
import pytest

from engine.black_litterman import Views, equilibrium, free_weights, posterior
from engine.errors import Infeasible
from engine.mean_variance import maximum_utility

# He & Litterman (1999): Australia, Canada, France, Germany, Japan, United Kingdom, United States.
VOLATILITY = np.array([16.0, 20.3, 24.8, 27.1, 21.0, 20.0, 18.7]) / 100
MARKET = np.array([1.6, 2.2, 5.2, 5.5, 11.6, 12.4, 61.5]) / 100
LOWER = (
    (0.488,),
    (0.478, 0.664),
    (0.515, 0.655, 0.861),
    (0.439, 0.310, 0.355, 0.354),
    (0.512, 0.608, 0.783, 0.777, 0.405),
    (0.491, 0.779, 0.668, 0.653, 0.306, 0.652),
)
GERMANY_OVER = np.array([[0.0, 0.0, -0.295, 1.0, 0.0, -0.705, 0.0]])
PERCENT = 100.0


def make_covariance():
    correlation = np.eye(7)
    for row, values in enumerate(LOWER, start=1):
        correlation[row, :row] = correlation[:row, row] = values
    return correlation * np.outer(VOLATILITY, VOLATILITY)


def view(confidence, by=0.05, of=GERMANY_OVER):
    return Views(
        portfolios=of, expected=np.full(len(of), by), confidence=np.full(len(of), confidence)
    )


def test_equilibrium_of_seven_countries():
    """Table 2 of the paper: 3.9 6.9 8.4 9.0 4.3 6.8 7.6 %."""
    implied = PERCENT * equilibrium(make_covariance(), MARKET)

    np.testing.assert_allclose(
        implied, [3.9376, 6.9152, 8.3581, 9.0272, 4.3028, 6.7677, 7.5600], atol=5e-5
    )


def test_a_view_moves_returns_and_weights_as_published():
    """Table 4 of the paper, 4.3 7.6 9.3 11.0 4.5 7.0 8.1 and 1.5 2.1 -4.0 35.4 11.0 -9.5 58.6."""
    covariance = make_covariance()

    believed = posterior(covariance, equilibrium(covariance, MARKET), view(0.5))

    np.testing.assert_allclose(
        PERCENT * believed.expected,
        [4.3280, 7.5757, 9.2877, 11.0367, 4.5062, 6.9527, 8.0693],
        atol=5e-5,
    )
    np.testing.assert_allclose(
        PERCENT * free_weights(believed),
        [1.52, 2.10, -3.95, 35.41, 11.05, -9.46, 58.57],
        atol=5e-3,
    )


def test_expectations_equal_pyportfolioopt():
    from pypfopt import BlackLittermanModel

    covariance = make_covariance()
    prior = equilibrium(covariance, MARKET)
    picks = np.vstack([GERMANY_OVER[0], np.eye(7)[4]])
    views = Views(
        portfolios=picks, expected=np.array([0.05, 0.06]), confidence=np.array([0.5, 0.5])
    )

    # Its default uncertainty of a view is ours at even confidence.
    peer = BlackLittermanModel(covariance, pi=prior, P=picks, Q=views.expected, omega="default")

    ours = posterior(covariance, prior, views)
    np.testing.assert_allclose(ours.expected, peer.bl_returns(), rtol=1e-10)
    np.testing.assert_allclose(ours.covariance, peer.bl_cov(), rtol=1e-10)


def test_confidence_leads_from_no_view_to_a_hard_one():
    covariance = make_covariance()
    prior = equilibrium(covariance, MARKET)

    spread = [
        float(GERMANY_OVER[0] @ posterior(covariance, prior, view(c)).expected)
        for c in (1e-9, 0.25, 0.5, 0.75, 1.0)
    ]

    assert spread == sorted(spread)
    assert spread[0] == pytest.approx(float(GERMANY_OVER[0] @ prior), abs=1e-9)
    assert spread[2] == pytest.approx((spread[0] + spread[4]) / 2, abs=1e-9)
    assert spread[4] == pytest.approx(0.05, abs=1e-15)


def test_without_views_the_reference_is_held():
    covariance = make_covariance()
    prior = equilibrium(covariance, MARKET)
    nothing = Views(portfolios=np.empty((0, 7)), expected=np.empty(0), confidence=np.empty(0))

    believed = posterior(covariance, prior, nothing)

    np.testing.assert_array_equal(believed.expected, prior)
    np.testing.assert_allclose(free_weights(believed), MARKET, rtol=1e-12)
    held = maximum_utility(believed.covariance, believed.expected, risk_aversion=2.5)
    np.testing.assert_allclose(held, MARKET / MARKET.sum(), atol=1e-9)


@pytest.mark.parametrize("confidence", [0.0, 1.5, -0.5, np.nan])
def test_a_confidence_out_of_range_is_refused(confidence):
    covariance = make_covariance()

    with pytest.raises(Infeasible, match="above 0 and at most 1"):
        posterior(covariance, equilibrium(covariance, MARKET), view(confidence))


def test_certain_views_that_repeat_each_other_are_refused():
    covariance = make_covariance()
    twice = view(1.0, of=np.eye(7)[[3, 3]])

    with pytest.raises(Infeasible, match="repeat or contradict"):
        posterior(covariance, equilibrium(covariance, MARKET), twice)
