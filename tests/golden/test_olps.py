"""Wealth on the six benchmark sets of on-line portfolio selection, before costs.

A check of code, never an expectation: no costs, surviving shares, 1962 to 2010. Wealth of uniform
holding and of uniform rebalancing is printed in the literature (NYSE(O): 14.50 and 27.08); the
reversion columns are those of the specification, to one per cent since the paths are chaotic.
"""

from functools import cache

import numpy as np
import pytest

from engine.backtest import Constraints, Request, run
from engine.costs import CostModel
from engine.decide import decide
from engine.execution import FillPolicy
from engine.reversion import mean_reversion, median_reversion, smoothed_reversion, walk
from engine.schedule import DecisionClock, Rebalance
from engine.simulate import Market, simulate_weights
from engine.strategies.olmar import Olmar, OlmarParameters
from engine.strategies.rmr import Rmr, RmrParameters
from tests.engine.panels import make_panel
from tests.golden.olps import SETS, read_levels, stretches, uniform

EPSILON, WINDOW, ALPHA = 10.0, 5, 0.5
# Set: rows, assets; buy-and-hold, constant rebalancing, OLMAR-1, OLMAR-2, RMR.
TABLE = {
    "nyse_o": (5651, 36, 14.50, 27.08, 8.2693e16, 1.0220e18, 2.1388e17),
    "nyse_n": (6431, 23, 18.06, 31.55, 4.1208e8, 4.6881e8, 2.5186e8),
    "tse": (1259, 88, 1.613, 1.595, 58.149, 732.44, 257.96),
    "msci": (1043, 24, 0.9064, 0.9268, 14.549, 22.514, 15.987),
    "djia": (507, 30, 0.7644, 0.8127, 2.2341, 1.1611, 2.3169),
    "sp500": (1276, 25, 1.342, 1.649, 16.038, 9.5945, 8.2576),
}
every_set = pytest.mark.parametrize("name", SETS)
levels_of = cache(read_levels)


def wealth_of(levels, weights):
    """Return what is left of 1 by the kernel: weights of row t are filled at the close of t."""
    rows = np.arange(len(levels) - 1)
    assert len(weights) == len(rows)
    paths = simulate_weights(Market.of(levels), weights[:, None, :], fill_rows=rows)
    return paths.total_return[0] + 1.0


def targets_of(levels, predicted):
    """Return the targets of each row but the last: uniform until the first prediction."""
    waiting = np.tile(uniform(levels), (len(levels) - len(predicted), 1))
    return np.concatenate([waiting, walk(uniform(levels), predicted, EPSILON)])[:-1]


@every_set
def test_uniform_portfolios_end_with_the_published_wealth(name):
    rows, assets, held, rebalanced, *_ = TABLE[name]
    levels = levels_of(name)

    assert levels[1:].shape == (rows, assets)
    assert levels[-1].mean() == pytest.approx(held, rel=5e-4)
    constant = np.tile(uniform(levels), (len(levels) - 1, 1))
    assert wealth_of(levels, constant) == pytest.approx(rebalanced, rel=5e-4)


@every_set
def test_reversion_to_the_mean_ends_with_the_wealth_of_the_table(name):
    levels = levels_of(name)

    predicted = mean_reversion(stretches(levels, WINDOW))

    assert wealth_of(levels, targets_of(levels, predicted)) == pytest.approx(
        TABLE[name][4], rel=0.01
    )


@every_set
def test_reversion_to_the_smoothed_price_ends_with_the_wealth_of_the_table(name):
    levels = levels_of(name)
    # Half of the newest price: what lies 60 sessions back weighs 1e-18.
    before = np.full((60, levels.shape[1]), np.nan)

    predicted = smoothed_reversion(stretches(np.concatenate([before, levels]), 61), ALPHA)

    assert wealth_of(levels, targets_of(levels, predicted)) == pytest.approx(
        TABLE[name][5], rel=0.01
    )


@every_set
def test_reversion_to_the_median_ends_with_the_wealth_of_the_table(name):
    levels = levels_of(name)

    predicted = median_reversion(stretches(levels, WINDOW), tol=1e-9, scaled=False)

    assert wealth_of(levels, targets_of(levels, predicted)) == pytest.approx(
        TABLE[name][6], rel=0.01
    )


@pytest.mark.parametrize(
    ("strategy", "predict"),
    [
        (Olmar(OlmarParameters(min_price=0.0)), mean_reversion),
        (
            Olmar(OlmarParameters(min_price=0.0, variant=2, alpha=0.3, epsilon=1.02)),
            lambda levels: smoothed_reversion(levels, 0.3),
        ),
        (
            Rmr(RmrParameters(min_price=0.0, window=8)),
            lambda levels: median_reversion(levels, tol=1e-9, scaled=True),
        ),
    ],
    ids=["olmar-1", "olmar-2", "rmr"],
)
def test_the_strategies_decide_what_the_walk_over_all_sessions_gives(strategy, predict):
    levels = levels_of("msci")

    targets = decide(
        make_panel(levels),
        strategy,
        first_row=strategy.warmup - 1,
        last_row=len(levels) - 1,
        rebalance=Rebalance.DAILY,
        clock=DecisionClock.US_CLOSE,
    )

    read, epsilon = strategy.sessions_read, strategy.parameters.epsilon
    walked = walk(uniform(levels), predict(stretches(levels, read)), epsilon)
    np.testing.assert_allclose(targets.weights, walked[: len(targets.weights)], rtol=0, atol=1e-12)
    assert len(targets.weights) == len(levels) - read


@pytest.mark.parametrize(
    ("strategy", "wealth"),
    [
        (Olmar(OlmarParameters(min_price=0.0)), TABLE["djia"][4]),
        (Rmr(RmrParameters(min_price=0.0, scale=False)), TABLE["djia"][6]),
    ],
    ids=["olmar-1", "rmr"],
)
def test_a_whole_run_at_the_deciding_close_ends_with_the_wealth_of_the_table(strategy, wealth):
    """Fractional shares, no costs, unknown volume; the sessions before the first are uniform."""
    levels = levels_of("djia")
    panel = make_panel(levels, volume=np.full(levels.shape, np.nan))
    request = Request(
        strategy=strategy,
        first_row=WINDOW - 1,
        last_row=len(levels) - 1,
        capital=1e9,
        rebalance=Rebalance.DAILY,
        constraints=Constraints(),
        costs=CostModel(commission_flat=0.0, slippage_bps=0.0, fx_spread_bps=0.0),
        fill=FillPolicy.DECISION_CLOSE,
        whole_shares=False,
        clock=DecisionClock.US_CLOSE,
    )

    result = run(panel, request, checkpoint=lambda share, stage: None)

    waited = wealth_of(levels[:WINDOW], np.tile(uniform(levels), (WINDOW - 1, 1)))
    assert waited * result.equity[-1] / 1e9 == pytest.approx(wealth, rel=1e-4)
