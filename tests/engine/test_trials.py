"""Trials against the ledger's backtest of the same request, and each against itself."""

from dataclasses import replace

import numpy as np
import pytest

from engine.actions import DELISTED
from engine.backtest import Constraints, Request, run
from engine.batched import batches
from engine.costs import CostModel
from engine.execution import FillPolicy
from engine.objectives import best_of, scores_of, value_of
from engine.schedule import DecisionClock, Rebalance
from engine.simulate import Market, simulate_rankings, simulate_weights
from engine.strategies import STRATEGIES
from engine.trial_market import cost_rates
from engine.trials import approximations, assess, evaluate, figures, simulate_targets
from engine.validation import windows
from engine.walk_forward import choose, cross_validate, trade_choices
from tests.engine.ledgers import make_costs, make_targets
from tests.engine.panels import make_closes, make_panel

SESSIONS, FIRST = 700, 130
CAPITAL = 1e9  # fractions of a share are then too small to see
FREE = CostModel(commission_flat=0.0, slippage_bps=0.0, fx_spread_bps=0.0, max_volume_share=1.0)


def no_checkpoint(_share, _stage):
    pass


def make_request(key="momentum", *, constraints=None, costs=FREE, **parameters):
    cls = STRATEGIES[key]
    return Request(
        strategy=cls(cls.parameters_type(**parameters)),
        first_row=FIRST,
        last_row=SESSIONS - 1,
        capital=CAPITAL,
        rebalance=Rebalance.MONTHLY,
        constraints=constraints or Constraints(),
        costs=costs,
        fill=FillPolicy.DECISION_CLOSE,
        whole_shares=False,
        clock=DecisionClock.US_CLOSE,
    )


@pytest.fixture(scope="module")
def panel():
    close = make_closes(sessions=SESSIONS, assets=12)
    return make_panel(close, volume=np.full(close.shape, np.nan))


REQUESTS = [
    *(
        make_request(lookback=lookback, skip=skip, top_n=top_n)
        for lookback in (60, 120)
        for skip in (0, 5)
        for top_n in (1, 3, 5)
    ),
    make_request(lookback=60, skip=5, top_n=4, buffer=2),
    make_request(lookback=60, skip=5, top_n=5, constraints=Constraints(max_weight=0.15)),
    make_request(lookback=60, skip=5, top_n=5, constraints=Constraints(no_trade_band=0.03)),
    make_request(lookback=60, skip=5, top_n=5, constraints=Constraints(min_trade=0.04 * CAPITAL)),
    make_request(lookback=60, skip=5, top_n=5, constraints=Constraints(max_turnover=0.1)),
    make_request("inverse_vol", lookback=40),
    make_request("inverse_vol", lookback=40, costs=replace(FREE, cash_buffer=0.2)),
    make_request(lookback=60, skip=5, top_n=5, costs=replace(FREE, cash_buffer=0.2)),
    make_request(lookback=60, skip=5, top_n=3, costs=replace(FREE, cash_buffer=0.2)),
    make_request("dual_momentum", lookback=63),
    make_request("equal_weight", rebalance="MONTHLY"),
]


def test_a_trial_without_frictions_is_the_ledgers_backtest(panel):
    trials = evaluate(panel, REQUESTS, checkpoint=no_checkpoint)

    for number, request in enumerate(REQUESTS):
        result = run(panel, request, checkpoint=no_checkpoint)
        np.testing.assert_allclose(
            trials.equity[:, number], result.equity / CAPITAL, rtol=1e-9, err_msg=str(number)
        )
        metrics, moments = figures(panel, trials, number, CAPITAL)
        for name in ("sharpe", "cagr", "max_drawdown", "volatility", "turnover"):
            expected = getattr(result.metrics, name)
            assert getattr(metrics, name) == pytest.approx(expected, rel=1e-6), name
        assert moments.sharpe == pytest.approx(result.moments.sharpe, rel=1e-8)


@pytest.mark.parametrize(
    "costs",
    [
        replace(FREE, commission_bps=10.0),
        replace(FREE, slippage_bps=20.0),
        # 5,000 an order is half a basis point of a tenth of the capital.
        replace(FREE, commission_flat=5_000.0),
        replace(FREE, cash_rate=0.05),
    ],
)
def test_costs_come_near_the_ledgers(panel, costs):
    requests = [make_request(lookback=60, skip=5, top_n=n, costs=costs) for n in (2, 5)]
    trials = evaluate(panel, requests, checkpoint=no_checkpoint)

    for number, request in enumerate(requests):
        result = run(panel, request, checkpoint=no_checkpoint)
        free = run(panel, replace(request, costs=FREE), checkpoint=no_checkpoint)
        ours, theirs = trials.equity[-1, number], result.equity[-1] / CAPITAL
        drag = abs(theirs - free.equity[-1] / CAPITAL)
        # Within three hundredths of what the costs themselves are: slippage moves a price, too.
        assert drag > 1e-5
        assert abs(ours - theirs) < 0.03 * drag


def test_trials_together_are_those_one_by_one(panel):
    together = evaluate(panel, REQUESTS, checkpoint=no_checkpoint)

    assert len(list(batches(panel, REQUESTS[:12]))) == 2  # one for each lookback
    for number, request in enumerate(REQUESTS[:12]):
        alone = evaluate(panel, [request], checkpoint=no_checkpoint)
        np.testing.assert_allclose(together.equity[:, number], alone.equity[:, 0], rtol=1e-12)
        assert together.turnover[number] == pytest.approx(alone.turnover[0], rel=1e-9)


def test_a_fee_is_paid_for_each_name_that_trades():
    # Two names at 10 for ever, half of the money in each: only the first fill trades.
    market = Market.of(np.full((6, 3), 10.0))
    fills = np.array([1, 3])
    weights = np.tile([0.5, 0.5, 0.0], (2, 1, 1))
    ranked = np.tile([0, 1], (2, 1, 1))

    dense = simulate_weights(market, weights, fill_rows=fills, fee=0.01, keep=[0])
    ranks = simulate_rankings(
        market,
        lambda decision, count, part: ranked[decision, :, :count],
        n_rankings=1,
        sizes=[2],
        fill_rows=fills,
        fee=0.01,
        keep=[0],
    )

    np.testing.assert_allclose(dense.curves[0], 0.98)
    # Names that stay are traded back to their weights, which the ledger does too: 2 names, then 2.
    np.testing.assert_allclose(ranks.curves[0], [0.98, 0.98, 0.96, 0.96, 0.96])


def test_a_delisted_holding_becomes_money_at_its_terminal_return():
    close = np.full((SESSIONS, 2), 100.0)
    close[400:, 0] = np.nan
    delisted = np.zeros(close.shape)
    delisted[400, 0] = 1.0
    panel = make_panel(close, volume=np.full(close.shape, np.nan), by_asset={DELISTED: delisted})
    request = make_request("equal_weight")

    trials = evaluate(panel, [request], checkpoint=no_checkpoint)
    result = run(panel, request, checkpoint=no_checkpoint)

    # Half of the money loses 30 % where nothing is known of what holders got.
    assert trials.equity[-1, 0] == pytest.approx(0.85)
    assert result.equity[-1] / CAPITAL == pytest.approx(0.85)


@pytest.mark.parametrize(("told", "assumed"), [(np.nan, -1.0), (0.0, -0.3)])
def test_a_listing_that_ends_in_nothing_takes_what_was_in_it_and_no_more(told, assumed):
    close = make_closes(sessions=SESSIONS, assets=3)
    close[400:, 0] = np.nan
    delisted, terminal = np.zeros(close.shape), np.full(close.shape, np.nan)
    delisted[400, 0], terminal[400, 0] = 1.0, told
    ended = {DELISTED: delisted, "terminal_value": terminal}
    panel = make_panel(close, volume=np.full(close.shape, np.nan), by_asset=ended)
    request = replace(make_request("equal_weight"), costs=make_costs(delist_return=assumed))
    others = replace(panel, member=np.tile([False, True, True], (SESSIONS, 1)))

    trials = evaluate(panel, [request], checkpoint=no_checkpoint)
    result = run(panel, request, checkpoint=no_checkpoint)
    apart = evaluate(others, [request], checkpoint=no_checkpoint)

    assert trials.equity[-1, 0] == pytest.approx(result.equity[-1] / CAPITAL, rel=1e-3)
    ended_at = np.searchsorted(trials.row, 400)
    assert trials.equity[ended_at, 0] < 0.75 * trials.equity[ended_at - 1, 0]
    assert np.isfinite(apart.equity).all()


@pytest.mark.parametrize("later", [{}, {5: [0.0, 0.0]}])
@pytest.mark.parametrize(("side", "left"), [(1.0, 0.725), (-1.0, 1.0)])
def test_a_trial_loses_what_its_costs_assume_and_gains_nothing_short(side, left, later):
    # A share without a bar is decided to 0 at times before its listing ends; it stays till then.
    close = np.full((10, 2), 100.0)
    close[4:, 0] = np.nan
    delisted = np.zeros(close.shape)
    delisted[7, 0] = 1.0
    panel = make_panel(close, volume=np.full(close.shape, np.nan), by_asset={DELISTED: delisted})
    request = replace(
        make_request("equal_weight"),
        first_row=1,
        last_row=9,
        costs=make_costs(delist_return=-0.55),
    )
    targets = make_targets(panel, {2: [0.5 * side, 0.0], **later})

    _, paths = simulate_targets(panel, request, targets, [Constraints()] * len(targets.rows))

    assert paths.curves[0, -1] == pytest.approx(left)


def test_a_ruined_trial_has_no_figures(panel):
    row = np.arange(FIRST, FIRST + 4)

    metrics, moments = assess(panel, row, np.array([1.0, 0.5, -0.1, 0.2]), capital=1.0)

    assert (metrics.sharpe, moments.sharpe, metrics.sessions) == (None, None, 4)
    assert metrics.undefined["sharpe"] == "the run is ruined"


def test_what_is_quoted_abroad_pays_for_its_conversion():
    close = np.full((10, 2), 10.0)
    panel = make_panel(
        close,
        currency=np.array([0, 1]),
        currencies=("USD", "AUD"),
        fx=np.ones((10, 2)),
        fx_known_at=np.zeros((10, 2)),
    )
    costs = CostModel(commission_bps=1.0, slippage_bps=5.0, fx_spread_bps=70.0)

    np.testing.assert_allclose(cost_rates(panel, costs, {}), [0.0006, 0.0076])
    np.testing.assert_allclose(cost_rates(panel, costs, {"S001": 30.0}), [0.0006, 0.0106])


def test_markets_of_different_spreads_are_not_simulated_together():
    close = make_closes(sessions=SESSIONS, assets=4)
    one = make_panel(close)
    panel = make_panel(
        close,
        market=np.array([0, 0, 1, 1]),
        markets=("XNYS", "XASX"),
        opens_at=np.tile(one.opens_at, 2),
        closes_at=np.tile(one.closes_at, 2),
    )
    alike = [make_request(lookback=60, top_n=n) for n in (1, 2)]
    apart = [replace(each, costs=replace(FREE, half_spread_au_bps=9.0)) for each in alike]

    np.testing.assert_allclose(cost_rates(panel, apart[0].costs, {}), [0.0, 0.0, 0.0009, 0.0009])
    assert [list(batches(panel, each)) for each in (alike, apart)] == [[[0, 1]], [[0], [1]]]


def test_what_a_strategy_s_assets_cost_on_top_is_paid_in_a_trial_too(panel, monkeypatch):
    request = make_request("equal_weight", rebalance="MONTHLY")
    dear = dict.fromkeys(panel.symbols, 50.0)
    bought = replace(request, costs=replace(FREE, slippage_bps=50.0))
    alike = evaluate(panel, [bought], checkpoint=no_checkpoint).equity

    monkeypatch.setattr(type(request.strategy), "extra_slippage", lambda _: dear)

    np.testing.assert_array_equal(
        evaluate(panel, [request], checkpoint=no_checkpoint).equity, alike
    )


def test_trials_under_an_overlay_are_not_simulated_together(panel):
    pair = [replace(each, overlay_vol_target=0.05) for each in REQUESTS[:2]]

    together = evaluate(panel, pair, checkpoint=no_checkpoint)

    for number, request in enumerate(pair):
        alone = evaluate(panel, [request], checkpoint=no_checkpoint)
        np.testing.assert_array_equal(together.equity[:, number], alone.equity[:, 0])


def test_what_the_kernel_leaves_out_is_named():
    costs = CostModel(impact_coefficient=1.0)

    assert approximations(costs, FillPolicy.NEXT_OPEN, whole_shares=True) == [
        "fractional_shares",
        "sized_at_fill",
        "approximate_flat_fee",
        "no_market_impact",
        "no_volume_limit",
    ]
    assert approximations(FREE, FillPolicy.DECISION_CLOSE, whole_shares=False, shorts=True) == [
        "no_loan_costs"
    ]
    assert approximations(FREE, FillPolicy.DECISION_CLOSE, whole_shares=False) == []


@pytest.mark.parametrize(
    "objective",
    ["sharpe", "sortino", "calmar", "cagr", "totalReturn", "maxDrawdown", "returnOverCvar"],
)
def test_an_objective_on_returns_is_that_of_the_figures(panel, objective):
    trials = evaluate(panel, REQUESTS[:4], checkpoint=no_checkpoint)
    returns = trials.equity[1:] / trials.equity[:-1] - 1.0
    rf = np.zeros(len(returns))

    scores = scores_of(returns, rf, objective)

    for number, score in enumerate(scores):
        value = value_of(*figures(panel, trials, number, CAPITAL), objective)
        # A year is 252 sessions here and the calendar's there.
        assert score == pytest.approx(value, rel=0.05 if objective in {"cagr", "calmar"} else 1e-9)
    assert best_of(returns, rf, slice(None), objective) == int(np.argmax(scores))


def test_what_never_moved_ranks_last():
    returns = np.column_stack([np.zeros(50), np.random.default_rng(1).normal(-0.01, 0.01, 50)])

    assert best_of(returns, np.zeros(50), slice(None), "sharpe") == 1
    assert best_of(returns[:, :1], np.zeros(50), slice(None), "sharpe") == 0


def test_a_choice_that_stays_is_that_trial_from_the_first_test_on(panel):
    requests = REQUESTS[:1]
    trials = evaluate(panel, requests, checkpoint=no_checkpoint)
    returns = trials.equity[1:] / trials.equity[:-1] - 1.0
    folds = windows(len(returns), train=200, test=100, step=100, gap=0, anchored=False)
    choices = choose(returns, np.zeros(len(returns)), folds, "sharpe")

    path = trade_choices(panel, requests.__getitem__, trials.row, choices)

    start = folds[0].test[0]
    assert (path.start, len(path.equity)) == (start, len(returns) - start + 1)
    # Like a run that begins there.
    begun = replace(requests[0], first_row=int(trials.row[start + 1]))
    expected = evaluate(panel, [begun], checkpoint=no_checkpoint).equity[:, 0]
    np.testing.assert_allclose(path.equity, expected, rtol=1e-12)


def test_a_new_choice_decides_at_once_and_pays_for_it(panel):
    costs = replace(FREE, commission_bps=50.0)
    requests = [make_request(lookback=n, skip=0, top_n=2, costs=costs) for n in (21, 90)]
    trials = evaluate(panel, requests, checkpoint=no_checkpoint)
    returns = trials.equity[1:] / trials.equity[:-1] - 1.0
    folds = windows(len(returns), train=100, test=60, step=60, gap=0, anchored=False)
    choices = choose(returns, np.zeros(len(returns)), folds, "sharpe")
    assert len({choice.number for choice in choices}) == 2

    path = trade_choices(panel, requests.__getitem__, trials.row, choices)

    free = [replace(request, costs=FREE) for request in requests]
    without = trade_choices(panel, free.__getitem__, trials.row, choices)
    assert path.equity[-1] < without.equity[-1]
    # Decisions behind a window have no part in it: the future of the last window is not seen.
    cut = panel.truncate(int(trials.row[folds[-1].test[0]]))
    shorter = [replace(request, last_row=len(cut.session) - 1) for request in requests]
    before = trade_choices(
        cut, shorter.__getitem__, trials.row[: folds[-1].test[0] + 1], choices[:-1]
    )
    known = len(before.equity) - 1  # on its very last session nothing is decided
    np.testing.assert_allclose(before.equity[:-1], path.equity[:known], rtol=1e-12)


def test_cross_validation_chooses_without_its_tests():
    # Trial 0 is good in the first half, trial 1 in the second.
    rng = np.random.default_rng(4)
    noise = rng.normal(0.0, 0.001, (120, 2))
    noise[:60, 0] += 0.01
    noise[60:, 1] += 0.01

    found = cross_validate(
        noise,
        np.zeros(120),
        groups=2,
        test_groups=1,
        span=0,
        embargo=0,
        objective="sharpe",
    )

    assert [number for _, number in found.splits] == [1, 0]
    assert len(found.paths) == 1
    np.testing.assert_array_equal(found.paths[0], np.concatenate([noise[:60, 1], noise[60:, 0]]))
