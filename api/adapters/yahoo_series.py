"""Series that Yahoo has as prices: the Australian dollar, and the indices of fear."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from api.adapters.numbers import EPOCH, bad_data
from api.ports import BarRequest, Observations, PriceSource
from engine.types import FloatArray, IntArray

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
# A pair outside these bounds is another one, or upside down.
AUDUSD_BOUNDS = (0.3, 1.3)
# Options on the index trade until 16:15, a quarter of an hour longer than shares.
VIX_CLOSES = time(16, 15)
MACRO = {"VIX": "^VIX", "VIX3M": "^VIX3M"}
NS = 10**9


class YahooSeries:
    """Reads closes through the adapter of prices, whose connections it shares."""

    key = "yahoo"

    def __init__(self, prices: PriceSource) -> None:
        self._prices = prices

    async def fetch_rates(self, start: date, end: date) -> list[Observations]:
        """Return AUDUSD as it stood at London's midnight. Raises FetchFailed."""
        request = _request("AUDUSD=X", "CCY", start, end)
        rates = await self._closes("AUDUSD", request, _london_midnight)
        low, high = AUDUSD_BOUNDS
        if not ((rates.value > low) & (rates.value < high)).all():
            raise bad_data(f"AUDUSD should lie between {low} and {high} in Yahoo's chart")
        return [rates]

    async def fetch_macro(self, start: date, end: date) -> list[Observations]:
        """Return VIX and VIX3M, in points of annual volatility. Raises FetchFailed."""
        return [
            await self._closes(key, _request(symbol, "XNYS", start, end), _vix_close)
            for key, symbol in MACRO.items()
        ]

    async def _closes(
        self, key: str, request: BarRequest, known_at: Callable[[date], datetime]
    ) -> Observations:
        batch = (await self._prices.fetch(request)).batch
        day, value = _once(batch.day, batch.values["close"], key=key)
        return Observations(
            key=key, source=self.key, day=day, value=value, known_at=_instants(day, known_at)
        )


def _request(symbol: str, exchange: str, start: date, end: date) -> BarRequest:
    return BarRequest(symbol=symbol, exchange=exchange, currency="USD", start=start, end=end)


def _once(day: IntArray, close: FloatArray, *, key: str) -> tuple[IntArray, FloatArray]:
    """Leave out what is unknown; a day that has two values has none we could choose."""
    known = np.isfinite(close)
    pairs = np.unique(np.column_stack([day[known], close[known]]), axis=0)
    days: IntArray = pairs[:, 0].astype(np.int64)
    if (np.diff(days) == 0).any():
        raise bad_data(f"Yahoo gives {key} two values for one day")
    return days, pairs[:, 1]


def _instants(day: IntArray, known_at: Callable[[date], datetime]) -> IntArray:
    seconds = [known_at(EPOCH + timedelta(days=int(each))).timestamp() for each in day]
    return np.array([int(each) for each in seconds], dtype=np.int64) * NS


def _london_midnight(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), LONDON)


def _vix_close(day: date) -> datetime:
    return datetime.combine(day, VIX_CLOSES, NEW_YORK)
