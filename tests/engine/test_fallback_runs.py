"""Whole runs whose limits cannot hold or whose method has no answer, and what they tell of it."""

import numpy as np
import pytest

from engine.backtest import Constraints, run
from engine.errors import Infeasible
from engine.strategies.mean_variance import MeanVariance, MeanVarianceParameters
from engine.strategies.momentum import Momentum, MomentumParameters
from engine.strategies.nco import Nco, NcoParameters
from engine.weighting import ALLOCATORS
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_backtest import backtest, make_request

SESSIONS = 420
PANEL = make_panel(make_closes(sessions=SESSIONS, assets=12))
WIDE = make_panel(make_closes(sessions=260, assets=130))


def run_of(panel, strategy, **changes):
    request = make_request(panel, [0.0], strategy=strategy, **changes)
    return run(panel, request, checkpoint=lambda *_: None)


def singular(policy):
    """Return a run of which no decision has an invertible covariance: 130 assets, 126 sessions."""
    strategy = Nco(NcoParameters(lookback=126, cov="sample"))
    return run_of(WIDE, strategy, constraints=Constraints(on_infeasible=policy))


@pytest.mark.parametrize("weighting", sorted(ALLOCATORS.values()))
def test_every_allocator_carries_a_run_to_its_end(weighting):
    parameters = MomentumParameters(lookback=252, top_n=6, weighting=weighting)

    result = run_of(PANEL, Momentum(parameters))

    assert np.isfinite(result.equity).all()
    assert result.metrics.total_return is not None
    assert (result.orders.filled > 0.0).any()
    assert result.guards.lookahead_free


def test_a_method_that_is_refused_leaves_cash_and_the_run_says_so():
    result = singular("CASH")

    decisions = len(result.decisions)
    told = result.diagnostics["fallbacks"]
    assert told["summary"] == f"fallback on {decisions} of {decisions} decisions"
    assert told["records"][0]["why"] == ["singular_covariance: 126 observations, 130 assets"]
    assert [told["records"][0][name] for name in ("asked", "used")] == ["nco", "cash"]
    assert "fallback" in result.guards.flags
    assert result.notes[0].endswith("130 assets; used cash for nco")
    assert not (result.orders.filled > 0.0).any()
    assert result.guards.lookahead_free


def test_a_target_nobody_attains_is_loosened_where_that_is_asked():
    strategy = MeanVariance(MeanVarianceParameters(objective="target_return", target=1.0))

    cash, relaxed = (
        run_of(PANEL, strategy, constraints=Constraints(on_infeasible=policy))
        for policy in ("CASH", "RELAX")
    )

    told = relaxed.diagnostics["fallbacks"]["records"][0]
    assert told["used"] == "mean_variance"
    assert told["relaxed"][0].startswith("target return 100.0% relaxed to ")
    assert cash.diagnostics["fallbacks"]["records"][0]["used"] == "cash"
    np.testing.assert_allclose(relaxed.weights.sum(axis=1), 1.0, rtol=1e-9)
    np.testing.assert_allclose(np.sort(relaxed.weights[0])[-4:], [0.1, 0.3, 0.3, 0.3], atol=1e-9)
    assert relaxed.guards.lookahead_free


def test_a_method_that_is_refused_is_replaced_where_that_is_asked():
    result = singular("HRP")

    assert (result.weights.sum(axis=1) > 0.9).all()
    assert result.diagnostics["fallbacks"]["records"][0]["used"] == "hrp"
    assert result.guards.lookahead_free


def test_a_method_that_is_refused_ends_the_run_where_that_is_asked():
    with pytest.raises(Infeasible, match=r"nco on 2000-.*singular_covariance: 126 observations"):
        singular("FAIL")


def test_nothing_is_traded_while_holdings_are_kept():
    result = singular("KEEP")

    assert len(result.decisions) == 0
    np.testing.assert_array_equal(result.equity, np.full(len(result.equity), 100_000.0))


def test_a_turnover_cap_that_keeps_a_limit_out_of_reach_is_noted_with_the_day():
    close = np.full((130, 2), 10.0)
    close[85:, 0] = 200.0
    panel = make_panel(close)
    limits = {"max_weight": 0.5, "max_turnover": 0.34}

    result = backtest(panel, [0.5, 0.5], constraints=Constraints(**limits))
    first = backtest(panel, [0.5, 0.5], constraints=Constraints(max_weight=0.5))

    assert first.notes == ()
    assert any("turnover cap 0.34 cannot reach max_weight 0.50" in note for note in result.notes)
    assert "fallback" in result.guards.flags
    with pytest.raises(Infeasible, match=r"turnover cap 0.34 cannot reach max_weight 0.50"):
        backtest(panel, [0.5, 0.5], constraints=Constraints(on_infeasible="FAIL", **limits))
    relaxed = backtest(panel, [0.5, 0.5], constraints=Constraints(on_infeasible="RELAX", **limits))
    told = relaxed.diagnostics["turnover_cap"]
    assert told["decisions"] == len(told["records"]) == 1
    assert told["records"][0]["why"].startswith("turnover cap 0.34 cannot reach max_weight 0.50")
    assert "relaxed to 0.4" in told["records"][0]["why"]
    assert relaxed.weights.max() == pytest.approx(0.5)
