import math

import numpy as np
import pytest
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from engine.calibration import (
    Calibration,
    area_under_curve,
    bet_size,
    brier_score,
    calibrate,
    reliability,
)


def scored(count, *, seed=3, digits=6):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(count), digits)
    return scores, rng.random(count) < 0.2 + 0.6 * scores


def test_size_golden():
    """2.15: a probability of 0.65 makes a size of 0.2468476."""
    assert bet_size(np.array([0.65]), step=0.0)[0] == pytest.approx(0.2468476, abs=5e-8)


def test_sizes_rise_with_the_probability_between_none_and_all():
    sizes = bet_size(np.array([0.0, 0.3, 0.5, 0.65, 0.9, 1.0, np.nan]), step=0.1)

    np.testing.assert_allclose(sizes, [0.0, 0.0, 0.0, 0.2, 0.8, 1.0, np.nan], atol=1e-12)


@pytest.mark.parametrize("step", [0.15, 0.35])
def test_rounding_makes_no_position_larger_than_the_primary(step):
    assert bet_size(np.array([0.9999]), step=step).max() <= 1.0


def test_below_five_hundred_events_the_sigmoid_is_that_of_an_independent_solver():
    scores, won = scored(499)

    found = calibrate(scores, won)

    assert found.method == "sigmoid"
    np.testing.assert_allclose(found.score, _sigmoid_calibration(scores, won), rtol=1e-5)


def test_from_five_hundred_events_on_the_curve_is_that_of_isotonic_regression():
    scores, won = scored(500, digits=2)
    grid = np.linspace(-0.1, 1.1, 200)

    found = calibrate(scores, won)

    told = IsotonicRegression(out_of_bounds="clip").fit(scores, won).predict(grid)
    assert found.method == "isotonic"
    np.testing.assert_allclose(found.apply(grid), told, atol=1e-12)


@pytest.mark.parametrize("count", [60, 600])
def test_a_calibration_never_falls_and_keeps_what_is_unknown(count):
    found = calibrate(*scored(count))

    applied = found.apply(np.linspace(0.0, 1.0, 99))
    assert (np.diff(applied) >= 0.0).all()
    assert np.isnan(found.apply(np.array([np.nan]))).all()


def test_separable_scores_do_not_run_away():
    scores = np.linspace(0.0, 1.0, 40)

    found = calibrate(scores, scores > 0.5)

    assert np.isfinite(found.score).all()
    np.testing.assert_allclose(found.apply(np.array([0.0, 1.0])), [0.0, 1.0], atol=0.06)


def test_a_steep_sigmoid_does_not_overflow():
    steep = Calibration(method="sigmoid", score=np.array([-5000.0, 0.0]), probability=np.empty(0))

    assert steep.apply(np.array([-1.0, 1.0])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("digits", [1, 6])
def test_area_and_brier_agree_with_an_independent_library(digits):
    scores, won = scored(300, digits=digits)

    assert area_under_curve(scores, won) == pytest.approx(roc_auc_score(won, scores), abs=1e-12)
    assert brier_score(scores, won) == pytest.approx(brier_score_loss(won, scores), abs=1e-12)


def test_what_cannot_be_judged_is_none():
    assert area_under_curve(np.array([0.1, 0.2]), np.array([True, True])) is None
    assert brier_score(np.empty(0), np.empty(0, np.bool_)) is None


def test_reliability_tells_by_tenths_what_was_said_and_what_came():
    probability = np.array([0.0, 0.05, 0.55, 0.58, 1.0])

    table = reliability(probability, np.array([False, True, True, False, True]))

    assert [(row["range"], row["events"]) for row in table] == [
        ("0.0 to 0.1", 2),
        ("0.5 to 0.6", 2),
        ("0.9 to 1.0", 1),
    ]
    assert [row["predicted"] for row in table] == pytest.approx([0.025, 0.565, 1.0])
    assert [row["observed"] for row in table] == [0.5, 0.5, 1.0]
    assert math.isclose(sum(row["events"] for row in table), len(probability))
