import numpy as np
import pytest

from engine.execution import FillPolicy
from tests.engine.ledgers import entries, flat, make_costs, make_ledger
from tests.engine.panels import make_panel
from tests.engine.test_execution import make_two_markets


def test_volume_lets_an_order_through_in_parts_and_the_rest_is_carried():
    # Golden of engine.md 4.4: 1,000 shares at 5 % of 8,000, 9,000 and 10,000.
    volume = np.array([[1e6], [8_000.0], [9_000.0], [10_000.0], [1e6]])
    panel = make_panel(flat([1.0], 5), volume=volume)

    ledger = make_ledger(
        panel, {0: [1.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.05)
    )

    assert entries(ledger.orders, "row", "quantity", "filled", "reason") == [
        (1, 1_000.0, 400.0, "partial_volume"),
        (2, 600.0, 450.0, "partial_volume"),
        (3, 150.0, 150.0, "filled"),
    ]


def test_a_carried_order_ends_after_three_more_sessions():
    panel = make_panel(flat([1.0], 8), volume=np.full((8, 1), 1_000.0))

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.1))

    assert entries(ledger.orders, "row", "quantity", "filled", "reason") == [
        (1, 1_000.0, 100.0, "partial_volume"),
        (2, 900.0, 100.0, "partial_volume"),
        (3, 800.0, 100.0, "partial_volume"),
        (4, 700.0, 100.0, "partial_volume"),
        (4, 600.0, 0.0, "cancelled_expired"),
    ]


@pytest.mark.parametrize("carry", [0, 1, 5])
def test_the_rest_of_an_order_goes_on_for_as_many_sessions_as_it_may(carry):
    panel = make_panel(flat([1.0], 9), volume=np.full((9, 1), 1_000.0))
    costs = make_costs(max_volume_share=0.1, max_carry=carry)

    orders = make_ledger(panel, {0: [1.0]}, capital=1_000.0, costs=costs).orders

    assert orders.filled.tolist() == [100.0] * (carry + 1) + [0.0]
    assert orders.reason[-1] == "cancelled_expired"


def test_the_next_decision_replaces_what_is_still_carried():
    panel = make_panel(flat([1.0], 6), volume=np.full((6, 1), 1_000.0))

    ledger = make_ledger(
        panel, {0: [1.0], 2: [0.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.1)
    )

    assert entries(ledger.orders, "row", "decision", "side", "quantity", "filled", "reason") == [
        (1, 0, 1, 1_000.0, 100.0, "partial_volume"),
        (2, 0, 1, 900.0, 100.0, "partial_volume"),
        (2, 0, 1, 800.0, 0.0, "cancelled_superseded"),
        (3, 2, -1, 200.0, 100.0, "partial_volume"),
        (4, 2, -1, 100.0, 100.0, "filled"),
    ]


def test_orders_of_two_decisions_share_the_volume_of_the_session_both_fill_in():
    """At the close of a decision what it replaces has traded a moment before."""
    panel = make_panel(flat([1.0], 4), volume=np.full((4, 1), 1_000.0))

    orders = make_ledger(
        panel,
        {1: [1.0], 2: [0.0]},
        capital=1_000.0,
        costs=make_costs(max_volume_share=0.1),
        fill=FillPolicy.DECISION_CLOSE,
    ).orders

    assert entries(orders, "row", "decision", "side", "filled") == [
        (1, 1, 1, 100.0),
        (2, 1, 1, 100.0),
        (2, 1, 1, 0.0),
        (2, 2, -1, 0.0),
        (3, 2, -1, 100.0),
        (3, 2, -1, 0.0),
    ]
    assert orders.reason[-1] == "cancelled_run_ended"


def test_a_run_that_ends_first_cancels_what_is_left():
    panel = make_panel(flat([1.0], 3), volume=np.full((3, 1), 1_000.0))

    ledger = make_ledger(panel, {0: [1.0]}, capital=1_000.0, costs=make_costs(max_volume_share=0.1))

    assert entries(ledger.orders, "row", "quantity", "reason")[-1] == (
        2,
        800.0,
        "cancelled_run_ended",
    )


def test_an_asset_that_does_not_trade_is_not_bought():
    close = flat([10.0, 10.0], 9)
    close[2:, 1] = np.nan
    panel = make_panel(close)

    ledger = make_ledger(panel, {1: [0.5, 0.5]})

    assert entries(ledger.orders, "row", "asset", "filled", "reason") == [
        (2, 0, 500.0, "filled"),
        (6, 1, 0.0, "cancelled_no_fill"),
    ]


def test_a_halted_position_is_kept_and_valued_at_its_last_mark():
    close = flat([10.0, 10.0], 9)
    close[2:, 1] = np.nan
    panel = make_panel(close)

    ledger = make_ledger(panel, {0: [0.0, 1.0], 2: [1.0, 0.0]})

    assert entries(ledger.orders, "row", "asset", "side", "filled", "reason") == [
        (1, 1, 1, 1_000.0, "filled"),
        (3, 0, 1, 0.0, "cancelled_no_cash"),
        (7, 1, -1, 0.0, "cancelled_no_fill"),
    ]
    assert ledger.books.equity[-1] == 10_000.0
    assert "stale_price" not in ledger.flags


def test_a_position_valued_at_one_mark_for_sixty_sessions_is_flagged():
    close = flat([10.0], 70)
    close[3:] = np.nan

    ledger = make_ledger(make_panel(close), {0: [1.0]})

    assert ledger.books.stale_sessions == 67
    assert "stale_price" in ledger.flags


def test_slippage_moves_the_price_against_the_trader_and_is_booked():
    panel = make_panel(flat([20.0], 5), flags=("vendor_adjusted",))

    ledger = make_ledger(
        panel, {0: [1.0], 2: [0.0]}, capital=10_000.0, costs=make_costs(slippage_bps=50.0)
    )

    # 10,000 / 20.10 = 497.5 shares.
    assert entries(ledger.orders, "filled", "price") == [
        (497.0, pytest.approx(20.10)),
        (497.0, pytest.approx(19.90)),
    ]
    assert ledger.orders.slippage.tolist() == pytest.approx([49.70, 49.70])
    assert ledger.books.costs.sum() == pytest.approx(-99.40)
    assert ledger.books.equity[-1] == pytest.approx(9_900.60)


def test_each_market_s_shares_are_traded_at_its_half_spread():
    # New York at 1 bp of US$50, which is half a cent and so a tick; Sydney at 20 bps of A$25.
    panel = make_two_markets(np.tile([50.0, 25.0], (5, 1)))
    costs = make_costs(slippage_bps=80.0, half_spread_us_bps=1.0, half_spread_au_bps=20.0)

    ledger = make_ledger(panel, {0: [0.5, 0.5], 2: [0.0, 0.0]}, costs=costs)

    prices = {(asset, side): price for asset, side, price in traded(ledger)}
    assert prices == pytest.approx(
        {(0, 1): 50.01, (1, 1): 25.05, (0, -1): 49.99, (1, -1): 24.95}, abs=1e-9
    )


def traded(ledger):
    return entries(ledger.orders, "asset", "side", "price")


def test_raw_prices_slip_onto_the_tick_adjusted_prices_do_not():
    raw = make_panel(flat([20.03], 3))
    adjusted = make_panel(flat([20.03], 3), flags=("vendor_adjusted",))

    prices = [
        make_ledger(panel, {0: [1.0]}, costs=make_costs(slippage_bps=5.0)).orders.price[0]
        for panel in (raw, adjusted)
    ]

    assert prices == [20.05, pytest.approx(20.040015)]


def test_impact_follows_the_square_root_of_the_share_of_volume():
    # Returns alternate +-2 %: sigma 2 % but for ddof; the order is 1 % of average turnover.
    steps = np.tile([1.02, 1.0 / 1.02], 11)
    close = 10.0 * np.cumprod(np.concatenate([[1.0], steps]))[:, None]
    volume = 10_000.0 / close
    panel = make_panel(close, volume=volume, flags=("vendor_adjusted",))
    sigma = np.std(close[2:22, 0] / close[1:21, 0] - 1.0, ddof=1)

    ledger = make_ledger(
        panel, {21: [1.0]}, capital=10_000.0, costs=make_costs(impact_coefficient=1.0)
    )

    order = ledger.orders
    share = order.filled[0] * order.reference[0] / 10_000.0
    assert order.price[0] / order.reference[0] - 1.0 == pytest.approx(sigma * share**0.5)


def test_an_asset_nobody_traded_before_is_rejected_once_impact_counts():
    volume = np.array([[0.0], [0.0], [0.0], [100.0], [100.0]])
    panel = make_panel(flat([10.0], 5), volume=volume, tradable=volume > 0)

    ledger = make_ledger(panel, {0: [1.0]}, costs=make_costs(impact_coefficient=1.0))

    assert ledger.orders.reason == ("cancelled_no_volume",)


def test_a_share_of_two_sessions_is_rejected_once_impact_counts():
    """Neither its volatility nor, on the first day, its volume is known: that is not no impact."""
    close = np.array([[np.nan], [10.0], [10.0], [10.5], [10.0], [10.2]])
    costs = make_costs(impact_coefficient=1.0)

    young = make_ledger(make_panel(close), {1: [1.0], 2: [1.0], 3: [1.0]}, costs=costs)
    free = make_ledger(make_panel(close), {1: [1.0]}, costs=make_costs())

    # A standard deviation takes two returns: three bars.
    assert entries(young.orders, "row", "reason")[:3] == [
        (2, "cancelled_no_volume"),
        (3, "cancelled_no_volume"),
        (4, "filled"),
    ]
    assert free.orders.reason == ("filled",)


def test_unknown_volume_skips_the_volume_rules_and_flags_the_run():
    panel = make_panel(flat([10.0]), volume=np.full((4, 1), np.nan))

    ledger = make_ledger(
        panel, {0: [1.0]}, costs=make_costs(impact_coefficient=1.0, max_volume_share=0.01)
    )

    assert ledger.orders.filled.tolist() == [1_000.0]
    assert ledger.flags == ("volume_unknown",)


def test_a_missing_open_is_bought_at_the_close_and_flagged():
    close = np.array([[10.0], [12.0], [12.0]])
    panel = make_panel(close, open=np.full((3, 1), np.nan))

    ledger = make_ledger(panel, {0: [0.5]})

    assert ledger.orders.price.tolist() == [12.0]
    assert ledger.flags == ("open_unknown",)
