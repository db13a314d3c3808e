import numpy as np
import pytest

from engine.eligibility import screen
from engine.panel import NEVER
from engine.strategies.base import Parameters
from tests.engine.panels import make_closes, make_panel

NAN = np.nan


def look(close, *, length=10, min_obs=1, parameters=None, **changes):
    close = np.asarray(close, np.float64)
    panel = make_panel(close, **changes)
    window = panel.window(len(close) - 1, length, NEVER - 1)
    return screen(window, parameters or Parameters(), length=length, min_obs=min_obs)


def levels(*columns):
    return np.column_stack([np.array(column, np.float64) for column in columns])


def test_an_asset_counts_under_the_first_rule_it_fails():
    whole = np.full(10, 50.0)
    gone = np.append(whole[1:], NAN)
    late = np.append(np.full(8, NAN), [50.0, 50.0])
    holed = np.array([50.0, *[NAN] * 6, 50.0, 50.0, 50.0])
    penny = np.full(10, 0.99)
    member = np.ones((10, 6))
    member[-1, 0] = 0

    found = look(levels(penny, gone, late, holed, penny, whole), min_obs=4, member=member)

    assert found.passed.tolist() == [False, False, False, False, False, True]
    assert found.reasons == {
        "not_member": 1,
        "no_bar": 1,
        "short_history": 1,
        "gap": 1,
        "price_floor": 1,
    }


def test_five_missing_sessions_are_no_gap():
    holed = np.array([50.0, *[NAN] * 5, 50.0, 50.0, 50.0, 50.0])

    assert look(levels(holed)).passed.all()


def test_sessions_before_the_first_bar_are_no_gap():
    late = np.append(np.full(7, NAN), [50.0, 50.0, 50.0])

    assert look(levels(late)).passed.all()


def test_closed_sessions_of_the_own_market_are_neither_gap_nor_missing_bar():
    close = levels([50.0, *[NAN] * 8, 50.0], np.full(10, 50.0))
    close[9, 0] = NAN
    closes_at = np.repeat(make_panel(close).closes_at, 2, axis=1)
    closes_at[1:, 1] = NEVER

    found = look(
        close, market=[1, 0], markets=("XASX", "XNYS"), opens_at=closes_at, closes_at=closes_at
    )

    assert found.passed.all()


def test_a_named_floor_replaces_the_house_floor():
    close = levels(np.full(10, 0.99), np.full(10, 6.0))

    assert look(close, parameters=Parameters(min_price=0.5)).passed.tolist() == [True, True]
    assert look(close, parameters=Parameters(min_price=5.0)).passed.tolist() == [False, True]
    assert look(close, flags=("vendor_adjusted",)).passed.tolist() == [True, True]


def test_liquidity_is_the_median_turnover_and_unknown_volume_is_not_held_against_anybody():
    close = np.full((10, 3), 50.0)
    volume = np.column_stack([np.full(10, 100.0), np.full(10, 1000.0), np.full(10, NAN)])

    found = look(close, volume=volume, parameters=Parameters(min_adv=10_000.0))

    assert found.passed.tolist() == [False, True, True]
    assert found.reasons == {"illiquid": 1}


def test_a_market_that_was_never_open_has_no_bar():
    close = np.full((10, 1), 50.0)
    closes_at = np.full((10, 1), NEVER)

    assert look(close, closes_at=closes_at).reasons == {"no_bar": 1}


@pytest.mark.parametrize("sessions", [1, 2, 63, 64])
def test_liquidity_is_judged_by_the_median_of_what_is_known(sessions):
    rng = np.random.default_rng(sessions)
    close = make_closes(sessions=sessions, assets=60)
    volume = rng.lognormal(8.0, 1.0, close.shape)
    volume[rng.random(close.shape) < rng.random(60)] = NAN
    known = np.isfinite(volume).any(axis=0)
    middle = np.nanmedian((close * volume)[-63:, known], axis=0)

    floor = float(np.sort(middle)[len(middle) // 2])
    floors = Parameters(min_adv=floor)
    found = look(close, length=sessions, volume=volume, parameters=floors)

    assert found.passed[known].tolist() == (middle >= floor).tolist()
    assert found.passed[~known].all()
