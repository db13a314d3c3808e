import numpy as np
import pytest

from engine.barriers import Outcome, triple_barrier

NAN = np.nan


def end(close, *, high=None, low=None, **changes):
    """Return how a trade at 100 with barriers at +10 % and -5 % over four bars ends."""
    close = np.asarray(close, np.float64)
    terms = {"upper": 0.10, "lower": 0.05, "horizon": 4, "cost": 0.002, **changes}
    return triple_barrier(
        100.0,
        close if high is None else np.asarray(high, np.float64),
        close if low is None else np.asarray(low, np.float64),
        close,
        **terms,
    )


def test_a_gain_is_taken_where_the_high_meets_the_upper_barrier():
    found = end([100, 104, 109, 108, 100], high=[101, 105, 110, 109, 101])

    assert found == Outcome(bars=2, won=True, gain=0.10)


def test_a_loss_is_cut_where_the_low_meets_the_lower_barrier():
    found = end([100, 99, 97, 120, 130], low=[99, 97, 95, 110, 120])

    assert found == Outcome(bars=2, won=False, gain=-0.05)


def test_of_two_barriers_in_one_bar_the_loss_came_first():
    found = end([100, 100], high=[100, 112], low=[100, 94])

    assert found == Outcome(bars=1, won=False, gain=-0.05)


@pytest.mark.parametrize(("last", "won"), [(100.1, False), (100.19, False), (100.21, True)])
def test_at_the_horizon_only_a_gain_above_the_costs_has_won(last, won):
    """A gain of nothing, or of less than 20 basis points of costs, is no win."""
    found = end([100, 101, 99, 100, last])

    assert found.won is won
    assert (found.bars, found.gain) == (4, pytest.approx(last / 100.0 - 1.0, abs=1e-12))


def test_a_trade_within_its_horizon_has_not_ended():
    assert end([100, 101, 99, 100]) is None


def test_a_barrier_met_behind_the_horizon_does_not_count():
    assert end([100, 101, 99, 100, 102, 150]).gain == pytest.approx(0.02)


def test_a_short_trade_wins_where_the_price_falls():
    found = end([100, 95, 90], high=[101, 96, 91], low=[99, 94, 89], short=True)
    lost = end([100, 105], high=[101, 106], low=[99, 100], short=True)

    assert found == Outcome(bars=2, won=True, gain=0.10)
    assert lost == Outcome(bars=1, won=False, gain=-0.05)


def test_a_bar_that_is_missing_meets_no_barrier_and_an_asset_that_ended_its_last_close():
    assert end([100, NAN, NAN, NAN, 112]) == Outcome(bars=4, won=True, gain=0.10)
    assert end([100, 104, NAN, NAN, NAN]).gain == pytest.approx(0.04)


def test_a_loss_beyond_everything_keeps_a_logarithm():
    assert end([100, 0.5], lower=0.995, upper=9.0).gain == -0.99
