"""The smallest capital that keeps up, against curves whose crossing is known."""

from dataclasses import replace

import numpy as np
import pytest

from engine.backtest import Constraints, Request, decided
from engine.execution import FillPolicy
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.buy_and_hold import BuyAndHold, BuyAndHoldParameters
from engine.strategies.equal_weight import EqualWeight, EqualWeightParameters
from engine.viability import BISECTIONS, LARGEST, POINTS, SMALLEST, search, smallest_capital
from tests.engine.ledgers import make_costs
from tests.engine.panels import make_closes, make_panel

GRID_STEP = (LARGEST / SMALLEST) ** (1 / (POINTS - 1))


def found(excess):
    return search(excess, checkpoint=lambda _: None)


def test_the_crossing_is_found_to_a_sixty_fourth_of_a_step():
    """First-order drag of engine.md 7.7: 10 orders a month at 3 are 360 / C a year."""
    told = found(lambda capital: 0.02 - 360.0 / capital)

    assert told.verdict == "number"
    assert 18_000.0 <= told.capital <= 18_000.0 * GRID_STEP ** (1 / 2**BISECTIONS)
    capitals = [capital for capital, _ in told.curve]
    assert capitals == sorted(capitals)
    assert all((excess >= 0.0) == (capital >= 18_000.0) for capital, excess in told.curve)


def test_a_run_that_keeps_up_with_any_capital_always_does():
    told = found(lambda _: 0.0)

    assert (told.verdict, told.capital, len(told.curve)) == ("always", SMALLEST, POINTS)


@pytest.mark.parametrize("excess", [-0.01, None])
def test_a_run_that_fails_with_ten_million_never_does_and_is_asked_once(excess):
    told = found(lambda _: excess)

    assert told.verdict == "never"
    assert told.capital is None
    assert told.curve == ((LARGEST, excess),)


def test_a_capacity_is_the_largest_that_keeps_up_with_its_own_impact():
    """The mirror image: an impact that grows with the root of the capital, and a flat fee."""

    def excess(capital):
        return 0.04 - 3_600.0 / capital - 0.02 * (capital / 1e6) ** 0.5

    told = search(excess, capacity=True, checkpoint=lambda _: None)
    other = search(excess, checkpoint=lambda _: None)

    # 0.02 (C / 1e6)^1/2 = 0.04 less some fee: a little below four million.
    assert (told.verdict, told.capital) == ("never", None)
    assert told.capacity == pytest.approx(3.87e6, rel=0.02)
    assert excess(told.capacity) >= 0.0 > excess(told.capacity * GRID_STEP ** (1 / 32))
    assert (other.capacity, len(other.curve)) == (None, 1)


def test_without_any_excess_there_is_no_capacity():
    told = search(lambda _: -0.1, capacity=True, checkpoint=lambda _: None)

    assert (told.verdict, told.capacity, len(told.curve)) == ("never", None, POINTS)


def test_what_passes_below_a_failure_does_not_count():
    """Shares come whole: an account of 2,000 may be lucky where one of 20,000 is not."""
    told = found(lambda capital: -1.0 if 10_000.0 < capital < 30_000.0 else 1.0)

    assert told.capital == pytest.approx(30_000.0, rel=GRID_STEP ** (1 / 2**BISECTIONS) - 1.0)


def request_of(strategy, **changes):
    given = {
        "strategy": strategy,
        "first_row": 20,
        "last_row": 619,
        "capital": 100_000.0,
        "rebalance": Rebalance.MONTHLY,
        "constraints": Constraints(),
        "costs": make_costs(commission_flat=3.0),
        "fill": FillPolicy.NEXT_OPEN,
        "whole_shares": False,
        "clock": DecisionClock.US_CLOSE,
    }
    return Request(**given | changes)


def capital_of(panel, request):
    chosen = decided(panel, request, lambda *_: None)
    return smallest_capital(panel, chosen, request, checkpoint=lambda _: None)


def test_one_flat_fee_is_made_good_where_the_excess_pays_for_it():
    """One share bought once for a fee of 3 against a benchmark that ends 1 % lower: with capital
    C it holds (C - 3) of the same rise, so C - 3 >= 0.99 C, C >= 300, below the smallest tried.
    With a fee of 300 it takes 30,000."""
    close = make_closes(sessions=620, assets=1)
    bought = close[20] = close[21]  # sized and filled at one price, so that no cash is left
    level = np.full(620, bought[0])
    level[:22], level[-1] = 100.0, 99.0 * close[-1, 0] / bought[0]
    panel = make_panel(close, benchmark=level)
    request = request_of(BuyAndHold(BuyAndHoldParameters()))

    cheap = capital_of(panel, request)
    dear = capital_of(panel, replace(request, costs=make_costs(commission_flat=300.0)))

    assert (cheap.verdict, cheap.capital) == ("always", SMALLEST)
    assert dear.verdict == "number"
    assert 30_000.0 <= dear.capital <= 30_000.0 * GRID_STEP ** (1 / 2**BISECTIONS)


def test_without_a_benchmark_or_a_year_nothing_is_said():
    close = make_closes(sessions=620, assets=2)
    strategy = EqualWeight(EqualWeightParameters())
    nothing = make_panel(close, benchmark=np.full(620, np.nan))

    assert capital_of(nothing, request_of(strategy)).verdict == "unknown"
    assert capital_of(make_panel(close), request_of(strategy, last_row=200)).verdict == "unknown"
