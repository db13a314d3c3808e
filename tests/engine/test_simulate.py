import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grid import MomentumGrid
from engine.paths import Recorder
from engine.simulate import Market, simulate_rankings, simulate_weights

# Golden G4.2 of the engine specification: closes, decisions on rows 0 and 2, fills on 1 and 3.
CLOSES = np.array([[10, 10], [10, 10], [11, 10], [12, 9], [12, 10], [12, 11]], dtype=float)
FILLS = np.array([1, 3])
TEN_BPS = 0.001


def make_market(*, seed, sessions=40, assets=6, missing=0.0):
    """Prices with holes, names that list late and names that stop trading for good."""
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, (sessions, assets)), axis=0))
    fill = close * np.exp(rng.normal(0.0, 0.01, close.shape))
    if missing:
        gone = rng.random(close.shape) < missing
        gone[: sessions // 4, 0] = True
        gone[sessions // 2 :, -1] = True
        close[gone] = fill[gone] = np.nan
    return close, fill, rng.uniform(0.0, 0.0005, sessions)


def naive_curve(close, fill, rf, targets, fill_rows, cost):
    """One portfolio in amounts of money, name by name and session by session."""
    assets = close.shape[1]
    amount, cash, price = [0.0] * assets, 1.0, [math.nan] * assets
    curve, turnover = [], 0.0
    decision = 0
    mark = [math.nan] * assets
    for row in range(int(fill_rows[0]), len(close)):
        if row > fill_rows[0]:
            cash *= 1.0 + rf[row]
        for j in range(assets):
            seen = [close[r, j] for r in range(row) if math.isfinite(close[r, j])]
            mark[j] = seen[-1] if seen else math.nan
        if decision < len(fill_rows) and row == fill_rows[decision]:
            known = [math.isfinite(mark[j]) or math.isfinite(close[row, j]) for j in range(assets)]
            trades = [math.isfinite(fill[row, j]) and known[j] for j in range(assets)]
            worth = [fill[row, j] if trades[j] else mark[j] for j in range(assets)]
            amount = [amount[j] * worth[j] / price[j] if amount[j] else 0.0 for j in range(assets)]
            equity = sum(amount) + cash
            drifted = [a / equity for a in amount]
            stuck = sum(drifted[j] for j in range(assets) if not trades[j])
            asked = sum(targets[decision][j] for j in range(assets) if trades[j])
            scale = min(1.0, (1.0 - stuck) / asked) if asked > 0 else 1.0
            weights = [
                targets[decision][j] * scale if trades[j] else drifted[j] for j in range(assets)
            ]
            traded = sum(abs(w - d) for w, d in zip(weights, drifted, strict=True))
            cash_moved = abs((1.0 - sum(weights)) - cash / equity)
            turnover += 0.5 * (traded + cash_moved)
            equity *= 1.0 - cost * traded
            amount = [w * equity for w in weights]
            cash = equity - sum(amount)
            price = worth
            decision += 1
        now = [close[row, j] if math.isfinite(close[row, j]) else mark[j] for j in range(assets)]
        held = sum(a * n / p for a, n, p in zip(amount, now, price, strict=True) if a)
        curve.append(held + cash)
    return curve, turnover


def rank_columns(names, assets):
    """A `best` for one fixed order of names per decision and ranking, (d, G, K)."""

    def best(decision, count, part):
        found = names[decision, part, :count]
        return np.pad(found, ((0, 0), (0, count - found.shape[1])), constant_values=assets)

    return best


def ranked_weights(names, size, assets):
    weights = np.zeros((len(names), assets))
    for decision, order in enumerate(names):
        for column in order[:size]:
            if column < assets:
                weights[decision, column] = 1.0 / size
    return weights


def test_weights_drift_between_rebalances_and_pay_for_what_trades():
    paths = simulate_weights(
        Market.of(CLOSES), np.full((2, 1, 2), 0.5), fill_rows=FILLS, cost=TEN_BPS, keep=[0]
    )

    curve = [0.999, 1.04895, 1.04880015, 1.107066825, 1.1653335]
    np.testing.assert_allclose(paths.curves[0], curve, rtol=0, atol=1e-9)
    # One-way: 1 for the first purchase, .071429 for the second, over 5 sessions.
    assert paths.turnover[0] == pytest.approx((1.0 + 1 / 14) * 252 / 5, rel=1e-12)
    assert paths.total_return[0] == pytest.approx(0.1653335, abs=1e-9)
    assert paths.max_drawdown[0] == pytest.approx(-0.001, abs=1e-12)


def test_rankings_give_the_same_golden_curve():
    names = np.array([[[0, 1]], [[1, 0]]])

    paths = simulate_rankings(
        Market.of(CLOSES),
        rank_columns(names, 2),
        n_rankings=1,
        sizes=[1, 2],
        fill_rows=FILLS,
        cost=TEN_BPS,
        keep=[0, 1],
    )

    curve = [0.999, 1.04895, 1.04880015, 1.107066825, 1.1653335]
    np.testing.assert_allclose(paths.curves[1], curve, rtol=0, atol=1e-9)
    # One name: 10 -> 11 -> 12, all of it sold for the other (T = 2), then 9 -> 11.
    alone = [0.999, 1.0989, 1.1988 * 0.998, 1.1988 * 0.998 * 10 / 9, 1.1988 * 0.998 * 11 / 9]
    np.testing.assert_allclose(paths.curves[0], alone, rtol=1e-12)


def test_daily_rebalancing_for_free_is_not_what_a_held_portfolio_earns():
    # The wrong way of the specification: constant weights every session, no cost, 1.158460.
    paths = simulate_weights(
        Market.of(CLOSES), np.full((5, 1, 2), 0.5), fill_rows=np.arange(1, 6), keep=[0]
    )

    assert paths.curves[0, -1] == pytest.approx(1.158460, abs=5e-7)


def test_cash_earns_the_risk_free_rate():
    rf = np.full(6, 0.01)

    paths = simulate_weights(
        Market.of(CLOSES, rf=rf), np.zeros((1, 1, 2)), fill_rows=np.array([1]), keep=[0]
    )

    np.testing.assert_allclose(paths.curves[0], 1.01 ** np.arange(5), rtol=1e-15)
    assert paths.turnover[0] == 0.0


def test_statistics_equal_their_definitions():
    # Golden G5 of the engine specification.
    returns = np.array([0.01, -0.02, 0.03, 0.0, -0.01, 0.02])
    close = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    recorder = Recorder(1, 6)

    for part in (close[1:3], close[3:4], close[4:]):
        recorder.add(part[None, :], np.zeros(len(part)))

    paths = recorder.finish()
    assert paths.total_return[0] == pytest.approx(0.0294850412, abs=5e-11)
    assert paths.sharpe_ratio[0] == pytest.approx(4.2426406871, abs=5e-11)
    assert paths.max_drawdown[0] == pytest.approx(-0.02, abs=1e-12)


def test_a_path_without_variance_has_no_sharpe_ratio():
    flat = simulate_weights(Market.of(CLOSES), np.zeros((1, 1, 2)), fill_rows=np.array([1]))

    assert math.isnan(flat.sharpe_ratio[0])
    assert flat.max_drawdown[0] == 0.0


def test_a_name_that_cannot_be_sold_keeps_its_weight_and_the_others_share_the_rest():
    # The second name has no bar on the second fill: its half, drifted to 3/7, stays.
    close = CLOSES.copy()
    close[3, 1] = np.nan
    weights = np.array([[[0.5, 0.5]], [[1.0, 0.0]]])

    paths = simulate_weights(Market.of(close), weights, fill_rows=FILLS, keep=[0])

    # Row 3: .5 * 1.2 and .5 at its last mark of 10. Then nothing trades, and 10 -> 10 -> 11.
    np.testing.assert_allclose(paths.curves[0], [1.0, 1.05, 1.1, 1.1, 1.15], rtol=1e-12)


def test_exact_cost_solves_its_own_equation():
    close, fill, rf = make_market(seed=4)
    weights = np.random.default_rng(1).dirichlet(np.ones(6), (4, 3))
    fills = np.array([2, 11, 20, 30])
    cost = np.linspace(0.001, 0.01, 6)
    market = Market.of(close, fill=fill, rf=rf)

    paths = simulate_weights(
        market, weights, fill_rows=fills, cost=cost, exact=True, keep=[0, 1, 2]
    )

    for portfolio in range(3):
        equity, drifted = 1.0, np.zeros(6)
        for decision, (row, end) in enumerate(zip(fills, [*fills[1:], 39], strict=True)):
            target = weights[decision, portfolio]
            # The share paid is where c - cost . |w (1 - c) - drifted| changes sign.
            low, high = 0.0, 0.5
            for _ in range(80):
                middle = 0.5 * (low + high)
                over = cost @ np.abs(target * (1.0 - middle) - drifted) > middle
                low, high = (middle, high) if over else (low, middle)
            equity *= 1.0 - low
            closes = close[end] if end == 39 else fill[end]
            grown = target * closes / fill[row]
            equity *= grown.sum()
            drifted = grown / grown.sum()
        assert paths.curves[portfolio, -1] == pytest.approx(equity, rel=1e-9)


@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_exact_cost_of_rankings_equals_that_of_their_weights(missing):
    close, fill, rf = make_market(seed=6, sessions=400, assets=30, missing=missing)
    market = Market.of(close, fill=fill, rf=rf)
    fills = np.arange(20, 400, 7)
    grid = MomentumGrid(close, lookbacks=[9, 15], skips=[1, 0])
    names = np.stack([grid.best(int(row) - 1, 8) for row in fills])

    ranked = simulate_rankings(
        market,
        rank_columns(names, 30),
        n_rankings=2,
        sizes=[3, 8],
        fill_rows=fills,
        cost=0.002,
        exact=True,
        keep=range(4),
    ).curves

    weights = [ranked_weights(names[:, g], k, 30) for g in (0, 1) for k in (3, 8)]
    dense = simulate_weights(
        market, np.stack(weights, axis=1), fill_rows=fills, cost=0.002, exact=True, keep=range(4)
    ).curves
    np.testing.assert_allclose(ranked, dense, rtol=1e-6)


def test_first_order_cost_stays_near_the_exact_one_over_twenty_years():
    # Section 4.9 of the engine specification: 1e-4 after monthly rebalances at 10 bps.
    rng = np.random.default_rng(12)
    close = np.exp(np.cumsum(rng.normal(0.0003, 0.015, (5293, 40)), axis=0))
    fills = np.arange(253, 5293, 21)
    grid = MomentumGrid(close, lookbacks=[252], skips=[21])

    def run(*, exact):
        return simulate_rankings(
            Market.of(close),
            lambda decision, count, part: grid.best(int(fills[decision]) - 1, count, part),
            n_rankings=1,
            sizes=[10],
            fill_rows=fills,
            cost=TEN_BPS,
            exact=exact,
            keep=[0],
        ).curves

    np.testing.assert_allclose(run(exact=False), run(exact=True), rtol=1e-4)
    assert not np.allclose(run(exact=False), run(exact=True), rtol=1e-6)


@pytest.mark.parametrize("missing", [0.0, 0.08])
@given(seed=st.integers(0, 2**32 - 1), cost=st.sampled_from([0.0, 0.001, 0.01]))
def test_batch_of_weights_equals_one_name_at_a_time(missing, seed, cost):
    close, fill, rf = make_market(seed=seed, missing=missing)
    rng = np.random.default_rng(seed)
    fills = np.sort(rng.choice(np.arange(1, 39), 4, replace=False))
    weights = rng.dirichlet(np.ones(7), (4, 3))[:, :, :6]  # the seventh share is cash

    paths = simulate_weights(
        Market.of(close, fill=fill, rf=rf), weights, fill_rows=fills, cost=cost, keep=[0, 1, 2]
    )

    for portfolio in range(3):
        curve, turnover = naive_curve(close, fill, rf, weights[:, portfolio], fills, cost)
        np.testing.assert_allclose(paths.curves[portfolio], curve, rtol=1e-12)
        assert paths.turnover[portfolio] == pytest.approx(turnover * 252 / len(curve), rel=1e-10)


@pytest.mark.parametrize("missing", [0.0, 0.08])
@given(
    seed=st.integers(0, 2**32 - 1),
    cost=st.sampled_from([0.0, 0.001, 0.01]),
    sizes=st.sampled_from([(1,), (3,), (1, 2, 4), (2, 6, 8)]),
)
def test_batch_of_rankings_equals_one_name_at_a_time(missing, seed, cost, sizes):
    close, fill, rf = make_market(seed=seed, missing=missing)
    rng = np.random.default_rng(seed)
    fills = np.sort(rng.choice(np.arange(1, 39), 5, replace=False))
    names = rng.permuted(np.tile(np.arange(6), (5, 2, 1)), axis=2)
    names[rng.random((5, 2)) < 0.2, 3:] = 6  # short lists leave places empty
    portfolios = range(2 * len(sizes))

    paths = simulate_rankings(
        Market.of(close, fill=fill, rf=rf),
        rank_columns(names, 6),
        n_rankings=2,
        sizes=sizes,
        fill_rows=fills,
        cost=cost,
        keep=portfolios,
    )

    for portfolio in portfolios:
        ranking, size = divmod(portfolio, len(sizes))
        weights = ranked_weights(names[:, ranking], sizes[size], 6)
        curve, turnover = naive_curve(close, fill, rf, weights, fills, cost)
        np.testing.assert_allclose(paths.curves[portfolio], curve, rtol=1e-12)
        assert paths.turnover[portfolio] == pytest.approx(turnover * 252 / len(curve), rel=1e-10)


@given(seed=st.integers(0, 2**32 - 1))
def test_scale_of_prices_changes_nothing(seed):
    close, fill, rf = make_market(seed=seed, missing=0.05)
    weights = np.random.default_rng(seed).dirichlet(np.ones(6), (2, 1))
    scale = np.random.default_rng(seed).uniform(0.1, 10.0, 6)
    fills = np.array([3, 20])

    before = simulate_weights(
        Market.of(close, fill=fill, rf=rf), weights, fill_rows=fills, cost=0.002, keep=[0]
    )
    after = simulate_weights(
        Market.of(close * scale, fill=fill * scale, rf=rf),
        weights,
        fill_rows=fills,
        cost=0.002,
        keep=[0],
    )

    np.testing.assert_allclose(after.curves, before.curves, rtol=1e-12)


def test_future_prices_change_no_past_value():
    close, fill, rf = make_market(seed=8)
    weights = np.random.default_rng(8).dirichlet(np.ones(6), (3, 1))
    fills = np.array([2, 15, 30])
    altered, altered_fill = close.copy(), fill.copy()
    altered[25:] *= np.linspace(0.5, 2.0, 6)
    altered_fill[25:] *= np.linspace(0.5, 2.0, 6)

    before = simulate_weights(
        Market.of(close, fill=fill, rf=rf), weights, fill_rows=fills, cost=0.002, keep=[0]
    ).curves
    after = simulate_weights(
        Market.of(altered, fill=altered_fill, rf=rf), weights, fill_rows=fills, cost=0.002, keep=[0]
    ).curves

    np.testing.assert_array_equal(before[:, : 25 - 2], after[:, : 25 - 2])
    assert not np.array_equal(before[:, 25 - 2 :], after[:, 25 - 2 :])


def test_parts_of_the_rankings_give_what_the_whole_gives(monkeypatch):
    close, fill, rf = make_market(seed=2, sessions=60, assets=8, missing=0.03)
    market = Market.of(close, fill=fill, rf=rf)
    fills = np.arange(20, 60, 5)
    grid = MomentumGrid(close, lookbacks=np.arange(4, 19), skips=np.zeros(15, dtype=int))

    def run():
        return simulate_rankings(
            market,
            lambda decision, count, part: grid.best(int(fills[decision]) - 1, count, part),
            n_rankings=15,
            sizes=[1, 3],
            fill_rows=fills,
            cost=TEN_BPS,
            keep=[0, 7, 29],
        )

    whole = run()
    monkeypatch.setattr("engine.simulate.PART_SIZE", 1)
    parts = run()

    for name in ("total_return", "sharpe_ratio", "max_drawdown", "turnover", "curves"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)


def test_memory_does_not_grow_with_the_number_of_rankings():
    rng = np.random.default_rng(0)
    close = np.exp(np.cumsum(rng.normal(0.0, 0.01, (500, 200)), axis=0))
    market = Market.of(close)
    fills = np.arange(260, 500, 21)

    def peak(n_rankings):
        lookbacks = 20 + np.arange(n_rankings) % 230
        grid = MomentumGrid(close, lookbacks=lookbacks, skips=np.zeros(n_rankings, dtype=int))
        tracemalloc.start()
        simulate_rankings(
            market,
            lambda decision, count, part: grid.best(int(fills[decision]) - 1, count, part),
            n_rankings=n_rankings,
            sizes=[5, 10, 20],
            fill_rows=fills,
            cost=TEN_BPS,
        )
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    # Beyond one part only the statistics grow: four numbers per portfolio and their joining.
    assert peak(16_000) - peak(4_000) < 12_000 * 3 * 4 * 8 * 3
