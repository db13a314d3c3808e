"""Returns of money that came and went: published figures, and the engine's, which has NumPy."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.services.returns import Flow, money_weighted, time_weighted
from engine.cash_flows import modified_dietz, money_weighted_rate, time_weighted_return

FIRST = date(2020, 1, 1)


def after(days):
    return FIRST + timedelta(days=days)


def test_the_published_spreadsheet_example():
    flows = [
        Flow(date(2008, 1, 1), 10_000.0),
        Flow(date(2008, 3, 1), -2_750.0),
        Flow(date(2008, 10, 30), -4_250.0),
        Flow(date(2009, 2, 15), -3_250.0),
    ]

    found = money_weighted(flows, 2_750.0, date(2009, 4, 1))

    assert found.value == pytest.approx(0.3733625335, abs=1e-10)


def test_money_that_came_at_the_top_earns_less_than_time_says():
    """1,000 grows 10 %, another 1,000 comes, all falls 10 %."""
    days = [FIRST, after(365), after(730)]

    grown = time_weighted(days, [1000.0, 1100.0, 1890.0], [1000.0, 0.0, 1000.0])
    rate = money_weighted([Flow(FIRST, 1000.0), Flow(after(365), 1000.0)], 1890.0, after(730))

    assert [each.value for each in grown] == pytest.approx([1.0, 1.1, 0.99], abs=1e-12)
    assert rate.value == pytest.approx(-0.03712612, abs=1e-8)


def test_in_the_first_year_the_return_is_not_yearly():
    """1,000 for 100 days and 500 for 50 of them: 1,250 were at work and earned 100."""
    flows = [Flow(FIRST, 1000.0), Flow(after(50), 500.0)]

    found = money_weighted(flows, 1600.0, after(100))

    expected = modified_dietz(0.0, 1600.0, np.array([1000.0, 500.0]), np.array([1.0, 0.5]))
    assert found.value == pytest.approx(0.08) == expected


@pytest.mark.parametrize(
    ("flows", "value", "reason"),
    [
        ([], 0.0, "no deposit or withdrawal is recorded"),
        ([1000.0], None, "a holding has no price or no rate on 2022-01-01"),
        ([1000.0], -50.0, "flows of one sign only"),
        ([100.0, -230.0], -132.0, "several rates fit"),  # 10 % and 20 %
        ([1.0], 1e6, "no rate fits"),
    ],
)
def test_what_has_no_single_rate_says_why(flows, value, reason):
    told = [Flow(after(365 * number), amount) for number, amount in enumerate(flows)]

    assert money_weighted(told, value, date(2022, 1, 1)) == (None, reason)


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.floats(1.0, 1e6)), min_size=1, max_size=6),
    st.floats(0.2, 3.0),
)
def test_the_rate_is_the_engines(paid, grown):
    paid = sorted(dict([(0, 1000.0), *paid]).items())
    value = grown * sum(amount for _, amount in paid)
    end = 2500
    flows = np.array([*(-amount for _, amount in paid), value])
    expected = money_weighted_rate(flows, np.array([*(day for day, _ in paid), end]))

    found = money_weighted([Flow(after(day), amount) for day, amount in paid], value, after(end))

    assert found.value == pytest.approx(expected.value, abs=1e-9)


@given(st.lists(st.tuples(st.floats(100.0, 1e6), st.floats(-50.0, 1e4)), min_size=2, max_size=30))
def test_the_growth_is_the_engines(rows):
    values, flows = [value for value, _ in rows], [flow for _, flow in rows]
    flows[0] = values[0]
    days = [after(number) for number in range(len(rows))]

    found = time_weighted(days, values, flows)

    expected = time_weighted_return(np.array(values), np.array(flows))
    assert found[-1].value == pytest.approx(1.0 + expected, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "flows", "reason"),
    [
        ([100.0, None, 100.0], [100.0, 0.0, 0.0], "no price or no rate on 2020-01-02"),
        ([100.0, -5.0, 100.0], [100.0, 0.0, 0.0], "worth nothing or less on 2020-01-02"),
        ([-5.0, 100.0, 100.0], [0.0, 100.0, 0.0], "worth nothing or less on 2020-01-01"),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], "no deposit"),
    ],
)
def test_once_a_day_cannot_be_linked_nor_can_those_after_it(values, flows, reason):
    found = time_weighted([FIRST, after(1), after(2)], values, flows)

    assert found[-1].value is None
    assert reason in found[-1].reason


def test_an_account_that_is_empty_for_a_while_goes_on_where_it_was():
    found = time_weighted(
        [after(number) for number in range(4)],
        [110.0, 0.0, 0.0, 220.0],
        [100.0, -110.0, 0.0, 200.0],
    )

    assert [each.value for each in found] == pytest.approx([1.1, 1.1, 1.1, 1.21])
