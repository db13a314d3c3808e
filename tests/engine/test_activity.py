import math

import numpy as np
import pytest

from engine.activity import (
    RoundTrips,
    average_holdings,
    effective_holdings,
    payoff_ratio,
    put_holdings,
    put_round_trips,
    time_invested,
    trade_hit_rate,
)
from engine.sheet import Sheet

MULTIPLES = ("expectancy", "sqn")


def test_holdings_are_counted_session_by_session():
    """0, 4, 2 and 1 positions; 1 / sum w^2 is 4, 1 / (.75^2 + .25^2) = 1.6 and 1 of the last."""
    weights = np.array(
        [
            [0.0, 0.0, 0.0, 0.0],
            [0.25, 0.25, 0.25, 0.25],
            [0.3, 0.1, 0.0, 0.0],
            [0.0, 0.0, 0.1, 1e-12],
        ]
    )

    assert average_holdings(weights) == 7 / 4
    assert effective_holdings(weights) == pytest.approx((4.0 + 1.6 + 1.0) / 3.0, rel=1e-12)
    assert time_invested(weights) == 0.75


def test_cash_and_leverage_do_not_change_how_concentrated_a_run_is():
    weights = np.random.default_rng(5).uniform(0.01, 0.2, (20, 6))

    assert effective_holdings(0.1 * weights) == pytest.approx(effective_holdings(weights))
    assert effective_holdings(-3.0 * weights) == pytest.approx(effective_holdings(weights))


@pytest.mark.parametrize("weights", [np.zeros((5, 3)), np.empty((5, 0))])
def test_all_cash_is_no_holding_and_no_concentration(weights):
    assert average_holdings(weights) == 0.0
    assert math.isnan(effective_holdings(weights))
    assert time_invested(weights) == 0.0


def test_no_session_has_no_holdings():
    for figure in (average_holdings, effective_holdings, time_invested):
        assert math.isnan(figure(np.empty((0, 0))))


def test_round_trips_that_came_out_even_are_no_wins():
    assert trade_hit_rate(np.array([30.0, -10.0, 0.0, 5.0])) == 0.5
    assert math.isnan(trade_hit_rate(np.empty(0)))


def test_the_payoff_is_the_mean_win_over_the_mean_loss():
    assert payoff_ratio(np.array([0.3, 0.1, -0.05, 0.0])) == pytest.approx(4.0, rel=1e-12)
    assert math.isnan(payoff_ratio(np.array([0.3, 0.0])))
    assert math.isnan(payoff_ratio(np.array([-0.3])))


def test_a_run_all_in_cash_says_that_nothing_was_held():
    sheet = Sheet()

    put_holdings(sheet, np.zeros((5, 2)))

    assert sheet.values == {
        "average_holdings": 0.0,
        "effective_holdings": None,
        "time_invested": 0.0,
    }
    assert sheet.undefined == {"effective_holdings": "nothing was held"}


@pytest.mark.parametrize(
    ("profit", "figures", "reasons"),
    [
        (
            5.0,
            {"average_win": 0.05, "trade_hit_rate": 1.0},
            dict.fromkeys(("profit_factor", "average_loss", "payoff_ratio"), "no losing trade"),
        ),
        (
            -5.0,
            {"average_loss": -0.05, "trade_hit_rate": 0.0, "profit_factor": 0.0},
            dict.fromkeys(("average_win", "payoff_ratio"), "no winning trade"),
        ),
    ],
)
def test_round_trips_of_one_kind_leave_out_what_takes_both(profit, figures, reasons):
    sheet = Sheet()

    put_round_trips(sheet, make_trips([profit]))

    assert {name: value for name, value in sheet.values.items() if value is not None} == figures
    assert sheet.undefined == reasons | dict.fromkeys(MULTIPLES, "no trade had a stop")


def test_expectancy_and_quality_are_of_the_multiples_of_what_was_risked():
    """R of 3, -1, -1 and 1: mean 0.5, sd sqrt(11 / 3), so that SQN is 1 / sqrt(11 / 3)."""
    sheet = Sheet()

    put_round_trips(
        sheet,
        make_trips([300.0, -50.0, -20.0, 80.0, 9e9], risked=[100.0, 50.0, 20.0, 80.0, math.nan]),
    )

    assert sheet.values["expectancy"] == pytest.approx(0.5, rel=1e-12)
    assert sheet.values["sqn"] == pytest.approx(1.0 / math.sqrt(11 / 3), rel=1e-12)


def test_multiples_that_do_not_vary_have_no_quality_and_say_so():
    one, alike = Sheet(), Sheet()

    put_round_trips(one, make_trips([50.0], risked=[100.0]))
    put_round_trips(alike, make_trips([50.0, 20.0], risked=[100.0, 40.0]))

    assert (one.values["expectancy"], alike.values["expectancy"]) == (0.5, 0.5)
    assert one.undefined["sqn"] == "fewer than 2 trades with a stop"
    assert alike.undefined["sqn"] == "every trade made the same multiple of its risk"


def make_trips(profit, *, risked=None):
    count = len(profit)
    return RoundTrips(
        cost=np.full(count, 100.0),
        profit=np.array(profit),
        risked=np.full(count, np.nan) if risked is None else np.array(risked),
    )
