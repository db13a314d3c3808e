"""What bounds a position in options, whatever a decision asked for."""

from typing import ClassVar

import numpy as np
import pytest

from engine.option_positions import Exits, Leg, Structure
from engine.option_surface import Surface
from engine.strategies.base import Decision, Parameters, Strategy
from tests.engine.ledgers import make_costs
from tests.engine.option_runs import backtest, make_condor, make_hedge, options
from tests.engine.volatility_markets import make_index

FLAT = Surface(atm_ratio=1.0, skew=0.0, curvature=0.0, dividend_yield=0.0, half_spread_vol=0.0)
MARCH, APRIL = 11033, 11068  # third Fridays of 2000
SPREAD = (Leg(False, 900.0, 1), Leg(False, 950.0, -1))  # a put sold, bounded by another
FREE = {"costs": make_costs(), "capital": 100_000.0}


def structure(*legs, **changes):
    values = {
        "asset": 0,
        "expiry": APRIL,
        "legs": legs,
        "width": 0.0,
        "risk": 10.0,
        "budget": 1.0,
        "surface": FLAT,
        "contract_fee": 0.0,
        "exits": Exits(days=0),
    }
    return Structure(**{**values, **changes})


class Scripted(Strategy[Parameters]):
    """Opens what it was given, one structure a decision."""

    key: ClassVar = "scripted"
    kind: ClassVar = "options"
    parameters_type: ClassVar = Parameters

    def __init__(self, *structures):
        super().__init__(Parameters())
        self.structures = structures

    def decide(self, window, state):
        number = state or 0
        left = self.structures[number:]
        weights = np.zeros(len(window.symbols))
        return Decision(weights, opens=left[0] if left else None), number + 1


def trade(*structures, sessions=30, panel=None, **changes):
    market = make_index(np.full(sessions, 1000.0)) if panel is None else panel
    return backtest(market, Scripted(*structures), **{**FREE, **changes})


def contracts_of(result):
    return [entry[2] for entry in options(result)]


def test_no_more_is_bought_than_cash_pays_for():
    put = structure(Leg(False, 1000.0, 1), risk=1.0)  # at this risk it would buy a thousand

    result = trade(put)

    [(_, _, contracts, price, _)] = options(result)
    assert contracts * price <= 100_000.0 < (contracts + 1) * price
    assert result.books.cash.min() >= 0.0


def test_what_is_written_is_covered_by_cash_of_its_largest_loss():
    wide = structure(*SPREAD, width=50.0, risk=45.0, budget=0.8)

    result = trade(wide, wide)

    first, _, second, _ = contracts_of(result)
    # Each may lose 5,000 less its credit. The second finds the cash of the first bound.
    assert first == 17.0
    assert 5_000.0 * (first + second) <= result.books.cash.max() + 1e-6
    assert 5_000.0 * (first + second + 1.0) > result.books.cash.max()
    assert 0.0 < second < 17.0


def test_a_settlement_costs_no_fee_and_a_trade_does():
    put = structure(Leg(False, 1100.0, 1), expiry=MARCH, risk=200.0, contract_fee=2.0)

    result = trade(put, sessions=60)

    assert [entry[4] for entry in options(result)] == ["filled", "settled"]
    assert result.orders.commission.tolist() == [2.0 * contracts_of(result)[0], 0.0]


def test_half_of_an_odd_number_is_the_larger_half():
    level = np.full(30, 1000.0)
    level[10:] = 700.0
    dear = structure(Leg(False, 900.0, 1), risk=27.0, budget=0.2, exits=Exits(days=0, monetise=3.0))

    result = trade(dear, panel=make_index(level))

    assert contracts_of(result) == [7.0, -4.0]


@pytest.mark.parametrize(
    ("fee", "end"), [(1.0, "filled_before_expiry"), (20.0, "settled")], ids=["worth", "not worth"]
)
def test_what_would_not_bring_its_fee_is_kept_to_its_end(fee, end):
    put = structure(
        Leg(False, 870.0, 1), expiry=MARCH, risk=20.0, contract_fee=fee, exits=Exits(days=30)
    )

    result = trade(put, sessions=60)

    marks = result.books.value[:, 0] / contracts_of(result)[0]
    assert 6.0 < marks[31] < 25.0  # more than the spread, less than the larger fee on top of it
    assert [entry[4] for entry in options(result)] == ["filled", end]


def test_a_size_is_reckoned_from_what_the_decision_knew():
    level = np.full(60, 1000.0)
    level[42:] = 1200.0  # on 1 March, the session of the fill
    hedge = {"budget": 0.03, "moneyness": 0.97, "roll_dte": 0}

    risen = backtest(make_index(level), make_hedge(**hedge), costs=make_costs())
    still = backtest(make_index(np.full(60, 1000.0)), make_hedge(**hedge), costs=make_costs())

    bought = [[entry for entry in options(each) if entry[2] > 0.0] for each in (risen, still)]
    assert [entry[0] for entry in bought[0]] == ["2000-03-01"]
    assert [entry[2] for entry in bought[0]] == [entry[2] for entry in bought[1]]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (structure(Leg(False, 500.0, 1)), "below_tick"),
        (structure(Leg(False, 900.0, 1), Leg(False, 905.0, -1), width=0.05), "no_credit"),
        (structure(*SPREAD, width=50.0, risk=2_000.0), "too_small"),
    ],
)
def test_what_the_close_does_not_allow_is_not_opened(asked, reason):
    costly = Surface(**{**vars(FLAT), "half_spread_vol": 0.3}) if reason == "no_credit" else FLAT
    given = Structure(**{**vars(asked), "surface": costly})
    result = trade(given)

    assert options(result) == []
    assert result.equity.tolist() == [100_000.0] * len(result.equity)


@pytest.mark.parametrize(("budgets", "opened"), [(11.9, True), (12.1, False)])
def test_a_year_of_budgets_is_saved_and_no_more(budgets, opened):
    # One contract costs so many of the monthly budgets of one per cent.
    each = structure(
        Leg(False, 800.0, 1), expiry=MARCH + 2 * 365, risk=budgets * 10.0, budget=0.01, saves=True
    )

    result = trade(*[each] * 18, sessions=380)

    assert (len(options(result)) > 0) == opened


def test_a_gross_run_pays_neither_spread_nor_fee():
    result = backtest(make_index(np.full(4, 1000.0)), make_condor(), costs=make_costs())

    assert result.gross[1] == pytest.approx(1_000_000.0, abs=1e-6)
    assert result.equity[1] < 1_000_000.0 - 100.0


def test_a_session_without_a_bar_puts_off_what_was_to_be_closed():
    put = structure(Leg(False, 1000.0, 1), expiry=MARCH, risk=100.0, exits=Exits(days=30))
    whole = make_index(np.full(60, 1000.0))
    close = np.array(whole.close)
    close[33] = np.nan  # 17 February, on which it would be sold

    halted = make_index(close, extra=whole.extra, volume=close)

    assert [entry[0] for entry in options(trade(put, panel=whole))][1] == "2000-02-17"
    assert [entry[0] for entry in options(trade(put, panel=halted))][1] == "2000-02-18"


def test_a_column_is_free_from_the_session_after_its_leg_was_closed():
    put = structure(Leg(False, 1000.0, 1), risk=100.0, budget=0.1, exits=Exits(days=95))

    result = trade(put, put, put, sessions=80)

    assert result.symbols == ("S000", "S000 long put")
    assert len(set(result.traded)) == 1
