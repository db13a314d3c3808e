import numpy as np
import pytest

from engine.covariance import correlate, estimate_covariance, noise_edge, require_invertible
from engine.errors import Infeasible, InsufficientHistory, PanelError
from tests.engine.optima import make_returns


def test_deviations_divide_by_one_less_than_the_sessions():
    # By hand: deviations (-1, 0, 1) and (-2, 1, 1) in hundredths; products 2, 3, 6 over 2.
    returns = np.array([[0.01, 0.01], [0.02, 0.04], [0.03, 0.04]])

    correlation, deviation = correlate(returns)

    np.testing.assert_allclose(deviation, [0.01, np.sqrt(3e-4)], rtol=1e-12)
    off = np.sqrt(3) / 2
    np.testing.assert_allclose(correlation, [[1, off], [off, 1]], rtol=1e-12)


def test_correlation_is_symmetric_to_the_last_bit():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (60, 40))

    correlation, _ = correlate(returns)

    np.testing.assert_array_equal(correlation, correlation.T)


def test_the_column_with_a_gap_is_named():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (5, 3))
    returns[2, 1] = np.nan

    with pytest.raises(PanelError, match="column 1 have a gap"):
        correlate(returns)


def test_a_price_that_stands_still_is_named():
    returns = np.random.default_rng(3).normal(0.0, 0.01, (5, 3))
    returns[:, 2] = 0.0

    with pytest.raises(PanelError, match="column 2 have no variance"):
        correlate(returns)


def test_correlation_needs_two_sessions():
    with pytest.raises(InsufficientHistory, match="1 found"):
        correlate(np.zeros((1, 3)))


@pytest.mark.parametrize(("sessions", "assets"), [(50, 4), (120, 60), (60, 150), (30, 1)])
def test_shrinkage_is_that_of_scikit_learn(sessions, assets):
    from sklearn.covariance import ledoit_wolf

    returns = make_returns(sessions=sessions, assets=assets, seed=assets)

    theirs, _ = ledoit_wolf(returns)

    np.testing.assert_allclose(estimate_covariance(returns), theirs, rtol=1e-10, atol=1e-16)


def test_the_sample_divides_by_one_less_than_the_sessions():
    returns = make_returns(sessions=40, assets=3)

    theirs = np.cov(returns, rowvar=False)

    np.testing.assert_allclose(estimate_covariance(returns, "sample"), theirs, rtol=1e-12)


def test_a_decaying_covariance_halves_a_weight_at_the_half_life():
    """Sixty-four sessions of which only the first and last moved: weights 1 to 2."""
    returns = np.zeros((64, 2))
    returns[0], returns[-1] = [0.03, 0.0], [0.0, 0.06]
    weight = 0.5 ** (np.arange(64)[::-1] / 63)
    first, last = weight[0] / weight.sum(), weight[-1] / weight.sum()

    covariance = estimate_covariance(returns, "ewma")

    assert last / first == pytest.approx(2.0, rel=1e-12)
    expected = [
        [first * (1 - first) * 9e-4, -first * last * 18e-4],
        [-first * last * 18e-4, last * (1 - last) * 36e-4],
    ]
    np.testing.assert_allclose(covariance, expected, rtol=1e-12)


def make_factor(*, sessions, assets):
    rng = np.random.default_rng(8)
    return rng.normal(0.0, 0.01, (sessions, 1)) + rng.normal(0.0, 0.02, (sessions, assets))


def test_what_chance_makes_is_levelled_and_what_moves_all_stays():
    """One factor in forty assets: one eigenvalue stands out, the other 39 become their mean."""
    returns = make_factor(sessions=200, assets=40)
    correlation, deviation = correlate(returns)
    values, vectors = np.linalg.eigh(correlation)

    cleaned = estimate_covariance(returns, "denoise")

    edge = noise_edge(values, sessions=200)
    assert np.count_nonzero(values > edge) == 1
    rest = values[:-1].mean()
    rebuilt = (vectors * np.append(np.full(39, rest), values[-1])) @ vectors.T
    rebuilt /= np.sqrt(np.outer(rebuilt.diagonal(), rebuilt.diagonal()))
    np.testing.assert_allclose(cleaned, rebuilt * np.outer(deviation, deviation), rtol=1e-10)
    np.testing.assert_allclose(np.sqrt(cleaned.diagonal()), deviation, rtol=1e-12)


def test_pure_noise_has_nothing_above_the_edge():
    """Marchenko & Pastur (1967): v (1 + sqrt(k / T))^2, and v near 1 for unit variances."""
    noise = np.random.default_rng(2).normal(0.0, 0.01, (2_000, 200))
    values = np.linalg.eigvalsh(np.corrcoef(noise, rowvar=False))

    edge = noise_edge(values, sessions=2_000)

    assert values[-1] <= edge
    assert edge == pytest.approx((1 + np.sqrt(0.1)) ** 2, rel=1e-2)


def test_cleaning_agrees_with_skfolio_on_the_same_number_of_factors():
    from skfolio.moments import DenoiseCovariance

    returns = make_factor(sessions=1_500, assets=30)
    ours = estimate_covariance(returns, "denoise")

    theirs = DenoiseCovariance().fit(returns).covariance_

    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("estimator", ["sample", "ledoit_wolf", "ewma", "denoise"])
def test_every_estimate_is_symmetric_and_refuses_a_single_session(estimator):
    covariance = estimate_covariance(make_returns(sessions=80, assets=5), estimator)

    np.testing.assert_array_equal(covariance, covariance.T)
    assert (np.linalg.eigvalsh(covariance) > 0.0).all()
    with pytest.raises(InsufficientHistory, match="2 sessions of returns, 1 found"):
        estimate_covariance(np.zeros((1, 3)), estimator)


def test_more_assets_than_sessions_have_no_inverse_and_are_refused_in_numbers():
    returns = make_returns(sessions=252, assets=260)

    with pytest.raises(Infeasible, match="singular_covariance: 252 observations, 260 assets"):
        require_invertible(estimate_covariance(returns, "sample"), observations=252)
    require_invertible(estimate_covariance(returns), observations=252)


def test_a_covariance_that_is_not_known_is_refused():
    with pytest.raises(Infeasible, match="singular_covariance"):
        require_invertible(np.zeros((2, 2)), observations=5)
