"""Completion by the column: resolved values become what the answer holds, a whole list at a time.

All of a column or nothing: whatever cannot be completed is raised, and graphql-core, which knows
where a null belongs and how an error reads, answers instead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from types import CoroutineType, NoneType
from typing import Any, ClassVar, NamedTuple, Protocol

from graphql import GraphQLObjectType
from orjson import Fragment

from api.graphql.columns import Column, Unwritable, check_kind
from models.seen import Written


class Completion(Protocol):
    """`later` is for what awaits a resolver, `now` for what never does."""

    @property
    def waits(self) -> bool: ...
    def now(self, values: Column, run: Any) -> Column: ...
    async def later(self, values: Column, run: Any) -> Column: ...


class Step(NamedTuple):
    """A field of a selection set: its name in the answer, its values for a column of parents."""

    key: str
    resolve: Callable[[Column, Any], Column]
    completion: Completion
    waits: bool


@dataclass(frozen=True)
class Leaf:
    complete: Callable[[Column], Column]
    waits: ClassVar[bool] = False

    def now(self, values: Column, run: Any) -> Column:  # noqa: ARG002 - as the others do
        return self.complete(values)

    async def later(self, values: Column, run: Any) -> Column:
        return self.now(values, run)


@dataclass(frozen=True)
class Listed:
    """Lists are laid end to end, completed as one column, and cut again."""

    item: Completion
    nullable: bool

    @property
    def waits(self) -> bool:
        return self.item.waits

    def now(self, values: Column, run: Any) -> Column:
        return _cut(self.item.now(self._laid(values), run), values)

    async def later(self, values: Column, run: Any) -> Column:
        return _cut(await self.item.later(self._laid(values), run), values)

    def _laid(self, values: Column) -> Column:
        for kind in set(map(type, values)):
            if kind is NoneType and not self.nullable:
                raise Unwritable("a null in place of a list")
            if not issubclass(kind, list | tuple | NoneType):
                raise Unwritable(f"{kind.__name__} in place of a list")
        if len(values) == 1 and values[0] is not None:
            return list(values[0])
        return list(chain.from_iterable(value for value in values if value is not None))


def _cut(items: Column, values: Column) -> Column:
    rest = iter(items)
    return [None if value is None else list(islice(rest, len(value))) for value in values]


@dataclass(frozen=True)
class Objects:
    """A column of parents, each field of theirs a column too; the rows are put together last."""

    type_: GraphQLObjectType
    steps: Sequence[Step]
    nullable: bool
    waits: bool
    body: str | None = None  # how the database writes the selection
    kinds: set[type] = field(default_factory=set)

    def now(self, values: Column, run: Any) -> Column:
        parents = self._parents(values)
        if not parents:
            return values
        if self._are_written(parents):
            return [Fragment(parent.written) for parent in parents]
        columns = [step.completion.now(step.resolve(parents, run), run) for step in self.steps]
        return self._placed(columns, values, parents)

    async def later(self, values: Column, run: Any) -> Column:
        parents = self._parents(values)
        if not parents or self._are_written(parents):
            return self.now(values, run)
        columns: list[Column] = [[]] * len(self.steps)
        waiting: dict[int, Coroutine[Any, Any, Column]] = {}
        try:
            for place, step in enumerate(self.steps):
                resolved = step.resolve(parents, run)
                if step.waits:
                    waiting[place] = _completed(step.completion, resolved, run)
                else:
                    columns[place] = step.completion.now(resolved, run)
        except Exception:
            # What was begun ends before others use the session.
            await asyncio.gather(*waiting.values(), return_exceptions=True)
            raise
        for place, column in zip(waiting, await together(list(waiting.values())), strict=True):
            columns[place] = column
        return self._placed(columns, values, parents)

    def _are_written(self, parents: Column) -> bool:
        return self.body is not None and issubclass(type(parents[0]), Written)

    def _parents(self, values: Column) -> Column:
        kinds = set(map(type, values))
        if NoneType in kinds:
            if not self.nullable:
                raise Unwritable(f"a null in place of {self.type_.name}")
            values = [value for value in values if value is not None]
            kinds.remove(NoneType)
        for kind in kinds - self.kinds:
            check_kind(self.type_, next(value for value in values if type(value) is kind))
            self.kinds.add(kind)
        return values

    def _placed(self, columns: list[Column], values: Column, parents: Column) -> Column:
        keys = [step.key for step in self.steps]
        rows = (
            [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
            if keys
            else [{} for _ in parents]  # every field was left out by a directive
        )
        if len(parents) == len(values):
            return rows
        rest = iter(rows)
        return [None if value is None else next(rest) for value in values]


@dataclass(frozen=True)
class Variants:
    """A column of an abstract type: the values of each object type are a column of their own."""

    name_of: Callable[[Any, Any], Any]
    variants: Mapping[str, Objects]
    nullable: bool

    @property
    def waits(self) -> bool:
        return any(variant.waits for variant in self.variants.values())

    def now(self, values: Column, run: Any) -> Column:
        completed: Column = [None] * len(values)
        for name, places in self._parted(values, run).items():
            chosen = [values[place] for place in places]
            for place, value in zip(places, self.variants[name].now(chosen, run), strict=True):
                completed[place] = value
        return completed

    async def later(self, values: Column, run: Any) -> Column:
        completed: Column = [None] * len(values)
        parted = self._parted(values, run)
        told = await together(
            [
                self.variants[name].later([values[place] for place in places], run)
                for name, places in parted.items()
            ]
        )
        for places, column in zip(parted.values(), told, strict=True):
            for place, value in zip(places, column, strict=True):
                completed[place] = value
        return completed

    def _parted(self, values: Column, run: Any) -> dict[str, list[int]]:
        parted: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            if value is None and not self.nullable:
                raise Unwritable("a null in place of an object")
            if value is not None:
                parted.setdefault(self.name_of(value, run), []).append(place)
        return parted


async def _completed(completion: Completion, values: Column, run: Any) -> Column:
    settled = await settle(values)
    if completion.waits:
        return await completion.later(settled, run)
    return completion.now(settled, run)


async def settle(values: Column) -> Column:
    """Await what can be awaited among values, all of it even where one fails."""
    kinds = set(map(type, values))
    if not any(hasattr(kind, "__await__") for kind in kinds):
        return values
    if CoroutineType in kinds:
        return await together([_awaited(value) for value in values])
    return await _one_by_one(values)


async def _awaited(value: Any) -> Any:
    return await value if hasattr(type(value), "__await__") else value


async def _one_by_one(values: Column) -> Column:
    """Await the futures of a loader, which one batch fulfils: no task for each row."""
    settled: Column = []
    failures: list[Exception] = []
    for value in values:
        try:
            settled.append(await _awaited(value))
        except Exception as e:  # noqa: BLE001 - raised below, when the others are no longer awaited
            failures.append(e)
    if failures:
        raise failures[0]
    return settled


async def together(awaitables: Sequence[Awaitable[Any]]) -> list[Any]:
    """Await all at once; the first failure is raised when all have ended."""
    if not awaitables:
        return []
    if len(awaitables) == 1:
        return [await awaitables[0]]
    told = await asyncio.gather(*awaitables, return_exceptions=True)
    for each in told:
        if isinstance(each, BaseException):
            raise each
    return told
