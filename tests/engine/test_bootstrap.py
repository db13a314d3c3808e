"""The stationary bootstrap against its limits, and against `arch`, which has one of its own."""

import math

import numpy as np
import pytest
from arch.bootstrap import SPA, optimal_block_length

from engine.bootstrap import LEAST, SHORTEST_BLOCK, block_length, draw, intervals, snooping

N = 1_000


def make_noise(seed, *, persistence=0.0, n=N):
    rng = np.random.default_rng(seed)
    returns = 0.01 * rng.standard_normal(n)
    for t in range(1, n):
        returns[t] += persistence * returns[t - 1]
    return returns


def blocks_of_the_paper(x):
    """Politis & White (2004) and its correction, term by term as they are printed."""
    n = len(x)
    e = x - x.mean()
    run = max(5, math.ceil(math.log10(n)))
    most = math.ceil(math.sqrt(n)) + run
    noise = 2.0 * math.sqrt(math.log10(n) / n)

    def is_loud(k):
        scale = math.sqrt((e[k:] @ e[k:]) * (e[: n - k] @ e[: n - k]))
        return abs(e[k:] @ e[: n - k]) / scale > noise

    quiet = (m for m in range(most - run + 1) if not any(is_loud(m + k) for k in range(1, run + 1)))
    last = next(quiet, None)
    if last is None:
        last = max(k for k in range(1, most + 1) if is_loud(k))
    m = min(2 * max(last, 1), most)
    g = sum(
        min(1.0, 2.0 * (1.0 - abs(k) / m)) * abs(k) * (e[abs(k) :] @ e[: n - abs(k)]) / n
        for k in range(-m, m + 1)
    )
    level = sum(
        min(1.0, 2.0 * (1.0 - abs(k) / m)) * (e[abs(k) :] @ e[: n - abs(k)]) / n
        for k in range(-m, m + 1)
    )
    return min(
        (2.0 * g**2 / (2.0 * level**2)) ** (1 / 3) * n ** (1 / 3),
        math.ceil(min(3.0 * math.sqrt(n), n / 3)),
    )


@pytest.mark.parametrize("persistence", [0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_blocks_are_as_long_as_the_paper_prints(seed, persistence):
    returns = make_noise(seed, persistence=persistence)

    expected = max(SHORTEST_BLOCK, blocks_of_the_paper(returns))

    assert block_length(returns) == pytest.approx(expected, rel=1e-9)


def test_blocks_are_as_long_as_another_library_finds_where_it_looks_as_far():
    """`arch` looks one lag further than the paper, unless the noise never ends."""
    returns = make_noise(1, persistence=0.9)

    theirs = optimal_block_length(returns)["stationary"].item()

    assert block_length(returns) == pytest.approx(theirs, rel=1e-9)


def test_blocks_of_a_known_process_are_those_of_its_formula():
    """An autoregression of 0.5 has G / g = 2 * 0.5 / (1 - 0.25), so blocks of 1.21 n^(1/3)."""
    found = [block_length(make_noise(seed, persistence=0.5, n=20_000)) for seed in range(8)]

    assert np.median(found) == pytest.approx((4 / 3) ** (2 / 3) * 20_000 ** (1 / 3), rel=0.1)


def test_blocks_of_one_are_drawn_at_random_and_endless_ones_are_rotations():
    """6.6: with L = 1 each return is drawn alone; with L without bound every mean is the mean."""
    rng = np.random.default_rng(5)
    returns = make_noise(1)

    alone = draw(N, 200, 1.0, rng)
    whole = draw(N, 200, math.inf, rng)

    follows = ((alone[:, 1:] - alone[:, :-1]) % N == 1).mean()
    assert follows < 0.01
    assert ((whole[:, 1:] - whole[:, :-1]) % N == 1).all()
    np.testing.assert_allclose(returns[whole].mean(axis=1), returns.mean(), atol=1e-15)


@pytest.mark.parametrize("block", [5.0, 20.0])
def test_blocks_have_the_length_asked_for_and_every_return_is_drawn_as_often(block):
    places = draw(500, 4_000, block, np.random.default_rng(3))

    broken = ((places[:, 1:] - places[:, :-1]) % 500 != 1).mean()
    assert 1.0 / broken == pytest.approx(block, rel=0.02)
    drawn = np.bincount(places.ravel(), minlength=500) / 4_000
    assert drawn.min() > 0.8
    assert drawn.max() < 1.2


def told(returns, **given):
    terms = {"rf": np.zeros(len(returns)), "years": len(returns) / 252, "seed": 1} | given
    return intervals(returns, **terms)


def test_the_interval_of_a_sharpe_ratio_is_that_of_its_standard_error():
    """Lo (2002), independent normal returns: se = sqrt((1 + SR^2 / 2) / T), a year's times 252."""
    returns = 0.0008 + make_noise(11, n=2_520)
    sharpe = math.sqrt(252) * returns.mean() / returns.std(ddof=1)
    error = math.sqrt(252 * (1 + sharpe**2 / 504) / 2_520)

    low, high = told(returns, block=1.0).sharpe

    assert low == pytest.approx(sharpe - 1.96 * error, abs=0.08)
    assert high == pytest.approx(sharpe + 1.96 * error, abs=0.08)


def test_the_same_sessions_are_drawn_of_a_run_and_its_benchmark():
    """A run that is half its benchmark and 2 bps a day has that alpha in every draw."""
    market = make_noise(7)

    found = told(0.0002 + 0.5 * market, benchmark=market)

    assert found.alpha == pytest.approx((0.0504, 0.0504), rel=1e-9)
    assert found.max_drawdown[1] <= 0.0
    assert found.cagr[0] < found.cagr[1]


def test_the_same_seed_draws_the_same_and_another_another():
    returns = make_noise(2)

    assert told(returns, seed=9) == told(returns, seed=9)
    assert told(returns, seed=9) != told(returns, seed=10)


def test_a_short_run_and_a_still_one_are_told_nothing():
    varied = np.random.default_rng(1).normal(0.0, 0.01, LEAST)

    assert told(varied[1:]) is None
    assert told(np.zeros(LEAST)) is None
    assert told(varied) is not None


def make_rules(seed, *, edge=0.0, rules=20):
    rng = np.random.default_rng(seed)
    gains = 0.01 * rng.standard_normal((N, rules)) - 0.0002 * np.arange(rules)
    gains[:, 0] += edge
    return gains


@pytest.mark.parametrize(("seed", "edge"), [(1, 0.0), (2, 0.0008), (3, 0.002)])
def test_the_test_of_superior_ability_agrees_with_another_library(seed, edge):
    gains = make_rules(seed, edge=edge)

    ours = snooping(gains, seed=4, block=10.0)
    theirs = SPA(np.zeros(N), -gains, block_size=10, reps=2_000, seed=4)
    theirs.compute()

    for name in ("lower", "consistent", "upper"):
        assert getattr(ours, name) == pytest.approx(theirs.pvalues[name], abs=0.04), name


def test_luck_is_told_from_skill():
    """Of noise the best of twenty is no surprise; an edge of a fifth of a deviation is."""
    lucky = [snooping(make_rules(seed), seed=seed, draws=300).consistent for seed in range(12)]
    skilled = snooping(make_rules(1, edge=0.003), seed=1)

    assert min(lucky) > 0.02
    assert np.mean(lucky) > 0.3
    assert skilled.reality < 0.01
    assert skilled.upper < 0.01


def test_rules_that_are_the_benchmark_tell_nothing():
    assert snooping(np.zeros((N, 3)), seed=1) is None
    assert snooping(make_rules(1)[: LEAST - 1], seed=1) is None
