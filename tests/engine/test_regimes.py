import numpy as np
import pytest

from engine.errors import InsufficientHistory, InvalidParameters, PanelError
from engine.regimes import (
    FALLBACK_HISTORY,
    Terms,
    _alike,
    confirmed,
    detect,
    fallback,
    features,
)

QUICK = Terms(min_obs=300, refit=100)


def made_level(*, n=900, seed=5, calm=0.006, stress=0.02):
    """Draw closes that are calm for 150 sessions, then under stress for 150, and so on."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, np.where(np.arange(n - 1) // 150 % 2, stress, calm))
    return 100.0 * np.exp(np.cumsum(np.concatenate([[0.0], moves])))


@pytest.fixture(scope="module")
def level():
    return made_level()


@pytest.fixture(scope="module")
def found(level):
    return detect(level, QUICK)


def test_features_are_the_log_return_and_the_log_volatility_of_a_month():
    # Closed form: moves of +1 % and -1 % in turn have a root mean square of 1 %.
    moves = np.tile([0.01, -0.01], 20)

    x = features(np.exp(np.concatenate([[0.0], np.cumsum(moves)])))

    assert x.shape == (20, 2)
    np.testing.assert_allclose(x[:, 0], moves[20:], atol=1e-12)
    np.testing.assert_allclose(x[:, 1], np.log(0.01), atol=1e-12)


def test_states_are_told_apart_and_named_by_volatility(level, found):
    truth = (np.arange(len(level)) - 1) // 150 % 2
    right = found.label == truth[found.row]

    assert found.names == ("CALM", "STRESS")
    assert right.mean() > 0.85
    last = found.fits[-1]
    np.testing.assert_allclose(last.volatility, [0.006, 0.02], rtol=0.35)
    np.testing.assert_allclose(last.transition.sum(axis=1), 1.0, atol=1e-12)


def test_a_cut_of_the_series_changes_nothing_before_it(level, found):
    for end in (300, 321, 420, 421, 422, 555, 777):
        cut = detect(level[:end], QUICK)

        n = len(cut.row)
        np.testing.assert_array_equal(cut.row, found.row[:n])
        np.testing.assert_array_equal(cut.label, found.label[:n])
        np.testing.assert_array_equal(cut.probability, found.probability[:n])
        assert [fit.row for fit in cut.fits] == [f.row for f in found.fits if f.row < end]


@pytest.mark.parametrize("future", ["thousandfold", "reversed", "noise"])
def test_a_poisoned_future_changes_nothing_before_it(level, found, future):
    t = 600
    poisoned = level.copy()
    poisoned[t:] = {
        "thousandfold": level[t:] * 1000.0,
        "reversed": level[t:][::-1],
        "noise": np.random.default_rng(0).uniform(1.0, 1000.0, len(level) - t),
    }[future]

    other = detect(poisoned, QUICK)

    before = found.row < t
    np.testing.assert_array_equal(other.label[before], found.label[before])
    np.testing.assert_array_equal(other.probability[before], found.probability[before])


def test_models_are_fitted_to_three_years_and_then_every_quarter():
    terms = Terms()
    level = made_level(n=21 + 756 + 63 + 10)

    found = detect(level, terms)

    # Feature 0 is that of close 21.
    assert [fit.row for fit in found.fits] == [755 + 21, 755 + 63 + 21]
    known = np.isfinite(found.probability).all(axis=1)
    assert found.row[known][0] == 755 + 21
    np.testing.assert_allclose(found.probability[known].sum(axis=1), 1.0, atol=1e-12)


def test_without_a_model_a_rule_speaks_and_gives_no_probability():
    level = made_level(n=21 + 400, stress=0.006)
    level[-5:] *= [1.05, 0.95, 1.05, 0.95, 1.05]

    found = detect(level, Terms())

    assert found.fits == ()
    assert np.isnan(found.probability).all()
    assert found.row[0] == 21 + FALLBACK_HISTORY - 1
    np.testing.assert_array_equal(found.label[-6:], [0, 1, 1, 1, 1, 1])


def test_the_rule_compares_with_the_80th_percentile_of_the_past():
    volatility = np.random.default_rng(2).normal(size=400)

    labels = fallback(volatility)

    direct = [v > np.quantile(volatility[: t + 1], 0.8) for t, v in enumerate(volatility)]
    np.testing.assert_array_equal(labels, direct)


def test_a_label_moves_after_three_sure_sessions_in_a_row():
    stress = [0.2, 0.7, 0.7, 0.55, 0.7, 0.7, 0.61, 0.5, 0.3, 0.2, 0.1]
    probability = np.array([[1.0 - p, p] for p in stress])
    rule = np.array([0, 0])

    labels = confirmed(np.vstack([np.full((2, 2), np.nan), probability]), rule, Terms())

    #                 rule    .2 .7 .7 .55 .7 .7 .61 .5 .3 .2 .1
    assert list(labels) == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0]


def test_a_state_that_is_hardly_ever_there_is_no_regime():
    rng = np.random.default_rng(1)
    moves = rng.normal(0.0, 0.006, 700)
    moves[350:356] *= 40.0
    level = 100.0 * np.exp(np.cumsum(moves))

    found = detect(level, Terms(min_obs=300, refit=100))

    assert found.rejected
    accepted = {fit.row for fit in found.fits}
    assert accepted.isdisjoint(found.rejected)


def test_a_series_that_stands_still_has_no_model_and_no_stress():
    found = detect(np.full(700, 50.0), QUICK)

    assert not found.label.any()
    assert np.isnan(found.probability).all()
    assert found.fits == ()


@pytest.mark.parametrize(("after", "alike"), [((1.0, 3.0), True), ((3.1, 2.9), False)])
def test_a_state_is_known_again_by_what_it_emits(after, alike):
    # One feature: the calm state's returns have a deviation of 1 around 0, stress of 3 around 5.
    mean = np.array([[[0.0, 0.0]], [[5.0, 5.0]]])
    if not alike:
        mean[:, :, 1] = mean[::-1, :, 1]
    covariance = np.array([[[[1.0, after[0] ** 2]]], [[[9.0, after[1] ** 2]]]])

    assert _alike(mean, covariance) is alike


def test_three_states_have_three_names(level):
    found = detect(level, Terms(states=3, min_obs=300, refit=300))

    assert found.names == ("CALM", "CHOPPY", "STRESS")
    assert (np.diff(found.fits[-1].volatility) > 0.0).all()


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(InsufficientHistory, match="need 273 closes, there were 272"):
        detect(made_level(n=272))
    with pytest.raises(InsufficientHistory, match="there were 10"):
        detect(made_level(n=10))
    with pytest.raises(PanelError, match="missing or not above zero"):
        detect(np.array([1.0, 0.0] * 300))
    for wrong in ({"states": 5}, {"threshold": 0.4}, {"min_obs": 100}, {"refit": 0}):
        with pytest.raises(InvalidParameters, match=f"{next(iter(wrong))}"):
            Terms(**wrong)
