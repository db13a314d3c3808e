"""How long a page of trades takes: 50 of an owner's 15,000, however they are sorted or seen.

The whole way of a request, without HTTP: the document, its statements, marks of open trades by the
last bar known, and the JSON of the answer.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from api.graphql.execute import answer
from api.graphql.request import GraphQLRequest
from api.services.identity import ALL_SCOPES
from api.settings import LOCAL_OWNER_ID
from api.wiring import App
from models.session import make_engine, make_sessions
from tests.api.market import make_settings
from tests.benchmarks._api_servers import TRADES, filled_database
from tests.benchmarks.figure import Check, Figure, spell

ROUNDS = 20
LISTED = 50
TARGET = 0.05
PAGE = """
query Trades($orderBy: TradeOrder, $filter: TradeFilter, $knownAt: DateTime) {
  trades(orderBy: $orderBy, filter: $filter, knownAt: $knownAt, first: 50) {
    nodes { id reference symbol side quantity entryPrice exitPrice entryOn exitOn currency status
      strategy tags pnl pnlAud pnlPct unrealisedPnl unrealisedPnlAud lastPrice lastPriceDate
      holdingDays version instrument { name } }
    totalCount pageInfo { hasNextPage endCursor } } }
"""
ORDERS = ("ENTRY_AT", "EXIT_AT", "SYMBOL", "PNL", "QUANTITY")


def figures() -> Iterator[Figure]:
    with filled_database() as url, tempfile.TemporaryDirectory(prefix="pp") as home:
        yield from asyncio.run(_measured(url, Path(home)))


async def _measured(url: str, home: Path) -> list[Figure]:
    app = App(make_settings(home, database_url=url))
    app.engine = make_engine(url, pool_size=1, command_timeout_seconds=60.0)
    app.sessions = make_sessions(app.engine)
    asked = {f"by {field}": {"orderBy": {"field": field}} for field in ORDERS}
    asked["open ones"] = {"filter": {"status": "OPEN"}}
    asked["as known now"] = {"knownAt": datetime.now(UTC).isoformat()}
    found = [await _figure(app, name, variables) for name, variables in asked.items()]
    await app.engine.dispose()
    return found


async def _figure(app: App, name: str, variables: dict[str, object]) -> Figure:
    taken, listed = [], 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        told = await answer(
            GraphQLRequest(PAGE, variables=variables),
            app,
            viewer_id=LOCAL_OWNER_ID,
            scopes=ALL_SCOPES,
            request_id="bench",
        )
        body = orjson.loads(orjson.dumps(told.body))
        taken.append(time.perf_counter() - start)
        listed = len(body["data"]["trades"]["nodes"])
    median = statistics.median(taken)
    return Figure(
        name=f"{LISTED} of {TRADES:,} trades {name}",
        ours=spell(median),
        target=f"<= {spell(TARGET)}",
        met=median <= TARGET,
        checks=(Check(what="trades on the page", error=abs(listed - LISTED), bound=0),),
    )
