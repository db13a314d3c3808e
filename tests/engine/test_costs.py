import numpy as np
import pytest

from engine.costs import CashRateBasis, CostModel, FxMode, asset_rules, impact_bps, quote_on_tick
from engine.errors import InvalidParameters


@pytest.mark.parametrize(
    ("terms", "charged"),
    [
        ({"commission_flat": 3.0}, [0.0, 3.0, 3.0]),
        ({"commission_flat": 0.0, "commission_bps": 10.0}, [0.0, 1.0, 50.0]),
        ({"commission_flat": 1.0, "commission_bps": 10.0, "minimum_commission": 5.0}, [0, 5, 51]),
    ],
)
def test_commission_is_the_larger_of_minimum_and_flat_plus_bps(terms, charged):
    notional = np.array([0.0, 1_000.0, 50_000.0])

    commission = CostModel(**terms).commission(notional)

    np.testing.assert_allclose(commission, charged, rtol=1e-15)


def test_the_defaults_are_those_of_the_contract():
    assert CostModel() == CostModel(
        commission_flat=3.0,
        commission_bps=0.0,
        minimum_commission=0.0,
        slippage_bps=5.0,
        impact_coefficient=0.0,
        fx_spread_bps=70.0,
        fx_mode=FxMode.CONVERT_EACH,
        max_volume_share=0.02,
        max_carry=3,
        cash_rate=0.0,
        cash_rate_basis=CashRateBasis.FIXED,
        cash_margin_bps=0.0,
        borrow_spread_bps=150.0,
        half_spread_us_bps=None,
        half_spread_au_bps=None,
        half_spread_crypto_bps=None,
        delist_return=-0.3,
        cash_buffer=0.0,
        residual_pass=False,
    )


def test_each_market_has_its_half_spread_or_the_slippage_of_all():
    costs = CostModel(slippage_bps=5.0, half_spread_au_bps=12.0, half_spread_crypto_bps=0.0)

    paid = costs.half_spread(("XNYS", "XASX", "XTKS", "24/7"))

    assert paid.tolist() == [5.0, 12.0, 5.0, 0.0]


def test_converting_ten_thousand_at_sixty_basis_points_costs_sixty():
    # Golden of engine.md 4.5; the spread is charged whole, and on foreign amounts only.
    amounts, foreign = np.array([10_000.0, 10_000.0]), np.array([True, False])

    cost = CostModel(fx_spread_bps=60.0).conversion(amounts, foreign)

    np.testing.assert_allclose(cost, [60.0, 0.0], rtol=1e-15)


def test_a_gross_run_pays_nothing_and_keeps_its_other_terms():
    costs = CostModel(
        commission_bps=5.0, impact_coefficient=1.0, cash_rate=0.04, half_spread_us_bps=9.0
    )

    free = costs.without_costs()

    amounts = np.array([1e6])
    assert free.commission(amounts) == 0.0
    assert free.conversion(amounts, np.array([True])) == 0.0
    assert (free.slippage_bps, free.impact_coefficient) == (0.0, 0.0)
    assert free.half_spread(("XNYS", "XASX")).tolist() == [0.0, 0.0]
    assert (free.max_volume_share, free.cash_rate) == (0.02, 0.04)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commission_flat", -1.0),
        ("commission_bps", float("nan")),
        ("cash_rate", float("inf")),
        ("cash_rate_basis", "FLOATING"),
        ("cash_margin_bps", -1.0),
        ("borrow_spread_bps", float("nan")),
        ("max_volume_share", 0.0),
        ("max_volume_share", 1.5),
        ("slippage_bps", 10_000.0),
        ("fx_spread_bps", 20_000.0),
        ("half_spread_us_bps", -1.0),
        ("half_spread_au_bps", 10_000.0),
        ("half_spread_crypto_bps", float("nan")),
        ("delist_return", 0.1),
        ("delist_return", -1.1),
        ("cash_buffer", 0.51),
        ("max_carry", -1),
        ("max_carry", 21),
        ("fx_mode", "KEEP"),
        ("cash_buffer", float("nan")),
    ],
)
def test_a_cost_that_cannot_be_is_refused_by_name(name, value):
    with pytest.raises(InvalidParameters, match=f"{name} was"):
        CostModel(**{name: value})


def test_one_percent_of_volume_at_two_percent_volatility_moves_twenty_basis_points():
    # Golden of engine.md 4.3.
    assert impact_bps(1.0, np.array([0.02]), np.array([0.01])) == pytest.approx(20.0, rel=1e-12)


@pytest.mark.parametrize(
    ("market", "price", "bought", "sold"),
    [
        ("XASX", 0.0614, 0.062, 0.061),
        ("XASX", 1.003, 1.005, 1.0),
        ("XASX", 43.1716, 43.18, 43.17),
        ("XASX", 43.17, 43.17, 43.17),
        ("XNYS", 0.12341, 0.1235, 0.1234),
        ("XNYS", 100.051, 100.06, 100.05),
        ("XTKS", 100.0512, 100.0512, 100.0512),
        ("XASX", 0.0004, 0.001, 0.0004),
    ],
)
def test_prices_round_to_the_tick_against_the_trader(market, price, bought, sold):
    rules = asset_rules((market,), np.array([0, 0]))

    quoted = quote_on_tick(
        np.array([price, price]),
        buys=np.array([True, False]),
        limits=rules.tick_limits,
        per_unit=rules.ticks_per_unit,
    )

    assert quoted.tolist() == [bought, sold]


def test_each_asset_gets_the_rules_of_its_market():
    rules = asset_rules(("XNYS", "XASX", "XTKS"), np.array([1, 0, 2]))

    assert rules.minimum_parcel.tolist() == [500.0, 0.0, 0.0]
    assert rules.withholding.tolist() == [0.0, 0.15, 0.0]
