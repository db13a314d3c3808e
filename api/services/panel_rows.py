"""The rows of a panel as arrays, as they are believed now or were at an instant."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.market import FACTOR_SET, MONTHLY, PAIR, RISK_FREE
from api.services.panel_build import Series, Share, level_of
from api.services.snapshot import Bars, Beside, adjust
from engine.types import IntArray
from models.corporate_action import ActionKind, ActionRow
from models.corporate_actions import CorporateActionRepository
from models.instrument import Instrument
from models.price_bars import BarColumns, PriceBarRepository
from models.published_series import FactorReturnRepository, FxRateRepository, SeriesColumns
from models.superseded_bars import SupersededBarRepository, SupersededColumns

# In the fields of an instrument whose splits and dividends are known: its bars are as traded.
ACTIONS = "actions"
EPOCH = date(1970, 1, 1)
ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What the database holds of a panel."""

    shares: tuple[Share, ...]  # one for each asset, their bars of the days asked for
    rf: Series
    beside: Beside


async def read_rows(
    session: AsyncSession,
    assets: Sequence[Instrument],
    benchmark: Instrument | None,
    *,
    start: date | None,
    end: date | None,
    known_at: datetime | None = None,
) -> Rows:
    """Read the bars of the assets between two days, and whole what goes beside them."""
    bars, ids = PriceBarRepository(session), [each.id for each in assets]
    level = [] if benchmark is None else [benchmark]
    found = {
        each.instrument_id: each
        for each in await bars.columns(ids, start=start, end=end, known_at=known_at, adjust=False)
    }
    levels = await bars.columns([each.id for each in level], known_at=known_at, adjust=False)
    actions: dict[int, list[ActionRow]] = defaultdict(list)
    known = [each.id for each in (*assets, *level) if ACTIONS in each.fields]
    for action in await CorporateActionRepository(session).of(known, known_at=known_at):
        actions[action.instrument_id].append(action)
    fixings = await FxRateRepository(session).columns([PAIR], known_at=known_at)
    rates = await FactorReturnRepository(session).columns(
        [RISK_FREE], factor_set=FACTOR_SET, frequency=MONTHLY, known_at=known_at
    )
    everyone = sorted({*ids, *(each.id for each in level)})
    told = await CorporateActionRepository(session).last_told(known)
    was = await SupersededBarRepository(session).columns(everyone, known_at=known_at)
    return Rows(
        shares=tuple(_share(each, found.get(each.id), actions[each.id]) for each in assets),
        rf=_series(rates[RISK_FREE]),
        beside=Beside(
            **_prefixed("benchmark", _level(benchmark, levels, actions)),
            **_prefixed("audusd", _series(fixings[PAIR])),
            **_superseded(was, assets),
            told_at=_last_told(was, told),
        ),
    )


def _share(
    instrument: Instrument, columns: BarColumns | None, actions: Sequence[ActionRow]
) -> Share:
    met: dict[int, list[float]] = defaultdict(lambda: [1.0, 0.0, math.nan])
    for each in actions:
        at = met[(each.ex_date - EPOCH).days]
        if each.kind == ActionKind.SPLIT:
            at[0] = each.ratio or 1.0
        else:
            at[1] = each.cash or 0.0
            at[2] = math.nan if each.pay_date is None else (each.pay_date - EPOCH).days
    days = sorted(met)
    return Share(
        bars=_bars(columns or NO_BARS, traded=ACTIONS in instrument.fields),
        action_day=np.array(days, np.int64),
        split=np.array([met[day][0] for day in days], np.float64),
        dividend=np.array([met[day][1] for day in days], np.float64),
        paid_on=np.array([met[day][2] for day in days], np.float64),
    )


def _bars(columns: BarColumns, *, traded: bool) -> Bars:
    adjusted = [None] * len(columns.days) if traded else columns.adjusted_close
    return Bars(
        day=np.array(columns.days, np.int64),
        open=np.array(columns.open, np.float64),  # None becomes NaN
        high=np.array(columns.high, np.float64),
        low=np.array(columns.low, np.float64),
        close=np.array(columns.close, np.float64),
        adjusted_close=np.array(adjusted, np.float64),
        volume=np.array(columns.volume, np.float64),
        known_at=_instants(columns.known_at_us),
    )


NO_BARS = BarColumns(0, [], [], [], [], [], [], [], [])


def _level(
    benchmark: Instrument | None,
    found: Sequence[BarColumns],
    actions: Mapping[int, Sequence[ActionRow]],
) -> Series:
    if benchmark is None or not found:
        return _series(SeriesColumns([], [], []))
    share = _share(benchmark, found[0], actions[benchmark.id])
    return Series(day=share.bars.day, value=level_of(share), known_at=share.bars.known_at)


def _superseded(was: SupersededColumns, assets: Sequence[Instrument]) -> dict[str, np.ndarray]:
    ids = np.array(was.instrument_ids, np.int64)
    raw = np.isin(ids, [each.id for each in assets if ACTIONS in each.fields])
    own = np.isin(ids, [each.id for each in assets])
    day = np.array(was.days, np.int64)
    bars = Bars(
        day=day,
        open=np.array(was.open, np.float64),
        high=np.array(was.high, np.float64),
        low=np.array(was.low, np.float64),
        close=np.array(was.close, np.float64),
        adjusted_close=np.where(raw, np.nan, np.array(was.adjusted_close, np.float64)),
        volume=np.array(was.volume, np.float64),
        known_at=_instants(was.known_at_us),
    )
    seen = {f"was_{name}": values for name, values in adjust(bars).items()}
    placed: dict[str, np.ndarray] = {
        "was_day": day,
        "was_asset": np.searchsorted([each.id for each in assets], ids),
        "was_known_at": bars.known_at,
        "was_known_to": _instants(was.known_to_us),
    }
    # The benchmark's are among them, and it may be none of the assets.
    return {name: values[own] for name, values in (seen | placed).items()}


def _last_told(was: SupersededColumns, acted: datetime | None) -> IntArray:
    told = 0 if acted is None else (acted - ORIGIN) // timedelta(microseconds=1)
    return _instants([max([told, *was.known_to_us])])


def _series(columns: SeriesColumns) -> Series:
    return Series(
        day=np.array(columns.days, np.int64),
        value=np.array(columns.values, np.float64),
        known_at=_instants(columns.known_at_us),
    )


def _prefixed(name: str, series: Series) -> dict[str, np.ndarray]:
    return {
        f"{name}_day": series.day,
        name: series.value,
        f"{name}_known_at": series.known_at,
    }


def _instants(microseconds: Sequence[int]) -> IntArray:
    instants: IntArray = np.array(microseconds, np.int64) * 1_000
    return instants
