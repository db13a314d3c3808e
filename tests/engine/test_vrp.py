from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from engine.errors import MissingData
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.vrp import HARVEST, HEDGE, NEUTRAL, Vrp, VrpParameters, measure
from engine.volatility import percentile_of_last, realised_volatility
from tests.contracts.strategy_runs import run
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, make_panel, make_sessions
from tests.engine.volatility_markets import make_index

SESSIONS = 300


def make_market(vix, vix3m, *, assets=1, sessions=SESSIONS, **changes):
    """Return an index that moves by one per cent up and down, and its volatility indices."""
    level = 1000.0 * np.exp(0.01 * (np.arange(sessions) % 2))
    close = np.tile(level[:, None], (1, assets))
    return make_index(close, vix=vix, vix3m=vix3m, **changes)


def make_vrp(**parameters):
    return Vrp(VrpParameters(**{"index": ("S000",), **parameters}))


def falling(level=14.0, sessions=SESSIONS):
    """Return an index of volatility that falls a little each day: below its mean, and lowest."""
    return level + 0.01 * np.arange(sessions)[::-1]


def window_of(panel, row=SESSIONS - 1):
    return panel.window(row, 252, int(panel.closes_at[row, 0]))


def decide(panel, *, state=None, **parameters):
    return make_vrp(**parameters).decide(window_of(panel), state)


def test_returns_of_one_per_cent_either_way_realise_their_volatility():
    """Golden of engine.md 2.16: 21 log returns of +-1 % are 15.8745079."""
    moves = 0.01 * (-1.0) ** np.arange(21)

    assert realised_volatility(moves) == pytest.approx(15.8745079, abs=5e-8)


def test_the_premium_is_what_was_expected_over_what_came():
    """Golden of engine.md 2.16: VIX 20 is 4.1254921 of volatility and 148.0 of variance dearer."""
    premium = measure(window_of(make_market(20.0, 22.0)), 0)

    assert premium.realised == pytest.approx(15.8745079, abs=5e-8)
    assert premium.in_volatility == pytest.approx(4.1254921, abs=5e-8)
    assert premium.in_variance == pytest.approx(148.0, abs=1e-9)
    assert premium.term_ratio == pytest.approx(20.0 / 22.0, abs=1e-15)


def test_a_rank_counts_half_of_what_is_equal():
    assert percentile_of_last(np.array([1.0, 2.0, 3.0, 4.0, 2.0])) == (1 + 0.5 * 2) / 5
    assert percentile_of_last(np.array([3.0, 2.0, 1.0])) == 0.5 / 3
    assert percentile_of_last(np.full(252, 17.0)) == 0.5


def test_dear_and_calm_volatility_is_harvested():
    decision, state = decide(make_market(falling(16.0), 20.0))

    assert state[0] == HARVEST
    assert decision.weights.tolist() == [1.0]
    assert decision.diagnostics["vrp"]["state"] == HARVEST


@pytest.mark.parametrize(
    ("vix", "vix3m", "parameters", "expected"),
    [
        (falling(15.5), 20.0, {}, NEUTRAL),  # below the 15.87 that were realised
        (falling(16.0), 16.5, {}, NEUTRAL),  # the term structure is not steep enough
        (falling(16.0), 15.0, {}, HEDGE),  # it is inverted
        (falling(16.0)[::-1], 30.0, {}, HEDGE),  # the highest of its year
        (17.0 + np.r_[np.zeros(280), [1.0] * 10, [0.5] * 10], 30.0, {}, NEUTRAL),  # ranks too high
        (np.r_[np.full(200, 30.0), np.full(80, 16.0), np.full(20, 17.0)], 30.0, {}, NEUTRAL),
    ],
    ids=["cheap", "flat", "inverted", "alarm", "rank", "rising"],
)
def test_volatility_is_not_harvested_otherwise(vix, vix3m, parameters, expected):
    decision, state = decide(make_market(vix, vix3m), **parameters)

    assert state[0] == expected
    assert decision.weights.tolist() == [{NEUTRAL: 0.7, HEDGE: 0.3}[expected]]


@pytest.mark.parametrize(
    ("vehicle", "by_state"),
    [
        ("index_overlay", {HARVEST: [1.0, 0.0], NEUTRAL: [0.7, 0.0], HEDGE: [0.3, 0.0]}),
        ("short_vol_etp", {HARVEST: [0.0, 0.15], NEUTRAL: [0.0, 0.0], HEDGE: [0.0, 0.0]}),
        ("long_vol_etp", {HARVEST: [0.0, 0.0], NEUTRAL: [0.0, 0.0], HEDGE: [0.0, 0.1]}),
    ],
)
def test_each_vehicle_holds_its_instrument(vehicle, by_state):
    markets = {HARVEST: (falling(16.0), 20.0), NEUTRAL: (falling(16.0), 16.5)}
    markets[HEDGE] = (falling(16.0), 15.0)

    for state, levels in markets.items():
        panel = make_market(*levels, assets=2)
        decision, _ = decide(panel, vehicle=vehicle, etp=("S001",), hedge_alloc=0.1)
        assert decision.weights.tolist() == by_state[state]


def test_a_state_lasts_as_long_as_it_must():
    vix = falling(16.0)
    vix3m = np.full(SESSIONS, 20.0)
    vix3m[290:] = 15.0  # inverted from here on
    panel = make_market(vix, vix3m)
    entered = int(panel.session[288])

    labels = []
    state = (HARVEST, entered)
    for row in range(289, 294):
        _, state = make_vrp(min_days_in_state=3).decide(window_of(panel, row), state)
        labels.append(state[0])

    assert labels == [HARVEST, HARVEST, HEDGE, HEDGE, HEDGE]
    assert state[1] == panel.session[291]


def test_before_the_three_month_index_exists_nothing_is_decided():
    vix3m = np.full(SESSIONS, 20.0)
    vix3m[:280] = np.nan
    panel = make_market(falling(16.0), vix3m)

    targets = run(panel, make_vrp(), rebalance=Rebalance.DAILY, first_row=255)

    assert targets.rows[0] == 280


@pytest.mark.parametrize("name", ["VIX", "VIX3M"])
def test_an_index_that_is_a_week_old_decides_nothing(name):
    panel = make_market(14.0, 16.0)
    stale = panel.extra[name].until(int(panel.session[-1]) - 8)

    decision, state = decide(replace(panel, extra={**panel.extra, name: stale}))

    assert (decision, state) == (None, None)


def test_an_account_in_sydney_sees_the_volatility_of_the_day_before():
    vix = falling(16.0)
    vix[-1] = 80.0  # known at the New York close, hours after Sydney's
    session = make_sessions(SESSIONS)
    clocks = {
        "market": [0],
        "markets": ("XASX",),
        "opens_at": (session * DAY + ASX_OPEN)[:, None],
        "closes_at": (session * DAY + ASX_CLOSE)[:, None],
        "known_at": (session * DAY + ASX_CLOSE)[:, None],
    }
    panel = make_market(vix, 20.0, **clocks)

    targets = run(panel, make_vrp(), rebalance=Rebalance.DAILY, clock=DecisionClock.ASX_CLOSE)

    assert targets.weights[:, 0].tolist() == [1.0] * len(targets.rows)
    assert decide(make_market(vix, 20.0))[1][0] == HEDGE


def test_a_split_is_no_volatility():
    panel = make_market(20.0, 22.0)
    close, split = np.array(panel.close), np.ones_like(panel.close)
    close[290:] /= 2.0
    split[290] = 2.0
    halved = make_panel(close, extra=panel.extra, split=split)

    assert measure(window_of(halved), 0).realised == pytest.approx(15.8745079, abs=5e-8)


def test_constant_prices_realise_nothing_and_leave_the_whole_premium():
    panel = make_panel(np.full((SESSIONS, 1), 50.0), extra=make_market(20.0, 22.0).extra)

    premium = measure(window_of(panel), 0)

    assert (premium.realised, premium.in_volatility) == (0.0, 20.0)


def test_an_index_of_too_few_sessions_is_undefined():
    close = np.full((SESSIONS, 1), np.nan)
    close[-15:] = 100.0
    panel = make_panel(close, extra=make_market(20.0, 22.0).extra)

    assert decide(panel) == (None, None)


def test_what_is_no_asset_of_the_run_is_named():
    panel = make_market(14.0, 16.0)

    with pytest.raises(MissingData, match="index named \\^GSPC, which is not an asset"):
        decide(panel, index=("^GSPC",))
    with pytest.raises(MissingData, match="etp named SVXY"):
        decide(panel, vehicle="short_vol_etp", etp=("SVXY",))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"vehicle": "short_vol_etp"}, "was given no etp; name the product"),
        ({"index": ("^VIX",)}, "index named \\^VIX, which nobody can hold"),
        ({"vehicle": "long_vol_etp", "etp": ("VIX",)}, "etp named VIX, which nobody can hold"),
    ],
)
def test_what_cannot_be_held_is_refused(parameters, message):
    with pytest.raises(ValidationError, match=message):
        VrpParameters(**parameters)
