"""Published figures of Bailey & López de Prado (2012, 2014), as engine specification 6.1, 6.2."""

import math

import numpy as np
import pytest
from scipy.stats import kstest

from engine.overfitting import (
    deflated_sharpe,
    expected_maximum,
    independent_sessions,
    is_rough,
    min_track_record_length,
    psr,
    sharpe_interval,
    verdict,
)

NORMAL = {"skew": 0.0, "kurtosis": 3.0}
PAPER = {"skew": -3.0, "kurtosis": 10.0}
PAPER_SHARPE = 2.5 / math.sqrt(250)


def near(value, tolerance=5e-7):
    return pytest.approx(value, abs=tolerance)


def test_probabilistic_sharpe_of_the_published_hedge_fund_track():
    track = {"sessions": 24, "min_sessions": 2}

    assert psr(0.458, skew=-2.448, kurtosis=10.164, **track) == near(0.913361)
    assert psr(0.458, **NORMAL, **track) == near(0.981675)


@pytest.mark.parametrize(
    ("periods", "moments", "years"),
    [
        (250, NORMAL, 2.7312),
        (52, NORMAL, 2.8288),
        (12, NORMAL, 3.2398),
        (12, {"skew": -0.72, "kurtosis": 5.78}, 4.9913),
    ],
)
def test_published_minimum_track_records(periods, moments, years):
    """An annual Sharpe ratio of 2 against 1, at 95 %."""
    year = math.sqrt(periods)

    found = min_track_record_length(2.0 / year, threshold=1.0 / year, **moments)

    assert found / periods == near(years, 5e-5)


@pytest.mark.parametrize(
    ("trials", "moments", "threshold", "probability"),
    [
        (100, PAPER, 0.1131720019, 0.9003968),
        (46, PAPER, 0.1003623706, 0.9505017),
        (88, NORMAL, None, 0.9504908),
    ],
)
def test_deflated_sharpe_of_the_papers_worked_example(trials, moments, threshold, probability):
    bar = expected_maximum(0.5 / 250, trials)

    found = psr(PAPER_SHARPE, sessions=1250, threshold=bar, **moments)

    assert found == near(probability, 5e-8)
    if threshold is not None:
        assert bar == near(threshold, 5e-11)


def test_without_deflation_the_same_track_looks_certain():
    assert psr(PAPER_SHARPE, sessions=1250, **PAPER) == near(0.999997)


def test_deflated_sharpe_observes_the_number_and_spread_of_trials():
    trials = [0.02, 0.05, 0.04, -0.01, 0.06]

    found = deflated_sharpe(0.06, sessions=1000, trial_sharpes=trials, **NORMAL)

    assert expected_maximum(0.00077, 5) == near(0.0330931, 5e-8)
    assert psr(0.06, sessions=1000, **NORMAL) == near(0.9709348, 5e-8)
    assert found == near(0.8022484, 5e-8)


@pytest.mark.parametrize("trials", [[], [0.06], [0.06, 0.06]])
def test_one_trial_or_equal_trials_deflate_nothing(trials):
    found = deflated_sharpe(0.06, sessions=1000, trial_sharpes=trials, **NORMAL)

    assert found == psr(0.06, sessions=1000, **NORMAL)


def test_the_formula_is_rough_for_two_trials():
    assert expected_maximum(1.0, 2) == near(0.5198, 5e-5)


def test_returns_that_follow_each_other_count_for_fewer():
    """6.1: T (1 - rho) / (1 + rho), for a rho that noise shows in fewer than one of twenty."""
    bound = 1.959963985 / math.sqrt(1000)

    assert independent_sessions(1000, 0.2) == pytest.approx(1000 * 0.8 / 1.2, rel=1e-15)
    assert independent_sessions(1000, bound * 1.001) is not None
    assert independent_sessions(1000, bound * 0.999) is None
    assert independent_sessions(1000, -0.2) is None
    assert independent_sessions(1000, None) is None
    # 0.06 * sqrt(1000 * 2/3 - 1) / sqrt(1 + 0.06 ** 2 / 2), by hand: 1.5466.
    assert psr(0.06, sessions=2000 / 3, **NORMAL) == near(0.939025, 5e-6)


def test_few_trials_are_called_rough_and_one_needs_no_expectation():
    assert [is_rough(trials) for trials in (1, 2, 9, 10)] == [False, True, True, False]


def test_the_interval_is_annual_and_centred_on_the_ratio():
    """Normal moments, SR 0: the standard error is 1 / sqrt(T - 1)."""
    low, high = sharpe_interval(0.0, sessions=101, **NORMAL)

    assert high == near(1.959963985 * 0.1 * math.sqrt(252), 1e-8)
    assert low == -high


def test_what_cannot_be_said_is_none():
    assert psr(0.1, sessions=29, **NORMAL) is None
    assert psr(1.0, sessions=100, skew=2.0, kurtosis=1.0) is None
    assert psr(math.nan, sessions=100, **NORMAL) is None
    assert min_track_record_length(0.1, threshold=0.1, **NORMAL) is None
    assert sharpe_interval(0.1, sessions=29, **NORMAL) is None


@pytest.mark.parametrize(
    ("probability", "band"),
    [(0.95, "strong"), (0.949, "moderate"), (0.90, "moderate"), (0.5, "weak"), (None, "unknown")],
)
def test_bands(probability, band):
    assert verdict(probability) == band


def noise_tracks(*shape, seed):
    """Return per-session Sharpe ratios of seeded white noise, 250 sessions each, of `shape`."""
    returns = np.random.default_rng(seed).standard_normal((*shape, 250))
    return returns.mean(axis=-1) / returns.std(axis=-1, ddof=1)


def test_on_white_noise_the_probability_is_uniform():
    """6.1 and section 12: a Kolmogorov-Smirnov test over 2,000 tracks must not reject."""
    sharpes = noise_tracks(2000, seed=1).tolist()

    found = [psr(sharpe, sessions=250, **NORMAL) for sharpe in sharpes]

    assert kstest(found, "uniform").pvalue > 0.01


def test_the_best_of_a_hundred_noise_trials_is_seldom_believed():
    """Section 12: deflation accepts at most 5 % of the winners; without it nearly all pass."""
    families = noise_tracks(200, 100, seed=2)
    best = [(family.max(), family.tolist()) for family in families]

    believed = [
        deflated_sharpe(sharpe, sessions=250, trial_sharpes=trials, **NORMAL) > 0.95
        for sharpe, trials in best
    ]
    naive = [psr(sharpe, sessions=250, **NORMAL) > 0.95 for sharpe, _ in best]

    assert sum(believed) <= 10
    assert sum(naive) >= 190
