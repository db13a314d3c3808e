"""On which day a run has had so many sessions, as far as that can be told without its prices."""

from collections.abc import Sequence
from datetime import date, datetime

from api.services.sessions import calendar_code, leading, nth_session
from models.instrument import Instrument
from models.price_bars import PriceBarRepository


async def day_of_session(
    bars: PriceBarRepository,
    assets: Sequence[Instrument],
    number: int,
    *,
    start: date | None = None,
    known_at: datetime | None = None,
) -> date | None:
    """Return the day of the n-th session of a panel of these assets; None where there is none.

    It is that of the oldest asset's n-th bar, unless that one trades around the clock and others do
    not: the sessions are then those of the exchanges.
    """
    oldest = min(assets, key=lambda each: (each.first_bar or date.max, each.id))
    codes = {each.id: calendar_code(each.exchange, each.currency) for each in assets}
    lead = leading(sorted(set(codes.values())))
    if codes[oldest.id] in lead or oldest.first_bar is None:
        return await bars.day_of_bar(oldest.id, number, start=start, known_at=known_at)
    day = nth_session(lead, max(oldest.first_bar, start or oldest.first_bar), number)
    known = date.max if known_at is None else known_at.date()
    return day if day is not None and day <= known else None
