"""Runs that go on through a shock, on markets without noise whose outcome is a closed form."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from engine.backtest import account, decided
from engine.execution import FillPolicy
from engine.orders import Reason
from engine.panel import NEVER
from engine.scenarios import PATHS, PathShock
from engine.schedule import Rebalance
from engine.shock_market import LEAST_HISTORY, go_on, past_of
from engine.shock_paths import through_shocks
from engine.strategies import STRATEGIES
from tests.engine.breakout_market import make_breakouts
from tests.engine.ledgers import make_costs
from tests.engine.panels import DAY, make_closes, make_panel
from tests.engine.test_backtest import make_request
from tests.engine.test_endings import make_ending
from tests.engine.test_signal_runs import make_request as breaking_out

FALL = PathShock(
    key="fall", name="A fall", description="Down and back.", equity=-0.35, down=20, recover=60
)
NO_COSTS = {"whole_shares": False, "costs": make_costs()}


def make_market(*, sessions=400, assets=3, **changes):
    """Return a panel and the rows of its end; the benchmark is the assets' mean."""
    close = make_closes(sessions=sessions, assets=assets)
    return make_panel(close, **{"benchmark": close.mean(axis=1), **changes})


def quiet(panel, beta):
    """Return the panel's past without any noise."""
    past = past_of(panel, len(panel.session) - 1)
    bars = {name: np.zeros_like(cells) for name, cells in past.around.items()}
    return replace(
        past,
        market=np.zeros_like(past.market),
        own=np.zeros_like(past.own),
        rates=np.zeros_like(past.rates),
        around=bars,
        beta=np.array(beta, np.float64),
    )


def go(panel, past, shock=FALL, *, first_row=0, seed=(1, 2, 3)):
    return go_on(panel, first_row, len(panel.session) - 1, past, shock, list(seed))


def tell(panel, request, shocks=(FALL,), **changes):
    chosen = decided(panel, request, lambda *_: None)
    ledger = account(panel, chosen, request)
    given = {"seed": 1, "shocks": shocks, "checkpoint": lambda _: None, **changes}
    return through_shocks(panel, chosen, ledger, request, **given)


def test_the_market_goes_on_from_where_it_stood_and_the_benchmark_meets_the_shock():
    panel = make_market()
    shock = replace(FALL, regained=0.5)

    onward = go(panel, past_of(panel, 399), shock, first_row=100)

    for name in ("session", "close", "volume", "known_at", "benchmark", "member"):
        np.testing.assert_array_equal(getattr(onward, name)[:300], getattr(panel, name)[100:])
    level = onward.benchmark / onward.benchmark[299]
    assert level[299 + 20] == pytest.approx(0.65, rel=1e-12)
    assert level[-1] == pytest.approx(math.sqrt(0.65), rel=1e-12)
    days = onward.session[300:].astype("datetime64[D]")
    assert np.is_busday(days).all()
    np.testing.assert_array_equal(onward.closes_at[300:] % DAY, onward.closes_at[:80] % DAY)
    assert (onward.known_at[300:] == onward.closes_at[300:]).all()


def test_what_fell_together_falls_together_and_each_by_its_beta():
    panel = make_market(assets=4)
    past = past_of(panel, 399)

    level = np.array([go(panel, past, seed=[n]).close[[399, 419]] for n in range(200)])

    fall = np.log(level[:, 1] / level[:, 0])
    np.testing.assert_allclose(fall.mean(axis=0), past.beta * math.log(0.65), atol=0.03)
    # The benchmark is the assets' mean: what one does beyond its beta the others do less.
    assert np.corrcoef(fall[:, 0], fall[:, 1:].sum(axis=1))[0, 1] < -0.5


def test_bars_are_those_of_days_that_were():
    panel = make_breakouts(sessions=400)

    onward = go(panel, past_of(panel, 399))

    later = slice(400, None)
    assert (onward.low[later] <= np.minimum(onward.open, onward.close)[later] * (1 + 1e-9)).all()
    assert (onward.high[later] >= np.maximum(onward.open, onward.close)[later] * (1 - 1e-9)).all()
    ratio = (onward.high / onward.close)[400]
    known = (panel.high / panel.close)[:400]
    assert all(np.isclose(known, each).any() for each in ratio)


def test_a_share_that_no_longer_traded_does_not_come_back():
    close = make_closes(sessions=400, assets=3)
    close[380:, 1] = np.nan
    panel = make_panel(close, benchmark=close[:, 0])

    onward = go(panel, past_of(panel, 399))

    assert np.isnan(onward.close[400:, 1]).all()
    assert not onward.tradable[400:, 1].any()
    assert (onward.known_at[400:, 1] == NEVER).all()
    assert onward.tradable[400:, [0, 2]].all()


def test_a_listing_that_ended_yesterday_does_not_come_back_either():
    close = make_closes(sessions=300, assets=3)
    panel = make_ending(close, {(298, 0): (50.0, np.nan, np.nan)}, benchmark=close[:, 2])

    past = past_of(panel, 299)

    assert past is not None
    assert past.alive.tolist() == [False, True, True]


def test_dollars_are_worth_more_in_aud_where_audusd_falls():
    n = 400
    rate = 1.5 * np.exp(np.random.default_rng(2).normal(0.0, 0.005, n).cumsum())
    panel = make_market(
        sessions=n,
        currency=np.array([0, 1, 1]),
        currencies=("AUD", "USD"),
        fx=np.column_stack([np.ones(n), rate]),
        fx_known_at=np.zeros((n, 2)),
        benchmark_currency=1,
    )

    onward = go(panel, past_of(panel, n - 1), replace(FALL, audusd=-0.3))

    assert onward.fx[n - 1 + 20, 1] == pytest.approx(rate[-1] / 0.7, rel=1e-12)
    assert onward.fx[-1, 1] == pytest.approx(rate[-1], rel=1e-12)
    assert (onward.fx[:, 0] == 1.0).all()
    # The shock is of the benchmark in its own currency.
    fall = onward.benchmark[n - 1 + 20] / onward.benchmark[n - 1]
    assert fall == pytest.approx(0.65 / 0.7, rel=1e-12)


@pytest.mark.parametrize(
    ("rebalance", "expected"),
    [
        # Untouched, half at a beta of 2 and half still.
        (Rebalance.QUARTERLY, 0.5 * 0.65**2 + 0.5),
        # Put back to halves after each of 20 sessions.
        (Rebalance.DAILY, (0.5 * 0.65 ** (2 / 20) + 0.5) ** 20),
    ],
)
def test_rebalancing_acts_on_the_way_down(monkeypatch, rebalance, expected):
    close = np.full((200, 2), 100.0)
    panel = make_panel(close, benchmark=np.full(200, 50.0))
    monkeypatch.setattr("engine.shock_paths.past_of", lambda p, _: quiet(p, [2.0, 0.0]))
    fill = FillPolicy.DECISION_CLOSE
    request = make_request(panel, [0.5, 0.5], rebalance=rebalance, fill=fill, **NO_COSTS)

    [found] = tell(panel, request, draws=2)

    assert found.covered
    assert found.benchmark_return == pytest.approx(-0.35, rel=1e-12)
    assert found.at_trough == pytest.approx(expected - 1.0, rel=1e-4)
    assert found.at_trough_span == (found.at_trough, found.at_trough)


def test_what_is_held_whole_in_the_benchmark_falls_with_it_and_comes_back(monkeypatch):
    panel = make_panel(np.full((200, 1), 100.0), benchmark=np.full(200, 50.0))
    monkeypatch.setattr("engine.shock_paths.past_of", lambda p, _: quiet(p, [1.0]))

    [found] = tell(panel, make_request(panel, [1.0], **NO_COSTS), draws=1)

    assert found.at_trough == pytest.approx(-0.35, rel=1e-9)
    assert found.at_end == pytest.approx(0.0, abs=1e-9)
    assert found.max_drawdown == found.worst_drawdown == pytest.approx(-0.35, rel=1e-9)
    assert (found.turnover, found.costs) == (pytest.approx(0.0, abs=1e-9), 0.0)


def test_costs_are_multiplied_on_the_way():
    panel = make_market()
    request = make_request(
        panel,
        [0.4, 0.3, 0.3],
        whole_shares=False,
        costs=make_costs(slippage_bps=20.0),
    )

    once, thrice = tell(panel, request, [FALL, replace(FALL, costs=3.0)], seed=7)

    assert once.costs > 0.0
    assert thrice.costs == pytest.approx(3.0 * once.costs, rel=0.4)  # on other days
    assert thrice.turnover == pytest.approx(once.turnover, rel=0.4)


def test_stops_act():
    last = 406  # on which positions are held
    panel = make_breakouts(sessions=480).truncate(last)
    request = breaking_out(last_row=last)

    onward = go(panel, past_of(panel, last))
    longer = replace(request, last_row=len(onward.session) - 1)
    orders = account(onward, decided(onward, longer, lambda *_: None), longer).orders
    [found] = tell(panel, request, draws=2)

    stopped = np.array([reason == Reason.STOPPED for reason in orders.reason])
    assert (orders.row[stopped] > last).any()
    assert found.covered


def test_no_decision_before_the_shock_knows_of_it():
    panel = make_market(sessions=700)
    strategy = STRATEGIES["inverse_vol"]
    request = make_request(panel, [0.0] * 3, first_row=300)
    request = replace(request, strategy=strategy(strategy.parameters_type()))
    onward = go(panel, past_of(panel, 699))

    before = decided(panel, request, lambda *_: None)
    longer = replace(request, last_row=len(onward.session) - 1)
    after = decided(onward, longer, lambda *_: None)

    count = len(before.rows)
    assert len(after.rows) > count
    np.testing.assert_array_equal(after.rows[:count], before.rows)
    np.testing.assert_array_equal(after.weights[:count], before.weights)


def test_a_long_run_is_taken_up_two_years_before_its_end(monkeypatch):
    """Weights forget what was before, but for the ten-thousandths of a share that are left over."""
    panel = make_market(sessions=1_200)
    request = make_request(panel, [0.5, 0.3, 0.2], **NO_COSTS)

    late = tell(panel, request, seed=3, draws=2)
    monkeypatch.setattr("engine.shock_paths.LEAD", 10_000)
    whole = tell(panel, request, seed=3, draws=2)

    assert late[0].at_end == pytest.approx(whole[0].at_end, abs=1e-6)


def test_the_same_seed_meets_the_same_days():
    panel = make_market()
    ask = partial(tell, panel, make_request(panel, [0.5, 0.3, 0.2]), draws=2)

    assert ask(seed=3) == ask(seed=3)
    assert ask(seed=3) != ask(seed=4)


def test_progress_goes_from_the_first_draw_to_the_end():
    panel, seen = make_market(), []

    tell(panel, make_request(panel, [1.0, 0.0, 0.0]), PATHS[:2], draws=2, checkpoint=seen.append)

    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_what_a_panel_may_tell_of_its_benchmark_goes_on_too():
    n, nights = 400, np.arange(400) % 7 == 6
    level = make_closes(sessions=n, assets=1)[:, 0]
    quoted = np.where(nights, np.nan, level)
    quoted[-1] = np.nan
    panel = make_market(
        sessions=n,
        benchmark=level,
        benchmark_own=quoted,
        benchmark_known_at=make_panel(level[:, None]).closes_at[:, 0],
    )

    onward = go(panel, past_of(panel, n - 1))

    assert onward.benchmark_own[n + 19] == pytest.approx(0.65 * level[n - 3], rel=1e-12)
    np.testing.assert_array_equal(onward.benchmark_known_at[n:], onward.closes_at[n:, 0])
    np.testing.assert_array_equal(onward.benchmark_own[:n], quoted)


def test_a_ruined_account_is_told_in_the_words_of_its_run(monkeypatch):
    panel = make_panel(np.full((200, 1), 100.0), benchmark=np.full(200, 50.0))
    monkeypatch.setattr("engine.shock_paths.past_of", lambda p, _: quiet(p, [4.0]))
    request = make_request(panel, [2.0], **NO_COSTS)

    [found] = tell(panel, request, [replace(FALL, equity=-0.6, down=1)], draws=1)

    assert not found.covered
    assert "the run is ruined" in found.reason


def test_a_run_that_holds_nothing_is_not_said_to_stand_firm():
    panel = make_market()

    [found] = tell(panel, make_request(panel, [0.0, 0.0, 0.0]), draws=2)

    assert (found.covered, found.at_trough, found.max_drawdown) == (False, None, None)
    assert found.reason == (
        "the run held nothing before the shock or on the way, and cash does not fall"
    )


def test_what_has_no_path_is_named():
    panel = make_market(sessions=LEAST_HISTORY)
    [short] = tell(panel, make_request(panel, [1.0, 0.0, 0.0]))
    panel = make_market()
    request = make_request(panel, [1.0, 0.0, 0.0])
    request.strategy.inputs = lambda: ("VIX",)
    chosen = decided(panel, make_request(panel, [1.0, 0.0, 0.0]), lambda *_: None)
    ledger = account(panel, chosen, request)
    [unguessed] = through_shocks(
        panel, chosen, ledger, request, seed=1, shocks=[FALL], checkpoint=lambda _: None
    )

    assert (short.covered, short.reason) == (
        False,
        "the run's sessions are too few to draw from",
    )
    assert unguessed.reason == "how VIX would move under a shock is not guessed"
    assert unguessed.at_end is None
