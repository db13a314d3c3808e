"""The European Central Bank's table of fixings, whether downloaded or out of a package."""

import numpy as np

from api.adapters.sample_files import Sheet, to_days, to_numbers
from api.errors import DataError
from api.ports import Observations
from engine.types import FloatArray, IntArray

FIXED = ("Date", "USD", "AUD")
NS_PER_DAY = 86_400 * 10**9
# The ECB publishes its rates around 16:00 CET on the day itself. That is 15:00 UTC in winter and
# 14:00 in summer, so 15:00 UTC is never too early.
ECB_KNOWN = 15 * 3600 * 10**9


def read_audusd(sheet: Sheet) -> tuple[IntArray, FloatArray]:
    """Return days and US dollars for one Australian dollar, oldest first. Raises DataError."""
    usd, aud = (to_numbers(sheet.columns[name], file=sheet.file) for name in ("USD", "AUD"))
    if not (np.isfinite(usd) & np.isfinite(aud) & (usd > 0.0) & (aud > 0.0)).all():
        raise DataError(f"{sheet.file} lacks a rate of the US or the Australian dollar")
    day = to_days(sheet.columns["Date"], file=sheet.file)
    return day[::-1], (usd / aud)[::-1]  # the file begins with the latest day


def observe_audusd(day: IntArray, value: FloatArray, *, source: str) -> Observations:
    known_at = day * NS_PER_DAY + ECB_KNOWN
    return Observations(key="AUDUSD", source=source, day=day, value=value, known_at=known_at)
