"""What closed positions made of what their first stop put at risk."""

import numpy as np
import pytest

from engine.round_trips import round_trips
from tests.engine.ledgers import make_costs
from tests.engine.signals import FLAT, HALF, buying, make_bars, make_signals, run_signals


def multiples(*rows, signals=None, leave=(), split=None, **changes):
    """Buy on row 0 with a stop at 47, unless said otherwise; return the R of each round trip."""
    decided = {row: make_signals(leave=[0]) for row in leave}
    decided |= {0: signals or buying(floor=47.0)}
    panel = make_bars(*rows, **({} if split is None else {"split": split}))
    ledger = run_signals(panel, decided, **changes)
    trips = round_trips(ledger.books, ledger.orders, ledger.payments, ledger.actions, ledger.risks)
    return trips.profit / trips.risked


def test_a_position_stopped_at_its_stop_lost_what_it_risked():
    assert multiples(FLAT, FLAT, (50, 51, 46, 48), FLAT).tolist() == pytest.approx([-1.0])


def test_a_gap_through_the_stop_loses_more_than_was_risked():
    assert multiples(FLAT, FLAT, (45, 51, 44, 48), FLAT).tolist() == pytest.approx([-5.0 / 3.0])


def test_what_is_left_at_a_gain_is_counted_in_multiples_of_the_first_risk():
    """Half sold at 56, two risks up, and half at the price paid, to which the stop has moved."""
    half = multiples(
        FLAT,
        FLAT,
        (50, 57, 50, 56),
        (56, 56, 49, 50),
        FLAT,
        signals=buying(HALF, floor=47.0),
    )

    assert half.tolist() == pytest.approx([1.0])


def test_every_fee_is_part_of_the_multiple():
    """166 shares risk 498; two orders of 10 take 20 of them."""
    costs = make_costs(commission_flat=10.0)

    assert multiples(FLAT, FLAT, (50, 51, 46, 48), FLAT, costs=costs).tolist() == pytest.approx(
        [-(498.0 + 20.0) / 498.0]
    )


def test_slippage_widens_the_risk_it_is_paid_on():
    """Bought at 50.50: 3.50 to the stop a share, sold at 47 less 1 %."""
    costs = make_costs(slippage_bps=100.0)

    [found] = multiples(FLAT, FLAT, (50, 51, 46, 48), FLAT, costs=costs)

    assert found == pytest.approx((47.0 * 0.99 - 50.5) / 3.5)


def test_a_split_on_the_way_changes_no_multiple():
    split = np.ones((5, 1))
    split[3, 0] = 2.0
    halved = (25.0, 25.0, 25.0, 25.0)

    found = multiples(FLAT, FLAT, FLAT, halved, (25.0, 25.0, 23.0, 24.0), split=split)

    assert found.tolist() == pytest.approx([-1.0])


def test_a_position_without_a_stop_has_no_multiple():
    bars = [FLAT, FLAT, FLAT, (60, 60, 60, 60), FLAT]

    assert np.isnan(multiples(*bars, signals=buying(), leave=[2])).all()
    assert multiples(*bars, leave=[2]).tolist() == pytest.approx([10.0 / 3.0])


def test_what_is_risked_is_of_the_price_the_whole_purchase_paid():
    """Each share moves the price: hundreds cost more than one, and lose more to the same stop."""
    moving = [(price,) * 4 for price in (50.0, 51.0) * 4]
    panel = make_bars(*moving, volume=np.full((8, 1), 5000.0))
    costs = make_costs(impact_coefficient=1.0, max_volume_share=1.0)

    ledger = run_signals(panel, {5: buying(floor=47.0)}, costs=costs)

    [risk] = ledger.risks
    filled, paid = float(ledger.orders.filled[0]), float(ledger.orders.price[0])
    assert paid > 50.1
    assert risk.amount == pytest.approx(filled * (paid - 47.0))
