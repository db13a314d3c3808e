"""The books of one request at one point: each part is read once, when somebody asks for it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from api.graphql.context import Context
from api.services.portfolio import Position, Statement
from api.services.portfolio_days import Days, read_days
from api.services.positions import HOME, holdings
from models.portfolio_books import BookAt, BookRepository, GainRow
from models.portfolio_snapshots import PortfolioSnapshotRepository

T = TypeVar("T")


class Book:
    """What `Portfolio` resolves from; its siblings share what it has read."""

    def __init__(self, context: Context, at: BookAt, known_at: datetime) -> None:
        self.context = context
        self.at = at
        self.known_at = known_at
        self._reading: dict[str, asyncio.Task[Any]] = {}

    async def positions(self) -> list[Position]:
        return await self._once(self._read_positions)

    async def days(self) -> Days:
        return await self._once(self._read_days)

    async def gains(self) -> list[GainRow]:
        return await self._once(self._read_gains)

    async def balance(self) -> Statement:
        """Return the books without what was sold before."""
        return Statement(await self.positions(), await self.days())

    async def statement(self) -> Statement:
        return Statement(await self.positions(), await self.days(), await self.gains())

    async def income(self) -> dict[int, Decimal]:
        return await self._once(self._read_income)

    async def metrics(self) -> dict[str, Any] | None:
        """Return the figures of the newest snapshot of that day or before."""
        return await self._once(self._read_metrics)

    async def _once(self, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        name = read.__name__
        if name not in self._reading:
            self._reading[name] = asyncio.create_task(read())
        found: T = await self._reading[name]
        return found

    async def _read_positions(self) -> list[Position]:
        async with self.context.session() as session:
            return [Position(holding) for holding in await holdings(session, self.at)]

    async def _read_days(self) -> Days:
        async with self.context.session() as session:
            return await read_days(session, self.at)

    async def _read_gains(self) -> list[GainRow]:
        if self.at.currency != HOME:
            (await self.days()).require_rates()
        async with self.context.session() as session:
            return await BookRepository(session).gains(self.at)

    async def _read_income(self) -> dict[int, Decimal]:
        async with self.context.session() as session:
            return await BookRepository(session).income(self.at)

    async def _read_metrics(self) -> dict[str, Any] | None:
        async with self.context.session() as session:
            return await PortfolioSnapshotRepository(session).metrics(self.at)
