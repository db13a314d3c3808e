"""US shares and funds from Tiingo's end-of-day endpoint: prices as traded, splits, dividends."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from api.adapters.downloads import Downloads
from api.adapters.numbers import bad_data, day_number, parse_json, require_order, to_floats
from api.errors import FailureKind, FetchFailed
from api.ports import Action, BarBatch, BarRequest, Fetched
from engine.types import FloatArray, IntArray

COLUMNS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "adjusted_close": "adjClose",
    "volume": "volume",
}
# Letters, then a class (BRK-B) or a preferred series, which Yahoo writes BAC-PL.
US_SYMBOL = re.compile(r"([A-Z0-9]{1,10})(?:-(?:P([A-Z])|([A-Z])))?")
# A share that did not trade for so long is not halted but gone.
GONE_AFTER = timedelta(days=30)
# What Tiingo answers, with status 200, to who asked for too many symbols in a month.
OVERRUN = b"You have run over your"
KEY_REFUSED = (
    FailureKind.NOT_CONFIGURED,
    "Tiingo refused the key: set TIINGO_API_KEY to one that is valid",
)


class TiingoPrices:
    """One request per fetch; a second one where there is nothing, to learn why."""

    key = "tiingo"
    fields: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close", "volume", "actions")

    def __init__(
        self,
        *,
        url: str,
        key: str,
        timeout_seconds: float = 20.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._downloads = Downloads(
            "Tiingo",
            url,
            timeout_seconds=timeout_seconds,
            headers={"authorization": f"Token {key}", "accept": "application/json"},
            clock=clock,
        )

    async def close(self) -> None:
        await self._downloads.close()

    async def fetch(self, request: BarRequest) -> Fetched:
        """Return the bars of the range, oldest first. Raises FetchFailed."""
        ticker = ticker_of(request.symbol)
        span = {"startDate": request.start.isoformat(), "endDate": request.end.isoformat()}
        rows = _rows(await self._ask(f"{ticker}/prices", request.symbol, span), request)
        if rows:
            return Fetched(batch=_batch(rows, request), actions=_actions(rows, request))
        await self._refuse_gone(ticker, request)
        return Fetched(batch=_batch(rows, request), requests=2)

    async def _refuse_gone(self, ticker: str, request: BarRequest) -> None:
        """Tell a share that no longer trades from one with no session in the range."""
        described = await self._ask(ticker, request.symbol)
        if not isinstance(described, Mapping):
            raise bad_data(f"Tiingo describes {request.symbol} by no object")
        last = _day(described["endDate"]) if described.get("endDate") else None
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        if last is not None and last < request.start and today - last > GONE_AFTER:
            message = f"{request.symbol} last traded on {last}, says Tiingo"
            raise FetchFailed(FailureKind.DELISTED, message)

    async def _ask(self, path: str, symbol: str, params: Mapping[str, str] | None = None) -> Any:
        unknown = (FailureKind.UNKNOWN_SYMBOL, f"Tiingo knows no {symbol}: check the spelling")
        content = await self._downloads.get(
            f"tiingo/daily/{path}",
            params=params,
            meanings={404: unknown, 401: KEY_REFUSED, 403: KEY_REFUSED},
        )
        if OVERRUN in content[:200]:
            shown = content[:200].decode("utf-8", "replace")
            raise FetchFailed(FailureKind.RATE_LIMITED, f"Tiingo: {shown}")
        return parse_json(content, provider="Tiingo")


def ticker_of(symbol: str) -> str:
    """Return our symbol as Tiingo writes it. Raises FetchFailed for what Tiingo cannot have."""
    found = US_SYMBOL.fullmatch(symbol)
    if found is None:
        message = f"Tiingo has US shares and funds only, {symbol} is none of them"
        raise FetchFailed(FailureKind.UNKNOWN_SYMBOL, message)
    stem, series, share_class = found.groups()
    if series:
        return f"{stem}-P-{series}"
    return f"{stem}-{share_class}" if share_class else stem


def _rows(document: object, request: BarRequest) -> list[Mapping[str, Any]]:
    """Return the rows within the range. Raises FetchFailed when they are not rows."""
    if not isinstance(document, list):
        raise bad_data(f"Tiingo sent no list of {request.symbol}, but {str(document)[:80]}")
    for row in document:
        if not isinstance(row, Mapping) or not {"date", *COLUMNS.values()} <= row.keys():
            raise bad_data(f"Tiingo sent a row of {request.symbol} without its columns")
    return [row for row in document if request.start <= _day(row["date"]) <= request.end]


def _day(text: object) -> date:
    try:
        return date.fromisoformat(text[:10])  # type: ignore[index]
    except (TypeError, ValueError) as e:
        raise bad_data(f"Tiingo wrote a date as {text!r}") from e


def _batch(rows: Sequence[Mapping[str, Any]], request: BarRequest) -> BarBatch:
    day = _days(rows)
    require_order(day, what=f"{request.symbol} of Tiingo")
    return BarBatch(
        symbol=request.symbol,
        file=f"tiingo/{request.symbol}/{request.start}/{request.end}",
        row_number=np.arange(1, len(rows) + 1, dtype=np.int64),
        day=day,
        values={name: _column(rows, column, request.symbol) for name, column in COLUMNS.items()},
        raw=[json.dumps(row) for row in rows],
    )


def _days(rows: Sequence[Mapping[str, Any]]) -> IntArray:
    return np.array([day_number(_day(row["date"])) for row in rows], dtype=np.int64)


def _column(rows: Sequence[Mapping[str, Any]], column: str, symbol: str) -> FloatArray:
    return to_floats([row[column] for row in rows], what=f"{column} of {symbol}")


def _actions(rows: Sequence[Mapping[str, Any]], request: BarRequest) -> tuple[Action, ...]:
    splits = to_floats([row.get("splitFactor", 1.0) for row in rows], what="splitFactor")
    dividends = to_floats([row.get("divCash", 0.0) for row in rows], what="divCash")
    found = []
    for on, ratio, cash in zip(_days(rows), splits.tolist(), dividends.tolist(), strict=True):
        if cash != 0.0:
            paid = {"cash": cash, "currency": request.currency}
            found.append(Action(ex_day=int(on), kind="DIVIDEND", **paid))
        if ratio != 1.0:
            found.append(Action(ex_day=int(on), kind="SPLIT", ratio=ratio))
    return tuple(found)
