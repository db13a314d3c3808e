"""Overfitting of a search, by published and hand-worked examples."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from engine.clusters import effective_trials
from engine.cscv import blocks_for, cscv

# engine.md 6.3: eight sessions of three trials.
ROWS = np.array(
    [
        [0.03, -0.01, 0.01],
        [0.01, 0.00, 0.02],
        [0.02, -0.02, 0.00],
        [0.01, -0.01, -0.01],
        [-0.02, 0.03, 0.01],
        [-0.01, 0.02, 0.02],
        [0.00, 0.01, -0.02],
        [0.02, 0.02, 0.03],
    ]
)

PAIRS = list(combinations(range(4), 2))


def test_the_worked_example():
    found = cscv(ROWS, blocks=4)

    expected = [-math.log(3.0)] * 5 + [0.0]
    np.testing.assert_allclose(sorted(found.logits), expected, atol=1e-12)
    # At most 0 counts: the median is no success. A strict bound would give 5/6.
    assert found.pbo == 1.0


def test_the_oldest_rows_that_fill_no_block_are_left_out():
    longer = np.vstack([[[9.0, -9.0, 0.0]], ROWS])

    np.testing.assert_array_equal(cscv(longer, blocks=4).logits, cscv(ROWS, blocks=4).logits)


def test_one_trial_that_is_really_better_is_no_overfitting():
    noise = np.random.default_rng(5).normal(0.0, 0.01, (2_520, 50))
    noise[:, 7] += 0.0015

    assert cscv(noise).pbo < 0.002


def test_noise_is_overfitted_half_of_the_time():
    rng = np.random.default_rng(8)
    draws = [cscv(rng.normal(0.0, 0.01, (1_260, 20)), blocks=10).pbo for _ in range(30)]

    assert 0.4 <= np.mean(draws) <= 0.6


def test_equal_trials_share_their_rank():
    column = np.random.default_rng(1).normal(0.0, 0.01, (80, 1))

    found = cscv(np.hstack([column] * 3), blocks=4)

    # Rank 2 of 3 is the middle: ln(0.5 / 0.5).
    np.testing.assert_allclose(found.logits, 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("rows", "blocks"), [(5_040, 16), (320, 16), (319, 14), (160, 8), (159, None)]
)
def test_blocks_are_at_least_twenty_rows_long(rows, blocks):
    assert blocks_for(rows) == blocks


def test_choosing_is_held_against_picking_blindly_at_every_percentile():
    found = cscv(ROWS, blocks=4)
    halves = [(list(half), [k for k in range(4) if k not in half]) for half in PAIRS]
    blocks = ROWS.reshape(4, 2, 3)

    def sharpes(which):
        rows = blocks[which].reshape(-1, 3)
        return rows.mean(axis=0) / rows.std(axis=0, ddof=1)

    inside, outside = (np.array([sharpes(each[k]) for each in halves]) for k in (0, 1))
    picked = outside[np.arange(6), inside.argmax(axis=1)]
    percent = np.arange(101) / 100
    np.testing.assert_allclose(found.chosen, np.quantile(picked, percent), atol=1e-12)
    np.testing.assert_allclose(found.anyone, np.quantile(outside, percent), atol=1e-12)
    assert not found.dominates
    assert not found.dominates_second


def test_a_true_winner_dominates_and_chance_does_not():
    noise = np.random.default_rng(5).normal(0.0, 0.01, (1_260, 20))
    winner = noise.copy()
    winner[:, 7] += 0.003

    assert cscv(winner, blocks=10).dominates
    assert cscv(winner, blocks=10).dominates_second
    assert not cscv(noise, blocks=10).dominates


def test_less_risk_for_the_same_mean_is_preferred_at_second_order_only():
    found = cscv(np.random.default_rng(5).normal(0.0, 0.01, (160, 4)), blocks=8)
    spread = np.linspace(-1.0, 1.0, len(found.logits))

    calmer = replace(
        found, out_of_sample=0.5 * spread, anyone=np.quantile(spread, np.arange(101) / 100)
    )

    assert (calmer.dominates, calmer.dominates_second) == (False, True)


def test_a_trial_that_never_moves_has_no_ratio_however_large_its_mean():
    noise = np.random.default_rng(4).normal(0.001, 0.01, (160, 3))
    still = np.full((160, 1), 0.1)

    found = cscv(np.hstack([still, noise]), blocks=8)

    assert np.abs(found.in_sample).max() < 1.0


def test_one_trial_cannot_be_overfitted():
    assert cscv(ROWS[:, :1], blocks=4) is None


def test_copies_of_five_ideas_are_five_trials():
    rng = np.random.default_rng(5)
    ideas = rng.normal(0.0, 0.01, (1_000, 5))
    trials = np.repeat(ideas, 20, axis=1) + rng.normal(0.0, 0.003, (1_000, 100))

    found = effective_trials(trials)

    assert found.count == 5
    # Near the variance of the five ideas' own Sharpe ratios: noise moves it a little.
    own = ideas.mean(axis=0) / ideas.std(axis=0, ddof=1)
    assert found.variance == pytest.approx(own.var(ddof=1), rel=0.1)


def test_trials_without_anything_in_common_are_each_their_own():
    trials = np.random.default_rng(2).normal(0.0, 0.01, (1_000, 40))

    found = effective_trials(trials)

    sharpes = trials.mean(axis=0) / trials.std(axis=0, ddof=1)
    assert (found.count, found.variance) == (40, pytest.approx(sharpes.var(ddof=1)))


def test_trials_that_never_moved_are_no_clusters():
    assert effective_trials(np.zeros((100, 4))).count == 4
