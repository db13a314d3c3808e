"""A loader: what many fields ask for one by one is read at once, and never twice."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Loader(Generic[K, T]):
    """Gathers the keys of one turn of the loop and reads them together.

    `read` answers in the order of its keys. One request's: what was read is kept.
    """

    def __init__(self, read: Callable[[list[K]], Awaitable[Sequence[T]]]) -> None:
        self._read = read
        self._kept: dict[K, asyncio.Future[T]] = {}
        self._asked: dict[K, asyncio.Future[T]] = {}
        self._reading: set[asyncio.Task[None]] = set()

    def load(self, key: K) -> asyncio.Future[T]:
        """Return what will hold the value; whoever only passes it on needs no coroutine."""
        found = self._kept.get(key)
        if found is not None and not found.cancelled():
            return found
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._begin)
        made: asyncio.Future[T] = loop.create_future()
        self._kept[key] = self._asked[key] = made
        return made

    def prime(self, key: K, value: T) -> None:
        """Take note of what was read another way; what is being read already is left alone."""
        if key not in self._kept:
            self._kept[key] = asyncio.get_running_loop().create_future()
            self._kept[key].set_result(value)

    def _begin(self) -> None:
        asked, self._asked = self._asked, {}
        task = asyncio.create_task(self._fulfil(asked))
        self._reading.add(task)  # the loop itself holds it weakly
        task.add_done_callback(self._reading.discard)

    async def _fulfil(self, asked: dict[K, asyncio.Future[T]]) -> None:
        keys = [key for key, future in asked.items() if not future.cancelled()]
        if not keys:
            return
        try:
            values = await self._read(keys)
            told = dict(zip(keys, values, strict=True))
        except Exception as e:  # noqa: BLE001 - each who asked is told
            for future in asked.values():
                if not future.done():
                    future.set_exception(e)
            return
        for key, value in told.items():
            if not asked[key].done():
                asked[key].set_result(value)
