import dataclasses

import numpy as np
import pytest
from scipy.linalg import hadamard

from engine.panel import NEVER
from engine.weighting import (
    cap,
    complete_sample,
    hierarchical,
    inverse_volatility,
    measurable,
    volatility,
    weigh,
)
from tests.engine.panels import DAY, US_CLOSE, make_closes, make_panel, make_sessions

NAN = np.nan


def window_of(close):
    close = np.asarray(close, np.float64)
    return make_panel(close).window(len(close) - 1, len(close), NEVER - 1)


def alternating(*sizes, sessions=41):
    """Return levels whose returns alternate between +size and -size."""
    signs = np.where(np.arange(sessions - 1) % 2 == 0, 1.0, -1.0)
    returns = signs[:, None] * np.array(sizes)
    return 100.0 * np.vstack([np.ones(len(sizes)), np.cumprod(1.0 + returns, axis=0)])


def test_inverse_volatility_of_the_golden():
    """2.6: sigma 0.1, 0.2, 0.4 gives 4/7, 2/7, 1/7."""
    window = window_of(alternating(0.1, 0.2, 0.4))

    shares = inverse_volatility(window, np.arange(3), lookback=40)

    np.testing.assert_allclose(shares.weights, [4 / 7, 2 / 7, 1 / 7], rtol=1e-12)
    assert shares.reasons == {}


def test_an_asset_that_stands_still_gets_nothing():
    window = window_of(alternating(0.1, 0.0, 0.1))

    shares = inverse_volatility(window, np.arange(3), lookback=40)

    np.testing.assert_allclose(shares.weights, [0.5, 0.0, 0.5], rtol=1e-12)
    assert shares.reasons == {"zero_variance": 1}


def test_risk_is_measured_over_the_sessions_a_method_weighs_by():
    """Volatility over 63 sessions, a covariance over 252: the first asset rested for a hundred."""
    close = make_closes(sessions=300, assets=2)
    close[200:, 0] = close[200, 0]
    window = window_of(close)

    assert measurable("inverse_vol", window).tolist() == [False, True]
    assert measurable("hrp", window).tolist() == [True, True]
    assert measurable("score", window_of(np.full((300, 2), 5.0))).tolist() == [True, True]


def test_nobody_moving_leaves_everything_in_cash():
    shares = inverse_volatility(window_of(alternating(0.0, 0.0)), np.arange(2), lookback=40)

    np.testing.assert_array_equal(shares.weights, [0.0, 0.0])


def test_sample_volatility_leaves_missing_returns_out():
    returns = np.array([[0.01, 0.01], [-0.01, NAN], [0.03, NAN]])

    sigma = volatility(returns)

    assert sigma[0] == pytest.approx(0.02, rel=1e-12)  # mean 0.01, squares 0, 4e-4, 4e-4, over 2
    assert np.isnan(sigma[1])


def test_decaying_volatility_halves_the_weight_at_the_half_life():
    returns = np.array([[0.04], [0.01]])

    sigma = volatility(returns, estimator="ewma", halflife=1)

    # weights 1/3 and 2/3: mean 0.02, variance (4e-4 + 2 * 1e-4) / 3
    assert sigma[0] == pytest.approx(np.sqrt(2e-4), rel=1e-12)


def test_score_weights_are_in_proportion_and_never_negative():
    window = window_of(np.full((3, 3), 10.0))

    shares = weigh("score", window, np.array([2, 0, 1]), np.array([0.3, -0.2, 0.1]))

    assert shares.chosen.tolist() == [0, 1, 2]
    np.testing.assert_allclose(shares.weights, [0.75, 0.0, 0.25], rtol=1e-12)
    assert shares.reasons == {"no_positive_score": 1}


def test_equal_weights_need_no_prices():
    shares = weigh("equal", window_of(np.full((3, 4), 10.0)), np.array([3, 1]), np.zeros(4))

    assert shares.chosen.tolist() == [1, 3]
    np.testing.assert_array_equal(shares.weights, [0.5, 0.5])


def test_weighting_by_volatility_and_by_tree_agree_on_two_uncorrelated_assets():
    close = np.column_stack([alternating(0.2)[:, 0], alternating(0.1)[:, 0]])
    close[:, 1] = 100.0 * np.cumprod(1 + 0.1 * np.where(np.arange(41) % 4 < 2, 1, -1))
    window = window_of(close)
    scores = np.zeros(2)

    inverse = weigh("inverse_vol", window, np.arange(2), scores).weights
    tree = weigh("hrp", window, np.arange(2), scores).weights

    sigma = volatility(close[1:] / close[:-1] - 1.0)
    np.testing.assert_allclose(inverse, (1 / sigma) / (1 / sigma).sum(), rtol=1e-12)
    np.testing.assert_allclose(tree, (1 / sigma**2) / (1 / sigma**2).sum(), rtol=1e-12)


def test_the_tree_drops_gaps_and_still_lines_and_says_so():
    close = make_closes(sessions=100, assets=6)
    close[50:57, 1] = NAN
    close[:, 2] = 30.0

    shares = hierarchical(window_of(close), np.arange(6), lookback=99, linkage="ward")

    assert shares.weights[[1, 2]].tolist() == [0.0, 0.0]
    assert shares.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert shares.reasons == {"gap": 1, "zero_variance": 1}


def test_the_tree_leaves_out_sessions_that_most_assets_missed():
    close = make_closes(sessions=100, assets=4)
    close[50, :2] = NAN

    shares = hierarchical(window_of(close), np.arange(4), lookback=99, linkage="ward")

    assert (shares.weights > 0.0).all()
    assert shares.reasons == {}


def two_markets(close, *, closed, rf=0.0):
    """Return the window of assets of which the last trades in Sydney, shut on the rows `closed`."""
    n, m = close.shape
    session = make_sessions(n)
    closes_at = np.repeat((session * DAY + US_CLOSE)[:, None], 2, axis=1)
    closes_at[closed, 1] = NEVER
    panel = make_panel(
        close,
        market=np.arange(m) == m - 1,
        markets=("XNYS", "XASX"),
        opens_at=closes_at,
        closes_at=closes_at,
        rf=np.full(n, rf),
    )
    return panel.window(n - 1, n, NEVER - 1)


def test_a_holiday_of_one_market_is_no_gap():
    close = make_closes(sessions=100, assets=10)
    close[50, 9] = NAN  # a tenth of the assets: few enough for the session to count

    shut = complete_sample(two_markets(close, closed=[50]), np.arange(10), lookback=99)
    halted = complete_sample(two_markets(close, closed=[]), np.arange(10), lookback=99)

    assert (shut.kept.all(), shut.reasons) == (True, {})
    assert (halted.kept.tolist(), halted.reasons) == ([True] * 9 + [False], {"gap": 1})


def test_a_close_still_to_come_is_no_gap():
    close = make_closes(sessions=100, assets=10)
    panel = make_panel(close)
    closes_at = np.repeat(panel.closes_at, 2, axis=1)
    closes_at[:, 1] += DAY // 24
    known_at = closes_at[:, [0] * 9 + [1]]
    late = dataclasses.replace(
        panel,
        market=np.arange(10) == 9,
        markets=("XASX", "XNYS"),
        opens_at=closes_at - 1,
        closes_at=closes_at,
        known_at=known_at,
    )

    sample = complete_sample(
        late.window(99, 100, int(closes_at[99, 0])), np.arange(10), lookback=99
    )

    assert (sample.kept.all(), len(sample.returns)) == (True, 98)


def test_returns_span_the_sessions_that_are_left_out():
    close = np.array([[100.0, 50.0], [110.0, 55.0], [NAN, 44.0], [132.0, 66.0], [118.8, 33.0]])
    rate = 0.001

    sample = complete_sample(two_markets(close, closed=[], rf=rate), np.arange(2), lookback=4)

    # Worked out by hand: 132 / 110 and 66 / 55, whatever stood between.
    np.testing.assert_allclose(sample.returns, [[0.1, 0.1], [0.2, 0.2], [-0.1, -0.5]], rtol=1e-12)
    assert sample.rate == pytest.approx(4 * rate / 3, rel=1e-12)


@pytest.mark.parametrize(("shut", "left"), [(5, 94), (6, 92)])
def test_no_return_spans_a_long_closure(shut, left):
    close = make_closes(sessions=100, assets=4)
    close[40 : 40 + shut] = NAN

    sample = complete_sample(window_of(close), np.arange(4), lookback=99)

    assert len(sample.returns) == left


def test_one_asset_takes_all_and_none_takes_nothing():
    window = window_of(make_closes(sessions=100, assets=2))

    one = hierarchical(window, np.array([1]), lookback=99, linkage="ward")
    none = hierarchical(window, np.array([], np.int64), lookback=99, linkage="ward")

    assert one.weights.tolist() == [1.0]
    assert none.weights.tolist() == []


def test_a_cap_keeps_its_promise_and_what_finds_no_room_is_cash():
    weights = np.array([0.7, 0.2, 0.1, 0.0])

    np.testing.assert_allclose(cap(weights, 0.4), [0.4, 0.4, 0.2, 0.0], rtol=1e-12)
    np.testing.assert_allclose(cap(weights, 0.3), [0.3, 0.3, 0.3, 0.0], rtol=1e-12)
    np.testing.assert_array_equal(cap(weights, 0.7), weights)


def test_equal_distances_are_joined_by_id_in_any_order_of_columns():
    """Returns of exact orthogonal patterns: every pair of assets is equally far apart."""
    signs = hadamard(8)[:, 1:4]
    sizes = np.array([0.75, 0.375, 0.1875])
    levels = np.vstack([np.ones(3), np.cumprod(1.0 + sizes / 3.0 + sizes * signs, axis=0)])
    window = window_of(1024.0 * levels)
    order = np.array([2, 0, 1])
    shuffled = dataclasses.replace(
        window, asset_id=window.asset_id[order], total_return=window.total_return[:, order]
    )

    straight = hierarchical(window, np.arange(3), lookback=8, linkage="single")
    back = hierarchical(shuffled, np.arange(3), lookback=8, linkage="single")

    assert back.chosen.tolist() == [1, 2, 0]
    assert back.weights.tobytes() == straight.weights.tobytes()
