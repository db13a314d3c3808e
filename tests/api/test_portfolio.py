"""Values, gains and returns of books that were worked out by hand."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from models.trade import Side
from tests.api.books import PARTS, SUMS, deposit, fix_rates, january, list_share, look, trade
from tests.factories import make_delisting, make_dividend, make_split


async def test_a_share_bought_with_a_deposit(ask, sessions):
    """10,000 in; 100 at 10 and 3 of commission; it closes at 10.50, then at 11."""
    number = await list_share(sessions, "A.AX", {january(3): 10.5, january(4): 11.0})
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "A.AX", number, 100, 10, january(3), commission=Decimal(3))

    told = await look(ask, f"{SUMS} timeWeightedReturn missingPrices", valid_at=january(4))

    assert told == {
        "totalValue": "10097.00",
        "cash": "8997.00",
        "invested": "1100.00",
        "realisedPnl": "0.00",
        "unrealisedPnl": "97.00",
        "netDeposits": "10000.00",
        "dividends": "0.00",
        "timeWeightedReturn": pytest.approx(0.0097, abs=1e-12),
        "missingPrices": [],
    }


async def test_each_day_is_worth_its_own_close(ask, sessions):
    number = await list_share(sessions, "A.AX", {january(3): 10.5, january(5): 11.0})
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "A.AX", number, 100, 10, january(3), commission=Decimal(3))
    await deposit(sessions, january(4), "500")

    curve = await look(ask, "equity { dates strategy pointCount }", valid_at=january(6))

    assert curve["equity"] == {
        "dates": ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06"],
        "strategy": pytest.approx([10_000, 10_047, 10_547, 10_597, 10_597], abs=1e-9),
        "pointCount": 5,
    }


@pytest.mark.parametrize("closed", [True, False])
async def test_golden_of_asset_currency_and_interaction(ask, sessions, closed):
    """100 shares, US$50 to 52, AUDUSD 0.66 to 0.64: A$549.242424, held or sold."""
    rates = {january(3): 0.66, january(10): 0.64}
    number = await list_share(sessions, "U", {january(3): 50.0, january(10): 52.0})
    await fix_rates(sessions, rates)
    left = ("52", january(10), str(Decimal(1) / Decimal("0.64"))) if closed else None
    fx = str(round(Decimal(1) / Decimal("0.66"), 18))
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "U", number, 100, 50, january(3), fx=fx, left=left)

    told = await look(ask, f"{SUMS} {PARTS}", valid_at=january(10))

    assert (told["assetGain"], told["currencyGain"], told["interactionGain"]) == (
        "303.03", "236.74", "9.47",
    )  # fmt: skip
    gain = {True: told["realisedPnl"], False: told["unrealisedPnl"]}
    assert (gain[closed], gain[not closed]) == ("549.24", "0.00")
    assert told["totalValue"] == "10549.24"


async def test_a_short_sale_in_us_dollars(ask, sessions):
    """10 sold at US$100 with A$1.25 a dollar; US$90 and A$1.3333 later; 3 US dollars of commission.

    Asset 10 x 10 x 1.25 = 125; currency -1000 x 0.083333 = -83.33; both 10 x 10 x 0.083333 = 8.33.
    """
    number = await list_share(sessions, "U", {january(3): 100.0, january(4): 90.0})
    await fix_rates(sessions, {january(3): 0.8, january(4): 0.75})
    await deposit(sessions, january(2), "5000")
    short = {"side": Side.SELL, "fx": "1.25", "commission": Decimal(3)}
    await trade(sessions, "U", number, 10, 100, january(3), **short)

    told = await look(
        ask,
        f"{SUMS} {PARTS} positions {{ quantity averagePrice value weight unrealisedPnl assetReturn"
        " currencyReturn }",
        valid_at=january(4),
    )

    [position] = told["positions"]
    assert position == {
        "quantity": "-10",
        "averagePrice": "100",
        "value": "-1200.00",
        "weight": pytest.approx(-1200 / 5046.25),
        "unrealisedPnl": "46.25",
        "assetReturn": pytest.approx(0.1),
        "currencyReturn": pytest.approx(-0.0666666667),
    }
    assert (told["cash"], told["totalValue"]) == ("6246.25", "5046.25")
    assert [told[name] for name in PARTS.split()] == ["125.00", "-83.33", "8.33", "3.75"]


async def test_a_split_makes_more_shares_of_the_same_worth(ask, sessions):
    """100 at 10 become 200 on the 5th, when no bar shows it yet; 5.50 is the next close."""
    split = partial(make_split, ex_date=january(5), ratio=2.0)
    closes = {january(3): 10.0, january(4): 11.0, january(8): 5.5}
    number = await list_share(sessions, "A.AX", closes, actions=[split])
    await deposit(sessions, january(2), "1000")
    await trade(sessions, "A.AX", number, 100, 10, january(3))

    before = await look(ask, "positions { quantity averagePrice value }", valid_at=january(4))
    between = await look(ask, "positions { quantity lastPrice value }", valid_at=january(5))
    after = await look(
        ask,
        "positions { quantity averagePrice value unrealisedPnl } equity { strategy }",
        valid_at=january(8),
    )

    assert before["positions"] == [{"quantity": "100", "averagePrice": "10", "value": "1100.00"}]
    assert between["positions"] == [{"quantity": "200", "lastPrice": "5.5", "value": "1100.00"}]
    assert after["positions"] == [
        {"quantity": "200", "averagePrice": "5", "value": "1100.00", "unrealisedPnl": "100.00"}
    ]
    assert after["equity"]["strategy"] == pytest.approx([1000, 1000, 1100, 1100, 1100])


async def test_the_end_of_a_listing_is_no_split_and_no_dividend(ask, sessions):
    """The last price stands with its day: what came for the shares is the owner's to enter."""
    successor = await list_share(sessions, "B.AX", {january(4): 30.0})
    ended = partial(make_delisting, ex_date=january(5), ratio=0.5, cash=2.0, successor_id=successor)
    closes = {january(3): 10.0, january(4): 11.0}
    number = await list_share(sessions, "A.AX", closes, actions=[ended])
    await deposit(sessions, january(2), "1000")
    await trade(sessions, "A.AX", number, "100", "10", january(3))

    told = await look(
        ask,
        f"{SUMS} positions {{ symbol quantity lastPrice lastPriceDate }}",
        valid_at=january(8),
    )

    assert told["positions"] == [
        {"symbol": "A.AX", "quantity": "100", "lastPrice": "11", "lastPriceDate": "2024-01-04"}
    ]
    assert (told["totalValue"], told["cash"], told["dividends"]) == ("1100.00", "0.00", "0.00")


async def test_shares_bought_on_the_day_of_a_split_are_not_split(ask, sessions):
    split = partial(make_split, ex_date=january(5), ratio=2.0)
    number = await list_share(
        sessions, "A.AX", {january(4): 11.0, january(5): 5.5}, actions=[split]
    )
    await trade(sessions, "A.AX", number, 10, "5.5", january(5))

    told = await look(ask, "positions { quantity value } equity { strategy }", valid_at=january(5))

    assert told["positions"] == [{"quantity": "10", "value": "55.00"}]
    assert told["equity"]["strategy"] == pytest.approx([0.0])


async def test_closes_that_were_adjusted_by_their_source_know_no_splits(ask, sessions):
    split = partial(make_split, ex_date=january(4), ratio=2.0)
    closes = {january(3): 10.0, january(4): 11.0}
    number = await list_share(sessions, "A.AX", closes, actions=[split], fields=["adjusted_close"])
    await trade(sessions, "A.AX", number, 10, 10, january(3))

    told = await look(ask, "positions { quantity }", valid_at=january(4))

    assert told["positions"] == [{"quantity": "10"}]


async def test_a_dividend_is_of_who_held_the_day_before(ask, sessions):
    """0.50 US dollars at A$1.25 on 100 shares; what came that day has none, a short one pays."""
    dividend = partial(make_dividend, ex_date=january(5), cash=0.5)
    closes = {january(3): 10.0, january(4): 10.0, january(5): 10.0}
    number = await list_share(sessions, "U", closes, actions=[dividend])
    await fix_rates(sessions, {january(3): 0.8})
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "U", number, 100, 10, january(3), fx="1.25")
    await trade(sessions, "U", number, 7, 10, january(5), fx="1.25")
    await trade(sessions, "U", number, 20, 10, january(4), fx="1.25", side=Side.SELL)
    sold = ("10", january(5), "1.25")
    await trade(sessions, "U", number, 40, 10, january(3), fx="1.25", left=sold)

    told = await look(ask, f"{SUMS} positions {{ dividends }}", valid_at=january(5))
    earlier = await look(ask, "dividends totalValue", valid_at=january(4))

    # (100 - 20 + 40) x 0.50 x 1.25
    assert (told["dividends"], told["totalValue"]) == ("75.00", "10075.00")
    assert [each["dividends"] for each in told["positions"]] == ["75.00", "75.00"]
    assert (told["realisedPnl"], told["unrealisedPnl"]) == ("0.00", "0.00")
    assert earlier == {"dividends": "0.00", "totalValue": "10000.00"}


async def test_a_dividend_after_a_split_is_of_the_shares_that_trade_then(ask, sessions):
    actions = [
        partial(make_split, ex_date=january(4), ratio=3.0),
        partial(make_dividend, ex_date=january(5), cash=0.1, currency="AUD"),
    ]
    closes = {january(3): 9.0, january(4): 3.0, january(5): 3.0}
    number = await list_share(sessions, "A.AX", closes, actions=actions)
    await trade(sessions, "A.AX", number, 10, 9, january(3))

    told = await look(ask, "dividends", valid_at=january(5))

    assert told == {"dividends": "3.00"}


async def test_what_has_no_price_is_named_and_left_out(ask, sessions):
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    await deposit(sessions, january(2), "5000")
    await trade(sessions, "A.AX", number, 100, 10, january(3))
    await trade(sessions, "NOBODY.AX", None, 100, 20, january(4))

    told = await look(
        ask,
        f"{SUMS} missingPrices timeWeightedReturn moneyWeightedReturn metrics {{ undefined }}"
        " positions { symbol value lastPrice weight unrealisedPnl } equity { strategy }",
        valid_at=january(4),
    )

    assert (told["totalValue"], told["missingPrices"]) == ("3000.00", ["NOBODY.AX"])
    assert told["positions"][1] == {
        "symbol": "NOBODY.AX", "value": None, "lastPrice": None, "weight": None,
        "unrealisedPnl": None,
    }  # fmt: skip
    assert (told["timeWeightedReturn"], told["moneyWeightedReturn"]) == (None, None)
    reasons = told["metrics"]["undefined"]
    assert reasons["timeWeightedReturn"] == "a holding had no price or no rate on 2024-01-04"
    assert reasons["moneyWeightedReturn"] == "a holding has no price or no rate on 2024-01-04"
    assert told["equity"]["strategy"] == [5000.0, 5000.0, None]


@pytest.mark.parametrize(("days", "value"), [(7, "1000.00"), (8, None)])
async def test_a_close_from_long_before_the_entry_is_no_price(ask, sessions, days, value):
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    entered = january(3) + timedelta(days=days)
    await deposit(sessions, january(2), "2000")
    await trade(sessions, "A.AX", number, 100, 12, entered)

    told = await look(ask, "positions { value } equity { strategy }", valid_at=entered)

    assert told["positions"] == [{"value": value}]
    assert told["equity"]["strategy"][-1] == (None if value is None else pytest.approx(1800.0))


async def test_a_holding_in_us_dollars_needs_a_rate(ask, sessions):
    number = await list_share(sessions, "U", {january(3): 10.0})
    await trade(sessions, "U", number, 100, 10, january(3), fx="1.25")

    told = await look(ask, "missingPrices positions { lastPrice value }", valid_at=january(3))

    assert told == {"missingPrices": ["U"], "positions": [{"lastPrice": "10", "value": None}]}
