"""The arithmetic of a plan, by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest

from api.errors import MissingData
from api.services.plan_terms import Fees, Limits
from api.services.rebalance import FIRST_PURCHASE, plan_orders
from engine.costs import MARKET_RULES
from tests.api.rebalancing import share

FREE = Fees(
    commission_flat=Decimal(0),
    slippage_bps=Decimal(0),
    fx_spread_bps=Decimal(0),
)


def american(symbol="AAPL", price="100", held="0", **given):
    return share(symbol, price, held, **{"currency": "USD", "exchange": "XNAS"} | given)


def planned(*assets, cash="10000", fees=None, band="0", turnover=None, limits=None, **weights):
    limits = limits or Limits(
        no_trade_band=Decimal(band), max_turnover=None if turnover is None else Decimal(turnover)
    )
    return plan_orders(
        assets,
        {symbol.replace("_", "."): Decimal(weight) for symbol, weight in weights.items()},
        cash=Decimal(cash),
        fees=fees or Fees(),
        limits=limits,
    )


def line(orders, symbol):
    return next(each for each in orders.lines if each.symbol == symbol)


def test_what_rounding_leaves_buys_what_lies_furthest_below_its_target():
    # Engine.md 4.2's golden: 115, 379 and 17 leave 121.55, which buy a third and then a second.
    assets = share("A", "43.17"), share("B", "7.90"), share("C", "112.40")
    flat = replace(FREE, commission_flat=Decimal(3))
    weights = {"A": "0.5", "B": "0.3", "C": "0.2"}

    plain = planned(*assets, fees=flat, **weights)
    spent = planned(*assets, fees=flat, limits=Limits(residual_pass=True), **weights)

    assert {each.symbol: each.quantity for each in plain.lines} == {"A": 115, "B": 379, "C": 17}
    assert {each.symbol: each.quantity for each in spent.lines} == {"A": 115, "B": 380, "C": 18}
    assert (plain.cash_after, spent.cash_after) == (Decimal("121.55"), Decimal("1.25"))


def test_a_buffer_of_cash_is_left_alone():
    limits = Limits(cash_buffer=Decimal("0.1"))

    orders = planned(share(), fees=FREE, limits=limits, BHP_AX="1")

    assert (orders.lines[0].quantity, orders.lines[0].target_weight) == (450, Decimal("0.9"))
    assert orders.cash_after == Decimal("1000.00")


def test_each_exchange_has_its_half_spread():
    fees = replace(FREE, half_spreads={"XNAS": Decimal(10)}, slippage_bps=Decimal(100))

    orders = planned(share(), american(), fees=fees, BHP_AX="0.5", AAPL="0.4")

    paid = {each.symbol: each.cost / each.value for each in orders.lines}
    assert paid["AAPL"] == pytest.approx(Decimal("0.001"), abs=Decimal("1e-5"))
    assert paid["BHP.AX"] == pytest.approx(Decimal("0.01"), abs=Decimal("1e-5"))


def test_half_of_ten_thousand_in_a_twenty_dollar_share():
    # R = 3 + 0.0005 * 0.5 * (10000 - R) = 5.49863; 0.5 * 9994.50 / 20 = 249.86 shares
    orders = planned(share(), BHP_AX="0.5")

    [bought] = orders.lines
    assert (bought.side, bought.quantity, bought.value) == ("BUY", 249, Decimal("4980.00"))
    assert bought.cost == Decimal("5.49")  # 3.00 + 5 bps of 4,980
    assert (orders.equity, orders.total_costs) == (Decimal("10000.00"), Decimal("5.49"))
    assert orders.cash_after == Decimal("5014.51")
    assert orders.turnover == Decimal("0.498")


def test_a_foreign_share_costs_its_conversion_and_is_worth_its_rate():
    # US$100 at A$1.5: 0.9 * (10000 - R) / 150 with R = 3 + 75 bps of what is bought = 70.03
    orders = planned(american(rate=Decimal("1.5")), AAPL="0.9")

    [bought] = orders.lines
    assert (bought.quantity, bought.value) == (59, Decimal("8850.00"))
    assert bought.cost == Decimal("69.38")  # 3 + 0.0075 * 8850 = 69.375, half to even
    assert bought.price == 100
    assert orders.cash_after == Decimal("1080.62")


def test_what_the_target_lacks_is_sold_whole_and_pays_for_what_it_has():
    orders = planned(
        share("BHP.AX", "20", held="500"),
        share("CBA.AX", "100"),
        cash="0",
        CBA_AX="1",
    )

    assert [(each.symbol, each.side) for each in orders.lines] == [
        ("BHP.AX", "SELL"),
        ("CBA.AX", "BUY"),
    ]
    sold, bought = orders.lines
    assert (sold.quantity, sold.value, sold.cost) == (500, 10000, Decimal("8.00"))
    assert (bought.quantity, bought.cost) == (99, Decimal("7.95"))
    assert orders.cash_after == Decimal("84.05")
    assert orders.turnover == 1  # all was sold; a little less was bought


def test_the_cash_left_is_the_cash_there_was_less_every_line():
    orders = planned(
        share("BHP.AX", "41.37", held="113"),
        american("AAPL", "187.44", held="7", rate=Decimal("1.5331")),
        share("CBA.AX", "118.02"),
        cash="2512.77",
        fees=Fees(commission_bps=Decimal(11)),
        BHP_AX="0.2",
        AAPL="0.5",
        CBA_AX="0.29",
    )

    signed = {"BUY": -1, "SELL": 1, None: 0}
    moved = sum(signed[each.side] * each.value - each.cost for each in orders.lines)
    assert orders.cash_after == Decimal("2512.77") + moved
    assert orders.total_costs == sum(each.cost for each in orders.lines)


def test_a_trade_worth_less_than_the_least_is_not_made():
    # 3 points of 10,000 are A$300, and after fees 14 shares of A$20.
    held = share(held="100")

    left = planned(held, cash="8000", limits=Limits(min_trade=Decimal(301)), BHP_AX="0.23")
    whole = planned(held, cash="8000", limits=Limits(min_trade=Decimal(281)), BHP_AX="0.23")
    traded = planned(held, cash="8000", limits=Limits(min_trade=Decimal(280)), BHP_AX="0.23")

    assert left.lines[0].side is None
    assert left.lines[0].skipped == "a trade of A$300.00 is below the least of A$301"
    assert whole.lines[0].skipped == "a trade of A$280.00 is below the least of A$281"
    assert traded.lines[0].quantity == 14


def test_within_the_band_nothing_is_traded():
    # 100 x 20 of 10,000 is 20 %: 3 points from the target
    held = share(held="100")

    left = planned(held, cash="8000", band="0.031", BHP_AX="0.23")
    traded = planned(held, cash="8000", band="0.03", BHP_AX="0.23")

    assert left.lines[0].side is None
    assert left.lines[0].skipped == "within the no-trade band of 3.10 %"
    assert left.cash_after == 8000
    assert traded.lines[0].quantity == 14  # floor(0.23 * 9996.70 / 20) - 100


def test_a_turnover_cap_goes_part_of_the_way_and_keeps_the_target_in_sight():
    # All of 10,000 from A to B is a turnover of 1; a quarter of it is 125 shares.
    orders = planned(
        share("AAA.AX", "20", held="500"),
        share("BBB.AX", "20"),
        cash="0",
        fees=FREE,
        turnover="0.25",
        BBB_AX="1",
    )

    assert [(each.symbol, each.quantity) for each in orders.lines] == [
        ("AAA.AX", 125),
        ("BBB.AX", 125),
    ]
    assert line(orders, "BBB.AX").target_weight == 1
    assert orders.turnover == Decimal("0.25")


def test_a_sale_that_costs_more_than_it_brings_is_left_out():
    orders = planned(share("PNY.AX", "0.01", held="300"), cash="1000")

    [kept] = orders.lines
    assert kept.side is None
    assert kept.skipped == "selling costs A$3.00 and brings A$3.00"
    assert orders.total_costs == 0


def test_the_minimum_commission_counts():
    orders = planned(share(), fees=replace(FREE, minimum_commission=Decimal("19.95")), BHP_AX="0.5")

    assert orders.total_costs == Decimal("19.95")


def test_a_first_purchase_in_australia_comes_to_500_dollars():
    refused = planned(share(), BHP_AX="0.05")  # 24 x 20 = 480
    more = planned(share(held="1"), BHP_AX="0.05")
    elsewhere = planned(american(price="20"), AAPL="0.05")

    assert refused.lines[0].skipped == "a first purchase there must come to at least AUD 500"
    assert refused.cash_after == 10000
    assert more.lines[0].side == elsewhere.lines[0].side == "BUY"


def test_the_smallest_first_purchases_are_the_engines():
    engine = {name: rules.minimum_parcel for name, rules in MARKET_RULES.items()}

    assert {name: float(least) for name, least in FIRST_PURCHASE.items()} == {
        name: least for name, least in engine.items() if least
    }


def test_cash_that_runs_out_goes_to_what_is_furthest_from_its_target():
    # Nine tenths of a share cannot be sold and keep their 900; the plan counted on them for both.
    orders = planned(
        share("OLD.AX", "1000", held="0.9"),
        share("AAA.AX", "10", held="1"),
        share("BBB.AX", "10", held="1"),
        cash="100",
        fees=FREE,
        AAA_AX="0.4",
        BBB_AX="0.6",
    )

    assert line(orders, "BBB.AX").quantity == 10
    assert line(orders, "AAA.AX").skipped == "there is no cash left for it"
    assert orders.cash_after == 0


def test_an_uncovered_purchase_is_cut_to_what_cash_reaches():
    # Nine tenths of a share cannot be sold and keep their 900; the plan counted on them for CBA.
    orders = planned(
        share("OLD.AX", "1000", held="0.9"),
        share("CBA.AX", "10", held="1"),
        cash="100",
        fees=FREE,
        CBA_AX="1",
    )

    assert line(orders, "OLD.AX").skipped == "the difference is less than one share"
    assert line(orders, "CBA.AX").quantity == 10
    assert orders.cash_after == 0
    assert "CBA.AX: cash reaches for 10 of 100 shares" in orders.warnings


def test_what_has_no_price_or_rate_is_no_line_and_counts_for_nothing():
    orders = planned(
        share("AAA.AX", "20", held="100"),
        share("OLD.AX", price="0", held="7"),
        replace(share("NEW.AX"), price=None),
        american("AAPL", rate=None),
        cash="8000",
        fees=FREE,
        AAA_AX="0.5",
        NEW_AX="0.3",
        AAPL="0.2",
    )

    assert [each.symbol for each in orders.lines] == ["AAA.AX"]
    assert orders.equity == 10000
    assert orders.cash_after == 5000


def test_what_is_delisted_is_neither_bought_nor_sold():
    bought = planned(share("OLD.AX", delisted=True), cash="8000", OLD_AX="1")
    sold = planned(share("OLD.AX", held="100", delisted=True), cash="8000")

    assert (bought.lines[0].side, bought.lines[0].skipped) == (None, "it is no longer listed")
    assert sold.lines[0].side is None
    assert sold.lines[0].skipped == "it is no longer listed; enter what its holders got as a sale"


def test_what_cannot_be_sold_pays_for_no_purchase():
    gone = share("OLD.AX", held="600", delisted=True)

    orders = planned(
        gone, share("B.AX"), share("C.AX"), cash="48000", fees=FREE, B_AX="0.5", C_AX="0.5"
    )

    # Shares are 20 each: of an account of 60,000 only 48,000 can be spent, half on each.
    bought = {line.symbol: line.quantity for line in orders.lines if line.side == "BUY"}
    assert bought == {"B.AX": 1200, "C.AX": 1200}


def test_parts_of_shares_stay_and_are_named():
    orders = planned(share(held="10.5"), cash="8000", fees=FREE)

    assert orders.lines[0].quantity == 10
    assert orders.warnings == ("BHP.AX: 0.5 of a share stay, orders are for whole ones",)
    less = planned(share(held="0.5"), cash="8000", fees=FREE)
    assert less.lines[0].skipped == "the difference is less than one share"


def test_a_short_position_is_bought_back():
    orders = planned(share(held="-50"), cash="11000", fees=FREE)

    assert (orders.equity, orders.lines[0].side, orders.lines[0].quantity) == (10000, "BUY", 50)
    assert orders.cash_after == 10000


def test_buying_back_is_no_first_purchase():
    orders = planned(share(held="-20"), cash="10400", fees=FREE)  # 20 x 20 = 400

    assert (orders.lines[0].side, orders.lines[0].quantity) == ("BUY", 20)


def test_cash_below_zero_is_restored_by_sales():
    orders = planned(share(held="1000"), cash="-10000", fees=FREE, BHP_AX="1")

    assert (orders.lines[0].side, orders.lines[0].quantity) == ("SELL", 500)
    assert orders.cash_after == 0


def test_nothing_is_sold_to_pay_for_what_the_band_keeps():
    # AAA is 140 % of the account and stays; there is less than no cash for BBB.
    orders = planned(
        share("AAA.AX", "20", held="700"),
        share("BBB.AX", "20", held="50"),
        cash="-5000",
        fees=FREE,
        band="0.41",
        AAA_AX="1",
        BBB_AX="0.6",
    )

    assert [each.side for each in orders.lines] == [None, None]
    assert line(orders, "BBB.AX").skipped == "what is left alone elsewhere leaves no cash for it"
    assert orders.cash_after == -5000


@pytest.mark.parametrize(("cash", "held"), [("0", "0"), ("-2000", "100"), ("-2000.01", "100")])
def test_an_account_worth_nothing_has_no_plan(cash, held):
    with pytest.raises(MissingData, match="record the deposits"):
        planned(share(held=held), cash=cash, BHP_AX="1")


def test_weights_above_one_by_a_bit_of_a_float_are_scaled():
    orders = planned(share(), fees=FREE, BHP_AX="1.0000000000000002")

    assert (orders.lines[0].quantity, orders.cash_after) == (500, 0)
