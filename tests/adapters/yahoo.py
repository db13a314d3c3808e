"""Yahoo's adapter beside the provider it asks, and requests to put to it."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.adapters.yahoo_prices import YahooPrices
from api.errors import FetchFailed
from api.ports import BarRequest
from tests.providers.market import EPOCH, us_share
from tests.providers.yahoo import CHART, fake_yahoo

START, END = date(2020, 8, 3), date(2020, 9, 30)
SPLIT, DIVIDEND = date(2020, 8, 31), date(2020, 8, 7)
NOW = datetime(2020, 10, 1, 12, tzinfo=UTC)


def make_share(**changes):
    return us_share(START, END, splits={SPLIT: 4.0}, dividends={DIVIDEND: 0.82}, **changes)


def request(symbol="AAPL", start=START, end=END, **changes):
    given = {"symbol": symbol, "exchange": "XNAS", "currency": "USD", "start": start, "end": end}
    return BarRequest(**given | changes)


def number(day):
    return (day - EPOCH).days


@asynccontextmanager
async def yahoo(scenario, *, now=NOW, **changes):
    """Yield the adapter and the provider it asks."""
    async with fake_yahoo(scenario) as fake:
        given = {"url": fake.url, "timeout_seconds": 5.0, "clock": now.timestamp}
        prices = YahooPrices(**given | changes)
        try:
            yield prices, fake
        finally:
            await prices.close()


async def failure(scenario, **changes) -> FetchFailed:
    async with yahoo(scenario, **changes) as (prices, _):
        with pytest.raises(FetchFailed) as caught:
            await prices.fetch(request())
    return caught.value


def edited(respond, edit):
    """Let charts through only after they were edited."""

    def answer(asked):
        given = respond(asked)
        if not asked.path.startswith(CHART):
            return given
        document = json.loads(given.body)
        edit(document["chart"]["result"][0])
        return replace(given, body=json.dumps(document).encode())

    return answer
