from dataclasses import replace

import numpy as np
import pytest
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from engine import hmm

# The engine specification's model: N(0, 1) and N(0, 9), of which the first is left less often.
GOLDEN = hmm.Models(
    start=np.array([[2 / 3], [1 / 3]]),
    transition=np.array([[0.9, 0.1], [0.2, 0.8]])[:, :, None],
    mean=np.zeros((2, 1, 1)),
    covariance=np.array([1.0, 9.0]).reshape(2, 1, 1, 1),
)


def made_series(*, n=600, seed=3):
    """Draw n observations of two features from two states that are hard to tell apart."""
    rng = np.random.default_rng(seed)
    state = np.zeros(n, int)
    for t in range(1, n):
        state[t] = state[t - 1] if rng.random() < 0.97 else 1 - state[t - 1]
    return rng.normal(0.0, np.where(state, 2.0, 0.8)[:, None], (n, 2))


def batch(x, ends):
    return np.repeat(x[:, :, None], len(ends), axis=2), np.asarray(ends)


def direct_recursion(start, transition, mean, covariance, x):
    """Hamilton's filter as in the book: one session, one matrix, one product at a time."""
    known, likelihood = [], 0.0
    predicted = np.asarray(start)
    for row in x:
        density = np.array(
            [
                np.exp(-0.5 * (row - m) @ np.linalg.inv(c) @ (row - m))
                / np.sqrt(np.linalg.det(2.0 * np.pi * c))
                for m, c in zip(mean, covariance, strict=True)
            ]
        )
        joint = predicted * density
        likelihood += np.log(joint.sum())
        known.append(joint / joint.sum())
        predicted = known[-1] @ transition
    return np.array(known), likelihood


def test_the_filter_uses_the_past_only():
    x = np.array([0.0, 3.0]).reshape(2, 1, 1)

    known = hmm.filtered(GOLDEN, x, np.array([2]))[:, :, 0]

    expected = [[0.8571429, 0.1428571], [0.1801852, 0.8198148]]
    np.testing.assert_allclose(known, expected, atol=5e-8)


def test_the_past_is_not_what_the_smoother_says():
    # Smoothed, the first session's calm is 0.5250992: who decides on it has looked ahead.
    x = np.array([0.0, 3.0]).reshape(2, 1, 1)

    smoothed = hmm._expect(GOLDEN, x, np.array([2])).posterior[0, :, 0]
    known = hmm.filtered(GOLDEN, x, np.array([2]))[0, :, 0]

    np.testing.assert_allclose(smoothed, [0.5250992, 0.4749008], atol=5e-8)
    assert abs(known[0] - smoothed[0]) > 0.3


def test_filter_and_likelihood_are_those_of_a_direct_recursion():
    x = made_series()
    observed, ends = batch(x, [200, 400, 600])
    fitted = hmm.fit(observed, np.abs(x[:, 0]), ends, states=2)

    known = hmm.filtered(fitted.models, observed, ends)

    for i, end in enumerate(ends):
        m = fitted.models
        direct, likelihood = direct_recursion(
            m.start[:, i], m.transition[..., i], m.mean[..., i], m.covariance[..., i], x[:end]
        )
        np.testing.assert_allclose(known[:end, :, i], direct, atol=1e-12)
        assert not known[end:, :, i].any()
        found = hmm._expect(m, observed, ends).log_likelihood[i]
        assert found == pytest.approx(likelihood, abs=1e-8)


def test_the_filter_is_that_of_an_independent_library():
    # statsmodels begins at the stationary distribution, so our model is made to begin there.
    x = made_series()[:, :1]
    observed, ends = batch(x, [600])
    fitted = hmm.fit(observed, np.abs(x[:, 0]), ends, states=2)
    leave = fitted.models.transition[[0, 1], [1, 0], 0]
    m = replace(fitted.models, start=(leave[::-1] / leave.sum())[:, None])

    peer = MarkovRegression(x[:, 0], k_regimes=2, switching_variance=True)
    means, variances = m.mean[:, 0, 0], m.covariance[:, 0, 0, 0]
    theirs = peer.filter([*m.transition[:, 0, 0], *means, *variances])

    known = hmm.filtered(m, observed, ends)[..., 0]
    np.testing.assert_allclose(known, theirs.filtered_marginal_probabilities, atol=1e-9)
    assert hmm._expect(m, observed, ends).log_likelihood[0] == pytest.approx(theirs.llf, abs=1e-7)


def test_a_fit_is_as_good_as_an_independent_one():
    # statsmodels climbs by another way (quasi-Newton), and lets the first state be no news: ours
    # may be likelier by what knowing that one state is worth.
    x = made_series()[:, :1]
    observed, ends = batch(x, [600])

    ours = hmm.fit(observed, np.abs(x[:, 0]), ends, states=2)

    theirs = MarkovRegression(x[:, 0], k_regimes=2, switching_variance=True).fit(disp=False)
    assert theirs.llf < ours.log_likelihood[0] < theirs.llf + 1.2
    sigma = np.sort(np.sqrt(ours.models.covariance[:, 0, 0, 0]))
    np.testing.assert_allclose(sigma, np.sqrt(np.sort(theirs.params[4:])), rtol=0.02)
    np.testing.assert_allclose(sigma, [0.8, 2.0], rtol=0.06)
    stay = np.sort(np.diag(ours.models.transition[..., 0]))
    np.testing.assert_allclose(stay, np.sort(np.diag(theirs.regime_transition[..., 0])), atol=0.01)


def test_each_step_of_the_fit_makes_the_data_likelier(monkeypatch):
    x = made_series()
    observed, ends = batch(x, [600])
    reached = []
    for steps in range(1, 8):
        monkeypatch.setattr(hmm, "MAX_ITERATIONS", steps)
        fitted = hmm.fit(observed, np.abs(x[:, 0]), ends, states=2)
        reached.append(fitted.log_likelihood[0])

    assert reached == sorted(reached)
    assert reached[-1] > reached[0] + 10.0


def test_rows_behind_its_end_and_models_beside_it_move_no_bit_of_a_model():
    x = made_series()
    alone = hmm.fit(*_args(x[:300], [300]), states=3)

    poisoned = x.copy()
    poisoned[300:] = 1e3
    among = hmm.fit(*_args(poisoned, [300, 450, 600]), states=3)

    for part in ("start", "transition", "mean", "covariance"):
        one, other = getattr(alone.models, part)[..., 0], getattr(among.models, part)[..., 0]
        np.testing.assert_array_equal(one, other)


def _args(x, ends):
    observed, ends = batch(x, ends)
    return observed, np.abs(x[:, 0]), ends


def test_transitions_and_starts_are_probabilities():
    fitted = hmm.fit(*_args(made_series(), [250, 600]), states=3)

    np.testing.assert_allclose(fitted.models.transition.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(fitted.models.start.sum(axis=0), 1.0, atol=1e-12)
    np.testing.assert_allclose(fitted.occupancy.sum(axis=0), 1.0, atol=1e-9)


def test_a_model_that_cannot_be_fitted_fails_alone():
    x = made_series()
    observed, ends = batch(x, [300, 600])
    observed[:, :, 1] = np.nan

    fitted = hmm.fit(observed, np.abs(x[:, 0]), ends, states=2)

    assert np.isfinite(fitted.log_likelihood[0])
    assert np.isnan(fitted.log_likelihood[1])
