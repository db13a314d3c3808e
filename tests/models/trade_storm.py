"""Many writers at one trade: what each changed, and what the database holds of it afterwards."""

import asyncio
import time
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text

from models.session import unit_of_work
from models.trades import TradeRepository
from tests.factories import OWNER, make_trade

# Pairs of versions of one trade that are believed at one instant.
OVERLAPS = text("""
    SELECT count(*) FROM trade a JOIN trade b ON a.id = b.id AND a.version < b.version
        AND tstzrange(a.known_from, a.known_to) && tstzrange(b.known_from, b.known_to)
""")
# Versions whose end is no other's beginning, or that follow none.
GAPS = text("""
    SELECT count(*) FROM (
        SELECT version, known_from, lag(known_to) OVER ofit AS ended, lag(version) OVER ofit AS was
        FROM trade WINDOW ofit AS (PARTITION BY id ORDER BY version)
    ) v WHERE version > 1 AND (ended IS DISTINCT FROM known_from OR was <> version - 1)
""")
# What a reader is told who stands at an instant, of all trades at once.
BELIEVED = text("""
    SELECT string_agg(id || ' ' || version || ' ' || quantity, ',' ORDER BY id), count(*)
    FROM trade WHERE known_from <= :at AND (known_to IS NULL OR known_to > :at)
""")
INSTANTS = text("""
    SELECT known_from FROM trade ORDER BY random() LIMIT :wanted
""")
# Amendments each added one to the quantity: one that was lost is missing from the last version.
KEPT = text("SELECT sum(quantity - 100) FROM trade WHERE known_to IS NULL")
VERSIONS = text("SELECT count(*) - count(DISTINCT id) FROM trade")


@dataclass(frozen=True)
class Outcome:
    amended: int
    seconds: float
    overlaps: int
    gaps: int
    lost: int
    versions: int


async def recall(sessions, instants):
    """Return what each instant is told, and how many trades that is of."""
    async with sessions() as session:
        told = [(await session.execute(BELIEVED, {"at": at})).one() for at in instants]
    return [tuple(row) for row in told]


async def begin(sessions, trades):
    """Write trades to amend, and return their ids."""
    async with unit_of_work(sessions) as session:
        repository = TradeRepository(session)
        return [(await repository.add(make_trade())).id for _ in range(trades)]


async def some_instants(sessions, wanted):
    """Return instants at which versions began, chosen at random."""
    async with sessions() as session:
        return list(await session.scalars(INSTANTS, {"wanted": wanted}))


async def storm(sessions, ids, *, writers, amendments):
    """Let writers amend trades, chosen in turn, and count what the rules of versions forbid."""
    async with sessions() as session:
        held = await session.scalar(KEPT)
    todo = iter(range(amendments))
    began = time.monotonic()

    async def write():
        for number in todo:
            async with unit_of_work(sessions) as session:
                repository = TradeRepository(session)
                await repository.hold(ids[number % len(ids)])
                trade = await repository.get(ids[number % len(ids)], owner_id=OWNER)
                more = {"quantity": trade.quantity + Decimal(1)}
                await repository.amend(trade, more, reason="one more")

    await asyncio.gather(*(write() for _ in range(writers)))
    seconds = time.monotonic() - began
    async with sessions() as session:
        kept = await session.scalar(KEPT)
        return Outcome(
            amended=amendments,
            seconds=seconds,
            overlaps=await session.scalar(OVERLAPS),
            gaps=await session.scalar(GAPS),
            lost=amendments - int(kept - held),
            versions=await session.scalar(VERSIONS),
        )
