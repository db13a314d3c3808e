import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.grid import MomentumGrid
from engine.ranking import rank
from engine.returns import trailing_return
from engine.schedule import DecisionClock, decision_instants
from engine.strategies.momentum import Momentum, MomentumParameters
from tests.engine.panels import make_closes, make_panel


def test_ties_go_to_the_lower_id_also_where_they_straddle_the_last_place():
    # The specification's closes: .21 at lookback 3, skip 1. Columns 1 and 2 tie, 0 is behind.
    prices = np.array(
        [[100, 100, 100], [90, 100, 100], [110, 110, 110], [100, 121, 121], [9, 9, 9]]
    )
    grid = MomentumGrid(prices[:5].astype(float), lookbacks=[3], skips=[1])

    assert grid.best(4, 1).tolist() == [[1]]
    assert grid.best(4, 3).tolist() == [[1, 2, 0]]


def test_a_last_bit_does_not_decide_who_is_held():
    prices = np.array([[1.0, 1.0], [1.21, np.nextafter(1.21, 2.0)]])

    assert MomentumGrid(prices, lookbacks=[1], skips=[0]).best(1, 1).tolist() == [[0]]


def test_names_without_a_bar_at_an_end_or_not_eligible_leave_places_empty():
    prices = np.array([[1.0, np.nan, 1.0, 1.0], [1.1, 1.2, 1.3, np.nan]])
    eligible = np.array([[True] * 4, [True, True, False, True]])

    grid = MomentumGrid(prices, lookbacks=[1], skips=[0], eligible=eligible)

    assert grid.best(1, 3).tolist() == [[0, 4, 4]]
    assert grid.best(1, 6).tolist() == [[0, 4, 4, 4, 4, 4]]


@given(
    seed=st.integers(0, 2**32 - 1),
    assets=st.integers(1, 12),
    count=st.integers(1, 14),
    missing=st.sampled_from([0.0, 0.3]),
    levels=st.sampled_from([2, 5, 10**9]),
)
def test_many_rankings_equal_one_at_a_time(seed, assets, count, missing, levels):
    # Few levels of price make ties; missing bars make short lists.
    rng = np.random.default_rng(seed)
    prices = 1.0 + rng.integers(0, levels, (12, assets)) / levels
    prices[rng.random(prices.shape) < missing] = np.nan
    lookbacks, skips = np.array([3, 6, 9, 9]), np.array([0, 2, 5, 0])

    together = MomentumGrid(prices, lookbacks=lookbacks, skips=skips).best(11, count)

    for names, lookback, skip in zip(together, lookbacks, skips, strict=True):
        window = prices[11 - lookback : 12]
        ends = np.isfinite(window[[0, -1 - skip]]).all(axis=0)
        scores = trailing_return(window, lookback=lookback, skip=skip)
        alone = rank(scores, np.arange(assets), ends)[:count]
        assert names.tolist() == alone.tolist() + [assets] * (count - len(alone))


def test_the_grid_holds_what_the_strategy_decides():
    # Every bar is there, so the strategy's own screen turns nobody away.
    panel = make_panel(make_closes(sessions=120, assets=12))
    rows = np.array([70, 91, 119])
    grid = MomentumGrid(panel.total_return(), lookbacks=[63, 40], skips=[10, 0])

    for row, instant in zip(
        rows, decision_instants(panel, rows, DecisionClock.US_CLOSE), strict=True
    ):
        for names, lookback, skip in zip(grid.best(int(row), 4), (63, 40), (10, 0), strict=True):
            parameters = MomentumParameters(lookback=lookback, skip=skip, top_n=4)
            window = panel.window(int(row), lookback + 1, int(instant))
            decision, _ = Momentum(parameters).decide(window, None)

            assert np.flatnonzero(decision.weights).tolist() == sorted(names.tolist())
            np.testing.assert_allclose(decision.weights[names], 0.25, rtol=1e-15)
