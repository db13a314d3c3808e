"""The issuer's public keys: fetched within limits, kept while the issuer is away.

From the standard library: a client of its own would cost each cold start more than it gives.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from urllib.parse import urlsplit

from api.adapters.connections import connection_to
from api.errors import Unavailable
from api.services.identity import Key, keys_of
from api.telemetry import logger

FETCH_SECONDS = 2.0
LARGEST_SET = 65_536
CHUNK = 16_384
# An unknown key may be new; asking each time would let anyone make us ask.
UNKNOWN_SECONDS = 60.0
EMPTY_SECONDS = 5.0
# A key that was withdrawn is believed no longer than this while the issuer answers.
OLD_SECONDS = 600.0
LONG_AGO = -1e9


class Jwks:
    """One per process. Who comes while the set is being fetched waits for it."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._clock = clock
        self._keys: Mapping[str, Key] | None = None
        self._asked_at = self._missed_at = self._good_at = LONG_AGO
        self._asking = asyncio.Lock()

    async def find(self, kid: str) -> Key | None:
        """Return the key, None if the issuer has none of this id. Raises Unavailable."""
        async with self._asking:
            if self._must_ask(kid):
                await self._ask()
        if self._keys is None:
            raise Unavailable("there are no keys to check tokens with")
        return self._keys.get(kid)

    def _must_ask(self, kid: str) -> bool:
        now = self._clock()
        if self._keys is None:
            return now - self._asked_at >= EMPTY_SECONDS
        if kid in self._keys:
            old = now - self._good_at >= OLD_SECONDS
            return old and now - self._asked_at >= UNKNOWN_SECONDS
        if now - self._missed_at < UNKNOWN_SECONDS:
            return False
        self._missed_at = now
        return True

    async def _ask(self) -> None:
        self._asked_at = self._clock()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content = await asyncio.to_thread(_fetch, self.url)
            self._keys = keys_of(json.loads(content))
            self._good_at = self._clock()
        except (OSError, HTTPException, TimeoutError, ValueError, RecursionError) as e:
            logger.warning("the issuer's keys could not be read: %s", str(e)[:200])


def _fetch(url: str) -> bytes:
    """Return the body of a plain 200; a redirect is none."""
    parts = urlsplit(url)
    connection = connection_to(parts, timeout_seconds=FETCH_SECONDS)
    ends = time.monotonic() + FETCH_SECONDS
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("GET", path, headers={"accept": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise HTTPException(f"status {answer.status}")
        content = b""
        while chunk := answer.read1(CHUNK):
            content += chunk
            if len(content) > LARGEST_SET or time.monotonic() > ends:
                raise HTTPException("too large or too slow")
        return content
    finally:
        connection.close()
