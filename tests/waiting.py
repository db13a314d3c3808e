"""Wait for what other tasks and processes do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def until(condition: Callable[[], Any], seconds: float = 40.0) -> Any:
    """Return the condition's first true value; it may be a coroutine function."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"nothing came of {condition} in {seconds} seconds")
        await asyncio.sleep(0.02)
