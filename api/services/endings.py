"""What holders got when a listing ended, as a panel takes it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.market import PAIR
from engine.actions import CONVERSION, DELISTED, SUCCESSOR, TERMINAL_VALUE
from engine.types import FloatArray, IntArray
from models.corporate_action import ActionRow
from models.corporate_actions import CorporateActionRepository
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository

EPOCH = date(1970, 1, 1)
# A fixing or a close older than this says nothing of the day.
STALE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What one share became on the first day without it.

    `cash` is in the share's own currency, NaN where nobody knows. A successor outside the panel is
    None: its shares are in the cash, at their last close.
    """

    instrument_id: int
    on: date
    cash: float
    ratio: float | None
    successor_id: int | None


async def read_endings(
    session: AsyncSession, assets: Sequence[Instrument], *, known_at: datetime | None
) -> tuple[Ending, ...]:
    """Return the known ends of the assets' listings as believed at an instant, or now."""
    known = {each.id: each for each in assets}
    told = await CorporateActionRepository(session).endings(list(known), known_at=known_at)
    outside = {}
    followed = {each.successor_id for each in told if each.successor_id is not None}
    if strangers := sorted(followed - known.keys()):
        found_there = await InstrumentRepository(session).by_ids(strangers)
        outside = {each.id: each for each in found_there}
    found = []
    for each in told:
        cash, inside = each.cash or 0.0, each.successor_id in known
        if each.successor_id is not None and not inside:
            theirs = outside[each.successor_id]
            cash += await _worth(session, each, known, theirs, known_at)
        ending = Ending(
            instrument_id=each.instrument_id,
            on=each.ex_date,
            cash=cash,
            ratio=each.ratio,
            successor_id=each.successor_id if inside else None,
        )
        found.append(ending)
    return tuple(found)


async def _worth(
    session: AsyncSession,
    action: ActionRow,
    known: Mapping[int, Instrument],
    successor: Instrument,
    known_at: datetime | None,
) -> float:
    """Return the shares' last close on or before the day in the old share's currency, or NaN."""
    bars = await PriceBarRepository(session).latest_by_instrument(
        [successor.id], valid_at=action.ex_date, known_at=known_at
    )
    close = bars[0].close if bars and action.ex_date - bars[0].date <= STALE else None
    if close is None or action.ratio is None:
        return math.nan
    currency = known[action.instrument_id].currency
    if currency == successor.currency:
        return action.ratio * close
    if {currency, successor.currency} != {"AUD", "USD"}:
        return math.nan
    since, day = action.ex_date - STALE, action.ex_date
    rates = FxRateRepository(session)
    found = await rates.columns([PAIR], start=since, end=day, known_at=known_at)
    fixings = found[PAIR].values
    if not fixings:
        return math.nan
    rate = fixings[-1] if currency == "USD" else 1.0 / fixings[-1]
    return action.ratio * close * rate


def lay_endings(
    session: IntArray, assets: Sequence[Instrument], known: Sequence[Ending]
) -> dict[str, FloatArray]:
    """Mark the first session without each asset, and lay what holders got on it where it is known.

    Nothing where no listing ended.
    """
    told = {each.instrument_id: each for each in known}
    gone = {
        column: int(np.searchsorted(session, day))
        for column, each in enumerate(assets)
        if (day := _first_day_without(each, told.get(each.id))) is not None
    }
    inside = {column: row for column, row in gone.items() if 0 < row < len(session)}
    if not inside:
        return {}
    shape = (len(session), len(assets))
    delisted = np.zeros(shape)
    delisted[list(inside.values()), list(inside)] = 1.0
    named = (TERMINAL_VALUE, CONVERSION, SUCCESSOR)
    columns = {name: np.full(shape, np.nan) for name in named}
    for column, row in inside.items():
        if (ending := told.get(assets[column].id)) is not None:
            got = (ending.cash, ending.ratio, ending.successor_id)
            for name, value in zip(named, got, strict=True):
                columns[name][row, column] = np.nan if value is None else value
    kept = {name: column for name, column in columns.items() if np.isfinite(column).any()}
    return {DELISTED: delisted} | kept


def _first_day_without(asset: Instrument, ending: Ending | None) -> int | None:
    if ending is not None:
        return (ending.on - EPOCH).days
    return None if asset.delisted_on is None else (asset.delisted_on - EPOCH).days + 1
