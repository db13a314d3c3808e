"""Yahoo's chart, read into bars as they were traded.

Yahoo divides every price, volume and dividend by the splits that came after it. They are
multiplied back, which takes all splits until today: a chart must reach from the first day that
is wanted until now, wherever the range ends.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from api.adapters.numbers import EPOCH, bad_data, day_number, require_order, to_floats
from api.errors import FailureKind, FetchFailed
from api.ports import Action, BarBatch, BarRequest, Fetched
from engine.types import BoolArray, FloatArray, IntArray

PRICES = ("open", "high", "low", "close")
# Yahoo's prices come up to 20 minutes late, and Sydney's auction ends 10 minutes after the close.
SETTLED_AFTER_SECONDS = 30 * 60
# A share that did not trade for so long is not halted but gone.
GONE_AFTER = timedelta(days=30)
# Of these Yahoo counts no volume, and writes 0.
VOLUMELESS = frozenset({"CURRENCY", "INDEX"})
# What Python says on the way through a document that is something else.
NO_CHART = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError)
NO_SESSION = "Data doesn't exist for startDate"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart's parts as they came, nothing multiplied, nothing left out; arrays are (n_rows,)."""

    meta: Mapping[str, Any]
    zone: ZoneInfo
    stamp: IntArray  # seconds since 1970: a session's opening, or the last trade
    day: IntArray  # days since 1970-01-01 where the exchange is
    values: Mapping[str, FloatArray]
    splits: Mapping[int, float]  # new shares per old one, by ex day
    dividends: Mapping[tuple[int, str | None], float]  # amount by ex day and, if other, currency


def read_chart(document: Any, request: BarRequest, *, now: float) -> Fetched:
    """Return the bars of the range. Raises FetchFailed."""
    try:
        if document["chart"]["error"] is not None:
            _explain(document["chart"]["error"], request)
            return Fetched(batch=_nothing(request))
        chart = _chart(document["chart"]["result"][0])
        _require_asked_for(chart, request)
        kept = _within(chart, request) & ~_empty(chart) & ~_under_way(chart, now)
        if not kept.any():
            _refuse_gone(chart, request, now)
        return Fetched(
            batch=_batch(chart, request, np.flatnonzero(kept & ~_repeated(chart))),
            actions=_actions(chart, request),
            name=chart.meta.get("longName") or chart.meta.get("shortName"),
        )
    except NO_CHART as e:
        message = f"Yahoo sent no chart of {request.symbol}: {type(e).__name__} {e}"
        raise bad_data(message) from e


def _explain(error: Mapping[str, Any], request: BarRequest) -> None:
    """Raise what Yahoo says, unless it only says that the range has no session."""
    said = str(error["description"])
    if said.startswith(NO_SESSION):
        return
    if error["code"] == "Not Found":
        message = f"Yahoo knows no {request.symbol}: {said}"
        raise FetchFailed(FailureKind.UNKNOWN_SYMBOL, message)
    raise bad_data(f"Yahoo on {request.symbol}: {said}")


def _chart(result: Mapping[str, Any]) -> Chart:
    zone = ZoneInfo(result["meta"]["exchangeTimezoneName"])
    stamps = result.get("timestamp", [])
    events = result.get("events", {})
    day = np.array([_local_day(stamp, zone) for stamp in stamps], dtype=np.int64)
    require_order(day, what="Yahoo's chart")
    return Chart(
        meta=result["meta"],
        zone=zone,
        stamp=np.array(stamps, dtype=np.int64),
        day=day,
        values=_values(result["indicators"], len(stamps)),
        splits=_splits(events.get("splits", {}).values(), zone),
        dividends=_dividends(events.get("dividends", {}).values(), zone),
    )


def _local_day(stamp: int, zone: ZoneInfo) -> int:
    """Return the day of the exchange a row belongs to.

    A session that begins at midnight is at times stamped an hour or two before it, where summer
    time changed and Yahoo did not notice.
    """
    local = datetime.fromtimestamp(stamp, zone)
    before_midnight = local.hour >= 22 and local.minute == local.second == 0
    return day_number(local.date()) + before_midnight


def _values(indicators: Mapping[str, Any], count: int) -> dict[str, FloatArray]:
    if count == 0:
        return {name: np.empty(0) for name in (*PRICES, "volume", "adjusted_close")}
    quote = indicators["quote"][0]
    columns = {name: quote[name] for name in (*PRICES, "volume")}
    columns["adjusted_close"] = indicators.get("adjclose", [{"adjclose": quote["close"]}])[0][
        "adjclose"
    ]
    values = {name: to_floats(cells, what=name) for name, cells in columns.items()}
    for name, column in values.items():
        if len(column) != count:
            raise bad_data(f"Yahoo sent {count} days and {len(column)} cells of {name}")
    return values


def _splits(events: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> dict[int, float]:
    splits: dict[int, float] = defaultdict(lambda: 1.0)
    for event in events:
        ratio = event["numerator"] / event["denominator"]
        if not 0.0 < ratio < np.inf:
            raise bad_data(f"Yahoo tells of a split of {ratio}, which no price can be undone with")
        splits[_local_day(event["date"], zone)] *= ratio
    return dict(splits)


def _dividends(
    events: Iterable[Mapping[str, Any]], zone: ZoneInfo
) -> dict[tuple[int, str | None], float]:
    """Add up what is paid on one day: an ordinary dividend and a special one are one amount."""
    events = list(events)
    amounts = to_floats([event["amount"] for event in events], what="dividend").tolist()
    paid: dict[tuple[int, str | None], float] = defaultdict(float)
    for event, amount in zip(events, amounts, strict=True):
        paid[_local_day(event["date"], zone), event.get("currency") or None] += amount
    return dict(paid)


def _require_asked_for(chart: Chart, request: BarRequest) -> None:
    """Prices in pence read as pounds, or of another share, would be worse than none."""
    symbol, currency = chart.meta["symbol"], chart.meta["currency"]
    if symbol != request.symbol:
        raise bad_data(f"Yahoo answered with {symbol} for {request.symbol}")
    if currency is not None and currency != request.currency:
        message = f"Yahoo quotes {symbol} in {currency}, it is listed here in {request.currency}"
        raise bad_data(message)


def _within(chart: Chart, request: BarRequest) -> BoolArray:
    first, last = day_number(request.start), day_number(request.end)
    return (chart.day >= first) & (chart.day <= last)


def _empty(chart: Chart) -> BoolArray:
    """Rows without any price: a day on which there was no session."""
    prices = np.array([chart.values[name] for name in PRICES])
    nothing: BoolArray = np.all(np.isnan(prices), axis=0)
    return nothing


def _under_way(chart: Chart, now: float) -> BoolArray:
    """Rows of a session whose last price is still to come."""
    session = chart.meta.get("currentTradingPeriod", {}).get("regular")
    if session is None or now >= session["end"] + SETTLED_AFTER_SECONDS:
        return np.zeros(len(chart.day), dtype=bool)
    return chart.day >= _local_day(session["start"], chart.zone)


def _repeated(chart: Chart) -> BoolArray:
    """Find the row that Yahoo repeats, with a later volume, for a session just over."""
    repeated = np.zeros(len(chart.day), dtype=bool)
    if len(chart.day) > 1 and chart.day[-1] == chart.day[-2]:
        repeated[-2] = chart.stamp[-1] != chart.stamp[-2]
    return repeated


def _refuse_gone(chart: Chart, request: BarRequest, now: float) -> None:
    traded = chart.meta.get("regularMarketTime")
    if traded is None:
        return
    last = EPOCH + timedelta(days=_local_day(traded, chart.zone))
    if last < request.start and _today(now) - last > GONE_AFTER:
        message = f"{request.symbol} last traded on {last}, says Yahoo"
        raise FetchFailed(FailureKind.DELISTED, message)


def _today(now: float) -> date:
    return datetime.fromtimestamp(now, UTC).date()


def _batch(chart: Chart, request: BarRequest, rows: IntArray) -> BarBatch:
    values = {name: column[rows] for name, column in _as_traded(chart).items()}
    if chart.meta.get("instrumentType") in VOLUMELESS and not np.nansum(values["volume"]):
        del values["volume"]
    return BarBatch(
        symbol=request.symbol,
        file=_file(request),
        row_number=rows + 1,
        day=chart.day[rows],
        values=values,
        raw=[_raw(chart, row) for row in rows.tolist()],
    )


def _nothing(request: BarRequest) -> BarBatch:
    none = np.empty(0, dtype=np.int64)
    values = {name: np.empty(0) for name in (*PRICES, "volume")}
    return BarBatch(
        symbol=request.symbol, file=_file(request), row_number=none, day=none, values=values, raw=[]
    )


def _file(request: BarRequest) -> str:
    return f"yahoo/{request.symbol}/{request.start}/{request.end}"


def _raw(chart: Chart, row: int) -> str:
    cells = {name: float(column[row]) for name, column in chart.values.items()}
    return json.dumps({"timestamp": int(chart.stamp[row]), **cells})


def _as_traded(chart: Chart) -> dict[str, FloatArray]:
    """Undo the splits; a volume is whole shares again, which Yahoo's rounding had taken away."""
    by = _shares_since(chart, chart.day)
    values = {name: chart.values[name] * by for name in PRICES}
    volume = chart.values["volume"]
    values["volume"] = np.where(by == 1.0, volume, np.rint(volume / by))
    values["adjusted_close"] = chart.values["adjusted_close"]
    return values


def _shares_since(chart: Chart, day: IntArray) -> FloatArray:
    """How many of today's shares one share of each day has become, (n_days,)."""
    by = np.ones(len(day))
    for ex_day, ratio in chart.splits.items():
        by[day < ex_day] *= ratio
    return by


def _actions(chart: Chart, request: BarRequest) -> tuple[Action, ...]:
    found = [Action(ex_day=on, kind="SPLIT", ratio=ratio) for on, ratio in chart.splits.items()]
    for (on, currency), amount in chart.dividends.items():
        cash = amount * float(_shares_since(chart, np.array([on]))[0])
        paid_in = currency or request.currency
        found.append(Action(ex_day=on, kind="DIVIDEND", cash=cash, currency=paid_in))
    first, last = day_number(request.start), day_number(request.end)
    inside = (action for action in found if first <= action.ex_day <= last)
    return tuple(sorted(inside, key=lambda action: (action.ex_day, action.kind)))
