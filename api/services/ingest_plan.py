"""What to ask for of an instrument: sessions that are missing, and the last ones once more.

What was asked for is one range of days without a hole, so a wish beyond it is stretched to touch
it. A session is missing when it lies outside that range and has closed, the provider's delay
included. Once a session has been asked for in vain its bar may still be late: then it is asked
for again after some hours, not at every run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from api.errors import FailureKind
from api.ports import BarRequest
from api.services.calendars import Calendar, calendar, calendar_code
from api.services.fetching import Want
from api.services.provider import Failed
from engine.types import IntArray
from models.asked_range import AskedRange

EPOCH = date(1970, 1, 1)
# Where nobody says from when: most strategies need ten years, few sources have more than thirty.
HISTORY_FROM = date(2000, 1, 1)
# Sessions that are asked for once more for late corrections, whenever a new one has closed.
ASKED_AGAIN = 5
LATE = timedelta(hours=4)
# How long a provider's last word on a symbol, such as UNKNOWN_SYMBOL, is believed.
BELIEVED = timedelta(hours=20)

Days = tuple[date, date]


@dataclass(frozen=True, kw_only=True)
class Target:
    """An instrument prices are wanted of, with what is known of it so far."""

    symbol: str
    exchange: str
    currency: str
    sources: Sequence[str]
    first_bar: date | None = None
    delisted_on: date | None = None
    asked: AskedRange | None = None

    @property
    def is_taken_over(self) -> bool:
        """Tell whether another source brought bars, and no provider was asked for any."""
        asked = self.asked is not None and self.asked.first_on is not None
        return self.first_bar is not None and not asked

    @property
    def market(self) -> Calendar:
        return calendar(calendar_code(self.exchange, self.currency))


@dataclass(frozen=True, kw_only=True)
class Wish:
    """From when to when prices are wanted; `force` asks for all of it again."""

    now: datetime
    start: date | None = None
    end: date | None = None
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What to fetch of a target; neither want nor failure when all of it is there."""

    target: Target
    want: Want | None = None
    failure: Failed | None = None


def plan(target: Target, wish: Wish, *, delay: timedelta = timedelta(0)) -> Planned:
    """Find the requests one target needs.

    Parameters
    ----------
    delay : timedelta
        How long after a session's close the provider is expected to have its bar.
    """
    failure = None if wish.force else _believed_failure(target.asked, wish.now)
    if failure is not None:
        return Planned(target=target, failure=failure)
    session = _closed(target, wish, delay)
    session = session[session >= _number(_start(target, wish))]
    if not len(session):
        return Planned(target=target)
    asked, missing = _spans(target, wish, session)
    if not asked:
        return Planned(target=target)
    want = Want(
        symbol=target.symbol,
        sources=target.sources,
        requests=[_request(target, span) for span in asked],
        missing=[_request(target, span) for span in missing],
    )
    return Planned(target=target, want=want)


def asked_after(target: Target, want: Want, delivered: IntArray) -> Days:
    """Return the range that was asked for once the answer is here.

    It ends with the last session that was delivered: what lies behind may come yet.
    """
    known = target.asked
    first = min(request.start for request in want.requests)
    asked_to = max(request.end for request in want.requests)
    came = [EPOCH + timedelta(days=int(delivered.max()))] if len(delivered) else []
    last = min(max([first, *came]), asked_to)
    if known is not None and known.first_on is not None and known.last_on is not None:
        return min(first, known.first_on), max(last, known.last_on)
    return first, last


def _believed_failure(asked: AskedRange | None, now: datetime) -> Failed | None:
    if asked is None or asked.failure_kind is None or now - asked.checked_at > BELIEVED:
        return None
    at = asked.checked_at.astimezone(UTC).strftime("%H:%M UTC")
    return Failed(
        kind=FailureKind(asked.failure_kind),
        message=f"{asked.failure_message} (asked at {at}; force asks again)",
        attempts=0,
        source=asked.source,
    )


def _closed(target: Target, wish: Wish, delay: timedelta) -> IntArray:
    """Return the sessions up to the wish's end whose bar can be there by now.

    What another source brought is asked for to its end, so that one source tells all of a history.
    """
    market = target.market
    by = int((wish.now - delay).timestamp() * 1e9)
    session = market.session[: np.searchsorted(market.closes_at, by, side="right")]
    wished = None if target.is_taken_over else wish.end
    for end in (wished, target.delisted_on):
        session = session if end is None else session[session <= _number(end)]
    return session


def _start(target: Target, wish: Wish) -> date:
    """Return the first day wanted.

    What another source brought is asked for too, so that one source tells all of a history.
    """
    if target.asked is not None and target.asked.first_on is not None:
        return wish.start or target.asked.first_on
    start = wish.start or HISTORY_FROM
    return start if target.first_bar is None else min(start, target.first_bar)


def _spans(target: Target, wish: Wish, session: IntArray) -> tuple[list[Days], list[Days]]:
    """Return the spans to ask for, and the same without what is there already."""
    known = target.asked
    if known is None or known.first_on is None or known.last_on is None:
        return _both(_whole(session))
    first_on, last_on = _number(known.first_on), _number(known.last_on)
    if wish.force:
        return _both(_touching(session, first_on, last_on))
    before = session[session < first_on]
    after = session[session > last_on]
    asked: list[Days] = []
    missing: list[Days] = []
    if len(before):
        # Up to the range, whatever the wish ends with: no hole may be left between the two.
        asked.append((_date(before[0]), _date(first_on - 1)))
        missing.append(asked[0])
    if len(after) and not _just_asked(known, int(after[-1]), wish.now):
        held = session[session <= last_on]
        again = held[-ASKED_AGAIN:]
        missing.append((_date(after[0]), _date(after[-1])))
        asked.append((_date(again[0] if len(again) else after[0]), _date(after[-1])))
    return asked, missing


def _both(spans: list[Days]) -> tuple[list[Days], list[Days]]:
    return spans, spans


def _whole(session: IntArray) -> list[Days]:
    return [(_date(session[0]), _date(session[-1]))]


def _touching(session: IntArray, first_on: int, last_on: int) -> list[Days]:
    """Return the span of the sessions, stretched to touch the days that were asked for."""
    first, last = min(int(session[0]), last_on + 1), max(int(session[-1]), first_on - 1)
    return [(_date(first), _date(last))]


def _just_asked(known: AskedRange, last: int, now: datetime) -> bool:
    """Tell whether the last session was asked for, in vain, and not long ago."""
    sought = known.asked_to is not None and _number(known.asked_to) >= last
    return sought and now - known.checked_at < LATE


def _request(target: Target, span: Days) -> BarRequest:
    return BarRequest(
        symbol=target.symbol,
        exchange=target.exchange,
        currency=target.currency,
        start=span[0],
        end=span[1],
    )


def _number(day: date) -> int:
    return (day - EPOCH).days


def _date(number: int) -> date:
    return EPOCH + timedelta(days=int(number))
