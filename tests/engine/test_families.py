"""Caps on overlapping groups, against a solver of the same problem by exponential cones."""

import clarabel
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse

from engine.constraints import cap_groups
from engine.errors import InvalidParameters
from engine.families import Family, cap_families


def family(labels, cap, name="group"):
    return Family(name=name, labels=labels, cap=cap)


def nearest(asked, families, upper, total):
    """Return the least sum(w ln(w / asked)) as a cone solver finds it, t >= w ln(w / asked)."""
    size = len(asked)
    rows = np.vstack([each.rows() for each in families])
    caps = np.concatenate([np.full(len(each.rows()), each.cap) for each in families])
    none, one = np.zeros((size, size)), np.eye(size)
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(len(caps) + size)]
    matrix = [np.append(np.ones(size), np.zeros(size))[None]]
    matrix += [np.hstack([rows, np.zeros_like(rows)]), np.hstack([one, none])]
    bounds = [total, *caps, *np.full(size, upper)]
    for i in range(size):
        # (-t, w, asked) in the cone: s = b - A x.
        cone = np.zeros((3, 2 * size))
        cone[0, size + i], cone[1, i] = 1.0, -1.0
        matrix.append(cone)
        bounds += [0.0, 0.0, asked[i]]
        cones.append(clarabel.ExponentialConeT())
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solved = clarabel.DefaultSolver(
        sparse.csc_matrix((2 * size, 2 * size)),
        np.append(np.zeros(size), np.ones(size)),
        sparse.csc_matrix(np.vstack(matrix)),
        np.array(bounds),
        cones,
        settings,
    ).solve()
    return np.array(solved.x)[:size]


def test_one_family_is_the_worked_example():
    """3.6: (.4, .3, .2, .1) in X X Y Y with X at .5."""
    weights = cap_families(np.array([0.4, 0.3, 0.2, 0.1]), [family("XXYY", 0.5)])

    np.testing.assert_allclose(weights, [0.285714, 0.214286, 0.333333, 0.166667], atol=5e-7)


def test_what_one_family_frees_does_not_break_the_other():
    """Sectors X and Y, currencies a and b. Scaling X to .5 alone would fill b beyond its half."""
    asked = np.array([0.5, 0.1, 0.1, 0.3])
    sector, currency = family("XXYY", 0.5, "sector"), family("abab", 0.5, "currency")

    weights = cap_families(asked, [sector, currency])

    # By symmetry w = (p, .5 - p, .5 - p, p), and p^2 / (.5 - p)^2 = .5 * .3 / (.1 * .1).
    share = np.sqrt(15.0) / (1.0 + np.sqrt(15.0)) / 2.0
    np.testing.assert_allclose(weights, [share, 0.5 - share, 0.5 - share, share], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_weights_equal_those_of_the_cone_solver(seed):
    rng = np.random.default_rng(seed)
    asked = rng.dirichlet(np.ones(24))
    families = [
        family(rng.choice(list("ABCDEF"), 24), rng.uniform(0.17, 0.4)),
        family(rng.choice(list("XYZ"), 24), rng.uniform(0.34, 0.6)),
    ]
    upper = 0.8 * float(asked.max())

    weights = cap_families(asked, families, upper=upper)

    theirs = nearest(asked, families, upper, weights.sum())
    np.testing.assert_allclose(weights, theirs, atol=3e-5)


def test_caps_without_room_for_all_leave_the_least_cash():
    """Both names of X are of currency a: a's cap of .3 leaves .4 for Y."""
    families = [family("XXY", 0.4), family("aab", 0.3)]

    weights = cap_families(np.array([0.4, 0.3, 0.3]), families)

    np.testing.assert_allclose(weights, [0.3 * 4 / 7, 0.3 * 3 / 7, 0.3], rtol=0, atol=1e-8)


def test_caps_that_leave_no_choice_still_find_the_weights():
    """Four names, of which the caps let each sector and currency hold one quarter: no freedom."""
    families = [family("ABAB", 0.25), family("xxyy", 0.25)]

    weights = cap_families(np.array([0.97, 0.01, 0.01, 0.01]), families)

    assert weights.sum() == pytest.approx(0.5, abs=1e-6)
    for each in families:
        assert (each.rows() @ weights <= 0.25 + 1e-9).all()


@pytest.mark.parametrize(
    ("asked", "caps", "upper", "expected"),
    [
        (
            [0.933, 0.063, 0.004],
            {"BCA": 0.66, "CCA": 0.72, "BAB": 0.56},
            0.37,
            [0.35, 0.37, 0.21],
        ),
        (
            [0.556, 0.393, 0.021, 0.019, 0.011],
            {"ABAAC": 0.26, "CCBBC": 0.4, "CBAAC": 0.47},
            0.14,
            [0.12, 0.14, 0.0735, 0.0665, 0.14],
        ),
    ],
)
def test_weights_that_stand_still_while_their_factors_grow_are_no_solution(
    asked, caps, upper, expected
):
    """They broke a cap by a hundredth: all that the caps let be invested leaves hardly a choice."""
    families = [family(labels, cap) for labels, cap in caps.items()]

    weights = cap_families(np.array(asked), families, upper=upper)

    np.testing.assert_allclose(weights, expected, atol=1e-4)
    assert weights.max() <= upper + 1e-9
    for each in families:
        assert (each.rows() @ weights <= each.cap + 1e-9).all()


def test_names_not_held_stay_so_and_nothing_held_is_nothing():
    families = [family("XXYY", 0.6), family("abab", 0.6)]

    weights = cap_families(np.array([0.8, 0.0, 0.0, 0.2]), families)

    assert weights[[1, 2]].tolist() == [0.0, 0.0]
    assert cap_families(np.zeros(4), families).tolist() == [0.0] * 4


def test_a_group_of_which_nothing_is_held_binds_nothing():
    families = [family("XYZ", 0.5), family("aaa", 0.8)]

    weights = cap_families(np.array([0.6, 0.4, 0.0]), families)

    np.testing.assert_allclose(weights, [0.48, 0.32, 0.0], atol=1e-8)


def test_a_family_names_a_group_for_each_asset():
    with pytest.raises(InvalidParameters, match="a cap by sector needs 3 labels, 2 found"):
        cap_families(np.ones(3) / 3, [family("XY", 0.5, "sector")])


@example(size=4, seed=2, first=0.25, second=0.25, upper=1.0)  # factors without end
@given(
    size=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
    first=st.floats(0.05, 1.0),
    second=st.floats(0.05, 1.0),
    upper=st.floats(0.05, 1.0),
)
def test_every_cap_holds_and_no_room_is_wasted_by_one_family(size, seed, first, second, upper):
    rng = np.random.default_rng(seed)
    asked = rng.dirichlet(np.ones(size)) * rng.uniform(0.2, 1.0)
    families = [
        family(rng.choice(list("ABC"), size), first),
        family(rng.choice(list("xy"), size), second),
    ]

    weights = cap_families(asked, families, upper=upper)

    assert (weights <= upper + 1e-9).all()
    assert weights.sum() <= asked.sum() + 1e-9
    for each in families:
        assert (each.rows() @ weights <= each.cap + 1e-9).all()
    alone = cap_families(asked, families[:1], upper=upper)
    rounds = cap_groups(asked, labels=families[0].labels, cap=first, upper=upper)
    assert alone.sum() == pytest.approx(rounds.sum(), abs=1e-7)
