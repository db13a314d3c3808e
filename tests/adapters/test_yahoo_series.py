"""The Australian dollar and the indices of fear, read out of Yahoo's charts."""

from datetime import UTC, date, datetime, time

import numpy as np
import pytest

from api.adapters.yahoo_series import YahooSeries
from api.errors import FailureKind, FetchFailed
from tests.adapters.yahoo import number, yahoo
from tests.providers.market import Bar, Scenario, Share

# The last day before and the first two days after British and US summer time began in 2024.
DAYS = [date(2024, 3, 8), date(2024, 3, 11), date(2024, 4, 1)]
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def pair(closes, days=DAYS):
    bars = [Bar(day, c, c, c, c, 0.0) for day, c in zip(days, closes, strict=True)]
    return Share(bars=bars, kind="CURRENCY", zone="Europe/London", opens=time(0), closes=time(23))


def index(closes):
    bars = [Bar(day, c, c, c, c, 0.0) for day, c in zip(DAYS, closes, strict=True)]
    return Share(bars=bars, kind="INDEX", zone="America/Chicago", opens=time(8, 30))


def instants(*texts):
    return np.array(texts, "datetime64[ns]").astype(np.int64).tolist()


async def test_audusd_is_known_at_londons_midnight():
    scenario = Scenario(shares={"AUDUSD=X": pair([0.6623, 0.6613, 0.6488])})

    async with yahoo(scenario, now=NOW) as (prices, _):
        (rates,) = await YahooSeries(prices).fetch_rates(DAYS[0], DAYS[-1])

    assert (rates.key, rates.source) == ("AUDUSD", "yahoo")
    assert rates.day.tolist() == [number(day) for day in DAYS]
    assert rates.value.tolist() == [0.6623, 0.6613, 0.6488]
    assert rates.known_at.tolist() == instants("2024-03-09T00", "2024-03-12T00", "2024-04-01T23")


async def test_vix_and_vix3m_are_known_at_a_quarter_past_four_in_new_york():
    shares = {"^VIX": index([14.74, 15.22, 13.65]), "^VIX3M": index([15.9, 16.2, 15.1])}

    async with yahoo(Scenario(shares=shares), now=NOW) as (prices, _):
        vix, vix3m = await YahooSeries(prices).fetch_macro(DAYS[0], DAYS[-1])

    assert (vix.key, vix.value.tolist()) == ("VIX", [14.74, 15.22, 13.65])
    assert (vix3m.key, vix3m.value.tolist()) == ("VIX3M", [15.9, 16.2, 15.1])
    known = instants("2024-03-08T21:15", "2024-03-11T20:15", "2024-04-01T20:15")
    assert vix.known_at.tolist() == vix3m.known_at.tolist() == known


@pytest.mark.parametrize("upside_down", [1.51, 0.0066, 151.2])
async def test_a_pair_upside_down_is_refused(upside_down):
    scenario = Scenario(shares={"AUDUSD=X": pair([0.66, upside_down, 0.65])})

    async with yahoo(scenario, now=NOW) as (prices, _):
        with pytest.raises(FetchFailed, match="should lie between") as caught:
            await YahooSeries(prices).fetch_rates(DAYS[0], DAYS[-1])

    assert caught.value.kind == FailureKind.BAD_DATA


async def test_a_day_given_twice_is_one_if_both_agree_and_none_to_choose_if_not():
    days = [DAYS[0], DAYS[0], DAYS[1]]
    agreeing = Scenario(shares={"AUDUSD=X": pair([0.66, 0.66, 0.65], days)})
    at_odds = Scenario(shares={"AUDUSD=X": pair([0.66, 0.67, 0.65], days)})

    async with yahoo(agreeing, now=NOW) as (prices, _):
        (rates,) = await YahooSeries(prices).fetch_rates(DAYS[0], DAYS[-1])
    async with yahoo(at_odds, now=NOW) as (prices, _):
        with pytest.raises(FetchFailed, match="two values for one day"):
            await YahooSeries(prices).fetch_rates(DAYS[0], DAYS[-1])

    assert rates.value.tolist() == [0.66, 0.65]


async def test_a_missing_index_is_the_failure_it_is():
    async with yahoo(Scenario(shares={"^VIX": index([1.0, 2.0, 3.0])}), now=NOW) as (prices, _):
        with pytest.raises(FetchFailed) as caught:
            await YahooSeries(prices).fetch_macro(DAYS[0], DAYS[-1])

    assert caught.value.kind == FailureKind.UNKNOWN_SYMBOL
