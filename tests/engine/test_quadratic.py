import numpy as np
import pytest

from engine.errors import Infeasible
from engine.quadratic import Limit, at_least, budget, minimise

ONE = np.eye(3)
NOTHING = np.zeros(3)
LONG = at_least(NOTHING)


def at_most(cap, name="max_weight"):
    return Limit(name=name, rows=ONE, most=np.full(3, cap))


def test_limits_that_bind_are_met_to_the_last_digit_and_the_others_left_alone():
    """Least x'x/2 - c'x on a budget is c shifted alike, here with one weight pressed to zero."""
    x = minimise(ONE, -np.array([0.7, 0.4, -0.9]), [budget(3), LONG])

    np.testing.assert_allclose(x, [0.65, 0.35, 0.0], rtol=0, atol=1e-14)


def test_without_limits_that_bind_it_is_one_linear_system():
    quadratic = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 3.0]])
    linear = np.array([-1.0, 0.3, 0.1])

    x = minimise(quadratic, linear, [at_most(9.0)])

    np.testing.assert_allclose(x, np.linalg.solve(quadratic, -linear), rtol=1e-13)


def test_what_cannot_all_hold_names_a_limit_that_stands_in_the_way():
    floor = Limit(name="group Energy min 0.10", rows=-ONE[:1], most=np.array([-0.10]))
    cap = Limit(name="group Energy cap 0.05", rows=ONE[:1], most=np.array([0.05]))

    with pytest.raises(Infeasible, match=r"group Energy min 0.10 stands in the way"):
        minimise(ONE, NOTHING, [LONG, floor, cap])


def test_a_cap_below_what_the_budget_needs_is_named_with_it():
    with pytest.raises(Infeasible, match=r"(weights sum to 1.00|max_weight) stands"):
        minimise(ONE, NOTHING, [LONG, at_most(0.2), budget(3)])


def test_several_conflicts_at_once_are_told_apart_from_one():
    pairs = [
        Limit(name=f"{k} {side}", rows=sign * ONE[[k]], most=np.array([most]))
        for k in (0, 1)
        for side, sign, most in (("above", -1.0, -1.0), ("below", 1.0, 0.0))
    ]

    with pytest.raises(Infeasible, match="more than one of them stands in the way"):
        minimise(ONE, NOTHING, pairs)


def test_what_has_no_least_value_is_refused():
    with pytest.raises(Infeasible, match="did not settle"):
        minimise(np.zeros((3, 3)), -np.ones(3), [LONG])


def test_a_linear_programme_has_a_corner_for_an_answer():
    x = minimise(np.zeros((3, 3)), -np.array([1.0, 2.0, 3.0]), [LONG, at_most(0.4), budget(3)])

    np.testing.assert_allclose(x, [0.2, 0.4, 0.4], atol=1e-8)
