from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from engine.backtest import Constraints, Request, run
from engine.costs import CostModel
from engine.decide import decide
from engine.errors import InvalidParameters
from engine.execution import FillPolicy
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.stat_arb import StatArb, StatArbParameters
from tests.engine.panels import make_panel
from tests.engine.test_pairs import make_levels

SESSIONS, FIRST = 700, 260
CHOICE = {"var_share": 0.5, "min_samples": 2, "hedge": "ols", "hl_min": 1, "min_price": 0.0}


def make_strategy(**changes):
    return StatArb(StatArbParameters(**{**CHOICE, **changes}))


def make_market(**changes):
    close = 50.0 * np.exp(make_levels(sessions=SESSIONS))
    return make_panel(close, **changes)


def decided(panel, strategy, **changes):
    span = {"first_row": FIRST, "last_row": len(panel.session) - 1, "rebalance": Rebalance.DAILY}
    return decide(panel, strategy, **{**span, "clock": DecisionClock.US_CLOSE, **changes})


def run_of(panel, strategy, **changes):
    terms = {
        "first_row": FIRST,
        "last_row": len(panel.session) - 1,
        "capital": 100_000.0,
        "rebalance": Rebalance.DAILY,
        "constraints": Constraints(),
        "costs": CostModel(commission_flat=0.0),
        "fill": FillPolicy.NEXT_OPEN,
        "whole_shares": True,
        "clock": DecisionClock.US_CLOSE,
    }
    request = Request(strategy=strategy, **{**terms, **changes})
    return run(panel, request, checkpoint=lambda *_: None)


def test_spreads_that_return_are_a_gain_with_little_of_the_market_in_it():
    result = run_of(make_market(), make_strategy())

    assert result.gross[-1] > 1.05 * result.gross[0]
    assert result.guards.lookahead_free
    assert (result.weights < 0.0).any()
    net = result.books.value.sum(axis=1) / result.books.equity
    gross = np.abs(result.books.value).sum(axis=1) / result.books.equity
    assert np.abs(net).max() < 0.35 < gross.max() <= 1.1
    formed = result.diagnostics["stat_arb"]["formation"]
    assert (formed["assets"], formed["tested"]) == (12, 18)
    assert formed["pairs"] > 0


def test_each_pair_has_two_legs_that_share_its_part():
    targets = decided(make_market(), make_strategy())

    weights = targets.weights
    assert np.abs(weights).sum(axis=1).max() <= 1.0 + 1e-12
    one = [row for row in weights if np.count_nonzero(row) == 2]
    assert one
    for row in one:
        assert np.abs(row).sum() == pytest.approx(0.1)
        assert row.min() < 0.0 < row.max()


def test_every_position_is_closed_when_pairs_are_sought_anew():
    targets = decided(make_market(), make_strategy(form_every=63))

    formations = FIRST + 63 * np.arange((SESSIONS - FIRST + 62) // 63)
    again = np.isin(targets.rows, formations)
    assert targets.rows[again].tolist() == [row for row in formations if row < SESSIONS - 1]
    assert (targets.weights[again] == 0.0).all()
    assert (targets.weights[~again] != 0.0).any()


def test_a_leg_that_goes_on_is_left_to_drift():
    panel = make_market()
    targets = decided(panel, make_strategy())
    result = run_of(panel, make_strategy())

    kept = sum(int(keep.sum()) for keep in targets.keep.values())
    turned = [targets.keep.get(int(row)) for row in targets.rows]
    assert kept > 0
    for row, before, after, keep in zip(
        targets.rows[1:], targets.weights, targets.weights[1:], turned[1:], strict=False
    ):
        if keep is not None:
            np.testing.assert_allclose(after[keep], before[keep], atol=1e-15)
            caused = result.orders.asset[result.orders.decision == row]
            assert not keep[caused].any()


def test_nothing_is_ever_a_pair_of_two_markets_or_currencies():
    mixed = {"market": np.arange(12) % 2, "markets": ("XNYS", "XNAS")}
    panel = make_market()
    two = make_market(
        **mixed,
        opens_at=np.repeat(panel.opens_at, 2, axis=1),
        closes_at=np.repeat(panel.closes_at, 2, axis=1),
    )

    tested = decided(two, make_strategy()).diagnostics["stat_arb"]["formation"]["tested"]

    assert tested == 3 * 2


def test_in_sydney_nobody_lends_unless_it_is_overridden_and_said():
    panel = make_market(markets=("XASX",))

    refused = decided(panel, make_strategy())
    granted = run_of(panel, make_strategy(short_asx=True))

    assert (refused.weights == 0.0).all()
    assert refused.reasons["not_lent"] == 12 * len(refused.rows)
    assert refused.reasons["no_pairs"] == len(refused.rows)
    assert (granted.books.quantity < 0.0).any()
    assert "lent_everywhere" in granted.guards.flags


def test_no_pair_is_all_cash_and_no_error():
    result = run_of(make_market(), make_strategy(p_max=0.001, hl_max=1))

    assert (result.equity == 100_000.0).all()
    assert result.reasons["no_pairs"] == len(result.decisions)
    assert result.metrics.sharpe is None


def test_assets_that_lack_bars_or_never_move_are_not_tested():
    close = np.array(make_market().close)
    close[:, 0] = 50.0
    close[np.random.default_rng(1).random(SESSIONS) < 0.05, 1] = np.nan
    close[np.random.default_rng(2).random(SESSIONS) < 0.005, 2] = np.nan

    formed = decided(make_panel(close), make_strategy(form_every=252))

    assert formed.reasons["zero_variance"] == 2
    assert formed.reasons["short_history"] == 2
    assert formed.diagnostics["stat_arb"]["formation"]["assets"] == 10


def test_a_leg_that_stops_trading_ends_its_pair():
    panel = make_market()
    targets = decided(panel, make_strategy())
    at = next(k for k, row in enumerate(targets.weights) if np.count_nonzero(row))
    row, leg = int(targets.rows[at]), int(np.flatnonzero(targets.weights[at])[0])
    close = np.array(panel.close)
    close[row + 1, leg] = np.nan

    halted = decided(make_panel(close), make_strategy())

    [after] = halted.weights[halted.rows == row + 1]
    assert after[leg] == 0.0


def test_a_leg_that_leaves_the_universe_ends_its_pair():
    panel = make_market()
    targets = decided(panel, make_strategy())
    at = next(k for k, row in enumerate(targets.weights) if np.count_nonzero(row))
    row, leg = int(targets.rows[at]), int(np.flatnonzero(targets.weights[at])[0])
    member = np.ones((SESSIONS, 12))
    member[row + 1, leg] = 0.0

    left = decided(make_market(member=member), make_strategy())

    [after] = left.weights[left.rows == row + 1]
    assert after[leg] == 0.0


def permuted(window, order):
    fields = ("asset_id", "market", "currency", "member", "price_floor")
    fields += ("own_return", "total_return", "close", "volume", "due")
    changes = {name: getattr(window, name)[..., order] for name in fields}
    return replace(window, symbols=tuple(window.symbols[k] for k in order), **changes)


def asked_in_order(panel, strategy, order):
    """Return the weights of sixty decisions by asset, of windows whose columns lie in `order`."""
    state, made = None, []
    for row in range(FIRST, FIRST + 60):
        window = panel.window(row, strategy.warmup + 5, int(panel.closes_at[row, 0]))
        decision, state = strategy.decide(permuted(window, order), state)
        made.append(None if decision is None else decision.weights[np.argsort(order)].tolist())
    return made


def test_the_order_of_the_columns_moves_no_weight_of_any_pair():
    panel, strategy = make_market(), make_strategy()
    order = np.random.default_rng(9).permutation(12)

    straight = asked_in_order(panel, strategy, np.arange(12))

    assert any(each is not None and any(each) for each in straight)
    assert asked_in_order(panel, strategy, order) == straight


def test_of_pairs_that_are_the_same_the_lower_id_is_traded():
    # Two legs and a copy of each: whichever way they are paired, the figures are the same.
    one = make_levels(groups=1, size=2, sessions=SESSIONS)
    panel = make_panel(50.0 * np.exp(np.concatenate([one, one], axis=1)))
    strategy = make_strategy(max_pairs=1)

    straight = asked_in_order(panel, strategy, np.arange(4))

    held = {tuple(np.flatnonzero(each).tolist()) for each in straight if each is not None}
    assert held == {(), (0, 1)}
    assert asked_in_order(panel, strategy, np.array([2, 3, 0, 1])) == straight


def test_a_decision_follows_every_session_since_the_last():
    panel, strategy = make_market(), make_strategy(hedge="kalman")

    def asked(rows):
        state = None
        for row in rows:
            instant = int(panel.closes_at[row, 0])
            _, state = strategy.decide(panel.window(row, strategy.warmup + 5, instant), state)
        return state

    daily, weekly = asked(range(FIRST, FIRST + 26)), asked(range(FIRST, FIRST + 26, 5))

    assert len(daily.pairs) > 0
    assert weekly.pairs.z.tolist() == daily.pairs.z.tolist()
    assert weekly.pairs.belief.state.tolist() == daily.pairs.belief.state.tolist()
    assert (weekly.elapsed, weekly.day) == (daily.elapsed, daily.day) == (25, panel.session[285])


def test_the_unit_and_the_currency_of_prices_decide_nothing():
    panel = make_market()
    rate = 1.5 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, SESSIONS)))
    abroad = make_market(
        currencies=("AUD", "USD"),
        currency=np.ones(12),
        fx=np.stack([np.ones(SESSIONS), rate], axis=1),
        fx_known_at=np.repeat(panel.closes_at, 2, axis=1),
    )

    home, foreign = decided(panel, make_strategy()), decided(abroad, make_strategy())

    assert home.weights.tobytes() == foreign.weights.tobytes()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"allow_short": False}, "a pair needs a short leg"),
        ({"z_out": 1.5, "z_in": 1.2}, "z_out was 1.5; it must be below z_in"),
        ({"z_in": 3.0, "z_stop": 2.5}, "z_in was 3.0; it must be below z_stop"),
        ({"hl_min": 50}, "hl_min was 50; it must not be above hl_max"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        StatArbParameters(**given)


def test_bounds_on_weights_do_not_know_short_legs():
    with pytest.raises(InvalidParameters, match="do not know short positions"):
        run_of(make_market(), make_strategy(), constraints=Constraints(max_weight=0.2))


def test_the_loan_costs_what_the_parameter_says():
    dear = run_of(make_market(), make_strategy(borrow_bps=2000.0))
    free = run_of(make_market(), make_strategy(borrow_bps=0.0))

    assert dear.gross.tobytes() == free.gross.tobytes()
    assert dear.equity[-1] < free.equity[-1]
