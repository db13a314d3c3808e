"""AWS for one process: one session, one client per service, and its errors in our words.

The SDK is imported and a client is opened when the first call needs it: whoever only wires pays
nothing. A client belongs to the loop that opened it; a process has one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from api.errors import AppError, NotFound, ServerError, Unavailable
from api.telemetry import logger

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONNECT_SECONDS = 2.0
# Longer than the longest wait for a message, 20 s; who has less time bounds the call itself.
READ_SECONDS = 25.0
# A call and two more, with botocore's own pauses between them.
TRIES = 3
MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload", "ResourceNotFoundException"})
BUSY = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class Aws:
    """Region, credentials and an emulator's address the SDK finds by itself, in ``AWS_*``."""

    def __init__(self) -> None:
        self._opened = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    async def client(self, service: str) -> Any:
        """Return the process's client of a service, such as ``sqs``."""
        async with self._opening:
            if service not in self._clients:
                self._clients[service] = await self._open(service)
            return self._clients[service]

    async def _open(self, service: str) -> Any:
        import aioboto3
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
        )
        self._session = self._session or aioboto3.Session()
        return await self._opened.enter_async_context(self._session.client(service, config=config))

    @asynccontextmanager
    async def calling(self, service: str, doing: str) -> AsyncIterator[Any]:
        """Lend a client for one call; what goes wrong says what was being done.

        Raises NotFound, Unavailable when trying again may help, ServerError when it will not.
        """
        import aiohttp
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield await self.client(service)
        except ClientError as e:
            raise translated(e, doing) from e
        except (BotoCoreError, aiohttp.ClientError, TimeoutError, OSError) as e:
            raise Unavailable(f"{doing}: AWS did not answer ({type(e).__name__})") from e

    async def close(self) -> None:
        """Close what was opened."""
        self._clients.clear()
        await self._opened.aclose()


def code_of(error: "ClientError") -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def translated(error: "ClientError", doing: str) -> AppError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return refused(code_of(error), status, doing)


def refused(code: str, status: int, doing: str) -> AppError:
    """Name the code only: AWS's own sentence may carry accounts, roles and values."""
    if code in MISSING:
        return NotFound(f"{doing}: it was not found")
    if status >= 500 or status == 429 or code in BUSY:
        return Unavailable(f"{doing}: AWS is busy ({code})")
    logger.error("%s: AWS refused, %s", doing, code)
    return ServerError(f"{doing}: AWS refused ({code})")
