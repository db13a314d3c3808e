"""Residual momentum against a loop of statsmodels' OLS: 500 assets, 20 years, 36 months rolling."""

import statistics
from collections.abc import Iterator

import numpy as np
import statsmodels.api as sm

from engine.residuals import formation_scores, regress_on
from tests.benchmarks.figure import Check, Figure, alternate, median_ratio, spell

ASSETS, MONTHS, ROLLING = 500, 240, 36
FORM, SKIP = 12, 1
ROUNDS = 5
REPEATS = 20
TARGET = 100.0


def make_months() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    factors = rng.normal(0.004, 0.04, (MONTHS, 3))
    returns = factors @ rng.normal(1.0, 0.5, (3, ASSETS)) + rng.normal(0.0, 0.08, (MONTHS, ASSETS))
    late = rng.integers(0, MONTHS // 2, ASSETS // 5)
    for asset, first in enumerate(late.tolist()):  # a fifth of the assets are listed later
        returns[:first, asset] = np.nan
    return returns, factors


def ours(returns: np.ndarray, factors: np.ndarray) -> np.ndarray:
    scores = np.empty((MONTHS - ROLLING + 1, ASSETS))
    for row, end in enumerate(range(ROLLING, MONTHS + 1)):
        window = slice(end - ROLLING, end)
        fit = regress_on(returns[window], factors[window], min_months=24)
        scores[row] = formation_scores(fit.residual, form=FORM, skip=SKIP, standardise="formation")
    return scores


def peers(returns: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Score as a reader of the paper would, one regression after the other."""
    scores = np.full((MONTHS - ROLLING + 1, ASSETS), np.nan)
    design = sm.add_constant(factors)
    for row, end in enumerate(range(ROLLING, MONTHS + 1)):
        window = slice(end - ROLLING, end)
        for asset in range(ASSETS):
            y = returns[window, asset]
            known = np.isfinite(y)
            if known.sum() < 24 or not known[-FORM : ROLLING - SKIP].all():
                continue
            resid = sm.OLS(y[known], design[window][known]).fit().resid
            formed = resid[len(resid) - FORM : len(resid) - SKIP]
            scores[row, asset] = formed.sum() / formed.std(ddof=1)
    return scores


def figures() -> Iterator[Figure]:
    returns, factors = make_months()
    mine, theirs = ours(returns, factors), peers(returns, factors)
    unlike = float((np.isnan(mine) != np.isnan(theirs)).sum())
    error = float(np.nanmax(np.abs(mine - theirs)))
    seconds, others = alternate(
        [lambda: ours(returns, factors), lambda: peers(returns, factors)],
        rounds=ROUNDS,
        repeats=REPEATS,
    )
    ratio = median_ratio(others, seconds)
    fits = int(np.isfinite(theirs).sum())
    yield Figure(
        name=f"residual momentum, {ASSETS} assets x {MONTHS} months",
        ours=spell(statistics.median(seconds)),
        peer=f"statsmodels OLS {spell(statistics.median(others))}",
        ratio=f"{ratio:.0f}x",
        target=f">= {TARGET:.0f}x",
        met=ratio >= TARGET,
        checks=[
            Check(what="scores equal statsmodels'", error=error, bound=1e-9),
            Check(what="assets that only one side scores", error=unlike, bound=0.0),
        ],
        notes=[f"{fits:,} regressions over {ROLLING} months; ours is the mean of {REPEATS} runs"],
    )
