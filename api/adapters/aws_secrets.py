"""Secrets of AWS Secrets Manager, each kept for some minutes by the process that read it."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from api.adapters.aws import Aws
from api.adapters.signed_secrets import get_secret_value, signer
from api.errors import AppError, DataError

KEEP_SECONDS = 300.0


@dataclass(frozen=True)
class Kept:
    value: str = field(repr=False)
    read_at: float


class AwsSecrets:
    def __init__(
        self,
        aws: Aws,
        *,
        follows: Mapping[str, str] | None = None,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self.aws = aws
        self.keep_seconds = keep_seconds
        self._follows = dict(follows or {})
        self._ahead: set[asyncio.Task[None]] = set()
        self._kept: dict[str, Kept] = {}
        self._reading: dict[str, asyncio.Lock] = {}

    async def read(self, name: str, *, fresh: bool = False) -> str:
        self._read_ahead(name)
        asked_at = time.monotonic()
        newer_than = asked_at if fresh else asked_at - self.keep_seconds
        async with self._reading.setdefault(name, asyncio.Lock()):
            # Whoever waited for another's request is served by it: it began after the question.
            kept = self._kept.get(name)
            if kept is None or kept.read_at < newer_than:
                read_at = time.monotonic()
                kept = self._kept[name] = Kept(await self._fetch(name), read_at)
        return kept.value

    async def _fetch(self, name: str) -> str:
        answer = await self._ask(name, f"reading secret {name!r}")
        value = answer.get("SecretString")
        if not isinstance(value, str):
            raise DataError(f"secret {name!r} holds bytes, expected text")
        return value

    async def _ask(self, name: str, doing: str) -> Mapping[str, Any]:
        """Ask by ourselves where the environment says who we are; the SDK finds out elsewhere."""
        known = signer()
        if known is not None:
            return await get_secret_value(known, name, doing)
        async with self.aws.calling("secretsmanager", doing) as client:
            answer: Mapping[str, Any] = await client.get_secret_value(SecretId=name)
        return answer

    def _read_ahead(self, name: str) -> None:
        """Begin to read what whoever reads this secret first will want next."""
        follows = self._follows.pop(name, None)
        if follows is not None:
            task = asyncio.create_task(self._try(follows))
            self._ahead.add(task)
            task.add_done_callback(self._ahead.discard)

    async def _try(self, name: str) -> None:
        # Who needs the value reads it again and is told what is wrong.
        with suppress(AppError):
            await self.read(name)
