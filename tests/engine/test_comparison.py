import math
from itertools import pairwise

import numpy as np
import pytest

from engine.comparison import down_capture, put_benchmark, up_capture
from engine.sheet import Sheet
from tests.engine.panels import make_sessions

# Six months up, six down, one flat: the run gains 2 % for each 1 % and loses 1 % for each 2 %.
MARKET = np.array([0.01, -0.02] * 6 + [0.0])
RUN = np.array([0.02, -0.01] * 6 + [0.5])
SESSIONS = 400


def make_curve(seed):
    steps = np.random.default_rng(seed).normal(0.0005, 0.01, SESSIONS - 1)
    return 100.0 * np.concatenate([[1.0], np.cumprod(1.0 + steps)])


def measured(equity, level, rf=None):
    sheet = Sheet()
    rate = np.zeros(len(equity)) if rf is None else rf
    put_benchmark(sheet, equity, make_sessions(len(equity)), rf=rate, benchmark=level)
    return sheet


def test_capture_is_of_the_months_in_which_the_benchmark_moved_that_way():
    assert up_capture(RUN, MARKET) == pytest.approx(2.0, rel=1e-12)
    assert down_capture(RUN, MARKET) == pytest.approx(0.5, rel=1e-12)


def test_the_means_are_geometric():
    """Doubling and halving in turn comes to nothing; the arithmetic mean would be a quarter."""
    swings = np.array([1.0, -0.5] * 3)

    assert up_capture(swings, np.full(6, 0.01)) == pytest.approx(0.0, abs=1e-12)
    assert down_capture(np.full(6, 0.1), np.full(6, -0.05)) == pytest.approx(-2.0, rel=1e-12)


def test_capture_needs_six_months_and_something_left():
    lost = np.append(RUN[1:], -1.0)

    assert math.isnan(up_capture(RUN[2:], MARKET[2:]))
    assert math.isnan(down_capture(RUN[2:], MARKET[2:]))
    assert math.isnan(up_capture(lost, np.full(13, 0.01)))


def test_a_benchmark_beside_itself_is_captured_whole():
    curve = make_curve(1)

    found = measured(curve, curve)

    assert found.values["up_capture"] == pytest.approx(1.0, rel=1e-12)
    assert found.values["down_capture"] == pytest.approx(1.0, rel=1e-12)
    assert found.values["correlation"] == pytest.approx(1.0, rel=1e-12)
    assert found.values["r_squared"] == pytest.approx(1.0, rel=1e-12)
    assert found.undefined["alpha_t_stat"] == "the benchmark explains every return"


def test_capture_is_of_calendar_months_from_the_benchmarks_first_level():
    equity, level = make_curve(1), make_curve(2)
    late = np.where(np.arange(SESSIONS) < 30, np.nan, level)
    month = make_sessions(SESSIONS).astype("datetime64[D]").astype("datetime64[M]")

    found = measured(equity, late)

    ends = [30, *(t for t in range(31, SESSIONS) if t == SESSIONS - 1 or month[t] != month[t + 1])]
    ours = [equity[b] / equity[a] for a, b in pairwise(ends)]
    theirs = [level[b] / level[a] for a, b in pairwise(ends)]
    pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[1] > 1.0]
    gain, base = (math.prod(each) ** (1.0 / len(pairs)) - 1.0 for each in zip(*pairs, strict=True))
    assert found.values["up_capture"] == pytest.approx(gain / base, rel=1e-10)


def test_a_benchmark_or_a_run_that_stands_still_explains_nothing():
    curve, flat = make_curve(1), np.full(SESSIONS, 100.0)

    still, standing = measured(curve, flat), measured(flat, curve)

    for name in ("beta", "alpha", "alpha_t_stat", "r_squared"):
        assert still.undefined[name] == "benchmark did not move"
    assert still.undefined["correlation"] == "one of the two did not move"
    assert still.undefined["up_capture"] == "fewer than 6 months in which the benchmark rose"
    assert still.undefined["down_capture"] == "fewer than 6 months in which the benchmark fell"
    for name in ("beta", "alpha", "alpha_t_stat", "r_squared"):
        assert standing.undefined[name] == "zero variance"
    assert standing.undefined["correlation"] == "one of the two did not move"


def test_a_correlation_needs_no_rate_but_thirty_returns():
    equity, level = make_curve(1), make_curve(2)
    rate = np.append(np.zeros(SESSIONS - 1), np.nan)

    unknown = measured(equity, level, rate)
    short = measured(equity[:30], level[:30])

    assert unknown.undefined["r_squared"] == "risk-free rate unknown"
    assert unknown.values["correlation"] is not None
    for name in ("correlation", "r_squared", "alpha_t_stat"):
        assert short.undefined[name] == "fewer than 30 returns beside the benchmark"


def test_a_month_that_lost_everything_has_no_capture():
    equity = make_curve(1)
    equity[-1] = -1.0
    found = measured(equity, np.linspace(100.0, 200.0, SESSIONS))

    assert found.undefined["up_capture"] == "a month lost everything"
