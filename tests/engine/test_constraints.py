import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.constraints import apply, cap_groups, project
from engine.errors import Infeasible, InvalidParameters

raw_weights = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1.0)), min_size=1, max_size=30).map(
    lambda values: np.array(values) / max(sum(values), 1.0)
)


# Section 3.5 of the engine specification; the Euclidean projection would give (.4, .3, .2, .1).
def test_project_caps_one_name_and_buys_none_the_signal_rejected():
    weights = project(np.array([0.7, 0.2, 0.1, 0.0]), upper=0.4)

    np.testing.assert_allclose(weights, [0.4, 0.4, 0.2, 0.0], atol=1e-15)


def test_project_keeps_the_proportions_of_names_under_the_cap():
    weights = project(np.array([0.443, 0.3, 0.157, 0.1]), upper=0.3)

    np.testing.assert_allclose(weights, [0.3, 0.3, 0.244358, 0.155642], atol=5e-7)


def test_project_keeps_the_promise_that_clip_then_renormalise_breaks():
    raw = np.array([0.7, 0.2, 0.1, 0.0])
    clipped = np.clip(raw, 0.02, 0.30)

    weights = project(raw, lower=0.02, upper=0.40)

    # The wrong way breaks the cap of .30 and lifts the rejected name.
    np.testing.assert_allclose(clipped / clipped.sum(), [0.4839, 0.3226, 0.1613, 0.0323], atol=5e-5)
    np.testing.assert_allclose(weights, [0.4, 0.4, 0.2, 0.0], atol=1e-15)


def test_project_refuses_a_cap_that_cannot_reach_the_total():
    with pytest.raises(Infeasible, match=r"max_weight over 3 held = 0.90 < 1.00"):
        project(np.array([0.5, 0.3, 0.2]), upper=0.3)


def test_project_refuses_crossed_bounds_and_negative_weights():
    with pytest.raises(Infeasible, match=r"min_weight 0.30 > max_weight 0.20"):
        project(np.array([0.5, 0.5]), lower=0.3, upper=0.2)
    with pytest.raises(Infeasible, match=r"non-negative, -0.5 found"):
        project(np.array([1.5, -0.5]))


def test_project_drops_the_smallest_names_until_the_minima_fit():
    # Four minima of .3 exceed 1; of the two equal smallest the higher column goes.
    weights = project(np.array([0.4, 0.2, 0.2, 0.2]), lower=0.3)

    np.testing.assert_allclose(weights, [0.4, 0.3, 0.3, 0.0], atol=1e-15)


def test_project_of_nothing_held_is_nothing():
    np.testing.assert_array_equal(project(np.zeros(3), total=0.0), np.zeros(3))


@given(weights=raw_weights, low=st.floats(0.0, 0.1), high=st.floats(0.1, 1.0))
def test_project_holds_its_bounds_sum_and_order(weights, low, high):
    held = np.count_nonzero(weights)
    total = min(1.0, high * held)

    result = project(weights, lower=low, upper=high, total=total)

    kept = result > 0
    # Only minima that do not fit remove a name.
    assert held == kept.sum() or low * (kept.sum() + 1) > total
    if kept.any() and high * kept.sum() >= total:
        assert result.sum() == pytest.approx(total, abs=1e-12)
    assert (result[kept] >= low - 1e-15).all()
    assert (result[kept] <= high + 1e-15).all()
    ascending = np.argsort(weights[kept], kind="stable")
    assert (np.diff(result[kept][ascending]) >= -1e-15).all()
    inner = kept & (result > low + 1e-9) & (result < high - 1e-9)
    ratios = result[inner] / weights[inner]
    np.testing.assert_allclose(ratios, np.full(inner.sum(), ratios.mean() if inner.any() else 0.0))


# Section 3.6 of the engine specification.
def test_cap_groups_moves_what_a_group_may_not_hold():
    weights = cap_groups(np.array([0.4, 0.3, 0.2, 0.1]), labels="XXYY", cap=0.5)

    np.testing.assert_allclose(weights, [0.285714, 0.214286, 0.333333, 0.166667], atol=5e-7)


def test_cap_groups_respects_the_cap_per_name_while_it_moves():
    # Y has room for .2 but its first name for .05 only: the second takes what the first cannot.
    weights = cap_groups(np.array([0.4, 0.3, 0.2, 0.1]), labels="XXYY", cap=0.5, upper=0.25)

    np.testing.assert_allclose(weights, [0.25, 0.25, 0.25, 0.25], atol=1e-9)


def test_cap_groups_leaves_in_cash_what_finds_no_room():
    weights = cap_groups(np.array([0.6, 0.4]), labels="XY", cap=0.3)

    np.testing.assert_allclose(weights, [0.3, 0.3], atol=1e-15)


def test_cap_groups_caps_unknown_labels_as_one_group():
    labels = ("unknown", "unknown", "Energy")

    weights = cap_groups(np.array([0.4, 0.4, 0.2]), labels=labels, cap=0.5)

    np.testing.assert_allclose(weights, [0.25, 0.25, 0.5], atol=1e-15)


def test_cap_groups_needs_a_label_per_asset():
    with pytest.raises(InvalidParameters, match="2 labels, 0 found"):
        cap_groups(np.array([0.5, 0.5]), labels=(), cap=0.5)


@given(
    weights=raw_weights,
    cap=st.floats(0.05, 1.0),
    upper=st.floats(0.05, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_cap_groups_holds_every_cap_and_wastes_no_room(weights, cap, upper, seed):
    labels = np.random.default_rng(seed).choice(list("ABCD"), len(weights))
    start = np.minimum(weights, upper)

    result = cap_groups(start, labels=labels, cap=cap, upper=upper)

    sums = np.array([result[labels == label].sum() for label in "ABCD"])
    assert (sums <= cap + 1e-9).all()
    assert (result <= upper + 1e-9).all()
    assert ((result > 0) == (start > 0)).all()
    assert result.sum() <= start.sum() + 1e-9
    open_names = (
        (start > 0)
        & (result < upper - 1e-6)
        & (sums[np.searchsorted(list("ABCD"), labels)] < cap - 1e-6)
    )
    assert result.sum() == pytest.approx(start.sum(), abs=1e-9) or not open_names.any()


def test_apply_holds_what_is_allowed_and_says_what_is_not():
    outcome = apply(np.array([0.5, 0.3, 0.2]), max_weight=0.3)

    np.testing.assert_allclose(outcome.weights, [0.3, 0.3, 0.3], atol=1e-15)
    assert outcome.reasons == {}
    assert outcome.notes == ("max_weight 0.30 x 3 held = 0.90 < 1.00",)


def test_apply_keeps_cash_the_strategy_asked_for():
    outcome = apply(np.array([0.1, 0.1, 0.0]), max_weight=0.3)

    np.testing.assert_allclose(outcome.weights, [0.1, 0.1, 0.0], atol=1e-15)
    assert outcome.notes == ()


def test_apply_counts_the_names_each_limit_removed():
    outcome = apply(np.array([0.4, 0.3, 0.2, 0.1]), min_weight=0.4, max_positions=3)

    np.testing.assert_allclose(outcome.weights, [4 / 7, 3 / 7, 0.0, 0.0], atol=1e-15)
    assert outcome.reasons == {"max_positions": 1, "below_min_weight": 1}


def test_apply_drops_a_name_the_group_cap_pressed_under_its_minimum():
    weights = np.array([0.5, 0.2, 0.3])

    outcome = apply(weights, min_weight=0.15, group_cap=0.5, labels=("X", "X", "Y"))

    # The cap presses X to (.357, .143): the second is under .15 and goes.
    np.testing.assert_allclose(outcome.weights, [0.5, 0.0, 0.5], atol=1e-9)
    assert outcome.reasons == {"below_min_weight": 1}


def test_apply_says_that_the_group_cap_leaves_cash():
    outcome = apply(np.array([0.6, 0.4]), group_cap=0.3, labels=("X", "Y"))

    np.testing.assert_allclose(outcome.weights, [0.3, 0.3], atol=1e-15)
    assert outcome.notes == ("group cap 0.30 leaves room for 0.60 < 1.00",)


def test_apply_to_all_cash_is_all_cash():
    outcome = apply(np.zeros(3), min_weight=0.1, group_cap=0.4, labels="XYZ")

    np.testing.assert_array_equal(outcome.weights, np.zeros(3))
    assert (outcome.reasons, outcome.notes) == ({}, ())


@given(
    weights=raw_weights,
    low=st.floats(0.0, 0.2),
    high=st.floats(0.2, 1.0),
    cap=st.one_of(st.none(), st.floats(0.1, 1.0)),
    count=st.one_of(st.none(), st.integers(1, 10)),
    seed=st.integers(0, 2**32 - 1),
)
def test_apply_keeps_every_promise(weights, low, high, cap, count, seed):
    labels = np.random.default_rng(seed).choice(list("ABC"), len(weights))

    result = apply(
        weights, min_weight=low, max_weight=high, max_positions=count, group_cap=cap, labels=labels
    ).weights

    held = result > 0
    assert not held[weights == 0].any()
    assert (result[held] >= low - 1e-9).all()
    assert (result <= high + 1e-9).all()
    assert held.sum() <= (count or len(weights))
    assert result.sum() <= min(weights.sum(), 1.0) + 1e-9
    if cap is not None:
        assert max(result[labels == label].sum() for label in "ABC") <= cap + 1e-9
