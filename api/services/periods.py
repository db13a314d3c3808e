"""Which calendar months and years a span of sessions covers in part only."""

from collections.abc import Iterable
from datetime import date, timedelta

from api.services.sessions import EPOCH, LONGEST_CLOSURE, leading, sessions_of


def partial_ends(first: date, last: date, markets: Iterable[str]) -> dict[str, list[bool]]:
    """Tell of the first and last `month` and `year` with a return whether part of it is missing.

    A curve that begins on `first` has its first return on the session after: where that lies in
    the same month, the month began before the curve. The last month is whole when no market of
    the run has a session in it after `last`.
    """
    after = (last - EPOCH).days + 1
    codes = leading(markets)
    following = [_next(code, (first - EPOCH).days + 1) for code in codes]
    begun = EPOCH + timedelta(days=min(following))
    ends = {"month": _month_end(last), "year": date(last.year, 12, 31)}
    left = {
        name: any(sessions_of(code).count(after, (end - EPOCH).days) for code in codes)
        for name, end in ends.items()
    }
    return {
        "month": [(first.year, first.month) == (begun.year, begun.month), left["month"]],
        "year": [first.year == begun.year, left["year"]],
    }


def _next(code: str, day: int) -> int:
    return next(sessions_of(code).without((), day, day + LONGEST_CLOSURE), day)


def _month_end(day: date) -> date:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return following - timedelta(days=1)
