"""What is known of a trade's day: which day it is at its market, its rate, the splits since."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.backtest import Currency

# A fixing this many days old still speaks for a day: no holiday lasts longer.
OLDEST_RATE_DAYS = 7
FACTS = f"""
    SELECT asked.day,
        (SELECT rate FROM fx_rate
            WHERE pair = 'AUDUSD' AND date BETWEEN asked.day - {OLDEST_RATE_DAYS} AND asked.day
            ORDER BY date DESC LIMIT 1),
        (SELECT array_agg(a.ratio ORDER BY a.ex_date) FROM corporate_action a
            JOIN instrument i ON i.id = a.instrument_id AND 'actions' = ANY (i.fields)
            WHERE a.instrument_id = asked.instrument_id AND a.kind = 'SPLIT'
                AND a.ex_date > asked.since AND a.ex_date <= asked.day)
    FROM (
        SELECT market_day(currency, at) AS day, instrument_id, since, number
        FROM unnest(
            CAST(:currencies AS text[]), CAST(:instants AS timestamptz[]),
            CAST(:instruments AS bigint[]), CAST(:since AS date[])
        ) WITH ORDINALITY AS given (currency, at, instrument_id, since, number)
    ) asked
    ORDER BY asked.number
"""  # noqa: S608 - our own number


class Moment(NamedTuple):
    """An instant at a market; the splits are those after `since` of the instrument, if any."""

    currency: Currency
    at: datetime
    instrument_id: int | None = None
    since: date | None = None


class Facts(NamedTuple):
    """The market's day, US dollars for one Australian dollar, new shares for one at each split."""

    day: date
    audusd: float | None
    split_ratios: Sequence[float]


async def facts_of(session: AsyncSession, moments: Sequence[Moment]) -> list[Facts]:
    """Return what is known now of each moment, in their order and in one statement."""
    asked = {
        "currencies": [moment.currency.value for moment in moments],
        "instants": [moment.at for moment in moments],
        "instruments": [moment.instrument_id for moment in moments],
        "since": [moment.since for moment in moments],
    }
    found = await session.execute(text(FACTS), asked)
    return [Facts(day, rate, ratios or ()) for day, rate, ratios in found]


LAST_RATE = """
    SELECT rate FROM fx_rate
    WHERE pair = 'AUDUSD' AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
    ORDER BY date DESC LIMIT 1
"""


async def last_rate(session: AsyncSession, *, known_at: datetime | None) -> float | None:
    """Return US dollars for one Australian dollar by the last fixing known at an instant."""
    rate: float | None = await session.scalar(text(LAST_RATE), {"known_at": known_at})
    return rate


INSTANTS = """
    SELECT (day + make_time(hour, 0, 0)) AT TIME ZONE
        CASE currency WHEN 'AUD' THEN 'Australia/Sydney' ELSE 'America/New_York' END
    FROM unnest(CAST(:currencies AS text[]), CAST(:days AS date[]), CAST(:hours AS int[]))
        WITH ORDINALITY AS given (currency, day, hour, number)
    ORDER BY number
"""


class Hour(NamedTuple):
    """An hour of a day on the clock of a currency's market."""

    currency: Currency
    day: date
    hour: int


async def instants_of(session: AsyncSession, hours: Sequence[Hour]) -> list[datetime]:
    """Return when each hour is, in their order and in one statement."""
    asked = {
        "currencies": [each.currency.value for each in hours],
        "days": [each.day for each in hours],
        "hours": [each.hour for each in hours],
    }
    return list(await session.scalars(text(INSTANTS), asked))
