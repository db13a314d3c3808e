"""Rules and parts of a score that more than one scanner uses."""

from functools import partial

import numpy as np

from engine.scan_measures import (
    ATR_MEAN,
    ATR_WINDOW,
    average_true_ranges,
    highest,
    mean_of,
    share_of,
    slope_of_mean,
    trailing,
)
from engine.scan_rules import Measure, Operator, Part, Rule, Unit
from engine.scan_view import View
from engine.types import BoolArray, FloatArray


def by_market(us: float, au: float) -> Measure:
    """Return a threshold of Australian shares, and one of all others."""
    return lambda view, _: np.array([au if name == "AUD" else us for name in view.currency])


def price_floor(us: float | None, au: float | None) -> tuple[Rule, ...]:
    """Ask for a close as traded; an adjusted one is low because of what came later."""
    if us is None and au is None:
        return ()
    rule = Rule(
        code="price",
        name="Close as traded",
        measure=lambda view, _: view.traded_close,
        operator=Operator.AT_LEAST,
        threshold=by_market(us or 0.0, au or 0.0),
        unit=Unit.MONEY,
        reads=("close as traded",),
    )
    return (rule,)


def turnover_floor(us: float | None, au: float | None, *, window: int = 20) -> tuple[Rule, ...]:
    """Ask for a mean daily turnover in Australian dollars."""
    if us is None and au is None:
        return ()
    rule = Rule(
        code="turnover",
        name=f"Mean daily turnover of {window} sessions in AUD",
        measure=lambda view, _: mean_of(view.turnover, window) * view.aud,
        operator=Operator.AT_LEAST,
        threshold=by_market(us or 0.0, au or 0.0),
        unit=Unit.MONEY,
        bars=window,
        reads=("volume",),
        absent="no exchange rate to AUD was known, or a volume is missing",
    )
    return (rule,)


def least_return(sessions: int, threshold: float | None, *, skip: int = 0) -> tuple[Rule, ...]:
    """Ask for a return over so many sessions, the last ``skip`` of them left out."""
    if threshold is None:
        return ()
    rule = Rule(
        code=f"return_{sessions}",
        name=return_name(sessions, skip),
        measure=lambda view, _: trailing(view.total_return, sessions, skip=skip),
        operator=Operator.AT_LEAST,
        threshold=threshold,
        bars=sessions + 1,
    )
    return (rule,)


def return_name(sessions: int, skip: int = 0) -> str:
    return f"Return over {sessions} sessions" + (f", the last {skip} left out" if skip else "")


def beats_benchmark(sessions: int) -> Rule:
    """Ask for more than the benchmark's return, both in the panel's currency."""
    return Rule(
        code="beats_benchmark",
        name=f"Return over {sessions} sessions less the benchmark's",
        measure=lambda view, _: trailing(view.level, sessions) - trailing(view.benchmark, sessions),
        operator=Operator.ABOVE,
        threshold=0.0,
        bars=sessions + 1,
        absent="the benchmark has no level on their first or last session",
    )


def above_mean(window: int) -> Rule:
    """Ask for a close above its own moving mean."""
    return Rule(
        code=f"above_sma_{window}",
        name=f"Close over its mean of {window} sessions",
        measure=lambda view, _: view.close[-1] / mean_of(view.close, window) - 1.0,
        operator=Operator.ABOVE,
        threshold=0.0,
        bars=window,
    )


def mean_above_mean(fast: int, slow: int) -> Rule:
    """Ask for a fast moving mean above a slow one."""
    return Rule(
        code=f"sma_{fast}_above_{slow}",
        name=f"Mean of {fast} sessions over that of {slow}",
        measure=lambda view, _: mean_of(view.close, fast) / mean_of(view.close, slow) - 1.0,
        operator=Operator.ABOVE,
        threshold=0.0,
        bars=slow,
    )


def rising_mean(window: int, over: int) -> Rule:
    """Ask for a moving mean that rises."""
    return Rule(
        code=f"sma_{window}_rises",
        name=f"Slope of the mean of {window} sessions, a session",
        measure=lambda view, _: slope_of_mean(view.close, window=window, over=over),
        operator=Operator.ABOVE,
        threshold=0.0,
        bars=window + over - 1,
    )


def near_high(window: int, share: float, *, of: str = "high") -> Rule:
    """Ask for a close within reach of the highest high, or the highest close, of a window."""
    return Rule(
        code=f"near_high_{window}",
        name=f"Close as a share of the highest {of} of {window} sessions",
        measure=partial(high_share, window=window, of=of),
        operator=Operator.AT_LEAST,
        threshold=share,
        bars=window,
        reads=(of,),
    )


def high_share(view: View, _: BoolArray, *, window: int, of: str) -> FloatArray:
    """Return the close as a share of the highest ``of`` of the last ``window`` bars."""
    share: FloatArray = view.close[-1] / highest(getattr(view, of), window)
    return share


def calm() -> Rule:
    """Ask for a range that is narrower than it usually was of late."""

    def measured(view: View, _: BoolArray) -> FloatArray:
        ranges = average_true_ranges(view, values=ATR_MEAN)
        return share_of(ranges[-1], ranges.mean(axis=0))

    return Rule(
        code="calm",
        name=f"Average true range of {ATR_WINDOW} over its mean of {ATR_MEAN} sessions",
        measure=measured,
        operator=Operator.BELOW,
        threshold=1.0,
        bars=ATR_WINDOW + ATR_MEAN,
        reads=("high", "low"),
    )


def return_part(sessions: int, weight: float, *, skip: int = 0) -> Part:
    return Part(
        code=f"return_{sessions}",
        name=return_name(sessions, skip),
        weight=weight,
        measure=lambda view, _: trailing(view.total_return, sessions, skip=skip),
        bars=sessions + 1,
    )


def high_part(window: int, weight: float, *, of: str) -> Part:
    return Part(
        code=f"near_high_{window}",
        name=f"Close as a share of the highest {of} of {window} sessions",
        weight=weight,
        measure=partial(high_share, window=window, of=of),
        bars=window,
    )
