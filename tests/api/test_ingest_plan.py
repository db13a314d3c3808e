"""Which sessions an ingest asks for, by the exchange's calendar and by what was asked before."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from api.services.ingest_plan import HISTORY_FROM, Target, Wish, plan
from models.asked_range import AskedRange

# Thanksgiving was on Thursday; Friday closed three hours early, at 18:00 UTC.
FRIDAY_NIGHT = datetime(2024, 11, 29, 18, 30, tzinfo=UTC)
WEDNESDAY, FRIDAY = date(2024, 11, 27), date(2024, 11, 29)


def target(**changes) -> Target:
    given = {"symbol": "AAPL", "exchange": "XNYS", "currency": "USD", "sources": ("tiingo",)}
    return Target(**given | changes)


def asked(first=date(2020, 1, 2), last=WEDNESDAY, **changes) -> AskedRange:
    given = {"checked_at": FRIDAY_NIGHT - timedelta(days=2), "asked_to": last}
    return AskedRange(key="AAPL", source="tiingo", first_on=first, last_on=last, **given | changes)


def spans(found) -> tuple[list, list]:
    if found.want is None:
        return [], []
    return (
        [(each.start, each.end) for each in found.want.requests],
        [(each.start, each.end) for each in found.want.missing],
    )


def test_what_was_never_asked_for_is_asked_from_the_start_of_history():
    assert spans(plan(target(), Wish(now=FRIDAY_NIGHT)))[0] == [(date(2000, 1, 3), FRIDAY)]
    assert date(2000, 1, 1) == HISTORY_FROM


def test_another_sources_history_is_asked_for_from_its_first_bar():
    sampled = target(first_bar=date(1990, 1, 2))

    found = plan(sampled, Wish(now=FRIDAY_NIGHT, start=date(2010, 1, 4)))

    assert spans(found)[0] == [(date(1990, 1, 2), FRIDAY)]


def test_a_new_session_brings_the_five_before_it_and_a_stand_in_only_the_new_one():
    found = plan(target(asked=asked()), Wish(now=FRIDAY_NIGHT))

    assert spans(found) == ([(date(2024, 11, 21), FRIDAY)], [(FRIDAY, FRIDAY)])


@pytest.mark.parametrize(
    ("now", "delay"),
    [
        (FRIDAY_NIGHT - timedelta(minutes=31), timedelta(0)),
        (FRIDAY_NIGHT, timedelta(minutes=31)),
    ],
)
def test_a_session_that_has_not_closed_or_whose_bar_is_not_due_is_not_missing(now, delay):
    assert plan(target(asked=asked()), Wish(now=now), delay=delay).want is None


def test_a_bar_that_is_late_is_asked_for_again_after_some_hours():
    in_vain = asked(asked_to=FRIDAY, checked_at=FRIDAY_NIGHT)

    soon = plan(target(asked=in_vain), Wish(now=FRIDAY_NIGHT + timedelta(hours=3)))
    later = plan(target(asked=in_vain), Wish(now=FRIDAY_NIGHT + timedelta(hours=5)))

    assert soon.want is None
    assert spans(later)[1] == [(FRIDAY, FRIDAY)]


def test_an_earlier_start_asks_for_the_years_before_and_leaves_no_hole():
    whole = asked(first=date(2020, 1, 2), last=FRIDAY)
    wish = Wish(now=FRIDAY_NIGHT, start=date(2018, 1, 2), end=date(2018, 12, 31))

    assert spans(plan(target(asked=whole), wish))[0] == [(date(2018, 1, 2), date(2020, 1, 1))]


def test_force_asks_for_all_that_is_wished_and_no_more():
    whole = asked(last=FRIDAY, checked_at=FRIDAY_NIGHT)
    wish = Wish(now=FRIDAY_NIGHT, start=date(2024, 11, 1), end=WEDNESDAY)

    assert plan(target(asked=whole), wish).want is None
    assert spans(plan(target(asked=whole), replace(wish, force=True)))[0] == [
        (date(2024, 11, 1), WEDNESDAY)
    ]


def test_nothing_is_asked_for_after_the_last_day_of_listing():
    gone = target(asked=asked(), delisted_on=WEDNESDAY)

    assert plan(gone, Wish(now=FRIDAY_NIGHT)).want is None


def test_a_providers_last_word_is_believed_until_tomorrow():
    unknown = asked(
        first=None,
        last=None,
        failure_kind="UNKNOWN_SYMBOL",
        failure_message="yahoo has no AAPL",
        checked_at=FRIDAY_NIGHT,
    )

    soon = plan(target(asked=unknown), Wish(now=FRIDAY_NIGHT + timedelta(hours=19)))
    later = plan(target(asked=unknown), Wish(now=FRIDAY_NIGHT + timedelta(hours=21)))

    assert (soon.want, soon.failure.kind, soon.failure.attempts) == (None, "UNKNOWN_SYMBOL", 0)
    assert soon.failure.message == "yahoo has no AAPL (asked at 18:30 UTC; force asks again)"
    assert later.want is not None
