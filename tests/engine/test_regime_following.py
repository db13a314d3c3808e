"""Regimes session after session: what detection says of the whole, said by who cannot see it."""

import numpy as np
import pytest

from engine.errors import InsufficientHistory
from engine.regime_allocation import smoothed as smoothed_in_turn
from engine.regime_following import Index, describe, follow, observe, smoothed
from engine.regimes import Regimes, Terms, detect
from tests.engine.test_regimes import made_level

QUICK = Terms(min_obs=300, refit=100)


def index_of(level, vix=None):
    return Index.of(np.arange(len(level)), level, vix)


@pytest.mark.parametrize("states", [2, 3, 4])
@pytest.mark.parametrize("n", [500, 725, 900])
def test_following_says_what_detection_says(n, states):
    level = made_level(n=n)
    terms = Terms(min_obs=300, refit=100, states=states)

    ours, whole = follow(observe(index_of(level), "return_vol"), terms), detect(level, terms)

    assert ours.names == whole.names
    assert ours.rejected == whole.rejected
    for name in ("row", "label"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(whole, name))
    np.testing.assert_allclose(ours.probability, whole.probability, atol=1e-11)
    assert [fit.row for fit in ours.fits] == [fit.row for fit in whole.fits]
    for mine, theirs in zip(ours.fits, whole.fits, strict=True):
        assert mine.relabelled == theirs.relabelled
        np.testing.assert_allclose(mine.transition, theirs.transition, atol=1e-11)
        np.testing.assert_allclose(mine.volatility, theirs.volatility, rtol=1e-11)


def test_one_session_more_changes_nothing_before_it():
    level = made_level(n=760)
    whole = follow(observe(index_of(level), "return_vol"), QUICK)

    for n in (430, 521, 522, 620, 759):
        cut = follow(observe(index_of(level[:n]), "return_vol"), QUICK)
        np.testing.assert_array_equal(cut.probability, whole.probability[: len(cut.row)])
        np.testing.assert_array_equal(cut.label, whole.label[: len(cut.row)])


def test_features_are_those_chosen():
    level, vix = made_level(n=400), np.linspace(10.0, 40.0, 400)
    index = index_of(level, vix)

    both = observe(index, "return_vol").x

    np.testing.assert_array_equal(observe(index, "return").x, both[:, :1])
    with_vix = observe(index, "return_vol_vix").x
    np.testing.assert_array_equal(with_vix[:, :2], both)
    np.testing.assert_array_equal(with_vix[:, 2], np.log(vix[21:]))
    assert follow(observe(index, "return_vol_vix"), QUICK).names == ("CALM", "STRESS")


def test_a_level_that_only_stands_is_no_session():
    session = np.arange(8)
    level = np.array([np.nan, 10.0, 10.0, 11.0, 12.0, 12.0, 12.0, 13.0])
    vix = np.array([20.0, 20.0, 0.0, np.nan, 21.0, 22.0, 22.0, 22.0])

    plain = Index.of(session, level, None)
    with_vix = Index.of(session, level, vix)

    assert plain.session.tolist() == [1, 3, 4, 7]
    assert np.isnan(plain.vix).all()
    assert with_vix.session.tolist() == [1, 4, 7]
    assert with_vix.vix.tolist() == [20.0, 21.0, 22.0]


def test_a_window_replaces_what_it_covers_and_keeps_what_came_before():
    before = Index.of(np.arange(4), np.array([10.0, 11.0, 12.0, 13.0]), None)
    # Session 2 was put right since; session 3 had no close of its own.
    now = Index.of(np.array([2, 3, 4]), np.array([12.5, 12.5, 14.0]), None)

    joined = now.behind(before)

    assert joined.session.tolist() == [0, 1, 2, 4]
    assert joined.level.tolist() == [10.0, 11.0, 12.5, 14.0]
    assert now.behind(None) is now
    empty = Index.of(np.array([9]), np.array([np.nan]), None)
    assert empty.behind(before) is before
    standing = Index.of(np.array([4]), np.array([13.0]), None)
    assert standing.behind(before).session.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("span", [1, 5, 63])
def test_probabilities_are_averaged_as_one_after_the_other(span):
    found = follow(observe(index_of(made_level()), "return_vol"), QUICK)
    known = found.probability[np.isfinite(found.probability[:, 0])]

    average = smoothed(found, span)

    in_turn = [smoothed_in_turn(column.tolist(), span) for column in known.T]
    np.testing.assert_allclose(average, in_turn, atol=1e-12)
    assert average.sum() == pytest.approx(1.0, abs=1e-12)


def test_a_rule_gives_its_word_for_certain_and_names_no_figure():
    level = made_level(n=400, stress=0.006)
    level[-5:] *= [1.05, 0.95, 1.05, 0.95, 1.05]
    found = follow(observe(index_of(level), "return_vol"), Terms())

    told = describe(found, np.arange(400), smoothed(found, 5))

    assert smoothed(found, 5).tolist() == [0.0, 1.0]
    assert (told["current"], told["source"], told["transition"]) == ("STRESS", "fallback", None)
    assert (told["last_switch"], told["sessions_in_state"]) == ("1971-01-31", 5)
    for state in told["states"]:
        assert state["probability"] is state["mean_return"] is state["expected_sessions"] is None


def test_a_regime_is_told_by_the_model_in_force():
    level = made_level()
    found = follow(observe(index_of(level), "return_vol"), QUICK)
    fit = found.fits[-1]

    told = describe(found, np.arange(900) + 10_957, smoothed(found, 5))

    assert told["source"] == "model"
    assert told["current"] == found.names[found.label[-1]]
    np.testing.assert_allclose(np.sum(told["transition"], axis=1), 1.0, atol=1e-12)
    for number, state in enumerate(told["states"]):
        stay = fit.transition[number, number]
        assert state["expected_sessions"] == pytest.approx(1.0 / (1.0 - stay))
        assert state["volatility"] == pytest.approx(fit.volatility[number] * np.sqrt(252.0))
        assert state["mean_return"] == pytest.approx(fit.mean[number] * 252.0)
        assert state["probability"] == found.probability[-1, number]
    assert sum(state["share"] for state in told["states"]) == pytest.approx(1.0)
    changed = np.flatnonzero(np.diff(found.label))[-1] + 1
    assert told["sessions_in_state"] == len(found.label) - changed
    assert told["last_switch"] == str(np.datetime64(10_957 + int(found.row[changed]), "D"))


def test_a_state_that_is_never_left_has_no_expected_duration():
    found = follow(observe(index_of(made_level(n=500)), "return_vol"), QUICK)
    kept = np.array([[1.0, 0.0], [0.5, 0.5]])
    fit = found.fits[-1]
    forever = type(fit)(**{**vars(fit), "transition": kept})
    stuck = Regimes(**{**vars(found), "fits": (*found.fits[:-1], forever)})

    told = describe(stuck, np.arange(500), smoothed(stuck, 5))

    assert [state["expected_sessions"] for state in told["states"]] == [None, 2.0]


def test_a_fit_that_is_refused_leaves_the_model_before_it_in_force():
    """One wild week puts a state of six sessions in six hundred into the second fit."""
    rng = np.random.default_rng(1)
    moves = np.concatenate(
        [rng.normal(0.0, np.where(np.arange(420) // 60 % 2, 0.02, 0.005)), rng.normal(0, 0.01, 280)]
    )
    moves[425:429] = [0.9, -0.9, 0.9, -0.9]
    terms = Terms(min_obs=390, refit=100)

    found = follow(observe(index_of(np.exp(np.cumsum(moves))), "return"), terms)

    assert [fit.row for fit in found.fits] == [389 + 21]
    assert found.rejected == (489 + 21, 589 + 21)
    assert np.isfinite(found.probability[found.row >= 410]).all()


def test_a_series_that_grows_like_clockwork_has_no_model():
    found = follow(observe(index_of(1.001 ** np.arange(500.0)), "return_vol"), QUICK)

    assert found.fits == ()
    assert found.rejected == (299 + 21, 399 + 21)
    assert np.isnan(found.probability).all()


def test_too_short_a_series_is_refused():
    with pytest.raises(InsufficientHistory, match="need 273 closes, there were 272"):
        follow(observe(index_of(made_level(n=272)), "return_vol"), QUICK)
