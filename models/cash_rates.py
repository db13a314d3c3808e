"""Cash rates of central banks: on which days of a span one was in force, as far as is stored."""

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Figures as spans of days: from its date, or the day it was told of if that is later, for as long
# as it stands; a bill's month is settled beforehand. Days behind all spans before are a gap.
FIRST_GAP = """
    WITH told AS (
        SELECT greatest(
                date, ((known_at AT TIME ZONE 'UTC') - interval '1 microsecond')::date
            ) AS since,
            date + CAST(:reach AS int) AS until
        FROM macro_series
        WHERE series = :series AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
        UNION ALL
        SELECT date_trunc('month', date)::date, date
        FROM factor_return
        WHERE factor_set = :factor_set AND frequency = 'monthly' AND factor = 'RF'
            AND known_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
    ),
    ordered AS (
        SELECT since, until, greatest(
            max(until) OVER (
                ORDER BY since, until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            CAST(:first AS date) - 1
        ) AS covered
        FROM told
    ),
    gaps AS (
        SELECT covered + 1 AS day FROM ordered WHERE since > covered + 1
        UNION ALL
        SELECT greatest(max(until), CAST(:first AS date) - 1) + 1 FROM told
    )
    SELECT min(day) FROM gaps WHERE day <= CAST(:last AS date)
"""


class CashRateRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def first_gap(
        self,
        series: str,
        *,
        factor_set: str | None,
        reach: int,
        first: date,
        last: date,
        known_at: datetime | None = None,
    ) -> date | None:
        """Return the first day of a span without a rate in force; None where there is none.

        A figure stands for `reach` days behind its own; the bill rate of a set of factors, where
        one is named, for its month.
        """
        asked = {
            "series": series,
            "factor_set": factor_set,
            "reach": reach,
            "first": first,
            "last": last,
            "known_at": known_at,
        }
        found: date | None = await self.session.scalar(text(FIRST_GAP), asked)
        return found
