"""Bars from Yahoo: what trades in Sydney, indices, currencies, coins, and US shares in need."""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from api.adapters.numbers import parse_json
from api.adapters.yahoo_chart import read_chart
from api.adapters.yahoo_session import CHART, YahooAccess, YahooSession
from api.errors import FailureKind, FetchFailed
from api.ports import BarRequest, Fetched

# What Yahoo shows, with status 200, while it is being repaired.
DOWN = b"Will be right back"
SYMBOL = re.compile(r"\^?[A-Z0-9]{1,12}([.=-][A-Z0-9]{1,6}){0,2}")


class YahooPrices:
    """One request per fetch, in one of `threads` threads: yfinance knows no other way to wait."""

    key = "yahoo"
    fields: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close", "volume", "actions")

    def __init__(
        self,
        *,
        url: str,
        threads: int = 16,
        timeout_seconds: float = 20.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._session = YahooSession(self._url, timeout_seconds=timeout_seconds, clock=clock)
        self._access = YahooAccess(self._session)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="yahoo")

    async def fetch(self, request: BarRequest) -> Fetched:
        """Return the bars of the range, oldest first. Raises FetchFailed."""
        if not SYMBOL.fullmatch(request.symbol):
            message = f"{request.symbol!r} is no symbol Yahoo could have"
            raise FetchFailed(FailureKind.UNKNOWN_SYMBOL, message)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._fetch, request)

    async def close(self) -> None:
        """Let go of connections, once the requests under way have ended."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._session.close()

    def _fetch(self, request: BarRequest) -> Fetched:
        now = self._clock()
        content = self._access.chart(
            f"{self._url}{CHART}{quote(request.symbol)}", _span(request, now)
        )
        if DOWN in content:
            raise FetchFailed(FailureKind.NETWORK, "Yahoo is down and says it will be right back")
        return read_chart(parse_json(content, provider="Yahoo"), request, now=now)


def _span(request: BarRequest, now: float) -> dict[str, str]:
    """Ask for a day more at each end, so that no time zone matters, and always until now."""
    midnight = datetime.combine(request.start, datetime.min.time(), UTC)
    return {
        "period1": str(int((midnight - timedelta(days=1)).timestamp())),
        "period2": str(int(now) + 86_400),
        "interval": "1d",
        "includePrePost": "false",
        "events": "div,splits",
    }
