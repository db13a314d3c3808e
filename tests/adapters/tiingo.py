"""Tiingo's adapter beside the provider it asks, and requests to put to it."""

from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest

from api.adapters.tiingo_prices import TiingoPrices
from api.errors import FetchFailed
from api.ports import BarRequest
from tests.providers.market import (
    EPOCH,
    us_share,
)
from tests.providers.tiingo import fake_tiingo

START, END = date(2020, 8, 3), date(2020, 9, 30)
SPLIT, DIVIDEND = date(2020, 8, 31), date(2020, 8, 7)
NOW = datetime(2020, 10, 1, 12, tzinfo=UTC).timestamp()


def make_share(**changes):
    return us_share(START, END, splits={SPLIT: 4.0}, dividends={DIVIDEND: 0.82}, **changes)


@asynccontextmanager
async def tiingo(scenario, **changes):
    """Yield the adapter and the provider it asks."""
    async with fake_tiingo(scenario) as fake:
        given = {"url": fake.url, "key": scenario.key, "timeout_seconds": 5.0, "clock": lambda: NOW}
        prices = TiingoPrices(**given | changes)
        try:
            yield prices, fake
        finally:
            await prices.close()


def request(symbol="AAPL", start=START, end=END):
    return BarRequest(symbol=symbol, exchange="XNAS", currency="USD", start=start, end=end)


def days(bars):
    return [(bar.day - EPOCH).days for bar in bars]


async def failure(scenario, **changes) -> FetchFailed:
    async with tiingo(scenario, **changes) as (prices, _):
        with pytest.raises(FetchFailed) as caught:
            await prices.fetch(request())
    return caught.value
