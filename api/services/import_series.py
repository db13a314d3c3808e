"""Bring a file of a named panel in: one transaction, every row of it accounted for.

A figure that is stored stays as it is, since nothing keeps what it was; only `force` takes the
file's word for it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput
from api.ports import Observations, SeriesFile
from api.services.bar_rows import EPOCH, series_rows
from api.services.ingest_report import Tally
from api.services.market import MONTHLY
from api.services.named_panels import CASH_RATE_REACH, CASH_RATES, FACTOR_PANELS
from api.services.reasons import Reason
from api.services.routing import CSV
from api.services.unread_rows import quarantined
from engine.types import BoolArray
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.price_bar import Quarantine
from models.published_series import (
    FactorReturnRepository,
    FactorRow,
    MacroRow,
    MacroSeriesRepository,
    SeriesColumns,
)
from models.quarantines import QuarantineRepository
from models.staging import NOISE, Written

NS_PER_DAY = 86_400 * 10**9
# Percent for a fraction is a hundred times; no central bank moved its rate so far at once.
OTHER_UNIT = 50.0


async def import_series(
    session: AsyncSession, file: SeriesFile, *, now: datetime, force: bool = False
) -> Tally:
    """Write the figures of a file. Raises InvalidInput where none of its rows could be read."""
    if not any(len(each.day) for each in file.series):
        reasons = Counter(row.reason for row in file.refused).most_common()
        told = ", ".join(f"{count:,} as {reason}" for reason, count in reasons)
        raise InvalidInput(f"{file.file} has no figure that can be read; refused were {told}")
    _require_past(file, now)
    stored = await _stored(session, file)
    refused, conflicts = quarantined(file.file, file.refused), list[Quarantine]()
    tally, fresh = Tally(read=file.rows), list[Observations]()
    for each in file.series:
        new, other = _compared(each, stored[each.key])
        take = new | other if force else new
        fresh.append(_cut(each, take))
        if file.panel in CASH_RATES.values():
            _require_one_unit(file, fresh[-1], stored[each.key])
        tally.written += Written(unchanged=int((~(new | other)).sum()))
        if not force:
            held, rows = stored[each.key], np.flatnonzero(other).tolist()
            conflicts += [_conflict(file, each, row, held) for row in rows]
    tally.written += await _write(session, file, fresh)
    refused += conflicts
    tally.conflicts = [_told(each) for each in conflicts]
    tally.quarantined, tally.reasons = len(refused), Counter(row.reason for row in refused)
    await QuarantineRepository(session).add(refused)
    return tally


def _require_past(file: SeriesFile, now: datetime) -> None:
    """Refuse what is of a day to come, or was told on one; a month in progress may be."""
    if file.panel in FACTOR_PANELS:
        return
    told = [each for each in file.series if len(each.day)]
    today = now.astimezone(UTC).date()
    last = EPOCH + timedelta(days=max(int(each.day[-1]) for each in told))
    if last > today:
        raise InvalidInput(f"{file.file} tells of {last}, a day to come; leave such rows out")
    known = EPOCH + timedelta(days=max(int(each.known_at.max()) for each in told) // NS_PER_DAY)
    # What is known when its day is over is known tomorrow.
    if known > today + timedelta(days=1):
        raise InvalidInput(f"{file.file} was told on {known}, a day to come; correct known_at")


def _require_one_unit(file: SeriesFile, fresh: Observations, stored: SeriesColumns) -> None:
    """Refuse rates that would stand beside others in another unit, fractions beside percent."""
    after = dict(zip(stored.days, stored.values, strict=True))
    after |= dict(zip(fresh.day.tolist(), fresh.value.tolist(), strict=True))
    taken = set(fresh.day.tolist())
    for (day, value), (later, then) in pairwise(sorted(after.items())):
        low, high = sorted((value, then))
        beside = later - day <= CASH_RATE_REACH
        if beside and 0.0 < low * OTHER_UNIT <= high and taken & {day, later}:
            raise InvalidInput(
                f"{file.file} would leave {fresh.key} in two units, {value:g} on {_on(day)} and"
                f" {then:g} on {_on(later)}; import every day of it in percent a year, with --force"
                " where other figures are stored"
            )


async def _stored(session: AsyncSession, file: SeriesFile) -> Mapping[str, SeriesColumns]:
    keys = [each.key for each in file.series]
    if file.panel in FACTOR_PANELS:
        return await FactorReturnRepository(session).columns(
            keys, factor_set=file.panel, frequency=MONTHLY
        )
    return await MacroSeriesRepository(session).columns(keys)


def _compared(series: Observations, stored: SeriesColumns) -> tuple[BoolArray, BoolArray]:
    """Tell of each figure whether its day is new, and whether another figure is stored for it."""
    held = dict(zip(stored.days, stored.values, strict=True))
    there = np.array([held.get(day, np.nan) for day in series.day.tolist()])
    new = np.isnan(there)
    other: BoolArray = np.abs(there - series.value) > NOISE * np.abs(there)
    return new, other


def _cut(series: Observations, rows: BoolArray) -> Observations:
    return replace(
        series, day=series.day[rows], value=series.value[rows], known_at=series.known_at[rows]
    )


async def _write(session: AsyncSession, file: SeriesFile, fresh: list[Observations]) -> Written:
    rows = [row for each in fresh for row in series_rows(each)]
    fingerprints = FingerprintRepository(session)
    if file.panel in FACTOR_PANELS:
        written = await FactorReturnRepository(session).write(
            FactorRow(file.panel, MONTHLY, *row) for row in rows
        )
        await fingerprints.refresh(Scope.FACTORS, [file.panel])
        return written
    written = await MacroSeriesRepository(session).write(MacroRow(*row) for row in rows)
    await fingerprints.refresh(Scope.MACRO, [each.key for each in fresh])
    return written


def _on(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _conflict(
    file: SeriesFile, series: Observations, row: int, stored: SeriesColumns
) -> Quarantine:
    day = int(series.day[row])
    on, held = _on(day), stored.values[stored.days.index(day)]
    return Quarantine(
        source=CSV,
        file=file.file,
        symbol=series.key,
        date=on,
        raw=f"{on} {series.value[row]}",
        reason=Reason.DUPLICATE_CONFLICT.value,
        detail={"stored": held},
    )


def _told(conflict: Quarantine) -> str:
    """Say what the file gives and what stays."""
    return f"{conflict.symbol} {conflict.raw}: {conflict.detail['stored']} is stored and stays"
