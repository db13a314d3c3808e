"""Windows, purged splits and paths, by the worked examples of engine.md 6.4 and 6.5."""

import numpy as np
import pytest

from engine.errors import InsufficientHistory
from engine.validation import cpcv_splits, group_edges, paths_of, stitch, windows

TEN_YEARS = {"train": 1_260, "test": 252, "step": 252, "gap": 21, "anchored": False}


def test_ten_years_make_four_windows_and_a_partial_one():
    folds = windows(2_520, **TEN_YEARS)

    assert [fold.partial for fold in folds] == [False] * 4 + [True]
    assert folds[0].test[0] == 1_281
    assert folds[3].test[1] - 1 == 2_288
    assert folds[4].test[1] - folds[4].test[0] == 231
    assert [fold.train for fold in folds[:2]] == [(0, 1_260), (252, 1_512)]


def test_no_session_is_judged_twice_or_left_out():
    folds = windows(2_520, **TEN_YEARS | {"step": 126})

    tested = np.concatenate([np.arange(*fold.test) for fold in folds])
    np.testing.assert_array_equal(tested, np.arange(1_281, 2_520))
    assert all(fold.train[1] + 21 == fold.test[0] for fold in folds)


def test_an_anchored_train_grows():
    folds = windows(2_520, **TEN_YEARS | {"anchored": True})

    assert [fold.train for fold in folds[:3]] == [(0, 1_260), (0, 1_512), (0, 1_764)]


def test_what_is_too_short_to_test_is_refused():
    with pytest.raises(InsufficientHistory, match="leave none of 1281"):
        windows(1_281, **TEN_YEARS)

    assert len(windows(1_282, **TEN_YEARS)) == 1


def test_every_test_group_is_purged_and_embargoed():
    splits = cpcv_splits(12, groups=6, test_groups=2, span=1, embargo=1)
    [split] = [split for split in splits if split.groups == (1, 3)]

    # Purging only around the outer edges would leave 4 and 5 in.
    assert split.train.tolist() == [0, 10, 11]


@pytest.mark.parametrize(("groups", "splits", "paths"), [(6, 15, 5), (10, 45, 9), (8, 28, 7)])
def test_splits_and_paths_are_as_many_as_published(groups, splits, paths):
    made = list(cpcv_splits(240, groups=groups, test_groups=2, span=0, embargo=0))

    assert (len(made), paths_of(groups, 2)) == (splits, paths)
    predictions = {
        (place, group): np.full(stop - start, float(place))
        for place, split in enumerate(made)
        for group, (start, stop) in enumerate(group_edges(240, groups))
        if group in split.groups
    }
    joined = stitch(predictions, groups)
    assert [len(path) for path in joined] == [240] * paths
    # Each prediction stands in one path.
    used = [(value, place) for path in joined for place, value in enumerate(path)]
    assert len(set(used)) == len(used)


@pytest.mark.parametrize(
    ("rows", "given", "words"),
    [
        (5, {"span": 0, "embargo": 0}, "5 sessions make no 6 groups"),
        (60, {"span": 60, "embargo": 0}, "leave none of 60 sessions to choose on beside 2 of 6"),
        (60, {"span": 0, "embargo": 60, "test_groups": 5}, "an embargo of 60 leave none"),
    ],
)
def test_what_leaves_nothing_to_choose_on_is_refused(rows, given, words):
    with pytest.raises(InsufficientHistory, match=words):
        list(cpcv_splits(rows, **{"groups": 6, "test_groups": 2, **given}))
