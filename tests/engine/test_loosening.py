"""Limits that are loosened: enough, no more than it takes, and for the names that are held."""

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.families import Family
from engine.limits import Constraints, constrain
from engine.loosening import loosen
from tests.engine.test_limits import PANEL, records, targets

SMALL = 1e-4  # of a cap, by which it would be too low


def relaxed(weights, **limits):
    done, _ = constrain(PANEL, targets(weights), Constraints(on_infeasible="RELAX", **limits))
    return done.weights[0], records(done)[0]


def test_a_cap_is_loosened_for_the_names_that_may_be_held():
    """Of four names in two currencies two are held, both in AUD: their cap has to be all of it."""
    weights, record = relaxed(
        (0.4, 0.1, 0.3, 0.2), max_positions=2, group_caps=[{"by": "CURRENCY", "cap": 0.3}]
    )

    np.testing.assert_allclose(weights, [4 / 7, 0.0, 3 / 7, 0.0], atol=1e-9)
    assert record["relaxed"] == ["cap by CURRENCY 0.3 relaxed to 1"]


def test_caps_that_stand_in_each_others_way_are_loosened_together():
    """Energy in AUD and banks in USD leave no way around: each pair of caps holds the same name."""
    weights, record = relaxed(
        (0.5, 0.0, 0.0, 0.5), group_cap=0.4, group_caps=[{"by": "CURRENCY", "cap": 0.3}]
    )

    np.testing.assert_allclose(weights, [0.5, 0.0, 0.0, 0.5], atol=1e-8)
    assert record["relaxed"] == [
        "group_cap 0.4 relaxed to 0.5",
        "cap by CURRENCY 0.3 relaxed to 0.5",
    ]


def test_what_a_dropped_name_leaves_is_room_the_others_get():
    """The first name falls under its minimum; AUD is then one name, which max_weight holds back."""
    weights, record = relaxed(
        (0.073, 0.199, 0.54, 0.188),
        max_weight=0.44,
        min_weight=0.1,
        group_caps=[{"by": "CURRENCY", "cap": 0.44}],
        group_cap=0.9,
    )

    assert weights.sum() == pytest.approx(1.0, abs=1e-8)
    assert weights[0] == 0.0
    assert record["relaxed"] == ["cap by CURRENCY 0.44 relaxed to 0.56"]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_limits_all_that_was_asked_for_is_invested(seed):
    draws = np.random.default_rng(seed)
    raw = draws.random(4) * (draws.random(4) < 0.8)
    weights = raw / raw.sum() if raw.any() else np.eye(4)[0]
    limits = {
        "max_weight": float(draws.uniform(0.15, 1.0)),
        "min_weight": float(draws.uniform(0.0, 0.15)),
        "max_positions": int(draws.integers(1, 5)),
        "group_cap": float(draws.uniform(0.1, 1.0)),
        "group_caps": [{"by": "CURRENCY", "cap": float(draws.uniform(0.1, 1.0))}],
    }

    done, _ = constrain(PANEL, targets(weights), Constraints(on_infeasible="RELAX", **limits))

    assert done.weights.sum() == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("seed", range(40))
def test_joint_caps_suffice_and_none_could_be_lower(seed):
    """Against scipy's linear programmes: possible with them, impossible with any of them lower."""
    draws = np.random.default_rng(seed)
    size, least, most = int(draws.integers(2, 9)), 0.01, float(draws.uniform(0.2, 1.0))
    families = [
        Family(
            name=str(number),
            labels=[str(each) for each in draws.integers(0, 3, size)],
            cap=float(draws.uniform(0.1, 0.7)),
        )
        for number in range(int(draws.integers(1, 4)))
    ]

    low, high, caps = loosen(
        np.full(size, 1.0 / size), min_weight=least, max_weight=most, families=families
    )

    assert (low, high) == (least, max(most, 1.0 / size))
    assert possible(families, caps, low, high)
    for number, (family, cap) in enumerate(zip(families, caps, strict=True)):
        assert cap >= family.cap
        if cap > family.cap:
            lower = [*caps[:number], cap - SMALL, *caps[number + 1 :]]
            assert not possible(families, lower, low, high)


def possible(families, caps, least, most):
    rows = [family.rows() for family in families]
    bounds = [np.full(len(each), cap + 1e-9) for each, cap in zip(rows, caps, strict=True)]
    size = rows[0].shape[1]
    found = linprog(
        np.zeros(size),
        A_ub=np.vstack(rows),
        b_ub=np.concatenate(bounds),
        A_eq=np.ones((1, size)),
        b_eq=[1.0],
        bounds=[(least, most)] * size,
    )
    return found.status == 0


def test_nothing_held_loosens_nothing():
    families = [Family(name="SECTOR", labels=("A", "B"), cap=0.3)]

    found = loosen(np.zeros(2), min_weight=0.1, max_weight=0.2, families=families)

    assert found == (0.1, 0.2, (0.3,))
