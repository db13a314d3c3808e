from dataclasses import dataclass

import numpy as np
import pytest

from engine.cointegration import engle_granger, fit_line
from engine.pairs import form_pairs, loadings


@dataclass(frozen=True)
class Rules:
    cluster: str = "pca_dbscan"
    var_share: float = 0.5
    eps: float = 0.5
    min_samples: int = 2
    n_pairs: int = 20
    p_max: float = 0.05
    hl_min: int = 1
    hl_max: int = 60


def make_levels(groups=3, size=4, sessions=252, seed=1, phi=0.9):
    """Return log levels of groups that share a walk each; within a group they stay near it."""
    rng = np.random.default_rng(seed)
    columns = []
    for _ in range(groups):
        walk = np.cumsum(rng.normal(0.0, 0.01, sessions))
        for beta in np.linspace(0.8, 1.2, size):
            apart = np.zeros(sessions)
            for t in range(1, sessions):
                apart[t] = phi * apart[t - 1] + rng.normal(0.0, 0.003)
            columns.append(beta * walk + apart)
    return np.array(columns).T


ONE_MARKET = np.zeros(12, np.int64)


def test_pairs_are_found_within_the_groups_that_share_a_walk():
    formed = form_pairs(make_levels(), ONE_MARKET, Rules())

    assert formed.tested == 3 * 6
    assert len(formed.y) > 6
    assert (formed.y // 4 == formed.x // 4).all()
    assert (formed.hedge.state[:, 1] > 0.0).all()


def test_the_hedge_begins_at_the_line_of_the_formation():
    levels = make_levels()

    formed = form_pairs(levels, ONE_MARKET, Rules())

    y, x = levels[:, formed.y[0]], levels[:, formed.x[0]]
    design = np.column_stack([np.ones(252), x - x.mean()])
    beta, [left], *_ = np.linalg.lstsq(design, y - y.mean())
    assert formed.hedge.state[0].tolist() == pytest.approx(beta.tolist(), abs=1e-12)
    assert formed.hedge.noise[0] == pytest.approx(left / 250.0, rel=1e-9)
    assert formed.deviation[0] == pytest.approx(np.sqrt(left / 250.0), rel=1e-9)


@pytest.mark.parametrize(("cluster", "tested"), [("pca_dbscan", 3 * 2), ("distance", 2 * 15)])
def test_legs_of_two_markets_or_currencies_are_no_pair(cluster, tested):
    markets = np.arange(12) % 2

    formed = form_pairs(make_levels(), markets, Rules(cluster=cluster, n_pairs=500))

    assert formed.tested == tested
    assert len(formed.y) > 0
    assert (markets[formed.y] == markets[formed.x]).all()


def test_each_pair_keeps_the_direction_that_is_more_certain():
    levels = make_levels()
    series = (levels - levels.mean(axis=0)).T

    formed = form_pairs(levels, ONE_MARKET, Rules())

    kept = engle_granger(fit_line(series[formed.y], series[formed.x]))[1]
    other = engle_granger(fit_line(series[formed.x], series[formed.y]))[1]
    assert (kept <= other).all()
    assert (formed.y > formed.x).any()
    assert (np.diff(kept) >= 0.0).all()


def test_the_more_pairs_are_tested_the_more_certain_each_must_be():
    # One pair that just passes on its own, and the same among walks that share nothing.
    tied = make_levels(groups=1, size=2, phi=0.97, seed=44)
    rng = np.random.default_rng(4)
    walks = np.cumsum(rng.normal(0.0, 0.02, (252, 10)), axis=0)
    many = np.concatenate([tied, walks], axis=1)
    rules = Rules(cluster="distance", n_pairs=66, hl_max=252)

    alone = form_pairs(tied, np.zeros(2, np.int64), rules)
    among = form_pairs(many, ONE_MARKET, rules)

    assert (alone.tested, len(alone.y)) == (1, 1)
    assert among.tested == 66
    assert {0, 1} not in [{y, x} for y, x in zip(among.y.tolist(), among.x.tolist(), strict=True)]


def test_the_closest_prices_are_proposed_by_distance():
    levels = make_levels()
    price = np.exp(levels - levels[0])
    distances = {
        (a, b): ((price[:, a] - price[:, b]) ** 2).sum() for a in range(12) for b in range(a)
    }
    closest = {frozenset(pair) for pair in sorted(distances, key=distances.get)[:5]}

    loose = Rules(cluster="distance", n_pairs=5, p_max=1.0, hl_max=10**6)
    formed = form_pairs(levels, ONE_MARKET, loose)

    assert formed.tested == 5
    found = {frozenset(pair) for pair in zip(formed.y.tolist(), formed.x.tolist(), strict=True)}
    assert found <= closest


@pytest.mark.parametrize(
    "narrow", [{"hl_max": 2}, {"hl_min": 59}, {"p_max": 1e-12}, {"eps": 1e-6}, {"min_samples": 9}]
)
def test_every_screen_turns_pairs_away(narrow):
    assert len(form_pairs(make_levels(), ONE_MARKET, Rules(**narrow)).y) == 0


def test_a_spread_that_crosses_its_mean_too_rarely_is_no_pair():
    # Half a year of sessions: a slow swing of one period crosses twice.
    rng = np.random.default_rng(6)
    walk = np.cumsum(rng.normal(0.0, 0.01, 126))
    swing = 0.05 * np.sin(np.linspace(0.0, 2.0 * np.pi, 126)) + rng.normal(0.0, 1e-5, 126)
    levels = np.stack([walk, walk + swing], axis=1)

    loose = Rules(cluster="distance", p_max=1.0, hl_max=10**6)

    assert form_pairs(levels, np.zeros(2, np.int64), loose).tested == 1
    assert len(form_pairs(levels, np.zeros(2, np.int64), loose).y) == 0


def test_a_leg_that_moves_against_the_other_is_no_pair():
    levels = make_levels(groups=1, size=2)
    levels[:, 1] *= -1.0

    loose = Rules(cluster="distance", p_max=1.0, hl_max=10**6)

    assert len(form_pairs(levels, np.zeros(2, np.int64), loose).y) == 0


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("cluster", ["pca_dbscan", "distance"])
def test_fewer_than_two_assets_make_no_pair(count, cluster):
    levels = make_levels(groups=1, size=1)[:, :count]

    formed = form_pairs(levels, np.zeros(count, np.int64), Rules(cluster=cluster))

    assert (formed.tested, len(formed.y)) == (0, 0)


def test_loadings_have_length_one_and_explain_the_share_asked_for():
    returns = np.diff(make_levels(), axis=0)
    values = np.linalg.eigvalsh(np.corrcoef(returns.T))[::-1]
    needed = int(np.searchsorted(np.cumsum(values) / 12.0, 0.5)) + 1

    points = loadings(returns, 0.5)

    assert points.shape == (12, needed)
    np.testing.assert_allclose((points**2).sum(axis=1), 1.0, rtol=1e-12)
    assert loadings(np.random.default_rng(0).normal(size=(90, 40)), 0.95).shape == (40, 15)


def test_the_unit_of_a_price_changes_no_pair():
    levels = make_levels()

    plain = form_pairs(levels, ONE_MARKET, Rules())
    scaled = form_pairs(levels + np.log(np.arange(1.0, 13.0)), ONE_MARKET, Rules())

    assert scaled.y.tolist() == plain.y.tolist()
    np.testing.assert_allclose(scaled.hedge.state, plain.hedge.state, atol=1e-10)
