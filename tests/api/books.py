"""Books small enough to be worked out by hand, and what is asked of them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from models.backtest import Currency
from models.cash_flows import CashFlowRepository
from models.corporate_actions import CorporateActionRepository
from models.instrument import Exchange
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository, FxRow
from models.session import unit_of_work
from models.trade import TradeStatus
from models.trades import TradeRepository
from tests.factories import make_bar, make_cash_flow, make_instrument, make_trade

SUMS = "totalValue cash invested realisedPnl unrealisedPnl netDeposits dividends"
PARTS = "assetGain currencyGain interactionGain costs"
RAW = ["close", "adjusted_close", "actions"]
NOON = time(16)  # in New York's session and, by date, in none of Sydney's nights


def at(day, moment=time(16)):
    return datetime.combine(day, moment, tzinfo=UTC)


def january(day):
    return date(2024, 1, day)


async def list_share(sessions, symbol, closes, *, actions=(), fields=RAW):
    """Write a share of New York, or of Sydney by its symbol, and its closes by day."""
    home = symbol.endswith(".AX")
    share = make_instrument(
        symbol,
        exchange=Exchange.XASX if home else Exchange.XNYS,
        currency="AUD" if home else "USD",
        fields=fields,
    )
    async with unit_of_work(sessions) as session:
        [number] = (await InstrumentRepository(session).upsert([share])).values()
        await PriceBarRepository(session).write(
            make_bar(number, day, close, close=close) for day, close in closes.items()
        )
        await CorporateActionRepository(session).write(make(number) for make in actions)
    return number


async def fix_rates(sessions, rates):
    """Write US dollars for one Australian dollar by day."""
    async with unit_of_work(sessions) as session:
        await FxRateRepository(session).write(
            FxRow("AUDUSD", day, rate, "test", at(day)) for day, rate in rates.items()
        )


async def deposit(sessions, day, amount, **given):
    async with unit_of_work(sessions) as session:
        await CashFlowRepository(session).add(
            make_cash_flow(date=day, amount=Decimal(amount), **given)
        )


async def trade(sessions, symbol, number, quantity, price, day, *, left=None, fx="1", **given):
    """Write a trade: `left` is the price, the day and the rate of its exit."""
    values = {
        "symbol": symbol,
        "instrument_id": number,
        "quantity": Decimal(quantity),
        "entry_price": Decimal(price),
        "entry_at": at(day, time(2) if symbol.endswith(".AX") else NOON),
        "commission": Decimal(0),
        "currency": Currency.AUD if symbol.endswith(".AX") else Currency.USD,
        "fx_at_entry": Decimal(fx),
    }
    if left is not None:
        exit_price, exit_day, exit_fx = left
        values |= {
            "status": TradeStatus.CLOSED,
            "exit_price": Decimal(exit_price),
            "exit_at": at(exit_day, time(3) if symbol.endswith(".AX") else NOON),
            "exit_commission": Decimal(0),
            "fx_at_exit": Decimal(exit_fx),
        }
    async with unit_of_work(sessions) as session:
        return await TradeRepository(session).add(make_trade(**values | given))


async def look(ask, fields, *, valid_at=None, known_at=None, currency=None):
    """Return these fields of the portfolio as it stood then."""
    told = await ask(
        "query ($validAt: Date, $knownAt: DateTime, $currency: Currency) {"
        f" portfolio(validAt: $validAt, knownAt: $knownAt, currency: $currency) {{ {fields} }} }}",
        validAt=None if valid_at is None else valid_at.isoformat(),
        knownAt=None if known_at is None else known_at.isoformat(),
        currency=currency,
    )
    assert "errors" not in told, told["errors"]
    return told["data"]["portfolio"]
