from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trimming import Trim, cap_turnover, skip_small_trades, trim_trades, turnover

raw_weights = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1.0)), min_size=1, max_size=30).map(
    lambda values: np.array(values) / max(sum(values), 1.0)
)


# Section 3.8 of the engine specification.
def test_turnover_counts_what_changes_hands_once():
    drifted, target = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.1, 0.5])

    assert turnover(target, drifted) == pytest.approx(0.2, abs=1e-15)
    np.testing.assert_allclose(cap_turnover(target, drifted, cap=0.1), [0.3, 0.2, 0.5], atol=1e-15)


def test_first_purchase_from_cash_is_a_turnover_of_one():
    assert turnover(np.array([0.5, 0.5]), np.zeros(2)) == 1.0


def test_cap_turnover_leaves_a_smaller_trade_alone():
    drifted, target = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.1, 0.5])

    np.testing.assert_array_equal(cap_turnover(target, drifted, cap=0.2), target)


def test_cap_turnover_lets_a_name_that_left_the_universe_go_first():
    drifted, target = np.array([0.2, 0.3, 0.5]), np.array([0.0, 0.5, 0.5])
    gone = np.array([True, False, False])

    weights = cap_turnover(target, drifted, cap=0.1, exempt=gone)

    # Its sale into cash is .2, over the cap; nothing is left for the purchase.
    np.testing.assert_allclose(weights, [0.0, 0.3, 0.5], atol=1e-15)


def test_skip_small_trades_keeps_what_hardly_moved():
    drifted, target = np.array([0.50, 0.30, 0.20]), np.array([0.40, 0.395, 0.205])

    weights = skip_small_trades(target, drifted, band=0.01)

    np.testing.assert_allclose(weights, [0.4, 0.395, 0.2], atol=1e-15)


def test_skip_small_trades_never_spends_cash_a_skipped_sale_did_not_free():
    drifted, target = np.array([0.335, 0.335, 0.33]), np.array([0.33, 0.33, 0.34])

    weights = skip_small_trades(target, drifted, band=0.008)

    np.testing.assert_allclose(weights, drifted, atol=1e-15)


def test_a_relative_band_is_a_share_of_the_target_and_never_holds_an_exit_back():
    drifted, target = np.array([0.50, 0.30, 0.01, 0.0]), np.array([0.55, 0.37, 0.0, 0.05])

    weights = skip_small_trades(target, drifted, band=0.0, relative_band=0.1)

    # .05 is under a tenth of .55 and .07 over one of .37; the exit and the entry are made.
    np.testing.assert_allclose(weights, [0.50, 0.37, 0.0, 0.05], atol=1e-15)


def test_the_wider_of_both_bands_counts():
    drifted, target = np.array([0.50, 0.02]), np.array([0.46, 0.03])

    weights = skip_small_trades(target, drifted, band=0.015, relative_band=0.05)

    np.testing.assert_allclose(weights, [0.46, 0.02], atol=1e-15)


def test_money_becomes_a_band_by_what_the_account_is_worth():
    trim = Trim(min_trade=500.0, no_trade_band=0.02)

    assert trim.trims
    assert trim.at(10_000.0).no_trade_band == 0.05
    assert trim.at(100_000.0).no_trade_band == 0.02
    assert Trim(min_trade=500.0).trims
    assert not Trim().trims


def test_what_a_skipped_purchase_would_have_taken_goes_to_the_trades_that_are_made():
    drifted, target = np.array([0.48, 0.30, 0.10]), np.array([0.50, 0.35, 0.15])

    cash = skip_small_trades(target, drifted, band=0.03)
    spread = skip_small_trades(target, drifted, band=0.03, spread=True)

    np.testing.assert_allclose(cash, [0.48, 0.35, 0.15], atol=1e-15)
    np.testing.assert_allclose(spread, [0.48, 0.364, 0.156], atol=1e-15)


def test_what_is_spread_stays_under_the_largest_weight():
    drifted, target = np.array([0.48, 0.30, 0.10]), np.array([0.50, 0.35, 0.15])

    weights = skip_small_trades(target, drifted, band=0.03, spread=True, max_weight=0.36)

    np.testing.assert_allclose(weights, [0.48, 0.36, 0.156], atol=1e-15)


def test_a_turnover_cap_that_keeps_a_limit_out_of_reach_is_said_in_numbers():
    trim = Trim(max_turnover=0.05, max_weight=0.3)

    told = trim.shortfall(np.array([0.39, 0.3]), np.array([0.44, 0.25]))

    assert told == "turnover cap 0.05 cannot reach max_weight 0.30 from current 0.44"
    assert trim.shortfall(np.array([0.3, 0.3]), np.array([0.44, 0.25])) == ""
    assert Trim(max_weight=0.3).shortfall(np.array([0.4]), np.array([0.4])) == ""


def test_a_turnover_cap_in_the_way_is_loosened_as_little_as_it_takes():
    trim = Trim(max_turnover=0.05, max_weight=0.35, relaxes=True)
    target, drifted = np.array([0.2, 0.35, 0.4]), np.array([0.5, 0.3, 0.15])
    stays = np.zeros(3, np.bool_)

    weights, told = trim_trades(target, drifted, trim, leaving=stays)

    # Half of the way brings 0.50 to 0.35; a turnover of 0.15 is half of the 0.30 asked for.
    np.testing.assert_allclose(weights, [0.35, 0.325, 0.275], rtol=1e-12)
    assert told == (
        "turnover cap 0.05 cannot reach max_weight 0.35 from current 0.50, relaxed to 0.15"
    )
    held_back, _ = trim_trades(target, drifted, replace(trim, relaxes=False), leaving=stays)
    np.testing.assert_allclose(held_back, [0.45, 0.3 + 0.05 / 6, 0.15 + 0.25 / 6], rtol=1e-12)


def test_a_turnover_cap_in_nobodys_way_stands():
    trim = Trim(max_turnover=0.05, max_weight=0.5, relaxes=True)
    target, drifted = np.array([0.2, 0.4]), np.array([0.5, 0.3])

    weights, told = trim_trades(target, drifted, trim, leaving=np.zeros(2, np.bool_))

    assert told == ""
    assert turnover(weights, drifted) == pytest.approx(0.05)


@given(
    weights=raw_weights,
    start=raw_weights,
    band=st.floats(0.0, 0.1),
    relative=st.floats(0.0, 0.5),
    spread=st.booleans(),
)
def test_skip_small_trades_never_borrows(weights, start, band, relative, spread):
    size = min(len(weights), len(start))

    result = skip_small_trades(
        weights[:size], start[:size], band=band, relative_band=relative, spread=spread
    )

    assert result.sum() <= 1.0 + 1e-12
    assert (result >= -1e-15).all()


def test_a_purchase_beside_a_skipped_sale_stops_at_the_buffer():
    drifted, target = np.array([0.30, 0.21, 0.21]), np.array([0.40, 0.20, 0.20])

    done, _ = trim_trades(
        target, drifted, Trim(no_trade_band=0.02, invested=0.8), leaving=np.zeros(3, np.bool_)
    )

    # 0.02 stay where they are, so that 0.08 of the 0.10 are bought.
    np.testing.assert_allclose(done, [0.38, 0.21, 0.21])


def test_a_trade_that_the_turnover_cap_makes_too_small_is_not_made():
    trim = Trim(min_trade=1_000.0, max_turnover=0.15).at(10_000.0)
    target, drifted = np.array([0.0, 0.2, 0.15]), np.array([0.2, 0.0, 0.0])

    done, _ = trim_trades(target, drifted, trim, leaving=np.zeros(3, np.bool_))

    # Three sevenths of the way buy 0.086 and 0.064; without the third, three quarters buy 0.15.
    np.testing.assert_allclose(done, [0.05, 0.15, 0.0], atol=1e-15)


def test_a_cap_that_shrinks_all_trades_below_the_least_leaves_as_many_as_it_can():
    trim = Trim(min_trade=500.0, max_turnover=0.5).at(10_000.0)

    done, _ = trim_trades(np.full(20, 0.05), np.zeros(20), trim, leaving=np.zeros(20, np.bool_))

    # Ten of 500 are the half that may be bought, those that come first.
    np.testing.assert_allclose(done, [0.05] * 10 + [0.0] * 10, atol=1e-12)


def test_a_purchase_that_a_skipped_sale_makes_too_small_is_not_made():
    trim = Trim(min_trade=1_500.0).at(10_000.0)
    target, drifted = np.array([0.895, 0.2]), np.array([1.0, 0.0])

    done, _ = trim_trades(target, drifted, trim, leaving=np.zeros(2, np.bool_))

    # The sale of 1,050 is left out, and 950 are what is left to buy for: 0.095 of the 0.2.
    np.testing.assert_array_equal(done, drifted)


@given(weights=raw_weights, start=raw_weights, least=st.floats(0.0, 0.2), cap=st.floats(0.0, 1.0))
def test_every_trade_is_worth_the_least_one(weights, start, least, cap):
    size = min(len(weights), len(start))
    trim = Trim(min_trade=least, max_turnover=cap).at(1.0)

    done, _ = trim_trades(weights[:size], start[:size], trim, leaving=np.zeros(size, np.bool_))

    change = np.abs(done - start[:size])
    assert ((change == 0.0) | (change >= least * (1.0 - 1e-8))).all()
    assert done.sum() <= 1.0 + 1e-12
