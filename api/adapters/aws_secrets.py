"""Secrets of AWS Secrets Manager, each kept for some minutes by the process that read it."""

import asyncio
import time
from dataclasses import dataclass, field

from api.adapters.aws import Aws
from api.errors import DataError

KEEP_SECONDS = 300.0


@dataclass(frozen=True)
class Kept:
    value: str = field(repr=False)
    read_at: float


class AwsSecrets:
    def __init__(self, aws: Aws, *, keep_seconds: float = KEEP_SECONDS) -> None:
        self.aws = aws
        self.keep_seconds = keep_seconds
        self._kept: dict[str, Kept] = {}
        self._reading: dict[str, asyncio.Lock] = {}

    async def read(self, name: str, *, fresh: bool = False) -> str:
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
        async with self.aws.calling("secretsmanager", f"reading secret {name!r}") as client:
            answer = await client.get_secret_value(SecretId=name)
        value = answer.get("SecretString")
        if not isinstance(value, str):
            raise DataError(f"secret {name!r} holds bytes, expected text")
        return value
