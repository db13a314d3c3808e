"""Splits and dividends: the arithmetic by hand, and what is believed beside what is not."""

from dataclasses import replace

import numpy as np
import pytest

from api.ports import Action
from api.services.adjustment import adjusted_otherwise, factor_steps
from api.services.calendars import calendar
from api.services.quality import judge
from api.services.quality_actions import judge_actions
from api.services.reasons import Reason
from tests.quality.made import NOW, make_share

NEW_YORK = calendar("XNYS")


def split(day: int, ratio: float) -> Action:
    return Action(ex_day=day, kind="SPLIT", ratio=ratio)


def dividend(day: int, cash: float, currency: str = "USD") -> Action:
    return Action(ex_day=day, kind="DIVIDEND", cash=cash, currency=currency)


# 100, then two for one and half a dollar per new share: the holder of 100 has 2 x 50 before the
# dividend, of which he keeps 1 - 0.5 / 50 = 0.99; in prices 0.5 x 0.99.
def test_what_actions_make_of_a_price_is_counted_in_new_shares():
    day, close = np.array([10, 11, 12]), np.array([100.0, 49.5, 50.0])

    steps = factor_steps(day, close, [split(11, 2.0), dividend(11, 0.5)])

    assert steps.tolist() == [1.0, 0.495, 1.0]


def test_an_action_counts_on_the_next_bar_and_not_without_one_before_it():
    day, close = np.array([10, 11, 15]), np.array([100.0, 100.0, 50.0])

    assert factor_steps(day, close, [split(13, 2.0)]).tolist() == [1.0, 1.0, 0.5]
    assert factor_steps(day, close, [split(9, 2.0), split(10, 2.0)]).tolist() == [1.0] * 3
    assert factor_steps(day, close, [split(16, 2.0)]).tolist() == [1.0] * 3


CLOSE = np.array([100.0, 101.0, 99.0, 100.0])
DAYS = np.arange(10, 14)
# A dividend of 1.01 on the third day: 1 - 1.01 / 101 = 0.99 for the days before it.
ADJUSTED = np.array([99.0, 99.99, 99.0, 100.0])


@pytest.mark.parametrize(
    ("factor", "departs"), [(1.0, False), (1.0 + 5e-7, False), (1.0 + 3e-5, True)]
)
def test_an_exact_vendor_is_held_to_a_millionth(factor, departs):
    # The dividend itself is granted one part in a thousand, of a hundredth: 1e-5.
    adjusted = np.array([np.pi * 30, np.pi * 30, 99.0, 100.0])
    close = adjusted / np.array([0.99, 0.99, 1.0, 1.0])
    cash = 0.01 * close[1]
    adjusted[:2] *= factor

    wrong = adjusted_otherwise(DAYS, close, adjusted, [dividend(12, cash)])

    assert wrong.tolist() == [False, False, departs, False]


def test_a_vendor_that_writes_two_decimals_is_granted_half_a_cent():
    rounded = np.round(ADJUSTED * 0.3337, 2)

    assert not adjusted_otherwise(DAYS, CLOSE, rounded, [dividend(12, 1.01)]).any()
    rounded[0] += 0.02
    assert adjusted_otherwise(DAYS, CLOSE, rounded, [dividend(12, 1.01)]).tolist() == [
        False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("nothing", [np.nan, 0.0, -3.0, np.inf])
def test_an_adjusted_close_that_is_none_departs_from_nothing(nothing):
    adjusted = ADJUSTED.copy()
    adjusted[0] = nothing

    assert not adjusted_otherwise(DAYS, CLOSE, adjusted, [dividend(12, 1.01)]).any()


@pytest.mark.parametrize("ratio", [2.0, 0.1, 1.5, 1.05, 20.0])
def test_a_split_that_prices_show_is_kept_and_is_no_spike(ratio):
    feed = make_share(5, calm=True)
    del feed.values["adjusted_close"]
    feed.whole_bar(slice(250, None), 1 / ratio)
    given = split(int(feed.batch.day[250]), ratio)

    asked = judge_actions([given], feed.batch, feed.listing, NEW_YORK, now=NOW)
    verdict = judge(feed.batch, feed.listing, NEW_YORK, now=NOW, actions=asked.kept)
    unaware = judge(feed.batch, feed.listing, NEW_YORK, now=NOW)

    assert (asked.kept, asked.refused) == ((given,), ())
    assert (verdict.refused, verdict.doubts) == ({}, {})
    assert unaware.doubts == ({250: Reason.SPIKE} if ratio in {2.0, 0.1, 20.0} else {})


def test_a_special_dividend_of_half_the_price_is_kept_and_is_no_spike():
    feed = make_share(5, calm=True)
    del feed.values["adjusted_close"]
    cash = 0.5 * float(feed.values["close"][249])
    feed.whole_bar(slice(250, None), 0.5)
    given = dividend(int(feed.batch.day[250]), cash)

    asked = judge_actions([given], feed.batch, feed.listing, NEW_YORK, now=NOW)
    verdict = judge(feed.batch, feed.listing, NEW_YORK, now=NOW, actions=asked.kept)

    assert asked.kept == (given,)
    assert verdict.doubts == {}


def test_a_foreign_dividend_is_turned_into_the_currency_of_the_prices():
    feed = make_share(5, calm=True)
    day = int(feed.batch.day[250])
    given = dividend(day, 1.5, "AUD")

    asked = judge_actions(
        [given], feed.batch, feed.listing, NEW_YORK, now=NOW, fx={("AUD", day): 0.66}
    )

    assert asked.kept == (dividend(day, 1.5 * 0.66, "USD"),)
    (refused,) = judge_actions([given], feed.batch, feed.listing, NEW_YORK, now=NOW).refused
    assert refused.reason is Reason.NO_FX
    assert refused.detail == "no rate is known from AUD to USD"
    assert refused.raw.endswith("ratio=None cash=1.5 currency=AUD")


def test_a_dividend_on_the_day_of_a_split_is_compared_in_new_shares():
    """60 a share is less than the 100 before, and more than the 50 that are left of it."""
    feed = make_share(5, calm=True)
    del feed.values["adjusted_close"]
    before = float(feed.values["close"][249])
    feed.whole_bar(slice(250, None), 0.5)
    day = int(feed.batch.day[250])
    actions = [split(day, 2.0), dividend(day, 0.6 * before)]

    asked = judge_actions(actions, feed.batch, feed.listing, NEW_YORK, now=NOW)

    assert [each.reason for each in asked.refused] == [Reason.BAD_DIVIDEND]


def test_an_action_without_bars_around_it_is_judged_by_itself_alone():
    """An increment may begin with an ex day, or end before one."""
    feed = make_share(5, calm=True)
    first, last = int(feed.batch.day[0]), int(feed.batch.day[-1])
    later = int(NEW_YORK.session[np.searchsorted(NEW_YORK.session, last) + 1])
    actions = [split(first, 2.0), dividend(first, 1e9), split(later, 2.0)]

    asked = judge_actions(actions, feed.batch, feed.listing, NEW_YORK, now=NOW)

    assert asked.kept == tuple(actions)


def test_an_action_of_today_is_known_once_its_session_opens():
    """New York opens at 13:30 UTC on 2026-06-30."""
    feed = make_share(5, calm=True)
    today = split(int(np.datetime64("2026-06-30", "D").astype(int)), 2.0)
    opens = int(np.datetime64("2026-06-30T13:30", "ns").astype(int))

    verdicts = [
        judge_actions([today], feed.batch, feed.listing, NEW_YORK, now=now)
        for now in (opens - 1, opens)
    ]

    assert [len(verdict.kept) for verdict in verdicts] == [0, 1]


@pytest.mark.parametrize("factor", [0.5, 100.0])
def test_a_vendor_that_declares_its_adjusted_close_is_judged_on_it(factor):
    """The sample knows no actions: its raw close may jump by a split, its adjusted close may not.

    One share for a hundred looks like pence for pounds, where nothing tells of it.
    """
    feed = make_share(5, calm=True)
    feed.listing = replace(feed.listing, fields=("close", "adjusted_close"))
    feed.whole_bar(slice(250, None), factor)

    verdict = judge(feed.batch, feed.listing, NEW_YORK, now=NOW)

    assert (verdict.refused, verdict.doubts) == ({}, {})


def test_an_undeclared_adjusted_close_below_zero_costs_no_bar():
    feed = make_share(5, calm=True)
    feed.values["adjusted_close"][:10] = -1.0

    verdict = judge(feed.batch, feed.listing, NEW_YORK, now=NOW)

    assert (verdict.refused, verdict.doubts) == ({}, {})
