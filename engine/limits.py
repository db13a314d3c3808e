"""The limits of a run: decided weights within them, and what is held where they cannot hold.

1. What a method refused to weigh, and limits that cannot all hold, are said in numbers.
2. The run's policy then decides what is held instead, and the decision keeps a record of it.
3. Nothing is loosened, replaced or left in cash silently: records and notes reach the result.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypedDict

import numpy as np

from engine.constraints import Constrained, apply, keep_largest
from engine.decide import Targets
from engine.errors import Infeasible, InvalidParameters, Refused
from engine.fallbacks import Fallback, document
from engine.families import Family
from engine.loosening import loosen
from engine.panel import Panel
from engine.signals import limit_signals
from engine.trimming import Trim
from engine.types import FloatArray, IntArray
from engine.weighting import COVARIANCE_SESSIONS, hierarchical

WIDEST_BAND: Final = 0.5  # of a weight; beyond it a target would hardly ever be reached
FRACTIONS: Final[Mapping[str, float]] = {
    **dict.fromkeys(("min_weight", "max_weight", "max_turnover", "no_trade_band", "group_cap"), 1),
    "relative_band": WIDEST_BAND,
}
LIMITS: Final = "limits"  # what is asked for where no method was refused
HOLDINGS: Final = "what was held"


class OnInfeasible(StrEnum):
    """What is held where a decision cannot be carried out within its limits, or not weighed."""

    CASH = "CASH"  # what is allowed; the rest is cash
    RELAX = "RELAX"  # the limit in the way, loosened as little as it takes
    HRP = "HRP"  # the same assets by hierarchical risk parity, within the limits
    KEEP = "KEEP"  # what was held
    FAIL = "FAIL"  # nothing: the run ends


class GroupCap(TypedDict):
    """The most that each group of a grouping may weigh."""

    by: str
    cap: float


class BandFill(StrEnum):
    """What becomes of weight that a skipped trade would have moved."""

    CASH = "CASH"
    SPREAD = "SPREAD"  # the trades that are made share it


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Limits on target weights. Fractions of equity, except positions and the least trade."""

    min_weight: float = 0.0
    max_weight: float = 1.0
    max_turnover: float | None = None
    no_trade_band: float = 0.0
    relative_band: float = 0.0  # of the target weight
    min_trade: float = 0.0  # base currency
    band_fill: str = BandFill.CASH
    group_cap: float | None = None
    group_by: str = "SECTOR"
    group_caps: Sequence[GroupCap] = ()  # by other groupings too
    max_positions: int | None = None
    on_infeasible: str = OnInfeasible.CASH

    def __post_init__(self) -> None:
        # A stored run's caps come back as a list; that is no other limit.
        object.__setattr__(self, "group_caps", tuple(self.group_caps))
        for name, most in FRACTIONS.items():
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= most:
                raise InvalidParameters(f"{name} was {value}; give a fraction from 0 to {most}")
        for each in self.group_caps:
            if not 0.0 < each["cap"] <= 1.0:
                raise InvalidParameters(
                    f"the cap by {each['by']} was {each['cap']}; give a fraction up to 1"
                )
        if not 0.0 <= self.min_trade < np.inf:
            raise InvalidParameters(f"min_trade was {self.min_trade}; give an amount, 0 or more")
        if self.min_weight > self.max_weight:
            raise InvalidParameters(
                f"min_weight {self.min_weight} was above max_weight {self.max_weight}; lower it"
            )
        if self.max_positions is not None and self.max_positions < 1:
            raise InvalidParameters(f"max_positions was {self.max_positions}; give at least 1")
        _require_one_of("on_infeasible", self.on_infeasible, OnInfeasible)
        _require_one_of("band_fill", self.band_fill, BandFill)

    @property
    def caps_groups(self) -> bool:
        return self.group_cap is not None or len(self.group_caps) > 0

    @property
    def trim(self) -> Trim:
        """The limits that depend on what is held."""
        return Trim(
            no_trade_band=self.no_trade_band,
            relative_band=self.relative_band,
            min_trade=self.min_trade,
            spread=self.band_fill == BandFill.SPREAD,
            max_turnover=self.max_turnover,
            max_weight=self.max_weight,
            relaxes=self.on_infeasible == OnInfeasible.RELAX,
        )


def constrain(
    panel: Panel, targets: Targets, limits: Constraints
) -> tuple[Targets, tuple[str, ...]]:
    """Return the targets within the limits, and in numbers what came of those that were not.

    Raises
    ------
    Infeasible
        Where the policy is to fail, with the day.
    """
    if targets.signals:
        return replace(targets, signals=limit_signals(targets.signals, limits)), ()
    bounded = _bounds(limits)
    if not targets.refused and not bounded:
        return targets, ()
    if bounded and (targets.weights < 0.0).any():
        raise InvalidParameters(
            "bounds on weights, positions and groups do not know short positions;"
            " leave all constraints out but the turnover cap and the no-trade bands"
        )
    weights, reasons = np.array(targets.weights), Counter(targets.reasons)
    fallbacks: list[Fallback] = []
    kept = np.ones(len(targets.rows), np.bool_)
    for k, row in enumerate(targets.rows.tolist()):
        if not bounded and row not in targets.refused:
            continue
        constrained, fallback = _carry_out(panel, targets, k, limits)
        weights[k] = constrained.weights
        reasons.update(constrained.reasons)
        if fallback is not None:
            fallbacks.append(fallback)
            kept[k] = fallback.used != HOLDINGS
    told = document(fallbacks, len(targets.rows))
    diagnostics = {**targets.diagnostics, **told}
    done = replace(targets, weights=weights, reasons=reasons, diagnostics=diagnostics)
    return done.select(kept), tuple(fallback.told() for fallback in fallbacks)


def _bounds(limits: Constraints) -> bool:
    """Tell whether anything bounds the weights themselves."""
    bounded = limits.min_weight > 0.0 or limits.max_weight < 1.0
    return bounded or limits.caps_groups or limits.max_positions is not None


def _carry_out(
    panel: Panel, targets: Targets, k: int, limits: Constraints
) -> tuple[Constrained, Fallback | None]:
    """Return decision `k` within the limits, and what had to be done otherwise."""
    row, policy = int(targets.rows[k]), limits.on_infeasible
    refusal = targets.refused.get(row)
    constrained = _apply(panel, targets.weights[k], limits)
    if refusal is None and not constrained.notes:
        return constrained, None
    why = constrained.notes if refusal is None else (str(refusal), *constrained.notes)
    asked = LIMITS if refusal is None else refusal.method
    fallback = Fallback(session=int(panel.session[row]), asked=asked, used=asked, why=why)
    if policy == OnInfeasible.FAIL:
        raise Infeasible(f"{asked} on {fallback.told()}")
    if policy == OnInfeasible.KEEP:
        return constrained, replace(fallback, used=HOLDINGS)
    if policy == OnInfeasible.HRP:
        constrained = _apply(panel, _by_tree(panel, targets, k, refusal), limits)
        told = tuple(dict.fromkeys((*why, *constrained.notes)))
        return constrained, replace(fallback, used="hrp", why=told)
    if policy == OnInfeasible.RELAX and (refusal is None or refusal.loosened):
        constrained, relaxed = _relax(panel, _wanted(targets, k, refusal), limits)
        told = tuple(dict.fromkeys((*why, *constrained.notes)))
        loosened = () if refusal is None else (refusal.loosened,)
        return constrained, replace(fallback, why=told, relaxed=(*loosened, *relaxed))
    return constrained, fallback if refusal is None else replace(fallback, used="cash")


def _wanted(targets: Targets, k: int, refusal: Refused | None) -> FloatArray:
    """Return what decision `k` asked for, or what comes nearest to what it was refused."""
    wanted: FloatArray = targets.weights[k].copy()
    if refusal is not None:
        wanted[refusal.chosen] = refusal.nearest
    return wanted


def _apply(panel: Panel, wanted: FloatArray, limits: Constraints) -> Constrained:
    return apply(
        wanted,
        min_weight=limits.min_weight,
        max_weight=limits.max_weight,
        max_positions=limits.max_positions,
        group_cap=limits.group_cap,
        labels=_labels(panel, limits.group_by) if limits.group_cap is not None else (),
        grouping=limits.group_by,
        families=_families(panel, limits),
    )


def _families(panel: Panel, limits: Constraints) -> tuple[Family, ...]:
    return tuple(
        Family(name=each["by"], labels=_labels(panel, each["by"]), cap=each["cap"])
        for each in limits.group_caps
    )


def _labels(panel: Panel, grouping: str) -> tuple[str, ...]:
    if grouping not in panel.groups:
        known = ", ".join(panel.groups)
        raise InvalidParameters(f"assets are not grouped by {grouping}; choose one of {known}")
    return panel.groups[grouping]


def _by_tree(panel: Panel, targets: Targets, k: int, refusal: Refused | None) -> FloatArray:
    """Return the names that decision `k` asked for, as much of them, weighed by the tree."""
    wanted: FloatArray = targets.weights[k]
    row = int(targets.rows[k])
    names: IntArray = np.flatnonzero(wanted > 0.0) if refusal is None else refusal.chosen
    window = panel.window(row, min(row, COVARIANCE_SESSIONS) + 1, int(targets.instants[k]))
    shares = hierarchical(window, names, lookback=COVARIANCE_SESSIONS, linkage="ward")
    weights = np.zeros_like(wanted)
    weights[shares.chosen] = shares.weights * (float(wanted.sum()) if refusal is None else 1.0)
    return weights


def _relax(
    panel: Panel, wanted: FloatArray, limits: Constraints
) -> tuple[Constrained, tuple[str, ...]]:
    """Return a decision within limits as little loosened as it takes, and which were.

    Where a name falls under its minimum all the same, they are loosened for those that are left.
    """
    asked, removed = wanted, Counter[str]()
    while True:
        looser, relaxed = _loosened(panel, asked, limits)
        done = _apply(panel, asked, looser)
        removed.update(done.reasons)
        left = np.where(done.weights > 0.0, asked, 0.0)
        if not done.notes or np.count_nonzero(left) in {0, np.count_nonzero(asked)}:
            return replace(done, reasons=dict(removed)), relaxed
        asked = left * (asked.sum() / left.sum())


def _loosened(
    panel: Panel, wanted: FloatArray, limits: Constraints
) -> tuple[Constraints, tuple[str, ...]]:
    """Return the limits as little loosened as it takes, and which were, from what to what."""
    families = _families(panel, limits)
    if limits.group_cap is not None:
        labels = _labels(panel, limits.group_by)
        families = (Family(name=limits.group_by, labels=labels, cap=limits.group_cap), *families)
    least, most, caps = loosen(
        keep_largest(wanted, limits.max_positions),
        min_weight=limits.min_weight,
        max_weight=limits.max_weight,
        families=families,
    )
    cap, caps = (None, caps) if limits.group_cap is None else (caps[0], caps[1:])
    raised = [
        GroupCap(by=given["by"], cap=now)
        for given, now in zip(limits.group_caps, caps, strict=True)
    ]
    looser = replace(limits, min_weight=least, max_weight=most, group_cap=cap, group_caps=raised)
    relaxed = tuple(
        f"{name} {getattr(limits, name):.4g} relaxed to {getattr(looser, name):.4g}"
        for name in ("min_weight", "max_weight", "group_cap")
        if getattr(looser, name) != getattr(limits, name)
    )
    return looser, relaxed + tuple(
        f"cap by {given['by']} {given['cap']:.4g} relaxed to {now['cap']:.4g}"
        for given, now in zip(limits.group_caps, raised, strict=True)
        if now != given
    )


def _require_one_of(name: str, value: str, choices: type[StrEnum]) -> None:
    if value not in list(choices):
        offered = ", ".join(choices)
        raise InvalidParameters(f"{name} was {value}; choose one of {offered}")
