"""What providers answer over HTTP: whole, bounded, from the host that was asked, or a reason."""

import asyncio
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import httpx

from api.errors import FailureKind, FetchFailed

LARGEST_BODY = 64 * 2**20
REDIRECTS = 3
# A server that does not take a connection in this time will not answer in the rest either.
CONNECT_SECONDS = 5.0
PATIENT_STATUSES = frozenset({408, 504})

Meanings = Mapping[int, tuple[FailureKind, str]]


class Downloads:
    """Bodies from one provider. The total time bounds a body that only drips.

    `meanings` says of a status what it means with this provider, with the sentence to show.
    """

    def __init__(
        self,
        provider: str,
        url: str,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
        largest_body: int = LARGEST_BODY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.provider = provider
        self._url = httpx.URL(url.rstrip("/") + "/")
        self._timeout_seconds = timeout_seconds
        self._largest_body = largest_body
        self._clock = clock
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        meanings: Meanings | None = None,
    ) -> bytes:
        """Return the body of a 200. Raises FetchFailed."""
        url = self._url.join(path).copy_merge_params(params or {})
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._follow(url, meanings or {})
        except (TimeoutError, httpx.TimeoutException) as e:
            message = f"{self.provider} gave no answer in {self._timeout_seconds:g} s"
            raise FetchFailed(FailureKind.TIMEOUT, message) from e
        except httpx.HTTPError as e:
            message = f"{self.provider} could not be reached: {e or type(e).__name__}"
            raise FetchFailed(FailureKind.NETWORK, message) from e

    async def _follow(self, url: httpx.URL, meanings: Meanings) -> bytes:
        for _ in range(REDIRECTS):
            async with self._client.stream("GET", url) as response:
                if response.next_request is None:
                    self._refuse(response, meanings)
                    return await self._body(response)
                url = self._same_host(response.next_request.url)
        raise FetchFailed(FailureKind.BAD_DATA, f"{self.provider} redirects without end")

    def _same_host(self, url: httpx.URL) -> httpx.URL:
        """Whoever is redirected elsewhere hands the key, and the truth of prices, to a stranger."""
        if (url.scheme, url.host, url.port) != (self._url.scheme, self._url.host, self._url.port):
            message = f"{self.provider} redirects to another host, {url.host}: not followed"
            raise FetchFailed(FailureKind.BAD_DATA, message)
        return url

    def _refuse(self, response: httpx.Response, meanings: Meanings) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        waits = retry_after(response.headers.get("retry-after"), now=self._clock())
        kind, message = meanings.get(status) or meaning_of(status, self.provider)
        raise FetchFailed(kind, message, retry_after_seconds=waits)

    async def _body(self, response: httpx.Response) -> bytes:
        content = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > self._largest_body:
                    message = f"{self.provider} sent more than {self._largest_body:,} bytes"
                    raise FetchFailed(FailureKind.BAD_DATA, message)
        except (httpx.RemoteProtocolError, httpx.DecodingError) as e:
            message = f"{self.provider} sent a broken body after {len(content):,} bytes"
            raise FetchFailed(FailureKind.BAD_DATA, message) from e
        return bytes(content)


def meaning_of(status: int, provider: str) -> tuple[FailureKind, str]:
    """Say what a status other than 200 means where the provider has no meaning of its own."""
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return FailureKind.RATE_LIMITED, f"{provider} asks to slow down (status 429)"
    if status in PATIENT_STATUSES:
        return FailureKind.TIMEOUT, f"{provider} ran out of time (status {status})"
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return FailureKind.NETWORK, f"{provider} has trouble of its own (status {status})"
    return FailureKind.BAD_DATA, f"{provider} answered with status {status}"


def retry_after(header: str | None, *, now: float) -> float | None:
    """Seconds to wait, from either form of the header; None without one that can be read."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None
