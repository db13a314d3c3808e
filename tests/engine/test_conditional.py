import numpy as np
import pytest

from engine import ratios
from engine.conditional import UNKNOWN, by_label, known_before, terciles


@pytest.fixture
def series():
    rng = np.random.default_rng(0)
    market = rng.normal(0.0004, 0.01, 1000)
    returns = 0.8 * market + rng.normal(0.0001, 0.004, 1000)
    label = rng.choice([UNKNOWN, 0, 1], 1000, p=[0.02, 0.6, 0.38])
    return returns, np.full(1000, 0.0001), market, label


def test_the_groups_sum_to_the_run(series):
    returns, rf, market, label = series

    groups = by_label(returns, rf, market, label)

    assert [group.label for group in groups] == [UNKNOWN, 0, 1]
    assert sum(group.sessions for group in groups) == 1000
    assert sum(group.share for group in groups) == pytest.approx(1.0, abs=1e-12)
    total = sum(group.sessions * group.mean for group in groups)
    assert total == pytest.approx(1000 * ratios.mean_return(returns), rel=1e-12)


def test_a_group_is_measured_as_the_run_is(series):
    returns, rf, market, label = series
    calm = label == 0

    group = by_label(returns, rf, market, label)[1]

    assert group.volatility == ratios.volatility(returns[calm])
    assert group.sharpe == ratios.sharpe_ratio((returns - rf)[calm])
    assert group.beta == ratios.beta((returns - rf)[calm], (market - rf)[calm])
    n = int(calm.sum())
    assert group.cagr == pytest.approx(np.prod(1.0 + returns[calm]) ** (252 / n) - 1.0)


def test_what_too_few_sessions_leave_undefined_is_none(series):
    returns, rf, market, label = series

    few = by_label(returns, rf, market, label)[0]
    alone = by_label(returns[:1], rf[:1], market[:1], np.array([0]))[0]
    absent = by_label(returns, rf, np.full(1000, np.nan), label)[1]

    assert few.sessions < 30
    assert (few.sharpe, few.beta, few.cagr) == (None, None, None)
    assert few.volatility is not None
    assert alone.volatility is None
    assert absent.beta is None


def test_a_session_is_labelled_by_the_close_before_it():
    # The label of day 12 is not known before day 13; the one of day 11 serves day 12.
    session = np.array([10, 11, 12, 13])
    day, label = np.array([11, 12]), np.array([1, 0])

    found = known_before(session, day, label)

    np.testing.assert_array_equal(found, [UNKNOWN, 1, 0])


def test_the_evening_of_new_york_is_not_known_at_the_close_of_sydney():
    session = np.array([10, 11, 12, 13])
    day, label = np.array([10, 11, 12]), np.array([0, 1, 0])
    early = np.array([True, True, False, True])

    found = known_before(session, day, label, early=early)

    np.testing.assert_array_equal(found, [UNKNOWN, 0, 0])
    np.testing.assert_array_equal(known_before(session, day, label), [0, 1, 0])


def test_an_old_label_is_known_no_more():
    found = known_before(np.array([10, 17, 18, 19]), np.array([10]), np.array([1]))

    np.testing.assert_array_equal(found, [1, 1, UNKNOWN])
    empty = known_before(np.array([1, 2]), np.array([], int), np.array([], int))
    np.testing.assert_array_equal(empty, [UNKNOWN])


def test_a_tercile_is_that_of_its_own_past():
    levels = np.random.default_rng(3).normal(size=600)

    found = terciles(levels.tolist())

    assert (found[:251] == UNKNOWN).all()
    for t in range(251, 600):
        below = np.count_nonzero(levels[: t + 1] < levels[t]) / (t + 1)
        assert found[t] == (0 if below < 1 / 3 else 1 if below < 2 / 3 else 2)
    np.testing.assert_array_equal(terciles(levels[:400].tolist()), found[:400])
