import numpy as np
import pytest

from engine.covariance import estimate_covariance
from engine.errors import Refused
from engine.mean_variance import minimum_variance, shrunk_mean
from engine.panel import NEVER
from engine.returns import simple_returns
from engine.strategies.mean_variance import MeanVariance, MeanVarianceParameters
from tests.engine.optima import gap_to_optimum
from tests.engine.panels import make_closes, make_panel

LOOKBACK, ASSETS, YEAR = 252, 6, 252
RATE = 0.0001
SLOPES = np.linspace(0.0002, 0.002, ASSETS)


def make_window():
    rising = np.exp(SLOPES * np.arange(LOOKBACK + 1)[:, None])
    close = make_closes(sessions=LOOKBACK + 1, assets=ASSETS, seed=3) * rising
    panel = make_panel(close, rf=np.full(LOOKBACK + 1, RATE))
    return panel.window(LOOKBACK, LOOKBACK + 1, NEVER - 1)


WINDOW = make_window()
RETURNS = simple_returns(WINDOW.total_return)
COVARIANCE = estimate_covariance(RETURNS)


def decide(state=None, window=WINDOW, **parameters):
    strategy = MeanVariance(MeanVarianceParameters(**{"max_weight": 1.0} | parameters))
    return strategy.decide(window, state)


def weights(**parameters):
    return decide(**parameters)[0].weights


def test_least_variance_is_the_default_and_expects_nothing():
    np.testing.assert_allclose(weights(), minimum_variance(COVARIANCE), atol=1e-12)
    np.testing.assert_array_equal(weights(expected="sample_mean"), weights())


def test_the_utility_is_that_of_a_year():
    w = weights(objective="max_utility", risk_aversion=5.0)

    expected = YEAR * (shrunk_mean(RETURNS) - RATE)
    gradient = 5.0 * YEAR * COVARIANCE @ w - expected
    assert gap_to_optimum(gradient, w, unit=np.abs(expected).max()) < 1e-9


@pytest.mark.parametrize("expected", ["shrunk_mean", "momentum_score", "black_litterman"])
def test_more_aversion_is_less_risk(expected):
    bold = weights(objective="max_utility", risk_aversion=0.5, expected=expected)
    shy = weights(objective="max_utility", risk_aversion=50.0, expected=expected)

    assert shy @ COVARIANCE @ shy < bold @ COVARIANCE @ bold


def test_scores_lean_towards_what_rose():
    """Momentum scores alone promise anything here; the tilt follows them."""
    level = weights(objective="max_utility", expected="momentum_score", risk_aversion=100.0)
    scores = WINDOW.total_return[-22] / WINDOW.total_return[0] - 1.0

    tilted = weights(objective="max_utility", expected="momentum_score", risk_aversion=2.5)

    assert tilted @ scores > level @ scores


def test_a_target_return_is_reached_with_the_least_variance():
    expected = YEAR * (shrunk_mean(RETURNS) - RATE)
    target = float(np.quantile(expected, 0.8))

    w = weights(objective="target_return", target=min(target, 1.0))

    safest = minimum_variance(COVARIANCE)
    assert w @ expected == pytest.approx(target, abs=1e-9)
    assert w @ COVARIANCE @ w >= safest @ COVARIANCE @ safest


def test_a_return_no_asset_promises_is_refused_in_numbers():
    with pytest.raises(Refused, match=r"target return 100.0% > best attainable \d+\.\d%"):
        weights(objective="target_return", target=1.0)


def test_a_target_is_reached_within_the_largest_weight():
    """Cut down to the largest weight afterwards, the weights would promise less than was asked."""
    expected = YEAR * (shrunk_mean(RETURNS) - RATE)
    target = float(np.sort(expected)[-3:].mean())

    w = weights(objective="target_return", target=target, max_weight=0.35)

    assert w.max() <= 0.35 + 1e-12
    assert w.sum() == pytest.approx(1.0, abs=1e-12)
    assert w @ expected == pytest.approx(target, abs=1e-9)
    assert weights(objective="target_return", target=target).max() > 0.35


def test_raw_means_are_flagged_where_they_are_used():
    used, _ = decide(objective="max_sharpe", expected="sample_mean")
    unused, _ = decide(expected="sample_mean")

    assert used.flags == ("raw_means",)
    assert unused.flags == ()


def test_the_cost_of_trading_holds_trades_back():
    held = (0.3, 0.3, 0.2, 0.2, 0.0, 0.0)
    state = tuple((id_ + 1, weight) for id_, weight in enumerate(held))

    stayed, _ = decide(state, objective="max_utility", trade_cost=0.05, risk_aversion=40.0)
    moved, _ = decide(state, objective="max_utility", risk_aversion=40.0)

    assert np.abs(stayed.weights - held).sum() < 0.95 * np.abs(moved.weights - held).sum()


def test_what_was_decided_is_kept_by_id():
    decision, state = decide()

    assert dict(state) == {
        index + 1: weight for index, weight in enumerate(decision.weights.tolist()) if weight
    }


def test_a_name_without_its_first_close_is_left_out_where_scores_count():
    close = np.array(WINDOW.close)
    close[:5, 2] = np.nan
    window = make_panel(close).window(LOOKBACK, LOOKBACK + 1, NEVER - 1)

    scored, _ = decide(window=window, objective="max_utility", expected="momentum_score")

    assert scored.weights[2] == 0.0
    assert scored.reasons["no_end_point"] == 1


def test_no_asset_is_above_the_largest_weight():
    capped = weights(max_weight=0.2)

    assert capped.max() <= 0.2 + 1e-12


def test_a_sample_that_cannot_be_inverted_is_refused_by_name():
    close = make_closes(sessions=64, assets=70)
    window = make_panel(close).window(63, 64, NEVER - 1)

    with pytest.raises(Refused, match="singular_covariance: 63 observations, 70 assets"):
        decide(window=window, lookback=63, cov="sample")
