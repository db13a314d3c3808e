from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.kalman import Hedge, follow
from engine.pair_trading import Pairs, leg_weights, observe, turn


@dataclass(frozen=True)
class Rules:
    hedge: str = "kalman"
    delta: float = 1e-4
    z_in: float = 2.0
    z_out: float = 0.5
    z_stop: float = 4.0
    max_pairs: int = 2


RULES = Rules()


def make_pairs(count=1, **changes):
    values = {
        "y": np.arange(count),
        "x": np.arange(count) + count,
        "centre": np.zeros((count, 2)),
        "belief": Hedge(
            np.tile([0.0, 0.5], (count, 1)),
            np.tile(1e-6 * np.eye(2), (count, 1, 1)),
            np.full(count, 1e-4),
        ),
        "deviation": np.full(count, 0.01),
        "half_life": np.full(count, 10.0),
        "day": np.zeros(count, np.int64),
        "z": np.zeros(count),
        "slope": np.full(count, 0.5),
        "side": np.zeros(count, np.int64),
        "ratio": np.zeros(count),
        "age": np.zeros(count, np.int64),
        "blocked": np.zeros(count, np.bool_),
    }
    return Pairs(**{**values, **{name: np.asarray(value) for name, value in changes.items()}})


def turned(pairs, *, tradable=None, sessions=1, rules=RULES):
    return turn(pairs, np.ones(len(pairs), bool) if tradable is None else tradable, sessions, rules)


@pytest.mark.parametrize(
    ("z", "side"),
    [(1.99, 0), (2.0, -1), (3.99, -1), (4.0, 0), (-2.0, 1), (-4.0, 0), (np.nan, 0)],
)
def test_a_pair_is_entered_between_entry_and_stop_against_its_spread(z, side):
    assert turned(make_pairs(z=[z])).side.tolist() == [side]


@pytest.mark.parametrize(
    ("side", "z", "after"),
    [
        (1, -0.51, 1),
        (1, -0.5, 0),
        (1, 2.5, 0),
        (1, -3.99, 1),
        (1, -4.0, 0),
        (-1, 0.51, -1),
        (-1, 0.5, 0),
        (-1, -2.5, 0),
        (-1, 4.0, 0),
    ],
)
def test_a_position_ends_when_its_spread_came_back_or_ran_away(side, z, after):
    assert turned(make_pairs(side=[side], z=[z])).side.tolist() == [after]


def test_after_a_stop_a_pair_waits_until_its_spread_came_back():
    pairs = turned(make_pairs(side=[1], z=[-4.5]))
    assert (pairs.side.tolist(), pairs.blocked.tolist()) == ([0], [True])

    pairs = turned(replace(pairs, z=np.array([-3.0])))
    assert (pairs.side.tolist(), pairs.blocked.tolist()) == ([0], [True])

    pairs = turned(replace(pairs, z=np.array([-0.4])))
    assert (pairs.side.tolist(), pairs.blocked.tolist()) == ([0], [False])
    assert turned(replace(pairs, z=np.array([-3.0]))).side.tolist() == [1]


def test_a_position_is_given_up_after_three_half_lives():
    pairs = make_pairs(side=[1], z=[-1.0], age=[28])

    waits = turned(pairs)
    gone = turned(pairs, sessions=2)

    assert (waits.side.tolist(), waits.age.tolist()) == ([1], [29])
    assert (gone.side.tolist(), gone.age.tolist(), gone.blocked.tolist()) == ([0], [0], [True])


def test_a_gain_taken_late_blocks_nothing():
    assert turned(make_pairs(side=[1], z=[-0.2], age=[40])).blocked.tolist() == [False]


def test_a_leg_that_cannot_be_traded_ends_the_position_and_lets_none_begin():
    pairs = make_pairs(2, side=[1, 0], z=[-2.0, -2.0])

    assert turned(pairs, tradable=np.array([False, False])).side.tolist() == [0, 0]


def test_a_hedge_of_the_wrong_sign_is_not_entered():
    assert turned(make_pairs(2, z=[3.0, 3.0], slope=[-0.1, 0.0])).side.tolist() == [0, 0]


def test_the_widest_spreads_take_the_places_that_are_free():
    pairs = make_pairs(4, side=[1, 0, 0, 0], z=[-1.0, 2.5, -3.0, 2.5])

    assert turned(pairs).side.tolist() == [1, 0, 1, 0]
    assert turned(pairs, rules=Rules(max_pairs=3)).side.tolist() == [1, -1, 1, 0]


def test_a_place_left_today_is_taken_today():
    pairs = make_pairs(3, side=[1, 1, 0], z=[0.0, -1.0, 3.0])

    assert turned(pairs).side.tolist() == [0, 1, -1]


def test_legs_are_in_the_ratio_expected_at_entry_and_share_one_part():
    pairs = turned(make_pairs(2, z=[-2.5, 2.5], slope=[0.25, 1.0]))
    later = turned(replace(pairs, z=np.array([-1.5, 1.5]), slope=np.array([0.9, 0.9])))

    y, x = leg_weights(later, 2)

    assert y.tolist() == pytest.approx([0.4, -0.25])
    assert x.tolist() == pytest.approx([-0.1, 0.25])
    assert np.abs(y).sum() + np.abs(x).sum() == pytest.approx(1.0)


def test_the_spread_is_the_innovation_and_its_slope_that_of_the_session_before():
    pairs = make_pairs()
    levels = np.array([[[0.03, 0.01]], [[0.05, 0.02]]])

    seen = observe(pairs, levels, np.array([1, 2]), RULES)

    _, belief = follow(pairs.belief, np.array([0.03]), np.array([0.01]), delta=1e-4)
    second, last = follow(belief, np.array([0.05]), np.array([0.02]), delta=1e-4)
    assert seen.z.tolist() == second.score.tolist()
    assert seen.slope.tolist() == belief.state[:, 1].tolist()
    assert seen.belief.state.tolist() == last.state.tolist()
    assert seen.day.tolist() == [2]


def test_a_frozen_hedge_measures_by_the_formation():
    pairs = make_pairs()

    seen = observe(pairs, np.array([[[0.03, 0.02]]]), np.array([1]), Rules(hedge="ols"))

    assert seen.z.tolist() == pytest.approx([2.0])
    assert seen.belief is pairs.belief


def test_a_session_is_seen_once_and_an_unknown_one_when_it_is_known():
    pairs = make_pairs(2)
    first = np.array([[[0.01, 0.01], [np.nan, 0.01]]])
    again = np.array([[[0.09, 0.01], [0.02, 0.01]]])

    seen = observe(pairs, first, np.array([1]), RULES)
    late = observe(seen, again, np.array([1]), RULES)

    assert (seen.day.tolist(), late.day.tolist()) == ([1, 0], [1, 1])
    assert late.z[0] == seen.z[0]
    assert seen.z[1] == 0.0
    assert late.z[1] != 0.0
