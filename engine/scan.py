"""Who passes a list of rules at one instant, why, and why the others do not.

1. See what was known at the instant (`scan_view`); begin with the universe's members of the day.
2. Ask the rules in order, each of those that passed the one before. Who enters a rule passes it,
   fails it, or cannot be judged: a figure that is not known never passes.
3. Score those left by percentile ranks, order them by score, ties by ascending id.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.panel import Panel
from engine.ranking import quantise, rank
from engine.returns import MAX_GAP
from engine.scan_rules import Judged, Operator, Part, Rule, Unit
from engine.scan_view import Aside, View, look
from engine.scanners.base import Scanner
from engine.types import BoolArray, FloatArray

LEVEL: Final = 100.0


@dataclass(frozen=True, kw_only=True)
class FunnelStep:
    """One rule of a scan: how many entered it, and where they went; the last three sum to that."""

    code: str
    name: str
    asked: str  # of the figure, such as "at least 30.0 %"
    entered: int
    passed: int
    failed: int
    unknown: int
    because: Mapping[str, int]  # why the unknown are: words -> assets


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one part of the score earned."""

    part: Part
    value: float
    rank: float  # percentile among the survivors or the universe, 0 to 1; 0 where unknown
    points: float


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An asset that passed every rule."""

    asset: int
    score: float
    strong: bool
    shares: tuple[Share, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """A scan's outcome: the funnel in the order asked, the hits best first."""

    view: View
    judged: tuple[Judged, ...]
    funnel: tuple[FunnelStep, ...]
    hits: tuple[Hit, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.view.symbols[hit.asset] for hit in self.hits)


def scan(
    panel: Panel, row: int, instant: int, scanner: Scanner[Any], *, aside: Aside | None = None
) -> Scanned:
    """Ask the scanner's rules of the members on ``row``, with what was known at ``instant`` (ns).

    Nothing after the row or the instant is read: on the panel that ends there the answer is the
    same.
    """
    return ask(look(panel, row, instant, bars=scanner.bars, aside=aside), scanner)


def ask(view: View, scanner: Scanner[Any]) -> Scanned:
    """Ask the scanner's rules of the members in sight."""
    alive = view.member.copy()
    judged: list[Judged] = []
    funnel: list[FunnelStep] = []
    for rule in (*gates(scanner.bars), *scanner.rules()):
        answer = rule.judge(view, alive)
        funnel.append(_step(answer, view, alive))
        judged.append(answer)
        alive = alive & answer.passed
    hits = _hits(view, scanner, alive)
    return Scanned(view=view, judged=tuple(judged), funnel=tuple(funnel), hits=hits)


def gates(bars: int) -> tuple[Rule, ...]:
    """Return what is asked before any scanner's own rule: prices that are there."""
    return (
        Rule(
            code="current",
            name="Has a bar on its market's last session",
            measure=lambda view, _: np.where(view.current, 1.0, np.nan),
            operator=Operator.AT_LEAST,
            threshold=1.0,
            unit=Unit.FLAG,
            absent="no bar on their market's last session",
        ),
        Rule(
            code="gap",
            name=f"Longest gap in the last {bars} sessions",
            measure=lambda view, _: view.gap,
            operator=Operator.AT_MOST,
            threshold=float(MAX_GAP),
            unit=Unit.NUMBER,
        ),
    )


def _step(answer: Judged, view: View, entered: BoolArray) -> FunnelStep:
    passed, unknown = entered & answer.passed, entered & ~answer.known
    reasons = Counter(
        answer.rule.why_unknown(view, asset) for asset in np.flatnonzero(unknown).tolist()
    )
    return FunnelStep(
        code=answer.rule.code,
        name=answer.rule.name,
        asked=answer.asked(),
        entered=int(entered.sum()),
        passed=int(passed.sum()),
        failed=int((entered & answer.known & ~answer.passed).sum()),
        unknown=int(unknown.sum()),
        because=dict(reasons.most_common()),
    )


def _hits(view: View, scanner: Scanner[Any], alive: BoolArray) -> tuple[Hit, ...]:
    base = alive if scanner.parameters.rank_base == "survivors" else view.member & view.current
    shares = [_share_out(part, view, base) for part in scanner.parts()]
    score = np.sum([points for _, _, points in shares], axis=0)
    strong = _all(scanner.strong(), view, alive)
    order = rank(score, view.asset_id, alive)
    parts = scanner.parts()
    return tuple(
        Hit(
            asset=asset,
            score=float(score[asset]),
            strong=bool(strong[asset]),
            shares=tuple(
                Share(
                    part=part,
                    value=float(value[asset]),
                    rank=float(place[asset]),
                    points=float(points[asset]),
                )
                for part, (value, place, points) in zip(parts, shares, strict=True)
            ),
            flags=_flags(view, asset),
        )
        for asset in order.tolist()
    )


def _share_out(
    part: Part, view: View, base: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    value = part.measure(view, base)
    place = percentile(value if part.highest_first else -value, base)
    return value, place, LEVEL * part.weight * place


def percentile(values: FloatArray, among: BoolArray) -> FloatArray:
    """Return each asset's percentile rank among those chosen: 0 the worst, 1 the best, shape (m,).

    Equal values share their average rank; a single one stands at 0.5. A value that is not known,
    or not among those, earns 0.
    """
    place = np.zeros(len(values))
    chosen = np.flatnonzero(among & np.isfinite(values))
    if not len(chosen):
        return place
    found, inverse, counts = np.unique(
        quantise(values[chosen]), return_inverse=True, return_counts=True
    )
    below = np.cumsum(counts) - counts
    average = below + (counts - 1) / 2
    last = len(chosen) - 1
    place[chosen] = average[inverse] / last if last else np.full(len(found), 0.5)[inverse]
    return place


def _all(rules: Sequence[Rule], view: View, alive: BoolArray) -> BoolArray:
    passed = alive.copy()
    for rule in rules:
        passed &= rule.judge(view, alive).passed
    return passed


def _flags(view: View, asset: int) -> tuple[str, ...]:
    """Name what a reader should know of an asset's data."""
    flags = {"gap": view.gap[asset] > 0, "split": view.split[asset]}
    flags["adjusted"] = not np.isfinite(view.traded_close[asset])
    return tuple(name for name, holds in flags.items() if holds)
