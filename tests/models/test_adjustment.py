from bisect import bisect_left
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.adjustment import KnownAction, adjusted_closes


def split(day, ratio):
    return KnownAction(day, ratio, None)


def dividend(day, cash, before=None):
    return KnownAction(day, None, cash, before)


def test_closes_without_actions_are_as_traded():
    assert adjusted_closes([1, 2, 3], [10.0, None, 12.0], []) == [10.0, None, 12.0]


def test_a_split_divides_what_came_before_it():
    # AAPL 2020-08-28 closed at 499.23, and on 2020-08-31, four for one, at 129.04.
    assert adjusted_closes([18502, 18505], [499.23, 129.04], [split(18505, 4.0)]) == [
        499.23 * 0.25,
        129.04,
    ]


def test_a_dividend_takes_its_share_of_the_close_before_it():
    # AAPL closed at 455.61 on 2020-08-06 and went ex 0.82 the day after: 0.9982002151.
    adjusted = adjusted_closes(
        [18479, 18480, 18481], [440.25, 455.61, 444.45], [dividend(18481, 0.82)]
    )

    factor = (455.61 - 0.82) / 455.61
    assert adjusted == pytest.approx([440.25 * factor, 455.61 - 0.82, 444.45], rel=1e-15)


def test_a_dividend_on_the_day_of_a_split_is_paid_per_new_share():
    # The shares of engine.md G1.3: 100, two for one and 0.50 per new share, 51. A holder of one
    # old share at 100 has two new ones and 1.00: what was bought then is worth 99 for two.
    actions = [dividend(2, 0.5), split(2, 2.0)]

    assert adjusted_closes([1, 2], [100.0, 51.0], actions) == [49.5, 51.0]


def test_factors_multiply_into_the_past():
    days, closes = [1, 2, 3, 4], [80.0, 100.0, 50.0, 60.0]
    actions = [dividend(2, 8.0), split(3, 2.0), split(4, 0.5)]

    assert adjusted_closes(days, closes, actions) == [80 * 0.9 / 2 * 2, 100.0, 100.0, 60.0]


def test_an_action_between_bars_touches_those_before_it():
    assert adjusted_closes([1, 5], [10.0, 5.0], [split(3, 2.0)]) == [5.0, 5.0]


def test_the_close_before_is_the_last_known_one():
    assert adjusted_closes([1, 2, 3], [10.0, None, 9.0], [dividend(3, 1.0)]) == [9.0, None, 9.0]


@pytest.mark.parametrize("cash", [10.0, 11.0])
def test_before_a_dividend_no_price_could_pay_nothing_is_known(cash):
    assert adjusted_closes([1, 2], [10.0, 9.0], [dividend(2, cash)]) == [None, 9.0]


def test_before_a_dividend_without_a_close_before_it_nothing_is_known():
    assert adjusted_closes([1, 2], [None, 9.0], [dividend(2, 0.1)]) == [None, 9.0]
    assert adjusted_closes([2], [9.0], [dividend(2, 0.1)]) == [9.0]


def test_a_close_that_comes_along_is_preferred():
    assert adjusted_closes([1], [10.0], [dividend(9, 1.0, before=20.0)]) == [9.5]


@st.composite
def histories(draw):
    days = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=30)))
    prices = st.floats(1.0, 1e3)
    closes = [draw(prices) for _ in days]
    ex_days = sorted(draw(st.sets(st.integers(1, 60), max_size=6)))
    actions = []
    for day in ex_days:
        if draw(st.booleans()):
            actions.append(dividend(day, draw(st.floats(0.01, 0.9))))
        if draw(st.booleans()):
            actions.append(split(day, draw(st.sampled_from([0.1, 0.5, 2.0, 3.0, 20.0]))))
    return days, closes, actions


@given(histories(), st.data())
def test_any_cut_of_a_history_shows_the_same_closes(history, data):
    days, closes, actions = history
    whole = adjusted_closes(days, closes, actions)
    first = data.draw(st.integers(0, len(days) - 1))
    last = data.draw(st.integers(first, len(days) - 1))

    # As a read does it: beyond the last day that is read, the close before comes along.
    told = [
        each._replace(close_before=closes[bisect_left(days, each.ex_day) - 1])
        if each.ex_day > days[last] and each.cash
        else each
        for each in actions
        if each.ex_day >= days[first]
    ]
    cut = adjusted_closes(days[first : last + 1], closes[first : last + 1], told)

    assert cut == whole[first : last + 1]


@given(histories(), st.floats(0.01, 100.0))
def test_what_one_holds_does_not_depend_on_a_split(history, ratio):
    days, closes, actions = history
    day = days[len(days) // 2]
    if any(each.ex_day == day for each in actions):
        return
    restated = [
        close if at < day else close / ratio for at, close in zip(days, closes, strict=True)
    ]
    paid = [
        each._replace(cash=each.cash / ratio) if each.cash and each.ex_day > day else each
        for each in actions
    ]
    with_split = sorted([*paid, split(day, ratio)], key=lambda each: each.ex_day)

    before = adjusted_closes(days, closes, actions)
    after = adjusted_closes(days, restated, with_split)

    expected = [None if each is None else each / ratio for each in before]
    assert after == [pytest.approx(each, rel=1e-9) if each else each for each in expected]
    assert all(each is None or 0 < each < inf for each in after)
