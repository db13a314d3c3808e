"""Exchange rates by themselves and beside one another."""

from dataclasses import replace

import numpy as np
import pytest

from api.errors import DataError
from api.ports import Observations
from api.services.quality_rates import judge_rates
from api.services.reasons import Reason
from tests.quality.made import NOW, make_rates

MONDAY = int(np.datetime64("2024-01-08", "D").astype(np.int64))
NS_PER_DAY = 86_400 * 10**9


def rates(key: str, *values: float) -> Observations:
    day = MONDAY + np.arange(len(values))
    return Observations(
        key=key, source="made", day=day, value=np.array(values), known_at=(day + 1) * NS_PER_DAY
    )


def only(series: Observations, now: int = NOW) -> dict[int, Reason]:
    (refused,) = judge_rates([series], now=now)
    return refused


def test_what_is_no_rate_is_refused_with_its_reason():
    series = rates("EURUSD", 1.1, np.nan, 0.0, -1.1, np.inf, 1.1)

    assert only(series) == {
        1: Reason.NOT_A_NUMBER,
        2: Reason.BAD_PRICE,
        3: Reason.BAD_PRICE,
        4: Reason.BAD_PRICE,
    }


def test_a_day_told_twice_counts_once():
    series = rates("EURUSD", 1.1, 1.1, 1.2)

    assert only(replace(series, day=np.array([MONDAY, MONDAY, MONDAY]))) == {
        1: Reason.DUPLICATE_SAME,
        2: Reason.DUPLICATE_CONFLICT,
    }


def test_a_fixing_of_tomorrow_is_refused_and_time_running_back_is_too():
    series = rates("EURUSD", 1.1, 1.1, 1.1)

    assert only(series, now=int(series.known_at[1])) == {2: Reason.FUTURE_BAR}
    with pytest.raises(DataError, match="rates of EURUSD go back in time"):
        only(replace(series, day=series.day[::-1]))


# AUDUSD has been between 0.48 and 1.10 since 1983, engine.md bounds it by 0.3 and 1.3.
def test_a_pair_the_wrong_way_round_throughout_is_refused_throughout():
    inverted = rates("AUDUSD", 1.52, 1.51, 1.53)

    assert only(inverted) == dict.fromkeys(range(3), Reason.FX_TRIANGLE)
    assert only(replace(inverted, key="USDAUD")) == {}


def test_a_pair_and_its_inverse_belie_each_other():
    refused = judge_rates(
        [rates("EURUSD", 1.10, 1.10, 1.10), rates("USDEUR", 1 / 1.10, 1 / 1.11, 1 / 1.10)],
        now=NOW,
    )

    assert refused == [{1: Reason.FX_TRIANGLE}, {1: Reason.FX_TRIANGLE}]


# 50 basis points are allowed: crosses are rounded, and fixed one after another.
@pytest.mark.parametrize(("off", "refused"), [(1.004, 0), (1.006, 3)])
def test_a_triangle_may_stand_open_by_half_a_per_cent(off, refused):
    series = make_rates(1)
    series[0].value[250] *= off

    assert sum(len(each) for each in judge_rates(series, now=NOW)) == refused


def test_pairs_that_close_no_triangle_are_not_compared():
    series = [rates("EURUSD", 1.1, 1.1), rates("GBPJPY", 150.0, 250.0)]

    assert judge_rates(series, now=NOW) == [{}, {}]
