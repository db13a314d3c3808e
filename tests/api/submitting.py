"""A backtest that can be submitted to the small market, and how it is submitted."""

from sqlalchemy import func, select

from tests.api.market import UNIVERSE

RUN = """
mutation Run($input: RunBacktestInput!) {
  runBacktest(input: $input) {
    reused
    backtest { id contentKey parameters costs constraints start end symbols benchmark rebalance }
    job { id status progress kind }
    userErrors { code field message reason }
  }
}
"""
INPUT = {
    "strategy": "momentum",
    "parameters": {"lookback": 60, "skip": 5, "top_n": 2},
    "universe": UNIVERSE,
    "start": "2018-06-01",
    "currency": "USD",
}


def changed(**given):
    return {key: value for key, value in (INPUT | given).items() if value is not ...}


async def rows(sessions, entity):
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(entity))


async def submit(ask, input=INPUT, **more):
    body = await ask(RUN, input=input, **more)
    assert "errors" not in body, body
    return body["data"]["runBacktest"]
