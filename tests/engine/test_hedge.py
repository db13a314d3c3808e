"""The hedged counterfactual of 1.2: no exchange rate moved, and cash rates made the difference."""

import numpy as np
import pytest

from engine.hedge import hedged_curve
from engine.report import Result
from tests.engine.ledgers import make_costs
from tests.engine.panels import make_panel
from tests.engine.test_backtest import backtest

N = 40
HOME, ABROAD = 0.0002, 0.0005  # a session


def make_market(rates=None, **changes):
    """Return an American share that stands still while the dollar moves, in Australian dollars."""
    rate = 1.4 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.0, 0.01, N)))
    values = {
        "currencies": ("AUD", "USD"),
        "currency": [1],
        "fx": np.column_stack([np.ones(N), rate]),
        "fx_known_at": np.zeros((N, 2)),
        "cash_returns": np.tile([HOME, ABROAD], (N, 1)) if rates is None else rates,
    }
    return make_panel(np.full((N, 1), 50.0), **{**values, **changes})


def ran(panel, **changes) -> Result:
    return backtest(panel, [1.0], whole_shares=False, costs=make_costs(), **changes)


def test_a_share_that_stands_still_earns_the_difference_of_the_rates():
    """All is held in US dollars: each session 0.02 % is earned at home and 0.05 % given away."""
    result = ran(make_market())

    held = np.abs(np.diff(result.equity)) > 0.0
    first = int(np.argmax(held))
    gained = result.hedged[1:] / result.hedged[:-1] - 1.0
    np.testing.assert_allclose(gained[first + 1 :], HOME - ABROAD, rtol=1e-4)
    np.testing.assert_allclose(result.local[first + 1 :] / result.local[first], 1.0, atol=1e-9)
    assert np.abs(result.equity[-1] / result.equity[0] - 1.0) > 0.001


def test_equal_rates_leave_the_local_curve():
    result = ran(make_market(np.full((N, 2), HOME)))

    np.testing.assert_allclose(result.hedged, result.local, rtol=1e-15)


def test_cash_that_stays_abroad_is_hedged_too():
    kept = ran(make_market(dividend=np.where(np.arange(N)[:, None] == 10, 5.0, 0.0)))
    carried = make_costs(fx_mode="HOLD_USD")
    abroad = backtest(
        make_market(dividend=np.where(np.arange(N)[:, None] == 10, 5.0, 0.0)),
        [1.0],
        whole_shares=False,
        costs=carried,
    )

    at = int(np.searchsorted(abroad.session, make_market().session[15]))  # before it is reinvested
    assert abroad.books.abroad[at, 1] > 0.07 * abroad.equity[at]
    gained = abroad.hedged[at + 1] / abroad.hedged[at] - 1.0
    assert gained == pytest.approx(HOME - ABROAD, rel=1e-3)
    # Converted, the dividend is cash at home, which needs no hedge.
    at_home = kept.hedged[at + 1] / kept.hedged[at] - 1.0
    share = kept.books.value[at].sum() / kept.equity[at]
    assert share < 0.95
    assert at_home == pytest.approx((HOME - ABROAD) * share, rel=1e-6)


@pytest.mark.parametrize("column", [0, 1])
def test_a_rate_that_is_needed_and_not_known_leaves_no_curve(column):
    rates = np.tile([HOME, ABROAD], (N, 1))
    rates[30, column] = np.nan

    assert ran(make_market(rates)).hedged is None
    assert ran(make_market(cash_returns=None)).hedged is None


def test_a_rate_that_nothing_needs_is_not_missed():
    rates = np.tile([HOME, np.nan], (N, 1))

    idle = backtest(make_market(rates), [0.0])

    np.testing.assert_array_equal(idle.hedged, idle.local)
    books = idle.books
    assert hedged_curve(make_market(np.full((N, 2), np.nan)), books).tolist() == [100_000.0] * len(
        books.row
    )
