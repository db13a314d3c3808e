"""Strategies against small references written from the specification's page, not from the code.

Each walks through a random market one session at a time, in plain loops.
"""

import math

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from engine.clusters import best_cut, correlation_distances
from engine.decide import lend
from engine.strategies.hard_assets import HardAssets, HardAssetsParameters
from engine.strategies.reversal import Reversal, ReversalParameters
from engine.strategies.vrp import Vrp, VrpParameters
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_hrp import naive_weights
from tests.engine.volatility_markets import make_index, series

SESSIONS = 460


def decisions(panel, strategy, first):
    """Yield each row's weights, and what was held before where nothing is decided."""
    state, held = None, np.zeros(len(panel.symbols))
    for row in range(first, len(panel.session)):
        decision, state = strategy.decide(
            lend(panel, strategy, row, int(panel.closes_at[row, 0])), state
        )
        held = held if decision is None else decision.weights
        yield row, held, decision


def wandering(seed, *, middle, size):
    """Return a series that is drawn back to its middle."""
    away = [0.0]
    for step in np.random.default_rng(seed).normal(0.0, size, SESSIONS - 1).tolist():
        away.append(0.93 * away[-1] + step)
    return middle * np.exp(away)


def premium_state(vix, vix3m, moves, p):
    """2.16: HARVEST, HEDGE or NEUTRAL from the last value of each."""
    realised = 100.0 * math.sqrt(252.0 * sum(move**2 for move in moves[-21:]) / 21)
    year = vix[-252:]
    below = sum(each < vix[-1] for each in year)
    ties = sum(each == vix[-1] for each in year)
    percentile = (below + ties / 2.0) / len(year)
    slope = vix[-1] / vix3m[-1]
    if slope > p.ts_stress or percentile > 0.95:
        return "hedge"
    mean = sum(vix[-21:]) / 21
    calm = percentile < p.pct_hi and slope < p.ts_contango and vix[-1] < mean
    return "harvest" if vix[-1] - realised > 0.0 and calm else "neutral"


@pytest.mark.parametrize("vehicle", ["index_overlay", "short_vol_etp", "long_vol_etp"])
@pytest.mark.parametrize("seed", range(3))
def test_vrp_is_that_of_the_page(seed, vehicle):
    vix = np.round(wandering(seed, middle=22.0, size=0.08), 1)
    vix3m = vix * wandering(seed + 50, middle=1.05, size=0.03)
    level = make_closes(sessions=SESSIONS, assets=2, seed=seed)
    panel = make_index(0.2 * level + 80.0, vix=vix, vix3m=vix3m)
    p = VrpParameters(
        index=("S000",), etp=("S001",), vehicle=vehicle, hedge_alloc=0.1, pct_hi=0.9,
        ts_contango=1.0, min_days_in_state=4,
    )  # fmt: skip
    weights = {
        "index_overlay": {"harvest": p.hi, "neutral": p.mid, "hedge": p.lo},
        "short_vol_etp": {"harvest": p.alloc},
        "long_vol_etp": {"hedge": p.hedge_alloc},
    }[vehicle]
    held = 0 if vehicle == "index_overlay" else 1
    moves = np.diff(np.log(panel.close[:, 0]))

    state, since, seen = None, 0, set()
    for row, found, _ in decisions(panel, Vrp(p), 252):
        now = premium_state(vix[: row + 1], vix3m[: row + 1], moves[:row], p)
        if state is None or (now != state and row - since >= 4):
            state, since = now, row
        seen.add(state)
        assert found[held] == weights.get(state, 0.0)
        assert found[1 - held] == 0.0
    assert seen == {"harvest", "neutral", "hedge"}


def boxed(raw, low, high, total):
    """3.5: clip(c raw, low, high) with the c that makes the sum `total`, by bisection."""
    near, far = 0.0, 1e6
    for _ in range(200):
        c = (near + far) / 2.0
        near, far = (c, far) if np.clip(c * raw, low, high).sum() < total else (near, c)
    return np.clip(far * raw, low, high)


def sleeves_wanted(close, yields, vix, row, btc_on, btc_since, p):
    """2.19: which of bitcoin, gold and silver are on."""
    btc, gold, silver = close[: row + 1].T
    risk = np.std(np.diff(btc[-64:]) / btc[-64:-1], ddof=1) * math.sqrt(252)
    score = (btc[-1] / btc[-22] - 1.0) / risk
    if btc_on and row - btc_since >= 5:
        wants = score >= p.btc_thr / 2.0
    else:
        wants = btc_on or score > p.btc_thr
    ratio = gold / silver
    z = (ratio[-1] - ratio[-253:-1].mean()) / ratio[-253:-1].std(ddof=1)
    cheap = yields[row] < yields[row - 251 : row + 1].mean()
    return (
        wants,
        bool(cheap or vix[row] > p.vix_thr),
        bool(z > p.gsr_z and silver[-1] > silver[-64]),
    )


def sleeve_target(close, row, on, p):
    chosen = np.flatnonzero(on)
    target = np.zeros(3)
    if not len(chosen):
        return target
    span = (
        close[row - 252 : row + 1, chosen] if len(chosen) > 2 else close[row - 63 : row + 1, chosen]
    )
    returns = np.diff(span, axis=0) / span[:-1]
    if len(chosen) > 2:
        raw = naive_weights(np.cov(returns, rowvar=False))
    else:
        raw = 1.0 / returns.std(axis=0, ddof=1)
    raw = raw / raw.sum()
    target[chosen] = boxed(raw, p.wmin, p.wmax, min(1.0, p.wmax * len(chosen)))
    return target


@pytest.mark.parametrize("seed", range(4))
def test_hard_assets_are_those_of_the_page(seed):
    close = make_closes(sessions=SESSIONS, assets=3, seed=seed)
    vix = wandering(seed, middle=19.0, size=0.05)
    yields = 0.01 + 0.01 * np.sin(np.arange(SESSIONS) / 20.0 + seed)
    panel = make_panel(close)
    extra = {"VIX": series(vix, panel.session), "US10Y_REAL": series(yields, panel.session)}
    panel = make_panel(close, extra=extra)
    p = HardAssetsParameters(
        btc=("S000",), gold=("S001",), silver=("S002",), drift=0.03, min_price=0.0
    )
    month = panel.session.astype("datetime64[D]").astype("datetime64[M]")

    on, since, bought, at, traded = False, 0, np.zeros(3), close[0], -1
    counts = set()
    for row, found, decision in decisions(panel, HardAssets(p), 369):
        wants, *others = sleeves_wanted(close, yields, vix, row, on, since, p)
        if wants != on or traded < 0:
            on, since = wants, row
        target = sleeve_target(close, row, [wants, *others], p)
        worth = bought * close[row] / at
        drifted = worth / (1.0 - bought.sum() + worth.sum())
        trades = (
            traded < 0 or month[row] != month[traded] or (abs(drifted - target) > p.drift).any()
        )
        assert (decision is not None) == bool(trades), row
        if trades:
            bought, at, traded = target, close[row], row
        np.testing.assert_allclose(found, bought, atol=1e-9)
        counts.add(int((target > 0).sum()))
    assert len(counts) > 1


def against(returns, groups, top_n, short):
    """2.20: minus the distance from the group's mean, the largest of each side."""
    bets = {}
    for name in set(groups):
        inside = [i for i, group in enumerate(groups) if group == name]
        mean = sum(returns[i] for i in inside) / len(inside)
        bets |= {i: mean - returns[i] for i in inside}
    bought = sorted((i for i in bets if bets[i] > 1e-12), key=lambda i: (-bets[i], i))[:top_n]
    sold = sorted((i for i in bets if bets[i] < -1e-12), key=lambda i: (bets[i], i))[:top_n]
    weights = np.zeros(len(returns))
    side = 0.5 if short else 1.0
    for i in bought:
        weights[i] = side * bets[i] / sum(bets[j] for j in bought)
    for i in sold if short else []:
        weights[i] = -side * bets[i] / sum(bets[j] for j in sold)
    return weights


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("neutral", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_reversal_across_shares_is_that_of_the_page(seed, neutral, short):
    draws = np.random.default_rng(seed)
    close = make_closes(sessions=60, assets=9, seed=seed)
    sectors = tuple(draws.choice(["A", "B", "unknown"], 9))
    panel = make_panel(close, groups={"SECTOR": sectors})
    p = ReversalParameters(
        window=3, top_n=3, industry_neutral=neutral, allow_short=short, min_price=0.0
    )

    for row, found, _ in decisions(panel, Reversal(p), 30):
        returns = close[row] / close[row - 3] - 1.0
        expected = against(returns, sectors if neutral else ["all"] * 9, 3, short)
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_shocks_are_held_as_on_the_page(seed):
    draws = np.random.default_rng(seed)
    close = make_closes(sessions=120, assets=8, seed=seed)
    volume = draws.lognormal(10.0, 0.5, close.shape)
    panel = make_panel(close, volume=volume)
    p = ReversalParameters(
        mode="shock", window=2, drop=0.03, vol_mult=1.5, hold=4, top_n=2, min_price=0.0
    )

    held = {}
    for row, found, _ in decisions(panel, Reversal(p), 30):
        returns = close[row] / close[row - 2] - 1.0
        rush = volume[row] >= 1.5 * volume[row - 20 : row].mean(axis=0)
        held = {asset: since for asset, since in held.items() if row - since < 4}
        fresh = [i for i in np.argsort(returns, kind="stable") if returns[i] <= -0.03 and rush[i]]
        fresh = [i for i in fresh if i not in held]
        held |= dict.fromkeys(fresh[: 2 - len(held)], row)
        expected = np.zeros(8)
        expected[list(held)] = 0.5
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("linkage", ["average", "ward"])
@pytest.mark.parametrize("seed", range(6))
def test_clusters_are_cut_where_silhouettes_are_surest(seed, linkage):
    """2.21: the count with the greatest t-statistic, by scikit-learn's silhouettes."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    draws = np.random.default_rng(seed)
    returns = (
        draws.normal(size=(200, 12))
        + 0.8 * draws.normal(size=(200, 3))[:, draws.integers(0, 3, 12)]
    )
    distances = correlation_distances(np.corrcoef(returns, rowvar=False))
    tree = hierarchy.linkage(squareform(distances, checks=False), method=linkage)
    scored = {}
    for count in range(2, 9):
        labels = hierarchy.fcluster(tree, count, criterion="maxclust")
        values = silhouette_samples(distances, labels, metric="precomputed")
        scored[count] = (values.mean() / values.std(), labels)

    found = best_cut(distances, linkage=linkage, most=8)

    _, expected = max(scored.values(), key=lambda each: each[0])
    np.testing.assert_array_equal(found, expected)
