"""Books at other days, instants and currencies, and what they sum up to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from models.trades import TradeRepository
from tests.api.books import PARTS, SUMS, deposit, fix_rates, january, list_share, look, trade
from tests.factories import OWNER, STRANGER, make_bar


async def test_a_trade_is_open_until_the_day_it_was_left(ask, sessions):
    number = await list_share(sessions, "A.AX", {january(3): 10.0, january(5): 12.0})
    left = ("13", january(8), "1")
    await trade(sessions, "A.AX", number, 100, 10, january(3), left=left, strategy="idea")

    days = [
        await look(ask, "realisedPnl unrealisedPnl positions { symbol }", valid_at=january(day))
        for day in (2, 5, 8)
    ]

    assert [(day["realisedPnl"], day["unrealisedPnl"], len(day["positions"])) for day in days] == [
        ("0.00", "0.00", 0), ("0.00", "200.00", 1), ("300.00", "0.00", 0),
    ]  # fmt: skip


async def test_books_are_those_that_were_known(ask, sessions):
    """The quantity was 100, and then it was put right: before that the books said 100."""
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    first = await trade(sessions, "A.AX", number, 100, 10, january(3))
    async with unit_of_work(sessions) as session:
        trades = TradeRepository(session)
        await trades.hold(first.id)
        current = await trades.get(first.id, owner_id=OWNER)
        second = await trades.amend(current, {"quantity": Decimal(80)}, reason="misread")
    fields = "recordedSince positions { quantity }"

    now = await look(ask, fields, valid_at=january(3))
    then = await look(ask, fields, valid_at=january(3), known_at=first.known_from)
    nothing = await look(
        ask, fields, valid_at=january(3), known_at=first.known_from - timedelta(seconds=1)
    )

    assert second.known_from > first.known_from
    assert [each["positions"] for each in (now, then, nothing)] == [
        [{"quantity": "80"}], [{"quantity": "100"}], [],
    ]  # fmt: skip


async def test_values_are_those_of_the_prices_that_were_known(ask, sessions):
    """10.00 was believed until it was put right; both instants are after the trade was recorded."""
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    await trade(sessions, "A.AX", number, 100, 10, january(3))
    before = datetime.now(UTC)
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write([make_bar(number, january(3), 9.0, close=9.0)])
    fields = "invested equity { strategy }"

    then = await look(ask, fields, valid_at=january(3), known_at=before)
    now = await look(ask, fields, valid_at=january(3))

    assert (then["invested"], now["invested"]) == ("1000.00", "900.00")
    assert then["equity"]["strategy"] == pytest.approx([0.0])
    assert now["equity"]["strategy"] == pytest.approx([-100.0])


async def test_in_us_dollars_the_cash_gains_and_loses_too(ask, sessions):
    """A$10,000 at 0.70, half of it in a share of Sydney that stands still; then 0.75."""
    number = await list_share(sessions, "A.AX", {january(3): 10.0, january(4): 10.0})
    await fix_rates(sessions, {january(2): 0.7, january(4): 0.75})
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "A.AX", number, 500, 10, january(3))

    told = await look(
        ask,
        f"{SUMS} {PARTS} timeWeightedReturn attribution {{ asset currency cash costs }}",
        valid_at=january(4),
        currency="USD",
    )

    assert (told["totalValue"], told["netDeposits"]) == ("7500.00", "7000.00")
    assert (told["assetGain"], told["currencyGain"]) == ("0.00", "250.00")
    assert told["timeWeightedReturn"] == pytest.approx(0.05 / 0.7)
    assert told["attribution"] == {
        "asset": 0.0,
        "currency": pytest.approx(250 / 7000),
        "cash": pytest.approx(250 / 7000),
        "costs": pytest.approx(0.0),
    }


async def test_us_dollars_before_any_rate_are_refused(ask, sessions):
    await deposit(sessions, january(2), "10000")

    told = await ask('{ portfolio(validAt: "2024-01-03", currency: USD) { totalValue } }')

    [error] = told["errors"]
    assert error["extensions"]["code"] == "MISSING_DATA"
    assert "AUDUSD" in error["message"]


@pytest.mark.parametrize(
    "figure",
    ["netDeposits", "dividends", "realisedPnl", "unrealisedPnl", "costs", "byTicker { totalPnl }"],
)
async def test_money_that_moved_before_the_first_rate_is_no_nothing(ask, sessions, figure):
    """A sum in US dollars that leaves out what it cannot convert would be another sum."""
    await fix_rates(sessions, {january(8): 0.5})
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "A.AX", number, 10, 10, january(3), left=("12", january(5), "1"))
    await deposit(sessions, january(9), "1000")

    told = await ask(f'{{ portfolio(validAt: "2024-01-10", currency: USD) {{ {figure} }} }}')
    stands = "totalValue timeWeightedReturn moneyWeightedReturn attribution { asset }"
    known = await look(ask, stands, valid_at=january(10), currency="USD")

    [error] = told["errors"]
    assert (error["extensions"]["code"], error["path"]) == (
        "MISSING_DATA",
        ["portfolio", figure.split()[0]],
    )
    assert "2024-01-02" in error["message"]
    assert list(known.values()) == ["5510.00", None, None, None]


async def test_closed_trades_by_symbol_and_by_strategy(ask, sessions):
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    other = await list_share(sessions, "B.AX", {january(3): 10.0})
    await trade(
        sessions, "A.AX", number, 10, 10, january(3), left=("12", january(5), "1"), strategy="idea"
    )
    await trade(
        sessions, "A.AX", number, 10, 10, january(3), left=("9", january(8), "1"), strategy="idea"
    )
    await trade(sessions, "B.AX", other, 10, 10, january(3), left=("11", january(4), "1"))

    stats = "key trades wins winRate totalPnl averagePnl averageHoldingDays"
    told = await look(ask, f"byTicker {{ {stats} }} byStrategy {{ {stats} }}", valid_at=january(8))

    assert told["byTicker"] == [
        {"key": "A.AX", "trades": 2, "wins": 1, "winRate": 0.5, "totalPnl": "10.00",
         "averagePnl": "5.00", "averageHoldingDays": 3.5},
        {"key": "B.AX", "trades": 1, "wins": 1, "winRate": 1.0, "totalPnl": "10.00",
         "averagePnl": "10.00", "averageHoldingDays": 1.0},
    ]  # fmt: skip
    assert [(row["key"], row["totalPnl"]) for row in told["byStrategy"]] == [
        ("idea", "10.00"), ("", "10.00"),
    ]  # fmt: skip


async def test_without_money_paid_in_no_return_is_stated(ask, sessions):
    number = await list_share(sessions, "A.AX", {january(3): 10.0, january(4): 11.0})
    await trade(sessions, "A.AX", number, 100, 10, january(3))

    told = await look(
        ask,
        "cash totalValue timeWeightedReturn moneyWeightedReturn attribution { asset }"
        " metrics { undefined }",
        valid_at=january(4),
    )

    assert (told["cash"], told["totalValue"]) == ("-1000.00", "100.00")
    assert (told["timeWeightedReturn"], told["moneyWeightedReturn"]) == (None, None)
    assert told["attribution"] is None
    reasons = told["metrics"]["undefined"]
    assert reasons["timeWeightedReturn"] == "no deposit or withdrawal is recorded"


async def test_an_empty_book_says_nothing_it_does_not_know(ask, sessions):
    told = await look(
        ask,
        f"{SUMS} recordedSince timeWeightedReturn equity {{ dates }} attribution {{ asset }}"
        " positions { symbol } byTicker { key } missingPrices metrics { sharpe undefined }",
    )

    assert {told[name] for name in SUMS.split()} == {"0.00"}
    assert (told["recordedSince"], told["equity"], told["attribution"]) == (None, None, None)
    assert (told["positions"], told["byTicker"], told["missingPrices"]) == ([], [], [])
    assert told["timeWeightedReturn"] is None
    reasons = told["metrics"]["undefined"]
    assert reasons["timeWeightedReturn"] == "no trade and no cash flow is recorded"
    assert reasons["sharpe"] == "no snapshot yet: figures are computed after each ingest"


async def test_the_largest_amounts_there_are_can_be_told(ask, sessions):
    """What a slip of the keyboard wrote must not hide the books it is to be found in."""
    number = await list_share(sessions, "A.AX", {january(3): 1.0})
    most = "900000000000000"
    await trade(sessions, "A.AX", number, most, most, january(3))

    told = await look(ask, "cash invested unrealisedPnl", valid_at=january(3))

    assert told == {
        "cash": "-810000000000000000000000000000.00",
        "invested": "900000000000000.00",
        "unrealisedPnl": "-809999999999999100000000000000.00",
    }


async def test_nobody_sees_another_owners_books(ask, sessions):
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    await deposit(sessions, january(2), "10000")
    await trade(sessions, "A.AX", number, 100, 10, january(3))

    told = await ask(
        '{ portfolio(validAt: "2024-01-03") { totalValue recordedSince equity { dates } } }',
        viewer_id=STRANGER,
    )

    assert told["data"]["portfolio"] == {
        "totalValue": "0.00", "recordedSince": None, "equity": None,
    }  # fmt: skip


async def test_the_same_money_in_an_index(ask, sessions):
    """1,000 bought the index at 100 and 500 more at 110; at 121 they are worth 1,760."""
    await list_share(sessions, "IDX.AX", {january(1): 100.0, january(2): 100.0, january(3): 110.0,
                                          january(5): 121.0})  # fmt: skip
    await deposit(sessions, january(2), "1000")
    await deposit(sessions, january(3), "0.01")
    await deposit(sessions, january(5), "500")

    told = await look(
        ask, 'equity(benchmark: "IDX.AX") { strategy benchmark }', valid_at=january(5)
    )

    assert told["equity"]["strategy"] == pytest.approx([1000.0, 1000.01, 1500.01])
    assert told["equity"]["benchmark"] == pytest.approx([1000.0, 1100.011, 1760.0121])


@pytest.mark.parametrize(
    ("range", "first"),
    [("W1", "2024-03-08"), ("M1", "2024-02-15"), ("YTD", "2023-12-29"), ("MAX", "2023-12-28")],
)
async def test_a_range_begins_with_what_stood_at_its_start(ask, sessions, range, first):
    days = ("2023-12-28", "2023-12-29", "2024-02-14", "2024-02-15", "2024-03-08", "2024-03-11")
    for day in days:
        await deposit(sessions, date.fromisoformat(day), "100")

    told = await look(
        ask, f"equity(range: {range}) {{ dates totalPoints }}", valid_at=date(2024, 3, 15)
    )

    assert told["equity"]["dates"][0] == first
    assert told["equity"]["dates"][-1] == "2024-03-15"


async def test_a_curve_is_thinned_to_what_is_asked_for(ask, sessions):
    closes = {january(1) + timedelta(days=day): 10.0 + day % 7 for day in range(60)}
    number = await list_share(sessions, "A.AX", closes)
    await trade(sessions, "A.AX", number, 100, 10, january(1))

    told = await look(
        ask, "equity(maxPoints: 10) { dates pointCount totalPoints }", valid_at=date(2024, 2, 29)
    )
    refused = await ask("{ portfolio { equity(maxPoints: 2) { dates } } }")

    assert (told["equity"]["pointCount"], told["equity"]["totalPoints"]) == (10, 60)
    assert "maxPoints was 2" in refused["errors"][0]["message"]


async def test_a_portfolio_takes_few_statements(ask, sessions, counting):
    number = await list_share(sessions, "A.AX", {january(3): 10.0})
    await deposit(sessions, january(2), "10000")
    for _ in range(5):
        await trade(sessions, "A.AX", number, 100, 10, january(3))

    with counting() as seen:
        await look(
            ask,
            f"{SUMS} {PARTS} timeWeightedReturn moneyWeightedReturn attribution {{ asset }}"
            " positions { symbol instrument { symbol } dividends } byTicker { key }"
            " byStrategy { key } metrics { sharpe } missingPrices",
            valid_at=january(3),
        )

    # What is held, the days, the gains, the dividends, each with its planning; which days a
    # snapshot stands for, its figures, the instruments.
    assert len(seen) == 11
