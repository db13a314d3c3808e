"""What every provider of prices says alike of days everybody can look up."""

from datetime import date

import pytest

from api.errors import FailureKind, FetchFailed
from api.ports import Action, BarRequest
from tests.providers.market import EPOCH

# Yahoo's prices are floats of 32 bits.
NEARLY = 1e-6


def number(text):
    return (date.fromisoformat(text) - EPOCH).days


def request(symbol, start, end, *, exchange="XNYS", currency="USD"):
    return BarRequest(
        symbol=symbol,
        exchange=exchange,
        currency=currency,
        start=date.fromisoformat(start),
        end=date.fromisoformat(end),
    )


async def test_prices_before_a_split_are_those_that_were_paid(prices):
    fetched = await prices.fetch(request("AAPL", "2020-08-28", "2020-08-31"))

    assert fetched.batch.day.tolist() == [number("2020-08-28"), number("2020-08-31")]
    assert fetched.batch.values["close"].tolist() == pytest.approx([499.23, 129.04], rel=NEARLY)
    assert fetched.actions == (Action(ex_day=number("2020-08-31"), kind="SPLIT", ratio=4.0),)


async def test_a_dividend_is_the_amount_that_was_paid(prices):
    fetched = await prices.fetch(request("AAPL", "2020-08-06", "2020-08-07"))

    assert fetched.batch.values["close"].tolist() == pytest.approx([455.61, 444.45], rel=NEARLY)
    (dividend,) = fetched.actions
    assert (dividend.ex_day, dividend.kind, dividend.currency) == (
        number("2020-08-07"),
        "DIVIDEND",
        "USD",
    )
    assert dividend.cash == pytest.approx(0.82, rel=NEARLY)


async def test_half_days_are_sessions_and_holidays_are_none(prices):
    fetched = await prices.fetch(request("BRK-B", "2024-07-01", "2024-07-08"))

    days = ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"]
    assert fetched.batch.day.tolist() == [number(day) for day in days]
    assert (fetched.batch.values["high"] >= fetched.batch.values["low"]).all()
    assert (fetched.batch.values["volume"] > 0).all()


async def test_a_weekend_has_no_session(prices):
    fetched = await prices.fetch(request("AAPL", "2020-08-08", "2020-08-09"))

    assert fetched.batch.day.tolist() == []


async def test_a_symbol_nobody_has_is_unknown(prices):
    with pytest.raises(FetchFailed) as caught:
        await prices.fetch(request("ZZZZZZZZ9", "2024-07-01", "2024-07-08"))

    assert caught.value.kind == FailureKind.UNKNOWN_SYMBOL


async def test_a_session_in_sydney_has_sydneys_date(yahoo):
    asked = request("BHP.AX", "2024-01-22", "2024-01-31", exchange="XASX", currency="AUD")

    fetched = await yahoo.fetch(asked)

    # Australia Day was kept on Friday the 26th.
    days = [22, 23, 24, 25, 29, 30, 31]
    assert fetched.batch.day.tolist() == [number(f"2024-01-{day}") for day in days]


async def test_an_index_has_its_level(yahoo):
    fetched = await yahoo.fetch(request("^GSPC", "2024-01-18", "2024-01-19"))

    assert fetched.batch.values["close"].tolist() == pytest.approx([4780.94, 4839.81], rel=NEARLY)


async def test_a_coin_trades_on_sundays(yahoo):
    fetched = await yahoo.fetch(request("BTC-USD", "2024-03-08", "2024-03-10", exchange="CRYPTO"))

    days = ["2024-03-08", "2024-03-09", "2024-03-10"]
    assert fetched.batch.day.tolist() == [number(day) for day in days]
