import numpy as np

from engine.purging import apart, purged_folds
from engine.validation import cpcv_splits

ROWS = np.arange(12)


def test_purge_and_embargo_golden():
    """6.5: twelve rows with labels of one session, groups {1, 3} of six, an embargo of one."""
    kept = [apart(ROWS, ROWS + 1, np.array(test), embargo=1) for test in ([2, 3], [6, 7])]

    assert np.flatnonzero(kept[0] & kept[1]).tolist() == [0, 10, 11]


def test_folds_agree_with_the_splits_of_cross_validation():
    splits = list(cpcv_splits(60, groups=5, test_groups=1, span=3, embargo=2))
    rows = np.arange(60)

    folds = list(purged_folds(rows, np.minimum(rows + 3, 59), folds=5, embargo=2))

    assert [known.tolist() for known, _ in folds] == [split.train.tolist() for split in splits]
    assert np.concatenate([test for _, test in folds]).tolist() == rows.tolist()


def test_a_label_of_any_length_that_meets_the_fold_is_left_out():
    start, end = np.array([0, 1, 5, 6, 9, 11]), np.array([2, 5, 8, 10, 12, 13])

    [first, *_] = purged_folds(start[:6], end[:6], folds=3, embargo=0)

    # The first two span 0 to 5: the third begins within, the others behind.
    assert [rows.tolist() for rows in first] == [[3, 4, 5], [0, 1]]


def test_more_folds_than_labels_judge_each_once():
    judged = [test.tolist() for _, test in purged_folds(ROWS[:2], ROWS[:2], folds=5, embargo=0)]

    assert [row for rows in judged for row in rows] == [0, 1]
