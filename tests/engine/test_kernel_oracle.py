"""The kernel beside vectorbt: target weights of one purse, drifting between rebalances."""

import numpy as np
import pytest

from engine.simulate import Market, simulate_weights
from tests.engine.panels import make_closes

SESSIONS, ASSETS = 504, 12
CAPITAL = 1e9  # vectorbt takes fewer than 1e-12 shares for none: keep every order above that
FILLS = np.arange(0, SESSIONS, 21)


def make_weights():
    """Return a portfolio of half the names, another one at each fill, and a part of it in cash."""
    rng = np.random.default_rng(11)
    weights = rng.dirichlet(np.ones(ASSETS), len(FILLS)) * rng.uniform(0.6, 1.0, (len(FILLS), 1))
    return np.where(rng.random(weights.shape) < 0.5, 0.0, weights)


@pytest.mark.parametrize(("cost", "bound"), [(0.0, 1e-12), (0.001, 2e-3)])
def test_the_kernel_is_vectorbts_from_orders(cost, bound):
    """Engine.md 4.9 (b). At a cost vectorbt cuts its last purchases to the cash that is left."""
    vectorbt = pytest.importorskip("vectorbt")
    import pandas as pd

    close, weights = make_closes(sessions=SESSIONS, assets=ASSETS), make_weights()
    size = np.full(close.shape, np.nan)
    size[FILLS] = weights

    ours = simulate_weights(
        Market.of(close), weights[:, None, :], fill_rows=FILLS, cost=cost, exact=True, keep=[0]
    )
    theirs = vectorbt.Portfolio.from_orders(
        pd.DataFrame(close),
        size=pd.DataFrame(size),
        size_type="targetpercent",
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        fees=cost,
        init_cash=CAPITAL,
        freq="1D",
        engine="rust",
    )

    np.testing.assert_allclose(ours.curves[0], np.asarray(theirs.value()) / CAPITAL, rtol=bound)
