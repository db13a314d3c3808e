"""Lists and series through the API, beside PostGraphile 4 on the same rows.

One process each, 8 connections, one PostgreSQL, in turns of some seconds; the load comes from a
third process. What both answer is compared first, value by value.
"""

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from api.settings import LOCAL_OWNER_ID
from tests.benchmarks._api_servers import PEER, TRADES, Server, both_servers, filled_database
from tests.benchmarks.figure import Check, Figure, spell

ROUNDS, SECONDS, CONNECTIONS = 7, 3.0, 8
LISTED, POINTS, INDEX = 50, 5_000, "^GSPC:OHLCV"
SERIES_RATIO = 3.0

OUR_TRADES = """
query Trades { trades(first: 50) { nodes {
  id reference side quantity entryPrice entryAt status
  instrument { symbol name latest { date close } }
} } }
"""
PEER_TRADES = """
query Trades($owner: UUID!) {
  allTradesList(first: 50, orderBy: ENTRY_AT_DESC, condition: {ownerId: $owner, knownTo: null}) {
    id reference side quantity entryPrice entryAt status
    instrumentByInstrumentId {
      symbol name priceBarsByInstrumentIdList(first: 1, orderBy: DATE_DESC) { date close }
    }
  }
}
"""
OUR_PRICES = """
query Prices($symbols: [String!]!, $start: Date!) {
  prices(symbols: $symbols, start: $start, field: CLOSE) { dates values }
}
"""
PEER_PRICES = """
query Prices($id: BigInt!) {
  allPriceBarsList(condition: {instrumentId: $id}, first: 5000, orderBy: DATE_DESC) { date close }
}
"""
PEER_INSTRUMENT = "query Id($symbol: String!) { instrumentBySymbol(symbol: $symbol) { id } }"

Rows = list[tuple[Any, ...]]


@dataclass
class Turns:
    """What one side did, a number for each turn."""

    server: Server
    body: str
    per_second: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def take(self, seconds: float = SECONDS) -> None:
        order = {
            "port": self.server.port,
            "body": self.body,
            "seconds": seconds,
            "connections": CONNECTIONS,
        }
        before = self.server.processor_seconds()
        done = subprocess.run(
            [sys.executable, Path(__file__).with_name("_load.py")],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=True,
        )
        told = json.loads(done.stdout)
        self.per_second.append(told["per_second"])
        self.p95.append(told["p95"])
        used = self.server.processor_seconds() - before
        self.cpu_ms.append(1000.0 * used / told["requests"])

    def spelt(self) -> str:
        cpu, rate = statistics.median(self.cpu_ms), statistics.median(self.per_second)
        return f"{rate:.0f} req/s, p95 {spell(statistics.median(self.p95))}, {cpu:.2f} ms CPU each"


def figures() -> Iterator[Figure]:
    if not (PEER / "node_modules").is_dir():
        sys.stderr.write("the API is not measured: `make bench` installs its peer\n")
        return
    with filled_database() as url, both_servers(url) as (ours, peer):
        _wait_until_idle(ours)
        yield from _trades(ours, peer)
        yield _prices(ours, peer)


def _wait_until_idle(ours: Server) -> None:
    """Let a fresh installation do what it does by itself, such as the regimes of its index."""
    working = {"QUEUED", "RUNNING"}
    while True:
        jobs = _answer(ours, _body("query Jobs { jobs { nodes { status } } }"))["jobs"]["nodes"]
        if working.isdisjoint(job["status"] for job in jobs):
            return
        time.sleep(0.5)


def _trades(ours: Server, peer: Server) -> Iterator[Figure]:
    ask = json.dumps({"query": OUR_TRADES, "operationName": "Trades"})
    ask_peer = _body(PEER_TRADES, owner=str(LOCAL_OWNER_ID))
    found = [_our_trade(node) for node in _answer(ours, ask)["trades"]["nodes"]]
    wanted = [_peer_trade(node) for node in _answer(peer, ask_peer)["allTradesList"]]
    a, b = _in_turns(Turns(ours, ask), Turns(peer, ask_peer))
    name = f"{LISTED} of {TRADES:,} trades, instrument, last bar"
    notes = (f"ours: {a.spelt()}", f"peer: {b.spelt()}", "peer: PostGraphile 4, Node")
    ratio = _middle(a.per_second, b.per_second)
    yield Figure(
        name=f"{name}: throughput",
        ours=f"{statistics.median(a.per_second):.0f}/s",
        peer=f"{statistics.median(b.per_second):.0f}/s",
        ratio=f"{ratio:.2f}",
        target=">= 1",
        met=ratio >= 1.0,
        checks=(_check("the same trades, instruments and bars", found, wanted, LISTED),),
        notes=notes,
    )
    slower = _middle(a.p95, b.p95)
    yield Figure(
        name=f"{name}: p95",
        ours=spell(statistics.median(a.p95)),
        peer=spell(statistics.median(b.p95)),
        ratio=f"{slower:.2f}",
        target="<= 1",
        met=slower <= 1.0,
    )


def _prices(ours: Server, peer: Server) -> Figure:
    instrument = _answer(peer, _body(PEER_INSTRUMENT, symbol=INDEX))["instrumentBySymbol"]["id"]
    ask_peer = _body(PEER_PRICES, id=instrument)
    bars = _answer(peer, ask_peer)["allPriceBarsList"]
    wanted: Rows = [(bar["date"], bar["close"]) for bar in reversed(bars)]
    ask = _body(OUR_PRICES, symbols=[INDEX], start=wanted[0][0])
    [series] = _answer(ours, ask)["prices"]
    found: Rows = list(zip(series["dates"], series["values"], strict=True))
    a, b = _in_turns(Turns(ours, ask), Turns(peer, ask_peer))
    ratio = _middle(a.per_second, b.per_second)
    return Figure(
        name=f"series of {POINTS:,} closes: throughput",
        ours=f"{statistics.median(a.per_second):.0f}/s",
        peer=f"{statistics.median(b.per_second):.0f}/s",
        ratio=f"{ratio:.2f}",
        target=f">= {SERIES_RATIO:.0f}",
        met=ratio >= SERIES_RATIO,
        checks=(_check("the same days and closes", found, wanted, POINTS),),
        notes=(f"ours: {a.spelt()}", f"peer: {b.spelt()}"),
    )


def _in_turns(ours: Turns, peer: Turns) -> tuple[Turns, Turns]:
    for side in (ours, peer):
        side.take(1.0)
        side.per_second.clear()
        side.p95.clear()
        side.cpu_ms.clear()
    for _ in range(ROUNDS):
        ours.take()
        peer.take()
    return ours, peer


def _middle(ours: list[float], peer: list[float]) -> float:
    """Return the median over rounds of ours by the peer's of the same round."""
    return statistics.median(a / b for a, b in zip(ours, peer, strict=True))


def _check(what: str, found: Rows, wanted: Rows, count: int) -> Check:
    differing = sum(a != b for a, b in zip(found, wanted, strict=False))
    missing = max(abs(len(found) - count), abs(len(wanted) - count))
    return Check(what=what, error=float(differing + missing), bound=0.0)


def _our_trade(node: dict[str, Any]) -> tuple[Any, ...]:
    instrument = node["instrument"]
    bar = instrument["latest"]
    return (node["id"].removeprefix("trade_"), *_shared(node, instrument, bar))


def _peer_trade(node: dict[str, Any]) -> tuple[Any, ...]:
    instrument = node["instrumentByInstrumentId"]
    [bar] = instrument["priceBarsByInstrumentIdList"]
    return (node["id"], *_shared(node, instrument, bar))


def _shared(
    node: dict[str, Any], instrument: dict[str, Any], bar: dict[str, Any]
) -> tuple[Any, ...]:
    return (
        node["reference"],
        node["side"],
        Decimal(node["quantity"]),
        Decimal(node["entryPrice"]),
        datetime.fromisoformat(node["entryAt"]),
        node["status"],
        instrument["symbol"],
        instrument["name"],
        bar["date"],
        bar["close"],
    )


def _body(query: str, **variables: Any) -> str:
    return json.dumps({"query": query, "variables": variables})


def _answer(server: Server, body: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/graphql",
        body.encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        told = json.load(response)
    if "errors" in told:
        raise ValueError(f"the server answered {told['errors']}")
    data: dict[str, Any] = told["data"]
    return data
