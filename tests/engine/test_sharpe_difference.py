"""The test of two Sharpe ratios against closed forms, `arch`, and its own promise: its size."""

import math

import numpy as np
import pytest
from arch.covariance.kernel import Parzen

from engine.sharpe_bootstrap import sharpe_test
from engine.sharpe_difference import difference, influences, long_run_variance

N = 2_520


def make_pair(seed, *, correlation=0.5, means=(0.0005, 0.0003), n=N):
    rng = np.random.default_rng(seed)
    first, other = rng.standard_normal((2, n))
    second = correlation * first + math.sqrt(1.0 - correlation**2) * other
    return means[0] + 0.01 * first, means[1] + 0.02 * second


def make_persistent(rng, n, root):
    noise = rng.standard_normal(n + 100)
    series = np.zeros(n + 100)
    for t in range(1, n + 100):
        series[t] = root * series[t - 1] + noise[t]
    return series[100:]


def ask(first, second):
    one, other = influences(first.tolist()), influences(second.tolist())
    return difference(one, other)


@pytest.mark.parametrize("correlation", [-0.4, 0.0, 0.5, 0.9])
def test_the_error_of_independent_normal_returns_is_that_of_jobson_korkie_and_memmel(correlation):
    """Memmel (2003): V = (2 - 2 rho + (S1^2 + S2^2 - 2 S1 S2 rho^2) / 2) / T."""
    found, expected = [], []
    for seed in range(20):
        pair = make_pair(seed, correlation=correlation, means=(0.002, 0.001))
        one, two = (each.mean() / each.std() for each in pair)
        rho = np.corrcoef(*pair)[0, 1]
        variance = 2.0 - 2.0 * rho + 0.5 * (one**2 + two**2 - 2.0 * one * two * rho**2)
        expected.append(math.sqrt(variance / N))
        found.append(ask(*pair).error)

    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.02)


def test_what_a_session_adds_is_the_slope_of_the_ratio():
    """Weighing one session a little more moves the ratio by what the session adds to it."""
    returns, _ = make_pair(3, n=300)
    step = 1e-6

    def ratio(weight):
        mean = weight @ returns / weight.sum()
        return mean / math.sqrt(weight @ returns**2 / weight.sum() - mean**2)

    even = np.ones(300)
    slopes = [(ratio(even + step * row) - ratio(even)) / step * 300 for row in np.eye(300)[:20]]

    np.testing.assert_allclose(influences(returns.tolist()).added[:20], slopes, rtol=1e-3)


def test_the_kernel_is_the_one_of_another_library():
    """`arch` divides lags by one more than its bandwidth, and leaves out the last, of no weight."""
    once = make_persistent(np.random.default_rng(5), N, 0.8)
    series = once.copy()
    for t in range(1, N):
        series[t] += 0.6 * series[t - 1]
    series -= series.mean()
    root = series[:-1] @ series[1:] / (series[:-1] @ series[:-1])
    left = series[1:] - root * series[:-1]
    second = left[:-1] @ left[1:] / (left[:-1] @ left[:-1])
    width = 2.6614 * (4.0 * second**2 / (1.0 - second) ** 4 * len(left)) ** 0.2

    theirs = Parzen(left, bandwidth=width - 1.0, center=False, df_adjust=0).cov.long_run.item()

    assert width > 10.0
    assert long_run_variance(series.tolist()) == pytest.approx(theirs / (1.0 - root) ** 2, rel=1e-3)


@pytest.mark.parametrize("root", [-0.5, 0.3, 0.8])
def test_the_variance_in_the_long_run_is_that_of_an_autoregression(root):
    """1 / (1 - root)^2 for noise of variance 1, where its own variance is 1 / (1 - root^2)."""
    rng = np.random.default_rng(6)
    found = []
    for _ in range(10):
        series = make_persistent(rng, 5_000, root)
        found.append(long_run_variance((series - series.mean()).tolist()))

    assert np.mean(found) == pytest.approx(1.0 / (1.0 - root) ** 2, rel=0.1)


def test_the_bootstrap_of_independent_returns_finds_the_closed_interval():
    first, second = make_pair(7)
    error = ask(first, second).error

    found = sharpe_test(first, second, seed=1, block=1)

    year = math.sqrt(252)
    own = year * (first.mean() / first.std() - second.mean() / second.std())
    assert found.difference == pytest.approx(own, rel=1e-9)
    low, high = found.interval
    assert (low + high) / 2 == pytest.approx(own, rel=1e-9)
    assert (high - low) / 2 == pytest.approx(1.96 * year * error, rel=0.05)
    assert found.p_value == pytest.approx(ask(first, second).p_value, abs=0.03)


def test_a_plain_difference_is_told_from_none():
    first, second = make_pair(8, correlation=0.9, means=(0.002, 0.0))

    found = sharpe_test(first, second, seed=1)

    assert found.p_value == 1 / 2_001
    assert found.interval[0] > 0.0


@pytest.mark.parametrize("root", [0.0, 0.4])
def test_equal_ratios_are_rejected_as_often_as_promised(root):
    """200 pairs without a difference: some 5 % of them below 5 %, persistent or not."""
    rng = np.random.default_rng(9)
    rejected = 0
    for seed in range(200):
        pair = [0.01 * make_persistent(rng, 400, root) for _ in range(2)]
        rejected += sharpe_test(*pair, seed=seed, draws=199).p_value <= 0.05

    assert 2 <= rejected <= 20


def test_swapped_series_give_the_opposite_difference_and_the_same_chance():
    first, second = make_pair(10)

    one, other = sharpe_test(first, second, seed=3), sharpe_test(second, first, seed=3)

    assert other.difference == pytest.approx(-one.difference)
    assert other.p_value == one.p_value
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))


def test_the_same_seed_draws_the_same():
    pair = make_pair(11)

    assert sharpe_test(*pair, seed=3) == sharpe_test(*pair, seed=3)
    assert sharpe_test(*pair, seed=3) != sharpe_test(*pair, seed=4)


def test_nothing_is_said_of_short_still_or_equal_series():
    first, second = make_pair(12)

    assert sharpe_test(first[:249], second[:249], seed=1) is None
    assert sharpe_test(first, np.zeros(N), seed=1) is None
    assert sharpe_test(first, 3.0 * first, seed=1) is None
    assert influences([]) is None
