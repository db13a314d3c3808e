"""Which months and years a run has in part only, by the sessions of its markets."""

from datetime import date

import pytest

from api.graphql.figures import annual_returns, monthly_returns
from api.services.periods import partial_ends

NEW_YORK = ("XNYS",)


@pytest.mark.parametrize(
    ("first", "month", "year"),
    [
        (date(2019, 12, 31), False, False),  # the last session of its month and year: the base
        (date(2019, 12, 30), True, True),
        (date(2019, 11, 29), False, True),  # the session after is in December
        (date(2020, 1, 2), True, True),  # January's first session brings no return of its own
    ],
)
def test_a_month_that_began_before_the_curve_is_there_in_part(first, month, year):
    found = partial_ends(first, date(2022, 12, 30), NEW_YORK)

    assert (found["month"][0], found["year"][0]) == (month, year)


@pytest.mark.parametrize(
    ("last", "month", "year"),
    [
        (date(2022, 12, 30), False, False),  # a Saturday follows
        (date(2022, 12, 29), True, True),
        (date(2018, 3, 29), False, True),  # Good Friday follows
        (date(2020, 2, 28), False, True),
    ],
)
def test_a_month_with_a_session_to_come_is_there_in_part(last, month, year):
    found = partial_ends(date(2016, 12, 30), last, NEW_YORK)

    assert (found["month"][1], found["year"][1]) == (month, year)


def test_coins_beside_an_exchange_make_no_session():
    """No exchange opens on Good Friday; coins alone have a session on it."""
    last = date(2013, 3, 28)

    assert partial_ends(date(2012, 12, 31), last, ("XNYS", "XASX"))["month"][1] is False
    assert partial_ends(date(2012, 12, 31), last, ("XNYS", "24/7"))["month"][1] is False
    assert partial_ends(date(2012, 12, 31), last, ("24/7",))["month"][1] is True


def test_only_the_first_and_the_last_period_may_be_partial():
    summary = {
        "monthly": [[2020, 1, 0.01, 0.02], [2020, 2, 0.03, None], [2020, 3, 0.05, 0.04]],
        "annual": [[2020, 0.1, 0.2]],
        "partial": {"month": [True, False], "year": [False, True]},
    }

    months, years = monthly_returns(summary), annual_returns(summary)

    assert [each.partial for each in months] == [True, False, False]
    assert [each.beat_benchmark for each in months] == [False, None, True]
    assert [(each.partial, each.beat_benchmark) for each in years] == [(True, False)]


def test_a_run_stored_before_has_months_alone():
    months = monthly_returns({"monthly": [[2020, 1, 0.01]], "annual": []})

    assert [(each.value, each.benchmark, each.partial) for each in months] == [(0.01, None, None)]
    assert annual_returns({}) == []
