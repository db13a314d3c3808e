"""What a run can say about itself: that it saw no future, and what data it lacked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.actions import DELISTED
from engine.decide import Answer, Targets, ask, ask_all, decision_calendar, lend
from engine.panel import Panel
from engine.returns import MAX_GAP
from engine.schedule import DecisionClock, Rebalance, decision_instants
from engine.strategies.base import Decision, Strategy
from engine.types import FloatArray, IntArray

CUTS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Lookahead:
    free: bool
    detail: str


def check_truncation(
    panel: Panel,
    strategy: Strategy[Any],
    targets: Targets,
    *,
    first_row: int,
    last_row: int,
    rebalance: Rebalance,
    clock: DecisionClock,
    cuts: int = CUTS,
) -> Lookahead:
    """Decide again on panels that end at a decision, and compare weights bit for bit.

    The decisions are cut into `cuts` spans of equal length. Each span is decided on the panel
    that ends with its last decision, with the state the span before left, so that at every cut
    the strategy decides with nothing after it.
    """
    rows = decision_calendar(panel, strategy, first_row, last_row, rebalance)
    instants = decision_instants(panel, rows, clock)
    made = {row: _image(targets, k) for k, row in enumerate(targets.rows.tolist())}
    state: Any = None
    spans = [span for span in np.array_split(np.arange(len(rows)), cuts) if len(span)]
    for span in spans:
        seen = panel.truncate(int(rows[span[-1]]))
        again = _again(seen, strategy, rows[span], instants[span], state)
        for row, (decision, following, _) in zip(rows[span].tolist(), again, strict=True):
            if _decided(decision) != made.get(row):
                return Lookahead(free=False, detail=_changed(panel, row, seen))
            state = following
    return Lookahead(free=True, detail=_held(panel, rows, spans))


def _again(
    seen: Panel, strategy: Strategy[Any], rows: IntArray, instants: IntArray, state: Any
) -> Iterator[Answer]:
    """Yield what is decided on each row, on the last one by itself on its own window.

    So what a strategy decides for many sessions at once is held to what it decides for one.
    """
    for answer in ask_all(seen, strategy, rows[:-1], instants[:-1], state):
        yield answer
        state = answer[1]
    yield ask(strategy, lend(seen, strategy, int(rows[-1]), int(instants[-1])), state)


def missing_bars(panel: Panel, rows: IntArray) -> tuple[str, ...]:
    """Name each asset whose bars begin after `rows` do, end before them, or are not there.

    A few sessions are a halt, and a listing that ended owes no bar after its end. Any other asset
    is valued at its last mark until the run ends.
    """
    named, ends = [], _ends(panel)
    for asset, symbol in enumerate(panel.symbols):
        bars = rows[np.isfinite(panel.close[rows, asset])]
        if not len(bars):
            named.append(f"{symbol}: no bar from {_day(panel, rows[0])} to {_day(panel, rows[-1])}")
            continue
        if bars[0] - rows[0] > MAX_GAP:
            named.append(f"{symbol}: no bar before {_day(panel, bars[0])}")
        if min(rows[-1], ends[asset]) - bars[-1] > MAX_GAP:
            named.append(f"{symbol}: no bar after {_day(panel, bars[-1])}")
    return tuple(named)


def _ends(panel: Panel) -> IntArray:
    """Return the row on which each listing is known to have ended; the panel's length for none."""
    delisted = panel.by_asset.get(DELISTED, np.zeros(panel.close.shape)) == 1.0
    return np.where(delisted.any(axis=0), delisted.argmax(axis=0), len(delisted))


def missing_figures(panel: Panel, names: Iterable[str], session: IntArray) -> tuple[str, ...]:
    """Name each panel of `names` of which no figure stands on some of the sessions, and on which.

    A decision on such a session knows less than its strategy was made for.
    """
    named = []
    for name in names:
        unknown = np.isnan(panel.extra[name].on(session)).any(axis=1)
        if unknown.any():
            first, last = (str(day.astype("datetime64[D]")) for day in session[unknown][[0, -1]])
            named.append(f"{name}: no figure on {unknown.sum()} sessions from {first} to {last}")
    return tuple(named)


def _image(targets: Targets, k: int) -> bytes:
    signals = targets.signals[k].image() if targets.signals else b""
    opens = targets.opens[k] if targets.opens else None
    return _numbers(targets.weights[k]) + signals + (b"" if opens is None else opens.image())


def _decided(decision: Decision | None) -> bytes | None:
    if decision is None:
        return None
    signals = b"" if decision.signals is None else decision.signals.image()
    opens = b"" if decision.opens is None else decision.opens.image()
    return _numbers(decision.weights) + signals + opens


def _numbers(weights: FloatArray) -> bytes:
    # Zero has two signs, and neither weighs anything.
    return (np.asarray(weights, np.float64) + 0.0).tobytes()


def _changed(panel: Panel, row: int, seen: Panel) -> str:
    end = _day(seen, len(seen.session) - 1)
    return f"the decision of {_day(panel, row)} changed when prices after {end} were removed"


def _held(panel: Panel, rows: IntArray, spans: list[IntArray]) -> str:
    ends = ", ".join(_day(panel, int(rows[span[-1]])) for span in spans)
    return f"decisions did not change when prices after {ends} were removed"


def _day(panel: Panel, row: int | np.int64) -> str:
    return str(panel.session[row].astype("datetime64[D]"))
