"""The truth behind the fake providers: shares as they traded, and when a provider misbehaves.

Every provider derives its own form from the same truth, so what an adapter gives back can be
compared with what was traded, to the last digit.
"""

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from itertools import repeat
from zoneinfo import ZoneInfo

import numpy as np

from api.services.calendars import calendar
from tests.providers.loopback import Answer, answer_json, delayed

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Bar:
    """One session as it traded, nothing adjusted."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, kw_only=True)
class Share:
    """An instrument as it traded. A split of ratio 4 gives four new shares for an old one."""

    bars: Sequence[Bar]
    splits: Mapping[date, float] = field(default_factory=dict)
    dividends: Mapping[date, float] = field(default_factory=dict)
    name: str = "Example Corporation"
    currency: str = "USD"
    kind: str = "EQUITY"  # as Yahoo says it: EQUITY ETF INDEX CURRENCY CRYPTOCURRENCY
    zone: str = "America/New_York"
    opens: time = time(9, 30)
    closes: time = time(16, 0)
    early: Mapping[date, time] = field(default_factory=dict)  # half days

    @property
    def first(self) -> date:
        return self.bars[0].day

    @property
    def last(self) -> date:
        return self.bars[-1].day

    def between(self, first: date, last: date) -> Sequence[Bar]:
        """Return the bars of these days, both included."""
        return self.bars[bisect_left(self._days, first) : bisect_right(self._days, last)]

    def closing(self, day: date) -> int:
        """Return when the session ends, in seconds since 1970."""
        return instant(self, day, self.early.get(day, self.closes))

    def split_after(self, day: date) -> float:
        """Return how many of today's shares one share of that day has become."""
        return math.prod(ratio for on, ratio in self.splits.items() if on > day)

    def adjustment(self, day: date) -> float:
        """Return what a vendor multiplies that day's close with: splits and dividends after it."""
        paid = [1.0 - cash / self._close_before(on) for on, cash in self._paid_after(day)]
        return math.prod(paid) / self.split_after(day)

    def _paid_after(self, day: date) -> list[tuple[date, float]]:
        return [(on, cash) for on, cash in self.dividends.items() if on > day]

    def _close_before(self, day: date) -> float:
        return self.bars[bisect_left(self._days, day) - 1].close

    @cached_property
    def _days(self) -> list[date]:
        return [bar.day for bar in self.bars]

    def with_close(self, day: date, close: float) -> "Share":
        """Return the share after a vendor corrected the close of one day."""
        bars = [replace(bar, close=close) if bar.day == day else bar for bar in self.bars]
        return replace(self, bars=bars)


@cache
def sessions(code: str, start: date, end: date) -> tuple[date, ...]:
    """Trading days of a market, both ends included."""
    held = calendar(code)
    span = held.between((start - EPOCH).days, (end - EPOCH).days)
    return tuple(EPOCH + timedelta(days=int(day)) for day in held.session[span])


def walk(days: Iterable[date], *, first: float = 100.0, seed: int = 0) -> list[Bar]:
    """Bars that wander without ever jumping; the same seed, the same bars."""
    days = list(days)
    steps = np.random.default_rng(seed).uniform(-0.02, 0.02, size=len(days))
    closes = first * np.exp(np.cumsum(steps))
    bars, before = [], first
    for day, close in zip(days, closes.round(2).tolist(), strict=True):
        high, low = max(before, close) + 0.5, min(before, close) - 0.5
        volume = 840.0 * (1_000 + day.toordinal() % 97)  # any usual split divides it
        bars.append(Bar(day, before, round(high, 2), round(low, 2), close, volume))
        before = close
    return bars


def us_share(start: date, end: date, *, seed: int = 0, **changes) -> Share:
    """A share of New York; its prices and volumes show the splits it is given."""
    bars = walk(sessions("XNYS", start, end), seed=seed)
    return Share(bars=_as_traded(bars, changes.get("splits", {})), **changes)


def asx_share(start: date, end: date, *, seed: int = 0, **changes) -> Share:
    bars = walk(sessions("XASX", start, end), first=40.0, seed=seed)
    sydney = {"currency": "AUD", "zone": "Australia/Sydney", "opens": time(10)}
    return Share(bars=_as_traded(bars, changes.get("splits", {})), **sydney | changes)


def _as_traded(bars: Sequence[Bar], splits: Mapping[date, float]) -> list[Bar]:
    """Bars before a split cost so many times more, and so many times fewer changed hands."""
    by = [math.prod(ratio for on, ratio in splits.items() if on > bar.day) for bar in bars]
    return [
        Bar(
            bar.day,
            bar.open * ratio,
            bar.high * ratio,
            bar.low * ratio,
            bar.close * ratio,
            float(round(bar.volume / ratio)),
        )
        for bar, ratio in zip(bars, by, strict=True)
    ]


def made_share(symbol: str, start: date, end: date) -> Share:
    """A share nobody wrote down, always the same one for a symbol."""
    make = asx_share if symbol.endswith(".AX") else us_share
    return make(start, end, seed=sum(symbol.encode()), name=f"{symbol} made for a test")


Fault = Callable[[Answer], Answer]


def status(code: int, **headers: str) -> Fault:
    """Answer with this status, such as 500, 401, or 429 with ``**{"retry-after": "7"}``."""
    return lambda _: answer_json({"detail": f"status {code} was asked for"}, status=code, **headers)


def body(content: bytes, content_type: str = "application/json") -> Fault:
    """Answer 200 with something else than what was asked for."""
    return lambda _: Answer(body=content, headers={"content-type": content_type})


def json_body(document: object) -> Fault:
    return body(json.dumps(document).encode())


def hanging(answer: Answer) -> Answer:
    return replace(answer, hangs=True)


def truncated(answer: Answer) -> Answer:
    return replace(answer, cut=True)


def dripping(answer: Answer) -> Answer:
    return replace(answer, drips=True)


def half(answer: Answer) -> Answer:
    """Send half of the document and call it whole."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


HTML = body(b"<!doctype html><title>Sign in</title>", "text/html")
EMPTY = body(b"")


def always(fault: Fault) -> Iterator[Fault]:
    return repeat(fault)


@dataclass
class Scenario:
    """What the fakes know and how they behave.

    `faults` holds by symbol what goes wrong, one fault a request, then all is well; a None in
    between lets a request pass; ``always(fault)`` never ends. The symbol ``*`` is any.
    `make` invents a share for a symbol that is not listed: a bench needs hundreds.
    """

    shares: dict[str, Share] = field(default_factory=dict)
    faults: dict[str, Iterable[Fault | None]] = field(default_factory=dict)
    delay_seconds: float = 0.0
    key: str = "a-key-for-tests"
    make: Callable[[str], Share] | None = None
    now: datetime | None = None  # the provider's clock, where a session may be under way
    _running: dict[str, Iterator[Fault | None]] = field(default_factory=dict)

    def share(self, symbol: str) -> Share | None:
        if symbol not in self.shares and self.make is not None:
            self.shares[symbol] = self.make(symbol)
        return self.shares.get(symbol)

    def spoil(self, symbol: str, answer: Answer) -> Answer:
        """Return the answer as the scenario wants it sent."""
        for key in (symbol, "*"):
            if key in self.faults:
                running = self._running.setdefault(key, iter(self.faults[key]))
                fault = next(running, None)
                answer = fault(answer) if fault else answer
        return delayed(answer, self.delay_seconds)


def instant(share: Share, day: date, at: time) -> int:
    """Seconds since 1970 of a local time."""
    return int(datetime.combine(day, at, ZoneInfo(share.zone)).timestamp())
