"""Cash rates of central banks on the sessions of a panel, as they were known on each.

A figure is in percent a year and dated by the first day it was in force. It stands until the next
one, but not for ever: behind `CASH_RATE_REACH` days it is unknown. Interest to a session is paid at
the rate in force on the session before, as told when the session's own day began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.market import FACTOR_SET, MONTHLY, RISK_FREE
from api.services.named_panels import BILLS, CASH_RATE_REACH, CASH_RATES
from api.services.sessions import ALWAYS_OPEN
from engine.shorting import DAYS
from engine.types import SESSIONS_PER_YEAR, BoolArray, FloatArray, IntArray
from models.published_series import (
    FactorReturnRepository,
    MacroSeriesRepository,
    SeriesColumns,
)

NS_PER_DAY: Final = 86_400 * 10**9
PER_CENT: Final = 0.01
MONTHS: Final = 12
NOTHING: Final = SeriesColumns([], [], [])


@dataclass(frozen=True, kw_only=True)
class DatedRates:
    """The rates of one currency's cash by session, (n,) each; NaN unknown."""

    annual: FloatArray  # over the nights before each session, as a fraction
    rf: FloatArray  # simple return per session
    foreign: BoolArray  # where that is another currency's

    def by_currency(self, currencies: Sequence[str], bills: FloatArray) -> FloatArray:
        """Return what the cash of each currency itself earned, (n, c); NaN unknown.

        The first is the one these rates are of; abroad the bills' own currency alone is known.
        """
        earned = np.full((len(self.rf), len(currencies)), np.nan)
        earned[:, 0] = np.where(self.foreign, np.nan, self.rf)
        for column, currency in enumerate(currencies[1:], start=1):
            if currency in BILLS:
                earned[:, column] = bills
        return earned

    def flags(self, first: int, last: int) -> tuple[str, ...]:
        """Return the warnings of these rows."""
        rows = slice(first, last + 1)
        raised = {
            "rf_foreign": self.foreign[rows].any(),
            "rf_missing": np.isnan(self.rf[rows]).any(),
        }
        return tuple(flag for flag, holds in raised.items() if holds)


@dataclass(frozen=True, kw_only=True)
class CashRates:
    """What is stored of one currency's cash rate: figures, and monthly returns of bills."""

    figures: SeriesColumns = NOTHING
    bills: SeriesColumns = NOTHING

    def published(self, session: IntArray) -> FloatArray:
        """Return the annual rate (n,), a fraction, over the nights before each session."""
        day = np.array(self.figures.days, np.int64)
        if not len(day):
            return np.full(len(session), np.nan)
        before, told = _nights(session), np.array(self.figures.known_at_us, np.int64) * 1_000
        at = np.searchsorted(day, before, side="right") - 1
        while (early := (at >= 0) & (told[at] > session * NS_PER_DAY)).any():
            at = at - early
        rate = _at(np.array(self.figures.values) * PER_CENT, at)
        rate[before - _at(day, at) > CASH_RATE_REACH] = np.nan
        return rate

    def laid_on(
        self, session: IntArray, paid: FloatArray, *, held: BoolArray, primary: str, currency: str
    ) -> "DatedRates":
        """Return the rates of a currency's cash on sessions (n,), and its risk-free return.

        That is what bills `paid` by the session, else its own cash rate; of a currency whose bills
        we do not know, its own cash rate, else what American bills paid. As with bills, a session
        that is not `held` by the `primary` market earns nothing.
        """
        rate = self.published(session)
        year = DAYS if primary in ALWAYS_OPEN else SESSIONS_PER_YEAR
        own = np.where(held, rate / year, rate * 0.0)
        first, then = (paid, own) if currency in BILLS else (own, paid)
        lent = np.isnan(first) & np.isfinite(then)
        return DatedRates(
            annual=np.where(np.isnan(rate), self._bills(session), rate),
            rf=np.where(lent, then, first),
            foreign=lent & (currency not in BILLS),
        )

    def _bills(self, session: IntArray) -> FloatArray:
        """Return twelve times the return of the bill that ran on the session before."""
        month, wanted = _month(np.array(self.bills.days, np.int64)), _month(_nights(session))
        at = np.searchsorted(month, wanted, side="right") - 1
        rate = _at(np.array(self.bills.values) * MONTHS, at)
        rate[_at(month, at) != wanted] = np.nan
        return rate


NO_RATES: Final = CashRates()


async def read_cash_rates(
    session: AsyncSession, currency: str, known_at: datetime | None
) -> CashRates:
    """Return what is stored of a currency's cash rate, as far as it was known at an instant."""
    series = CASH_RATES.get(currency)
    if series is None:
        return NO_RATES
    figures = await MacroSeriesRepository(session).columns([series], known_at=known_at)
    if currency not in BILLS:
        return CashRates(figures=figures[series])
    bills = await FactorReturnRepository(session).columns(
        [RISK_FREE], factor_set=FACTOR_SET, frequency=MONTHLY, known_at=known_at
    )
    return CashRates(figures=figures[series], bills=bills[RISK_FREE])


def _nights(session: IntArray) -> IntArray:
    """Return the day of the session before each; before the first, the day before."""
    return np.concatenate([session[:1] - 1, session[:-1]])


def _month(day: IntArray) -> IntArray:
    months: IntArray = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def _at(values: FloatArray | IntArray, rows: IntArray) -> FloatArray:
    """Return values at rows; NaN before the first of them."""
    found = np.full(len(rows), np.nan)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found
