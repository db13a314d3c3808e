import numpy as np
import pytest

from engine.decide import decide
from engine.errors import MissingData
from engine.panel import NEVER
from engine.published import Published
from engine.schedule import DecisionClock, Rebalance
from engine.strategies.reversal import Reversal, ReversalParameters
from tests.engine.panels import make_panel, make_sessions

NAN = np.nan
SESSIONS = 30


def falling(*returns, window=5, sessions=SESSIONS):
    """Return constant prices whose last step, `window` sessions wide, is of these returns."""
    close = np.full((sessions, len(returns)), 100.0)
    close[-window:] *= 1.0 + np.array(returns)
    return close


def daily_figures(values, columns=("value",), *, sessions=SESSIONS, reach=7):
    """Return the last figures of a daily series, known on their days."""
    values = np.asarray(values, np.float64).reshape(-1, len(columns))
    day = make_sessions(sessions)[-len(values) :]
    known_at = np.zeros(len(day), np.int64)
    return Published(columns=columns, day=day, value=values, known_at=known_at, reach=reach)


def decided(close, state=None, *, changes=None, **parameters):
    strategy = Reversal(ReversalParameters(**parameters))
    panel = make_panel(close, **(changes or {}))
    return strategy.decide(panel.window(len(close) - 1, strategy.warmup + 5, NEVER - 1), state)


def daily_decisions(close, strategy, **changes):
    return decide(
        make_panel(close, **changes),
        strategy,
        first_row=21,
        last_row=len(close) - 1,
        rebalance=Rebalance.DAILY,
        clock=DecisionClock.US_CLOSE,
    )


def rush(close, multiple=6.0, asset=0):
    volume = np.full(np.shape(close), 1000.0)
    volume[-1, asset] *= multiple
    return {"volume": volume}


def test_what_lagged_is_bought_in_proportion():
    """2.20, golden."""
    close = falling(0.03, 0.01, -0.02, -0.06)

    long_only, _ = decided(close)
    both, _ = decided(close, allow_short=True)

    assert long_only.weights == pytest.approx([0.0, 0.0, 1 / 6, 5 / 6], abs=1e-9)
    # Each side half: all positions together are worth the money there is.
    assert both.weights == pytest.approx([-1 / 3, -1 / 6, 1 / 12, 5 / 12], abs=1e-9)


def test_the_return_is_that_of_the_window_and_no_older():
    close = falling(0.03, -0.06, window=8)

    assert decided(close)[0].reasons == {"no_dispersion": 2}
    assert decided(close, window=8)[0].weights.tolist() == [0.0, 1.0]


def test_within_sectors_a_whole_sector_that_fell_is_no_bargain():
    close = falling(0.03, 0.01, -0.02, -0.06)
    sectors = {"groups": {"SECTOR": ("Energy", "Energy", "Banks", "Banks")}}

    within, _ = decided(close, changes=sectors)
    across, _ = decided(close, changes=sectors, industry_neutral=False)

    assert within.weights == pytest.approx([0.0, 1 / 3, 0.0, 2 / 3], abs=1e-9)
    assert across.weights == pytest.approx([0.0, 0.0, 1 / 6, 5 / 6], abs=1e-9)


def test_equal_returns_leave_all_in_cash_and_say_so():
    decision, _ = decided(falling(-0.03, -0.03, -0.03))

    assert decision.weights.tolist() == [0.0, 0.0, 0.0]
    assert decision.reasons == {"no_dispersion": 3}


def test_a_missing_session_in_the_window_is_a_gap():
    close = falling(0.03, -0.06, -0.02)
    close[-3, 1] = NAN

    decision, _ = decided(close)

    assert decision.weights == pytest.approx([0.0, 0.0, 1.0])
    assert decision.reasons == {"gap": 1}


@pytest.mark.parametrize(("level", "weights"), [(25.0, [0.0, 1.0]), (24.9, [0.0, 0.0])])
def test_a_floor_on_the_vix_keeps_all_in_cash_below_it(level, weights):
    extra = {"extra": {"VIX": daily_figures([level])}}

    decision, _ = decided(falling(0.03, -0.06), vix_min=25.0, changes=extra)

    assert decision.weights.tolist() == weights


def test_a_vix_of_long_ago_is_unknown_and_does_not_pass():
    old = Published(
        columns=("value",),
        day=make_sessions(SESSIONS)[:1],
        value=np.array([[60.0]]),
        known_at=np.zeros(1, np.int64),
    )

    decision, _ = decided(falling(0.03, -0.06), vix_min=25.0, changes={"extra": {"VIX": old}})

    assert decision.weights.tolist() == [0.0, 0.0]
    assert decision.reasons == {"low_vix": 2}


def test_the_vix_is_needed_only_where_a_floor_is_given():
    assert Reversal(ReversalParameters()).inputs() == ()
    assert Reversal(ReversalParameters(vix_min=0.0)).inputs() == ("VIX",)


def test_a_floor_without_a_vix_is_refused_by_name():
    strategy = Reversal(ReversalParameters(vix_min=20.0))

    with pytest.raises(MissingData, match="reversal needs the panel VIX"):
        daily_decisions(falling(0.03, -0.06), strategy)


def test_nobody_in_the_universe_is_cash_with_the_reason():
    close = falling(0.03, -0.06)

    decision, _ = decided(close, changes={"member": np.zeros(close.shape)})

    assert decision.weights.tolist() == [0.0, 0.0]
    assert decision.reasons == {"not_member": 2}


def test_one_asset_alone_has_nobody_to_lag():
    assert decided(falling(-0.06))[0].reasons == {"no_dispersion": 1}


def test_a_shock_on_heavy_volume_takes_one_of_the_places():
    close = falling(-0.08, -0.08, -0.04)

    decision, state = decided(close, mode="shock", top_n=4, changes=rush(close))

    assert decision.weights.tolist() == [0.25, 0.0, 0.0]
    assert decision.reasons == {"no_shock": 1, "usual_volume": 1}
    assert state == {1: int(make_sessions(SESSIONS)[-1])}


@pytest.mark.parametrize(("multiple", "weight"), [(5.0, 0.05), (4.99, 0.0)])
def test_volume_is_compared_with_the_sessions_before(multiple, weight):
    close = falling(-0.08)

    decision, _ = decided(close, mode="shock", changes=rush(close, multiple))

    assert decision.weights.tolist() == [weight]


def test_a_split_is_no_rush():
    close = falling(-0.08)
    close[-1] /= 6.0
    split = np.ones(close.shape)
    split[-1] = 6.0
    factor = np.cumprod(split, axis=0)

    decision, _ = decided(
        close, mode="shock", changes={**rush(close), "split": split, "tr_factor": factor}
    )

    assert decision.reasons == {"usual_volume": 1}


@pytest.mark.parametrize("row", [-1, -7])
def test_an_unknown_volume_is_no_shock(row):
    close = falling(-0.08)
    changes = rush(close)
    changes["volume"][row] = NAN

    decision, _ = decided(close, mode="shock", changes=changes)

    assert decision.weights.tolist() == [0.0]
    assert decision.reasons == {"volume_unknown": 1}


def test_no_volume_at_all_is_no_rush():
    close = falling(-0.08)

    decision, _ = decided(close, mode="shock", changes={"volume": np.zeros(close.shape)})

    assert decision.reasons == {"usual_volume": 1}


@pytest.mark.parametrize(
    ("flags", "weight"),
    [([[1.0]], 0.0), ([[0.0]], 0.05), ([[1.0]] + [[0.0]] * 4, 0.0), ([[1.0]] + [[0.0]] * 5, 0.05)],
)
def test_news_within_the_window_explain_a_fall(flags, weight):
    close = falling(-0.08)
    news = daily_figures(flags, ("S000",), reach=0)

    decision, _ = decided(
        close, mode="shock", changes={**rush(close), "extra": {"NEWS_FLAG": news}}
    )

    assert decision.weights.tolist() == [weight]
    assert decision.reasons == ({} if weight else {"news": 1})


def test_news_of_another_share_explain_nothing():
    close = falling(-0.08)
    news = daily_figures([[1.0]], ("S001",), reach=0)

    decision, _ = decided(
        close, mode="shock", changes={**rush(close), "extra": {"NEWS_FLAG": news}}
    )

    assert decision.weights.tolist() == [0.05]


def test_places_nobody_takes_are_cash_or_shared():
    close = falling(-0.08, -0.07, 0.0, window=1)
    heavy = {"volume": np.where(np.arange(SESSIONS)[:, None] == SESSIONS - 1, 6000.0, 1000.0)}
    heavy["volume"] = np.repeat(heavy["volume"], 3, axis=1)
    told = {"mode": "shock", "window": 1, "top_n": 4, "changes": heavy}

    left, _ = decided(close, **told)
    shared, _ = decided(close, fill="spread", **told)
    nobody, _ = decided(falling(0.0, 0.0, 0.0), fill="spread", **told)

    assert left.weights.tolist() == [0.25, 0.25, 0.0]
    assert shared.weights.tolist() == [0.5, 0.5, 0.0]
    assert not nobody.weights.any()


def test_a_shock_is_held_for_its_sessions_and_no_longer():
    close = np.full((40, 2), 100.0)
    close[25:, 0] = 90.0
    volume = np.full((40, 2), 1000.0)
    volume[25, 0] = 9000.0

    strategy = Reversal(ReversalParameters(mode="shock", hold=3, top_n=2))
    targets = daily_decisions(close, strategy, volume=volume)

    held = targets.rows[targets.weights[:, 0] > 0.0]
    assert held.tolist() == [25, 26, 27]
    assert targets.weights[targets.rows == 26].tolist() == [[0.5, 0.0]]


def test_what_is_held_keeps_its_place_and_its_day_and_the_deepest_falls_take_the_others():
    close = falling(-0.12, -0.08, -0.10)
    volume = np.full(close.shape, 1000.0)
    volume[-1] = 9000.0
    yesterday = int(make_sessions(SESSIONS)[-2])

    decision, state = decided(
        close, {1: yesterday}, mode="shock", top_n=2, changes={"volume": volume}
    )

    assert decision.weights.tolist() == [0.5, 0.0, 0.5]
    assert state == {1: yesterday, 3: yesterday + 1}


def test_a_calm_market_brings_no_new_shocks_and_sells_none_that_are_held():
    close = falling(-0.12, 0.0)
    yesterday = int(make_sessions(SESSIONS)[-2])
    calm = {**rush(close), "extra": {"VIX": daily_figures([12.0])}}

    decision, state = decided(close, {2: yesterday}, mode="shock", vix_min=20.0, changes=calm)

    assert decision.weights.tolist() == [0.0, 0.05]
    assert decision.reasons == {"no_shock": 1, "low_vix": 1}
    assert state == {2: yesterday}


def test_a_held_share_that_leaves_the_universe_is_sold():
    close = falling(0.0, 0.0)
    member = np.ones(close.shape)
    member[-1, 0] = 0
    yesterday = int(make_sessions(SESSIONS)[-2])

    decision, state = decided(
        close, {1: yesterday, 2: yesterday}, mode="shock", changes={"member": member}
    )

    assert decision.weights.tolist() == [0.0, 0.05]
    assert state == {2: yesterday}


def test_the_warm_up_covers_the_volume_and_the_holding():
    assert Reversal(ReversalParameters()).warmup == 21
    assert Reversal(ReversalParameters(hold=21, window=21)).warmup == 22
