"""What a list of survivors promises beyond what could be had, where the answer is a formula."""

import numpy as np
import pytest

from engine.backtest import Constraints, Request
from engine.execution import FillPolicy
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.equal_weight import EqualWeight, EqualWeightParameters
from engine.survivorship import UNCONTROLLED, measure_survivorship
from tests.engine.ledgers import make_costs
from tests.engine.panels import make_panel

NAMES, DOOMED, SESSIONS, FALL = 50, 10, 620, 400


def make_market(**changes):
    """Forty names stand still; ten fall to a thousandth on one day and leave the list the next."""
    close = np.full((SESSIONS, NAMES), 1000.0)
    close[FALL:, :DOOMED] = 1.0
    member = np.ones((SESSIONS, NAMES), np.bool_)
    member[FALL + 1 :, :DOOMED] = False
    return make_panel(close, member=member, **changes)


def measured(panel):
    request = Request(
        strategy=EqualWeight(EqualWeightParameters()),
        first_row=20,
        last_row=SESSIONS - 1,
        capital=1_000_000.0,
        rebalance=Rebalance.QUARTERLY,
        constraints=Constraints(),
        costs=make_costs(),
        fill=FillPolicy.NEXT_OPEN,
        whole_shares=False,
        clock=DecisionClock.US_CLOSE,
    )
    return measure_survivorship(panel, request, checkpoint=lambda *_: None)


def test_the_gap_is_what_those_who_left_had_lost():
    """Known as it was: 10 of 50 go to 0.001, so 0.8 + 0.2 * 0.001 is left. With hindsight: 1."""
    panel = make_market()
    found = measured(panel)

    days = int(panel.session[-1] - panel.session[20])
    left = 0.8 + 0.2 * 0.001
    assert found.gap_cagr == pytest.approx(0.0 - (left ** (365.25 / days) - 1.0), abs=1e-4)
    assert found.gap_max_drawdown == pytest.approx(1.0 - left, abs=1e-6)
    assert found.names_gone == DOOMED


def test_without_a_history_of_members_nothing_is_said():
    assert measured(make_market(flags=(UNCONTROLLED,))) is None
