from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.backtest import Constraints, Request, run
from engine.costs import CostModel
from engine.errors import InvalidParameters
from engine.execution import FillPolicy
from engine.panel import NEVER
from engine.round_trips import round_trips
from engine.schedule import DecisionClock, Rebalance
from engine.strategies import STRATEGIES
from engine.strategies.base import Decision, Parameters, Strategy
from engine.strategies.momentum import Momentum, MomentumParameters
from tests.engine.ledgers import make_costs, make_ledger
from tests.engine.panels import make_closes, make_panel
from tests.engine.test_execution import make_two_markets


class Fixed(Strategy[Parameters]):
    """Asks for the same weights at every decision."""

    key: ClassVar = "fixed"
    name: ClassVar = "Fixed"
    family: ClassVar = "BENCHMARK"
    parameters_type: ClassVar = Parameters

    def __init__(self, weights):
        super().__init__(Parameters())
        self.weights = np.asarray(weights, np.float64)

    def decide(self, window, state):
        return Decision(self.weights, {"asked": 1}), state


def make_request(panel, weights, **changes: Any):
    return Request(
        **{
            "strategy": Fixed(weights),
            "first_row": 1,
            "last_row": len(panel.session) - 1,
            "capital": 100_000.0,
            "rebalance": Rebalance.MONTHLY,
            "constraints": Constraints(),
            "costs": CostModel(),
            "fill": FillPolicy.NEXT_OPEN,
            "whole_shares": True,
            "clock": DecisionClock.US_CLOSE,
            **changes,
        }
    )


def backtest(panel, weights, **changes: Any):
    return run(panel, make_request(panel, weights, **changes), checkpoint=lambda *_: None)


def test_a_session_is_valued_when_the_last_of_its_open_markets_has_closed():
    """1.4: the value of a day is known at the New York close, on its holidays at Sydney's."""
    plain = make_two_markets(np.full((60, 2), 20.0))
    opens_at, closes_at = plain.opens_at.copy(), plain.closes_at.copy()
    holiday = 30
    opens_at[holiday, 0] = closes_at[holiday, 0] = NEVER
    close = np.full((60, 2), 20.0)
    close[holiday, 0] = np.nan
    panel = make_two_markets(close, opens_at=opens_at, closes_at=closes_at)

    result = backtest(panel, [0.5, 0.5])

    rows = np.flatnonzero(np.isin(panel.session, result.session))
    expected = plain.closes_at[rows, 0]
    expected = np.where(rows == holiday, plain.closes_at[rows, 1], expected)
    assert result.closed_at.tolist() == expected.tolist()


def test_every_curve_covers_the_same_sessions_and_begins_at_the_capital():
    panel = make_panel(make_closes(sessions=300, assets=3))

    result = backtest(panel, [0.5, 0.3, 0.2])

    assert result.session.tolist() == panel.session[1:].tolist()
    for name in ("equity", "gross", "local", "benchmark"):
        curve = getattr(result, name)
        assert (len(curve), curve[0]) == (299, 100_000.0)
    assert result.equity[-1] < result.gross[-1]
    assert result.decisions.tolist() == panel.session[[1, *month_ends(panel)]].tolist()
    assert result.weights.tolist() == [[0.5, 0.3, 0.2]] * len(result.decisions)


def month_ends(panel):
    month = panel.session.astype("datetime64[D]").astype("datetime64[M]")
    return [r for r in range(2, len(month) - 1) if month[r] != month[r + 1]]


def test_figures_are_those_of_the_curve_and_the_ledger():
    panel = make_panel(make_closes(sessions=500, assets=3))

    result = backtest(panel, [0.5, 0.3, 0.2])

    metrics, orders = result.metrics, result.orders
    paid = orders.commission + orders.slippage + orders.fx_cost
    assert metrics.final_value == result.equity[-1]
    assert metrics.total_costs == pytest.approx(paid.sum(), rel=1e-12)
    assert metrics.trade_count == len(orders)
    assert metrics.sessions == 499
    assert metrics.cost_drag > 0.0
    assert metrics.exposure == pytest.approx(float(result.exposure.mean()))
    assert result.moments.sessions == 498
    assert result.monthly[0][:2] == (2000, 1)
    assert result.annual[0][0] == 2000


def test_currency_is_attributed_and_left_out_of_the_local_curve():
    rate = np.linspace(1.5, 1.2, 60)
    fx = np.stack([np.ones(60), rate], axis=1)
    panel = make_two_markets(np.full((60, 2), 20.0), fx=fx)

    result = backtest(panel, [1.0, 0.0], costs=make_costs())

    parts = result.attribution
    total = result.equity[-1] / 100_000.0 - 1.0
    # Prices stand still: the loss is the currency's, from the fill on the second session.
    assert (parts.asset, parts.interaction, parts.costs, parts.cash) == (0.0, 0.0, 0.0, 0.0)
    assert parts.currency == pytest.approx(total, abs=1e-10)
    assert total == pytest.approx(1.2 / rate[2] - 1.0, abs=1e-3)
    assert result.local.tolist() == [100_000.0] * 59


def test_parts_and_symbols_each_sum_to_the_total_return():
    rng = np.random.default_rng(4)
    close = make_closes(sessions=200, assets=2)
    fx = np.stack([np.ones(200), 1.5 * np.exp(np.cumsum(rng.normal(0, 0.006, 200)))], axis=1)
    panel = make_two_markets(close, fx=fx)

    result = backtest(panel, [0.5, 0.4], costs=CostModel(cash_rate=0.03))

    parts, total = result.attribution, result.metrics.total_return
    five = parts.asset + parts.currency + parts.interaction + parts.costs + parts.cash
    assert five == pytest.approx(total, abs=1e-10)
    assert parts.by_symbol.sum() + parts.cash == pytest.approx(total, abs=1e-10)
    assert parts.cash > 0.0 > parts.costs


def test_limits_hold_and_what_cannot_hold_stays_in_cash_and_is_said():
    panel = make_panel(make_closes(sessions=70, assets=3))

    result = backtest(panel, [0.7, 0.3, 0.0], constraints=Constraints(max_weight=0.4))

    assert result.weights[0].tolist() == pytest.approx([0.4, 0.4, 0.0])
    assert result.notes[0] == "2000-01-04: max_weight 0.40 x 2 held = 0.80 < 1.00"
    assert "fallback" in result.guards.flags


def test_groups_are_capped_by_the_labels_asked_for():
    panel = make_panel(
        make_closes(sessions=70, assets=4),
        groups={"SECTOR": ("a", "b", "c", "d"), "CURRENCY": ("X", "X", "Y", "Y")},
    )
    limits = Constraints(group_cap=0.5, group_by="CURRENCY")

    result = backtest(panel, [0.4, 0.3, 0.2, 0.1], constraints=limits)

    assert result.weights[0].tolist() == pytest.approx([2 / 7, 1.5 / 7, 1 / 3, 1 / 6], abs=1e-9)
    assert result.notes == ()


def test_names_beyond_the_allowed_positions_are_dropped_and_counted():
    panel = make_panel(make_closes(sessions=70, assets=3))

    result = backtest(panel, [0.5, 0.3, 0.2], constraints=Constraints(max_positions=2))

    assert (result.weights > 0.0).sum(axis=1).tolist() == [2] * len(result.decisions)
    assert result.reasons["max_positions"] == len(result.decisions)
    assert result.reasons["asked"] == len(result.decisions)


def test_an_unknown_risk_free_rate_is_replaced_by_the_cash_rate_and_flagged():
    close = make_closes(sessions=80, assets=2)
    unknown = make_panel(close, rf=np.full(80, np.nan))
    known = make_panel(close, rf=np.full(80, 0.0252 / 252))
    costs = CostModel(cash_rate=0.0252)

    without, with_rate = (backtest(panel, [0.5, 0.5], costs=costs) for panel in (unknown, known))

    assert "rf_missing" in without.guards.flags
    assert "rf_missing" not in with_rate.guards.flags
    assert without.metrics.sharpe == pytest.approx(with_rate.metrics.sharpe, rel=1e-12)


def test_the_benchmark_is_rebased_where_it_begins():
    level = np.full(80, np.nan)
    level[20:] = np.linspace(50.0, 60.0, 60)
    panel = make_panel(make_closes(sessions=80, assets=2), benchmark=level)

    result = backtest(panel, [0.5, 0.5])

    assert np.isnan(result.benchmark[:19]).all()
    assert result.benchmark[19] == 100_000.0
    assert result.benchmark[-1] == pytest.approx(120_000.0)
    assert result.benchmark_metrics.total_return == pytest.approx(0.2)
    assert result.benchmark_metrics.sessions == 60


@pytest.mark.parametrize(("first_row", "flagged"), [(251, True), (252, False)])
def test_a_run_that_begins_before_its_history_says_so(first_row, flagged):
    panel = make_panel(make_closes(sessions=400, assets=3))
    strategy = Momentum(MomentumParameters(top_n=1))

    result = backtest(panel, [], strategy=strategy, first_row=first_row)

    assert ("warming_up" in result.guards.flags) is flagged
    assert result.decisions[0] == panel.session[252]


def test_a_run_without_a_benchmark_has_no_benchmark_figures():
    panel = make_panel(make_closes(sessions=80, assets=2), benchmark=np.full(80, np.nan))

    result = backtest(panel, [0.5, 0.5])

    assert result.benchmark_metrics is None
    assert np.isnan(result.benchmark).all()
    assert result.metrics.undefined["beta"] == "no benchmark"


def test_implausible_runs_are_flagged():
    close = np.full((400, 1), 10.0)
    close[50:] = 30.0
    panel = make_panel(close)

    result = backtest(panel, [1.0])

    assert {"nav_jump", "high_cagr"} <= set(result.guards.flags)


def test_a_portfolio_turned_over_daily_is_flagged():
    class Alternating(Fixed):
        def decide(self, window, state):
            count = (state or 0) + 1
            return Decision(np.roll(self.weights, count)), count

    panel = make_panel(make_closes(sessions=80, assets=2))
    request = make_request(panel, [1.0, 0.0], rebalance=Rebalance.DAILY)

    result = run(
        panel, replace(request, strategy=Alternating([1.0, 0.0])), checkpoint=lambda *_: None
    )

    assert "high_turnover" in result.guards.flags
    assert result.metrics.turnover > 200.0


def test_progress_rises_through_its_stages_to_one():
    seen = []
    panel = make_panel(make_closes(sessions=120, assets=2))

    run(panel, make_request(panel, [0.5, 0.5]), checkpoint=lambda *at: seen.append(at))

    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    stages = list(dict.fromkeys(stage for _, stage in seen))
    assert stages == ["deciding", "trading", "checking", "measuring"]


def test_a_checkpoint_may_stop_a_run():
    panel = make_panel(make_closes(sessions=120, assets=2))

    def stop(share, stage):
        if stage == "checking":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(panel, make_request(panel, [0.5, 0.5]), checkpoint=stop)


@pytest.mark.parametrize("capital", [0.0, -5.0, float("nan"), float("inf")])
def test_a_run_needs_capital(capital):
    panel = make_panel(make_closes(sessions=30, assets=1))

    with pytest.raises(InvalidParameters, match="capital was"):
        backtest(panel, [1.0], capital=capital)


@pytest.mark.parametrize("caps", [{"group_cap": 0.4}, {"group_caps": [{"by": "X", "cap": 0.4}]}])
def test_one_share_more_is_refused_where_groups_are_capped(caps):
    request = make_request(make_panel(make_closes(sessions=30, assets=2)), [0.5, 0.5])
    costs = replace(request.costs, residual_pass=True)

    with pytest.raises(InvalidParameters, match="residual_pass was true, but groups are capped"):
        replace(request, costs=costs, constraints=Constraints(**caps))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_weight": 1.2}, "max_weight was 1.2"),
        ({"min_weight": -0.1}, "min_weight was -0.1"),
        ({"max_turnover": float("nan")}, "max_turnover was nan"),
        ({"min_weight": 0.5, "max_weight": 0.4}, "min_weight 0.5 was above max_weight 0.4"),
        ({"max_positions": 0}, "max_positions was 0"),
    ],
)
def test_limits_that_cannot_be_are_refused_by_name(limits, said):
    with pytest.raises(InvalidParameters, match=said):
        Constraints(**limits)


def test_the_same_run_twice_is_the_same_to_the_bit():
    panel = make_panel(make_closes(sessions=400, assets=6))
    strategy = STRATEGIES["inverse_vol"]
    request = replace(make_request(panel, [0.0] * 6), strategy=strategy(strategy.parameters_type()))

    first, second = (run(panel, request, checkpoint=lambda *_: None) for _ in range(2))

    assert first.equity.tobytes() == second.equity.tobytes()
    assert first.orders.price.tobytes() == second.orders.price.tobytes()


def test_round_trips_are_closed_positions_net_of_fees_and_with_their_dividends():
    close = np.array([[10.0, 50.0]] * 3 + [[12.0, 50.0]] * 3 + [[11.0, 50.0]] * 4)
    dividend = np.zeros(close.shape)
    dividend[4, 0] = 0.5
    panel = make_panel(close, dividend=dividend, markets=("XTKS",))
    decisions = {0: [0.5, 0.5], 4: [0.0, 0.5], 6: [0.5, 0.5]}

    ledger = make_ledger(panel, decisions, capital=10_000.0, costs=make_costs(commission_flat=2.0))
    trips = round_trips(ledger.books, ledger.orders, ledger.payments, ledger.actions)

    # 499 bought at 10 and sold at 12 with 0.50 a share in between; both second positions are open.
    assert trips.cost.tolist() == [4_992.0]
    assert trips.profit.tolist() == pytest.approx([499 * 2.5 - 4.0])


def test_what_a_strategy_says_of_itself_reaches_the_result():
    class Measured(Fixed):
        def decide(self, window, state):
            decision, state = super().decide(window, state)
            told = {"model": {"auc": None}}
            return replace(decision, flags=("untrained",), diagnostics=told), state

    panel = make_panel(make_closes(sessions=60, assets=2))
    request = replace(make_request(panel, [0.5, 0.5]), strategy=Measured([0.5, 0.5]))

    result = run(panel, request, checkpoint=lambda *_: None)

    assert result.diagnostics["model"] == {"auc": None}
    assert "untrained" in result.guards.flags


def test_decisions_are_counted_with_those_in_cash_and_whom_they_passed_over():
    panel = make_panel(make_closes(sessions=60, assets=2))

    invested = backtest(panel, [0.5, 0.5]).diagnostics["decisions"]
    idle = backtest(panel, [0.0, 0.0]).diagnostics["decisions"]

    assert invested == {"made": 3, "in_cash": 0, "passed_over": {"asked": 3}}
    assert idle == {"made": 3, "in_cash": 3, "passed_over": {"asked": 3}}


def test_a_tree_over_holed_prices_says_why_it_holds_nothing():
    close = make_closes(sessions=140, assets=6)
    close[np.arange(6) + 100, np.arange(6)] = np.nan
    strategy = STRATEGIES["hrp"]
    parameters = strategy.parameters_type(lookback=63)

    told = backtest(make_panel(close), None, strategy=strategy(parameters), first_row=106)

    assert told.diagnostics["decisions"] == {
        "made": 3,
        "in_cash": 3,
        "passed_over": {"gap": 18},
    }


def test_a_run_on_adjusted_prices_has_no_price_curve():
    close = make_closes(sessions=60, assets=2)
    raw = make_panel(close, dividend=np.where(np.arange(60)[:, None] % 20 == 19, 0.5, 0.0) * [1, 0])
    adjusted = make_panel(close, flags=("vendor_adjusted",))

    kept, unknown = (backtest(panel, [0.5, 0.5]) for panel in (raw, adjusted))

    assert kept.price is not None
    assert kept.price[-1] < kept.equity[-1]
    assert kept.price[0] == kept.equity[0]
    assert unknown.price is None
