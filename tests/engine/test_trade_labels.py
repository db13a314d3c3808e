from dataclasses import replace

import numpy as np
import pytest

from engine.costs import CostModel
from engine.panel import NEVER
from engine.trade_labels import Barriers, Trade, follow, labelled, round_trip, widths
from tests.engine.panels import make_closes, make_panel

NAN = np.nan
BARRIERS = Barriers(gain=2.0, loss=1.0, horizon=3)
ROW = 10  # of the decision


def make_market(path, *, opens=None, **changes):
    """Return a panel of two assets, the second of which follows `path` behind the decision."""
    close = np.full((ROW + 1 + len(path), 2), 100.0)
    close[ROW + 1 :, 1] = path
    values = {"open": close.copy()}
    if opens is not None:
        values["open"][ROW + 1 :, 1] = opens
    return make_panel(close, **{**values, **changes})


def make_trade(panel, **changes):
    values = {
        "day": int(panel.session[ROW]),
        "asset_id": 2,
        "short": False,
        "features": (0.0,),
        "width": 0.05,
        "cost": 0.001,
        "probability": NAN,
    }
    return Trade(**{**values, **changes})


def see(panel, row=None):
    row = len(panel.session) - 1 if row is None else row
    return panel.window(row, row + 1, NEVER - 1)


def ended(panel, *, clock=100, row=None, **changes):
    [trade] = follow([make_trade(panel, **changes)], see(panel, row), BARRIERS, clock=clock)
    return trade


def test_a_trade_is_filled_at_the_next_open_and_ends_at_its_barrier():
    """From an open of 98 a gain of 10 % is reached at 107.8, on the second bar."""
    trade = ended(make_market([99.0, 108.0, 90.0], opens=[98.0, 99.0, 108.0]))

    assert (trade.outcome.won, trade.outcome.gain, trade.outcome.bars) == (True, 0.10, 1)
    # The window's last row is session 100.
    assert (trade.start, trade.end) == (98, 99)


def test_without_an_open_the_fill_is_the_close_and_its_own_bar_is_over():
    path, opens = [100.0, 101.0, 100.5, 102.0], [NAN, 100.0, 100.0, 100.0]
    low = np.full((ROW + 5, 2), 100.0)
    low[ROW + 1, 1] = 80.0

    after = ended(make_market(path, opens=opens, low=low))
    within = ended(make_market(path, opens=[100.0, *opens[1:]], low=low))

    assert (after.outcome.won, after.outcome.bars) == (True, 3)
    assert (within.outcome.won, within.outcome.bars) == (False, 0)


def test_nothing_ends_before_its_bars_are_there():
    panel = make_market([101.0, 102.0, 101.0, 103.0])

    outcomes = [ended(panel, row=ROW + k).outcome for k in range(5)]

    assert [outcome is None for outcome in outcomes] == [True, True, True, True, False]
    assert outcomes[-1].gain == pytest.approx(103.0 / 101.0 - 1.0)


def test_an_asset_that_does_not_trade_for_five_sessions_makes_no_trade():
    halted = make_market([NAN] * 5)

    assert [ended(halted, row=ROW + k).void for k in (4, 5)] == [False, True]
    assert not ended(make_market([NAN, NAN, NAN, NAN, 100.0])).void


def test_a_split_and_a_currency_move_no_barrier():
    """Halved at a split of two, and quoted in a currency that is worth the same all along."""
    path = np.array([101.0, 102.0, 101.0, 103.0])
    plain = make_market(path)
    halved, factor = np.array(plain.close), np.ones_like(plain.close)
    halved[ROW + 3 :, 1] /= 2.0
    factor[ROW + 3 :, 1] = 2.0

    split = make_panel(halved, tr_factor=factor)

    assert ended(split).outcome == ended(plain).outcome


@pytest.mark.parametrize("width", [NAN, 0.0])
def test_a_trade_whose_volatility_is_unknown_teaches_nothing(width):
    assert ended(make_market([101.0] * 4), width=width).void


def test_a_trade_out_of_sight_teaches_nothing():
    panel = make_market([101.0] * 4)
    window = panel.window(ROW + 4, 3, NEVER - 1)

    [trade] = follow([make_trade(panel)], window, BARRIERS, clock=5)

    assert trade.void


def test_what_is_learnt_is_in_order_of_time_whatever_the_order_of_decisions():
    won = ended(make_market([99.0, 120.0]))
    trades = [
        replace(won, asset_id=number, start=start) for number, start in [(9, 5), (3, 7), (4, 5)]
    ]
    trades.append(replace(won, outcome=None))

    known = labelled([replace(trade, features=(float(trade.asset_id),)) for trade in trades])

    assert known.features[:, 0].tolist() == [4.0, 9.0, 3.0]
    assert known.start.tolist() == [5, 5, 7]


def test_widths_grow_with_the_root_of_the_horizon_and_forget_what_is_old():
    close = make_closes(sessions=300, assets=2)
    close[:150, 1] = 100.0 * (1.0 + 0.2 * (np.arange(150) % 2))  # wild, long ago
    window = see(make_panel(close))

    one, four = widths(window, 1), widths(window, 4)

    np.testing.assert_allclose(four, 2.0 * one, rtol=1e-12)
    # Of the wild half alone it would be 0.2, of both alike 0.14.
    assert 0.01 < one[0] < 0.02
    assert one[1] < 0.03


def test_a_round_trip_costs_fees_slippage_and_conversion_both_ways():
    """A least fee of 10 on 1,000, then 5 bps of 100,000, then nothing traded and so no fee."""
    costs = CostModel(
        commission_flat=0.0,
        commission_bps=5.0,
        minimum_commission=10.0,
        fx_spread_bps=70.0,
    )

    taken = round_trip(
        costs,
        np.array([1_000.0, 100_000.0, 0.0]),
        foreign=np.array([False, True, False]),
        slippage_bps=np.array([4.0, 34.0, 4.0]),
    )

    assert taken == pytest.approx([2 * 104e-4, 2 * 109e-4, 2 * 4e-4])


def test_what_stays_abroad_is_not_converted():
    costs = CostModel(commission_flat=0.0, fx_spread_bps=70.0, fx_mode="HOLD_USD")

    taken = round_trip(
        costs, np.array([100.0]), foreign=np.array([True]), slippage_bps=np.array([4.0])
    )

    assert taken == pytest.approx([2 * 4e-4])
