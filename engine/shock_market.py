"""A market that goes on after its last session: down by a shock, part of the way back, and noisy.

1. The benchmark moves in equal steps of its logarithm, down and then up; so do exchange rates.
2. Around these steps lies what happened on sessions of the past, drawn in blocks for all assets at
   once, so that what fell together falls together. The benchmark's own noise is tied down at the
   end of each leg: it stands where the shock puts it.
3. Each asset moves by its beta times the benchmark, and by what it did beyond that on the session
   drawn. Its open, high and low lie around its close as they did then.

Nothing splits, pays or leaves; volumes are those of late, the clock is that of the last session.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from engine import stress
from engine.actions import DELISTED
from engine.bootstrap import SHORTEST_BLOCK, block_length, draw
from engine.panel import BY_SESSION, NEVER, OPTIONAL, Panel
from engine.ratios import ZERO_DEVIATION
from engine.returns import carry_forward
from engine.scenarios import PathShock
from engine.schedule import DAY_SECONDS, NANOSECONDS
from engine.types import BoolArray, FloatArray, IntArray

HISTORY: Final = 756  # sessions that are drawn from
LEAST_HISTORY: Final = 126
ALIVE: Final = 5  # sessions within which an asset that still trades has a bar
RECENT: Final = 63  # sessions whose median volume goes on
WEEK: Final = 7
DAY: Final = DAY_SECONDS * NANOSECONDS
AROUND: Final = ("open", "high", "low")


@dataclass(frozen=True, kw_only=True)
class Past:
    """How a panel moved over its last h sessions, in logarithms, without any trend."""

    market: FloatArray  # (h,) the benchmark in its own currency; 0 where unknown
    own: FloatArray  # (h, m) assets beyond their beta, own currency; 0 where unknown
    rates: FloatArray  # (h, c) base currency per unit
    around: Mapping[str, FloatArray]  # (h, m) open, high and low over the close; NaN unknown
    beta: FloatArray  # (m,)
    volume: FloatArray  # (m,) of late; NaN unknown
    alive: BoolArray  # (m,)
    block: float  # mean length of what is drawn together


def past_of(panel: Panel, last_row: int) -> Past | None:
    """Read the sessions up to `last_row`; None where they are too few to draw from."""
    rows = slice(max(last_row - HISTORY, 0), last_row + 1)
    level = np.log((panel.close * panel.tr_factor)[rows])
    if len(level) <= LEAST_HISTORY:
        return None
    market = np.diff(np.log(_quoted(panel)[rows]))
    returns = np.diff(level, axis=0)
    beta, _ = stress.betas_of(panel.symbols, np.expm1(returns), np.expm1(market))
    market = _detrended(market)
    own = _detrended(returns - beta * market[:, None])
    alive: BoolArray = np.asarray(np.isfinite(level[-ALIVE:]).any(axis=0))
    if DELISTED in panel.by_asset:
        alive &= ~(panel.by_asset[DELISTED][: last_row + 1] == 1.0).any(axis=0)
    varies = bool(market.std() > ZERO_DEVIATION)
    return Past(
        market=market,
        own=own,
        rates=_detrended(np.diff(np.log(panel.fx[rows]), axis=0)),
        around={
            name: np.log(getattr(panel, name)[rows] / panel.close[rows])[1:] for name in AROUND
        },
        beta=beta,
        volume=_volume(panel, last_row),
        alive=alive,
        block=block_length(market) if varies else SHORTEST_BLOCK,
    )


def _quoted(panel: Panel) -> FloatArray:
    """Return the benchmark (n,) in its own currency."""
    if panel.benchmark_own is not None:
        return panel.benchmark_own
    level: FloatArray = panel.benchmark / panel.fx[:, panel.benchmark_currency]
    return level


def _detrended(moves: FloatArray) -> FloatArray:
    known = np.isfinite(moves)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, moves, 0.0).sum(axis=0) / count
    return np.where(known, moves - mean, 0.0)


def _volume(panel: Panel, last_row: int) -> FloatArray:
    """Return the median volume of late (m,) in today's shares; NaN where none is known."""
    rows = slice(max(last_row + 1 - RECENT, 0), last_row + 1)
    split = np.where(np.isnan(panel.split[rows]), 1.0, panel.split[rows]).cumprod(axis=0)
    volume = panel.volume[rows] * split[-1] / split
    known = np.isfinite(volume).any(axis=0)
    found = np.full(volume.shape[1], np.nan)
    found[known] = np.nanmedian(volume[:, known], axis=0)
    return found


def go_on(
    panel: Panel, first_row: int, last_row: int, past: Past, shock: PathShock, seed: list[int]
) -> Panel:
    """Return rows `first_row` to `last_row` of a panel and, behind them, one draw of the shock."""
    n = shock.down + shock.recover
    rng = np.random.Generator(np.random.PCG64(seed))
    history = len(past.market)
    drawn = draw(history, math.ceil(n / history), past.block, rng).ravel()[:n]
    market = _legs(shock, math.log1p(shock.equity)) + _tied(shock, past.market[drawn])
    moves = past.beta * market[:, None] + past.own[drawn]
    close = np.where(past.alive, panel.marks()[last_row] * np.exp(moves.cumsum(axis=0)), np.nan)
    rates = np.exp((_abroad(panel, shock) + _tied(shock, past.rates[drawn])).cumsum(axis=0))
    fx = panel.fx[last_row] * rates
    index = carry_forward(_quoted(panel)[: last_row + 1, None])[-1] * np.exp(market.cumsum())
    later = {
        "close": close,
        "benchmark": index * fx[:, panel.benchmark_currency],
        "benchmark_own": index,
        "fx": fx,
        "volume": np.where(past.alive, past.volume, np.nan),
        "tradable": past.alive & ~(past.volume == 0.0),
        "split": 1.0,
        "dividend": 0.0,
        **{name: close * np.exp(past.around[name][drawn]) for name in AROUND},
        **_clock(panel, last_row, n, past.alive),
    }
    return _joined(panel, first_row, last_row, later, n)


def _legs(shock: PathShock, whole: float) -> FloatArray:
    """Return steps (n,) that sum to `whole` on the way down and give a share of it back."""
    steps = np.full(shock.down + shock.recover, whole / shock.down)
    steps[shock.down :] = -shock.regained * whole / shock.recover
    return steps


def _tied(shock: PathShock, noise: FloatArray) -> FloatArray:
    """Return noise (n,) or (n, c) that sums to nothing on each leg."""
    legs = (noise[: shock.down], noise[shock.down :])
    return np.concatenate([leg - leg.mean(axis=0) for leg in legs])


def _abroad(panel: Panel, shock: PathShock) -> FloatArray:
    """Return the steps (n, c) of exchange rates; the base currency has none."""
    steps = np.zeros((shock.down + shock.recover, len(panel.currencies)))
    base, *others = panel.currencies
    dearer = math.log1p(shock.audusd)
    for column, code in enumerate(others, start=1):
        if base == "AUD":
            steps[:, column] = _legs(shock, -dearer)
        elif code == "AUD":
            steps[:, column] = _legs(shock, dearer)
    return steps


def _clock(panel: Panel, last_row: int, n: int, alive: BoolArray) -> dict[str, Any]:
    """Return sessions and instants: markets keep their hours, bars and rates their delays."""
    session = _sessions(panel.session[: last_row + 1], n)
    day = (session * DAY)[:, None]
    at = panel.session[: last_row + 1, None] * DAY
    opens, closes = (
        _kept(getattr(panel, name)[: last_row + 1], at, day) for name in ("opens_at", "closes_at")
    )
    known = _kept(panel.known_at[: last_row + 1], at, day)
    told = panel.benchmark_known_at
    later = {
        "session": session,
        "opens_at": opens,
        "closes_at": closes,
        "known_at": np.where(alive, known, NEVER),
        "fx_known_at": _kept(panel.fx_known_at[: last_row + 1], at, day),
    }
    if told is not None:
        later["benchmark_known_at"] = _kept(told[: last_row + 1, None], at, day)[:, 0]
    return later


def _sessions(session: IntArray, n: int) -> IntArray:
    """Return the n days that follow: every day where the last week had no gap, else weekdays."""
    last = int(session[-1])
    if len(session) > WEEK and last - session[-1 - WEEK] == WEEK:
        return last + 1 + np.arange(n)
    first = np.datetime64(last + 1, "D")
    return np.busday_offset(first, np.arange(n), roll="forward").astype(np.int64)


def _kept(instants: IntArray, at: IntArray, day: IntArray) -> IntArray:
    """Return instants (n, c) as late in their day as each column's last one was; else NEVER."""
    met = instants != NEVER
    last = len(met) - 1 - np.argmax(met[::-1], axis=0)
    late = np.take_along_axis(instants - np.where(met, at, 0), last[None], axis=0)
    return np.where(met.any(axis=0), day + late, NEVER)


def _joined(panel: Panel, first_row: int, last_row: int, later: Mapping[str, Any], n: int) -> Panel:
    """Return the rows with what follows; a column nothing is said of stays as it was last."""
    values = {entry.name: getattr(panel, entry.name) for entry in fields(panel)}
    for name in (*BY_SESSION, *(name for name in OPTIONAL if values[name] is not None)):
        before = values[name][first_row : last_row + 1]
        follows = np.asarray(later.get(name, before[-1]))
        values[name] = np.concatenate([before, np.broadcast_to(follows, (n, *before.shape[1:]))])
    values["by_asset"] = {
        name: np.concatenate([cell[first_row : last_row + 1], np.full((n, cell.shape[1]), np.nan)])
        for name, cell in panel.by_asset.items()
    }
    values["superseded"] = panel.superseded.within(first_row, last_row)
    return Panel(**values)
