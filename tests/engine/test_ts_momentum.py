import numpy as np
import pandas as pd
import pytest

from engine.panel import NEVER
from engine.strategies.ts_momentum import TsMomentum, TsMomentumParameters
from tests.engine.panels import make_closes, make_panel

NAN = np.nan


def decided(close, rf=None, **parameters):
    strategy = TsMomentum(TsMomentumParameters(**parameters))
    close = np.asarray(close, np.float64)
    rf = np.zeros(len(close)) if rf is None else rf
    window = make_panel(close, rf=rf).window(len(close) - 1, strategy.warmup, NEVER - 1)
    return strategy.decide(window, None)[0]


def swinging(*drifts, sigma=0.20, sessions=260):
    """Return paths of returns `drift` plus and minus a constant, of annual volatility `sigma`.

    An even number of returns is read and its mean is the drift only without decay: use a long com.
    """
    swing = np.where(np.arange(sessions) % 2 == 0, 1.0, -1.0)[:, None] * sigma / np.sqrt(261.0)
    return 100.0 * np.cumprod(1.0 + np.array(drifts) + swing, axis=0)


def test_four_assets_at_half_the_target_s_risk_share_a_gross_of_one():
    """2.4: sigma 0.20, target 0.40, n = 4: 0.5 each, gross 2.0, scaled to 0.25 each."""
    close = swinging(*[0.001] * 4)

    capped = decided(close)
    free = decided(close, max_gross=3.0)

    assert capped.weights == pytest.approx([0.25] * 4, abs=1e-12)
    assert free.weights == pytest.approx([0.5] * 4, rel=1e-3)


def test_the_variance_is_the_paper_s_of_returns_up_to_the_session_before():
    close = make_closes(sessions=300, assets=3)
    close[:, 2] *= np.exp(0.004 * np.arange(300))  # the one that rose
    close[-1] *= [1.0, 1.0, 1.4]
    strategy = {"max_gross": 3.0, "com": 20, "lookback": 60, "target_asset_vol": 0.3}

    weights = decided(close, allow_short=True, **strategy).weights

    past = pd.DataFrame(close).pct_change().iloc[-1 - 80 : -1]
    # pandas decays from the newest backwards with the same centre of mass.
    mean = past.ewm(com=20).mean().iloc[-1]
    decay = (20 / 21) ** np.arange(80)[::-1]
    variance = 261.0 * (decay[:, None] * (past - mean) ** 2).sum() / decay.sum()
    direction = np.sign(close[-1] / close[-61] - 1.0)
    np.testing.assert_allclose(weights, direction * 0.3 / np.sqrt(variance) / 3, rtol=1e-12)
    assert direction.tolist() != [1.0, 1.0, 1.0]


def test_what_fell_is_left_in_cash_or_sold_short():
    close = swinging(0.001, -0.001)

    long_only = decided(close, max_gross=3.0)
    both = decided(close, max_gross=3.0, allow_short=True)

    assert long_only.weights[0] > 0.9
    assert long_only.weights[1] == 0.0
    assert long_only.reasons["below_hurdle"] == 1
    assert both.weights[0] == long_only.weights[0]
    assert both.weights[1] == pytest.approx(-both.weights[0], rel=0.01)


def test_short_positions_count_towards_the_exposure():
    both = decided(swinging(0.001, -0.001), allow_short=True)

    assert np.abs(both.weights).sum() == pytest.approx(1.0, abs=1e-12)


def test_a_return_must_beat_the_compounded_rate_of_cash():
    close = swinging(0.0003, 0.0001)
    rf = np.full(len(close), 0.0002)

    assert np.count_nonzero(decided(close, rf=rf).weights) == 1
    assert np.count_nonzero(decided(close, rf=rf, hurdle="zero").weights) == 2


def test_the_newest_sessions_may_be_left_out_of_return_and_hurdle():
    """Up a fifth, then down a third in the last ten sessions, in which cash earned most."""
    close = swinging(0.001)
    close[-10:] *= 0.6
    rf = np.where(np.arange(len(close)) < len(close) - 10, 0.0, 0.05)

    assert decided(close, rf=rf).weights.tolist() == [0.0]
    assert decided(close, rf=rf, skip=10).weights[0] > 0.0
    assert decided(close, rf=rf, skip=9).weights.tolist() == [0.0]


def test_an_unknown_rate_counts_as_nothing_and_is_told():
    close = swinging(0.001)
    rf = np.where(np.arange(len(close)) == 200, NAN, 0.0001)

    assert decided(close, rf=rf).reasons["rf_missing"] == 1
    assert "rf_missing" not in +decided(close, rf=rf, hurdle="zero").reasons


def test_a_return_equal_to_the_hurdle_is_flat():
    """Up and down by the same factor: after an even number of sessions it is where it was."""
    close = 100.0 * np.where(np.arange(260) % 2 == 0, 1.0, 1.01)[:, None]

    assert decided(close, lookback=64, allow_short=True).weights.tolist() == [0.0]


@pytest.mark.parametrize("rate", [0.0001, 0.00013, 0.00017, 0.0002, 0.00029])
def test_a_return_that_differs_from_the_hurdle_in_the_last_bits_is_flat(rate):
    grown = np.cumprod(np.full(260, 1.0 + rate))
    close = (100.0 * grown * np.where(np.arange(260) % 2 == 0, 1.0, 1.01))[:, None]

    decision = decided(close, rf=np.full(260, rate), lookback=64, allow_short=True)

    assert decision.weights.tolist() == [0.0]
    assert +decision.reasons == {}


def test_an_asset_listed_a_fortnight_into_the_lookback_has_no_return_to_go_by():
    close = swinging(0.004, 0.004, sigma=0.8)
    close[: 260 - 253 + 10, 1] = NAN

    decision = decided(close)

    assert decision.weights[1] == 0.0
    assert decision.weights[0] > 0.0
    assert decision.reasons["no_end_point"] == 1


def test_constant_prices_have_no_risk_to_size_by():
    close = np.column_stack([swinging(0.001)[:, 0], np.full(260, 50.0)])

    decision = decided(close)

    assert decision.weights.tolist() == [1.0, 0.0]
    assert decision.reasons["zero_variance"] == 1


def test_an_asset_without_history_is_not_counted_among_the_eligible():
    close = swinging(0.004, 0.004, sigma=0.8)
    close[:200, 1] = NAN

    assert decided(close).weights == pytest.approx([0.5, 0.0], rel=1e-3)


def test_nobody_eligible_is_all_cash():
    assert decided(np.full((260, 2), NAN)).weights.tolist() == [0.0, 0.0]


def test_the_warm_up_reads_four_centres_of_mass():
    assert TsMomentum(TsMomentumParameters()).warmup == 253
    assert TsMomentum(TsMomentumParameters(lookback=21)).warmup == 242
    assert TsMomentum(TsMomentumParameters(com=250)).warmup == 1002
