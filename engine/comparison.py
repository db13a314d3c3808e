"""A run beside its benchmark: regression, tracking, correlation, capture."""

import math
from typing import Final

import numpy as np

from engine import ratios
from engine.regression import regress
from engine.sheet import FEW, FLAT, NO_RATE, Sheet
from engine.tables import monthly_returns
from engine.types import BoolArray, FloatArray, IntArray

MIN_FOR_REGRESSION: Final = 30  # returns
MIN_FOR_CAPTURE: Final = 6  # months each way
LAGS: Final = 5  # sessions over which Newey and West look for autocorrelation
REGRESSED: Final = ("beta", "alpha", "alpha_t_stat", "r_squared")
FIGURES: Final = (
    *REGRESSED,
    "correlation",
    "tracking_error",
    "information_ratio",
    "up_capture",
    "down_capture",
)


def up_capture(returns: FloatArray, market: FloatArray) -> float:
    """Return the mean gain over the benchmark's, in the months in which the benchmark rose.

    Parameters
    ----------
    returns, market : ndarray of shape (n,)
        Returns of the run and of the benchmark by calendar month, decimal fractions, no NaN.

    Returns
    -------
    float
        Ratio of two geometric means; above 1 the run gained more. NaN with fewer than six such
        months, or when a month lost everything.

    References
    ----------
    Bacon, C. R. (2008). Practical Portfolio Performance Measurement and Attribution.
    """
    return _capture(returns, market, market > 0.0)


def down_capture(returns: FloatArray, market: FloatArray) -> float:
    """Return the mean loss over the benchmark's, in the months in which the benchmark fell.

    Arguments and result are as for `up_capture`; below 1 the run lost less, below 0 it gained.
    """
    return _capture(returns, market, market < 0.0)


def put_benchmark(
    sheet: Sheet,
    equity: FloatArray,
    session: IntArray,
    *,
    rf: FloatArray,
    benchmark: FloatArray | None,
) -> None:
    """Enter what takes a benchmark: all of it undefined where there is none."""
    level = np.full(len(equity), np.nan) if benchmark is None else benchmark
    returns, market = ratios.session_returns(equity), ratios.session_returns(level)
    both = np.isfinite(market)
    if not both.any():
        for name in FIGURES:
            sheet.put(name, math.nan, "no benchmark")
        return
    returns, market, rate = returns[both], market[both], rf[1:][both]
    _put_active(sheet, returns - market)
    moves = ratios.deviation(returns) > ratios.ZERO_DEVIATION
    _put_regression(sheet, returns - rate, market - rate, moves=moves)
    _put_correlation(sheet, returns, market)
    known = np.isfinite(level)
    _put_capture(sheet, equity[known], level[known], session[known])


def _put_active(sheet: Sheet, active: FloatArray) -> None:
    deviation = ratios.tracking_error(active)
    reason = FEW if len(active) < 2 else "no return differs from the benchmark's"
    differs = deviation > ratios.ZERO_DEVIATION
    sheet.put("tracking_error", deviation if differs else math.nan, reason)
    sheet.put("information_ratio", ratios.information_ratio(active), reason)


def _put_regression(sheet: Sheet, excess: FloatArray, market: FloatArray, *, moves: bool) -> None:
    reason = _no_regression(excess, moves=moves)
    if reason:
        for name in REGRESSED:
            sheet.put(name, math.nan, reason)
        return
    beta, still = ratios.beta(excess, market), "benchmark did not move"
    stands = math.isnan(beta)
    fitted = regress(excess, market[:, None], lags=LAGS)
    t_stat = math.nan if stands else float(fitted.t_statistics[0])
    sheet.put("beta", beta, still)
    sheet.put("alpha", ratios.alpha(excess, market), still)
    sheet.put("alpha_t_stat", t_stat, still if stands else "the benchmark explains every return")
    explained = ratios.r_squared(excess, market)
    sheet.put("r_squared", explained, still if stands else "excess returns do not vary")


def _no_regression(excess: FloatArray, *, moves: bool) -> str:
    """Say why nothing can be regressed; a run that stands still only mirrors the bill rate."""
    if len(excess) < MIN_FOR_REGRESSION:
        return f"fewer than {MIN_FOR_REGRESSION} returns beside the benchmark"
    if np.isnan(excess).any():
        return NO_RATE
    return "" if moves else FLAT


def _put_correlation(sheet: Sheet, returns: FloatArray, market: FloatArray) -> None:
    few = len(returns) < MIN_FOR_REGRESSION
    reason = f"fewer than {MIN_FOR_REGRESSION} returns beside the benchmark"
    together = math.nan if few else ratios.correlation(returns, market)
    sheet.put("correlation", together, reason if few else "one of the two did not move")


def _put_capture(sheet: Sheet, equity: FloatArray, level: FloatArray, session: IntArray) -> None:
    ours, theirs = (
        np.array([value for _, _, value, _ in monthly_returns(curve, session)])
        for curve in (equity, level)
    )
    lost = "a month lost everything"
    for name, captured, chosen, moved in (
        ("up_capture", up_capture, theirs > 0.0, "rose"),
        ("down_capture", down_capture, theirs < 0.0, "fell"),
    ):
        few = f"fewer than {MIN_FOR_CAPTURE} months in which the benchmark {moved}"
        enough = np.count_nonzero(chosen) >= MIN_FOR_CAPTURE
        sheet.put(name, captured(ours, theirs), lost if enough else few)


def _capture(returns: FloatArray, market: FloatArray, chosen: BoolArray) -> float:
    if np.count_nonzero(chosen) < MIN_FOR_CAPTURE:
        return math.nan
    base = _geometric_mean(market[chosen])
    return _geometric_mean(returns[chosen]) / base if base else math.nan


def _geometric_mean(returns: FloatArray) -> float:
    if returns.min() <= -1.0:
        return math.nan
    return math.expm1(np.mean(np.log1p(returns)))
