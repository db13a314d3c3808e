"""Which sessions a panel has where some of its assets trade around the clock.

1. The exchanges' sessions are the panel's, so that a lookback of 252 is a year for every asset and
   a year has the same number of returns. Coins and currencies alone keep their own days.
2. What the others did since the last of these sessions is one bar of the next: it opens where the
   first of their days opened, and a weekend's move appears on Monday.
3. Until the last of those days has closed, what had closed by then is what was believed of that
   bar: a decision on Monday sees Sunday's price.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np

from api.services.panel_build import Snapshot
from api.services.sessions import leading
from api.services.snapshot import BARS
from engine.panel import NEVER, Superseded
from engine.types import BoolArray, IntArray

Bar: TypeAlias = tuple[float, ...]  # as in BARS

# What the session itself has, whatever lay before it.
OF_THE_DAY: Final = (
    *("session", "benchmark", "benchmark_known_at", "rf"),
    *("audusd", "audusd_day", "audusd_known_at"),
)
OF_THE_BAR: Final = (*BARS, "known_at")


@dataclass(frozen=True)
class Version:
    """A bar of one day, as it was believed from `known_at` to `known_to`, ns UTC."""

    bar: Bar
    known_at: int
    known_to: int


@dataclass(frozen=True)
class Spans:
    """Rows that become one, from `begins` to `ends` (n,) of the old ones, both included."""

    begins: IntArray
    ends: IntArray

    def of(self, row: IntArray) -> IntArray:
        """Return which span each row lies in; n for one behind the last."""
        return np.searchsorted(self.ends, row)


def on_leading_sessions(snapshot: Snapshot, markets: Sequence[str]) -> Snapshot:
    """Return the snapshot on the sessions of the exchanges, where there are any among `markets`."""
    lead = leading(markets)
    columns = [place for place, code in enumerate(markets) if code in lead]
    held: BoolArray = (snapshot.closes_at[:, columns] != NEVER).any(axis=1)
    if held.all() or not held.any():
        return snapshot
    ends = np.flatnonzero(held)
    spans = Spans(np.concatenate([[0], ends[:-1] + 1]), ends)
    day: dict[str, Any] = {
        name: getattr(snapshot, name)[ends] for name in (*OF_THE_DAY, *OF_THE_BAR)
    }
    whole = replace(snapshot, **day, **_joined(snapshot, spans), superseded=_moved(snapshot, spans))
    return _merged(whole, snapshot, spans, held)


def _joined(snapshot: Snapshot, spans: Spans) -> dict[str, Any]:
    """Return the hours of every market, and the actions on every asset, over each span."""

    def over(ufunc: np.ufunc, values: np.ndarray) -> np.ndarray:
        joined: np.ndarray = ufunc.reduceat(values[: spans.ends[-1] + 1], spans.begins, axis=0)
        return joined

    closed = np.where(snapshot.closes_at == NEVER, -1, snapshot.closes_at)
    last = over(np.maximum, closed)
    return {
        "opens_at": over(np.minimum, snapshot.opens_at),
        "closes_at": np.where(last < 0, NEVER, last),
        "split": over(np.multiply, snapshot.split),
        "dividend": over(np.add, snapshot.dividend),
        "paid_on": over(np.fmax, snapshot.paid_on),
    }


def _moved(snapshot: Snapshot, spans: Spans) -> Superseded:
    """Return the versions of bars that stay a day's own, at their new rows."""
    was = snapshot.superseded
    span = spans.of(was.row)
    own = span < len(spans.ends)
    own[own] = spans.ends[span[own]] == was.row[own]
    kept = was.take(np.flatnonzero(own))
    return replace(kept, row=span[own])


def _merged(whole: Snapshot, days: Snapshot, spans: Spans, held: BoolArray) -> Snapshot:
    """Return `whole` with one bar for each asset that had any between the sessions."""
    row, asset = np.nonzero((days.known_at != NEVER) & ~held[:, None])
    span = spans.of(row)
    inside = span < len(spans.ends)
    cells = np.unique(np.stack([span[inside], asset[inside]], axis=1), axis=0)
    values = {name: getattr(whole, name).copy() for name in OF_THE_BAR}
    was = _versions(days.superseded)
    believed: list[tuple[int, int, Version]] = []
    for place, column in cells.tolist():
        rows = range(int(spans.begins[place]), int(spans.ends[place]) + 1)
        told = [[*was[at, column], *_own(days, at, column)] for at in rows]
        *earlier, last = _believed(told)
        believed += [(place, column, version) for version in earlier]
        for name, value in zip(OF_THE_BAR, (*last.bar, last.known_at), strict=True):
            values[name][place, column] = value
    return replace(whole, **values, superseded=_with(whole.superseded, cells, believed))


def _versions(was: Superseded) -> Mapping[tuple[int, int], list[Version]]:
    found: defaultdict[tuple[int, int], list[Version]] = defaultdict(list)
    columns = [getattr(was, entry.name).tolist() for entry in fields(Superseded)]
    for at, asset, *bar, known_at, known_to in zip(*columns, strict=True):
        found[at, asset].append(Version(tuple(bar), known_at, known_to))
    return found


def _own(days: Snapshot, row: int, asset: int) -> Iterator[Version]:
    known_at = int(days.known_at[row, asset])
    if known_at != NEVER:
        bar = tuple(float(getattr(days, name)[row, asset]) for name in BARS)
        yield Version(bar, known_at, NEVER)


def _believed(told: Sequence[Sequence[Version]]) -> list[Version]:
    """Return what was believed of several days as one bar, from each instant to the next."""
    versions = [version for day in told for version in day]
    ends = {end for each in versions for end in (each.known_at, each.known_to)}
    found = []
    for at, until in pairwise(sorted(ends | {NEVER})):
        seen = [each.bar for each in versions if each.known_at <= at < each.known_to]
        if seen:
            found.append(Version(_joined_bar(seen), at, until))
    return found


def _joined_bar(bars: Sequence[Bar]) -> Bar:
    """Return one bar for several days, oldest first; unknown stays unknown."""
    opened, high, low, close, volume = zip(*bars, strict=True)
    closes = [each for each in close if not math.isnan(each)]
    return (
        opened[0],
        max(high) if not any(map(math.isnan, high)) else math.nan,
        min(low) if not any(map(math.isnan, low)) else math.nan,
        closes[-1] if closes else math.nan,
        sum(volume),
    )


def _with(
    was: Superseded, cells: IntArray, believed: Sequence[tuple[int, int, Version]]
) -> Superseded:
    """Return versions by row: those of `cells` are replaced by what is believed of them."""
    merged = {(row, asset) for row, asset in cells.tolist()}
    own = [at for at, cell in enumerate(zip(was.row, was.asset, strict=True)) if cell not in merged]
    lines = [(row, asset, *v.bar, v.known_at, v.known_to) for row, asset, v in believed]
    columns = list(zip(*lines, strict=True)) or [()] * len(fields(Superseded))
    kept = was.take(np.array(own, np.int64))
    joined = Superseded(
        **{
            entry.name: np.concatenate(
                [(old := getattr(kept, entry.name)), np.array(new, old.dtype)]
            )
            for entry, new in zip(fields(Superseded), columns, strict=True)
        }
    )
    return joined.take(np.argsort(joined.row, kind="stable"))
