"""The ledger against the kernel, where both do the same (engine.md 4.9 a)."""

import numpy as np
import pytest

from engine.execution import FillPolicy
from engine.shorting import Shorting
from engine.simulate import Market, simulate_weights
from tests.engine.ledgers import make_costs, make_ledger, make_targets
from tests.engine.panels import make_closes, make_panel


@pytest.mark.parametrize("cost_bps", [0.0, 10.0, 100.0])
def test_the_ledger_ties_to_the_exact_kernel(cost_bps):
    # engine.md 4.9 a: fractional lots, linear costs, no caps, fills at the decision's close.
    close = make_closes(sessions=400, assets=8)
    panel = make_panel(close, volume=np.full(close.shape, np.nan))
    rows = np.arange(1, 400, 21)
    weights = np.random.default_rng(3).dirichlet(np.ones(8), len(rows))
    targets = make_targets(panel, dict(zip(rows.tolist(), weights, strict=True)))

    ledger = make_ledger(
        panel,
        targets,
        costs=make_costs(commission_bps=cost_bps),
        fill=FillPolicy.DECISION_CLOSE,
        whole_shares=False,
        capital=1e10,
        first_row=1,
    )
    paths = simulate_weights(
        Market.of(close),
        weights[:, None, :],
        fill_rows=rows,
        cost=cost_bps * 1e-4,
        exact=True,
        keep=[0],
    )

    np.testing.assert_allclose(ledger.books.equity[1:] / 1e10, paths.curves[0], rtol=1e-9)


def test_a_short_book_ties_to_the_exact_kernel():
    # Without a fee of the loan and without interest both simulators do the same.
    close = make_closes(sessions=400, assets=8)
    panel = make_panel(close, volume=np.full(close.shape, np.nan))
    rows = np.arange(1, 400, 21)
    rng = np.random.default_rng(3)
    weights = rng.dirichlet(np.ones(8), len(rows)) * rng.choice([-1.0, 1.0], (len(rows), 8))

    ledger = make_ledger(
        panel,
        dict(zip(rows.tolist(), weights, strict=True)),
        costs=make_costs(commission_bps=10.0),
        fill=FillPolicy.DECISION_CLOSE,
        whole_shares=False,
        shorting=Shorting(borrow_bps=0.0),
        capital=1e10,
        first_row=1,
    )
    market = Market.of(close)
    paths = simulate_weights(
        market, weights[:, None, :], fill_rows=rows, cost=1e-3, exact=True, keep=[0]
    )

    np.testing.assert_allclose(ledger.books.equity[1:] / 1e10, paths.curves[0], rtol=1e-9)
