"""What is held where a decision cannot be carried out, and that it is never silent."""

import numpy as np
import pytest

from engine.decide import Targets
from engine.errors import Infeasible, InvalidParameters, Refused
from engine.limits import Constraints, constrain
from engine.weighting import hierarchical
from tests.engine.panels import make_closes, make_panel

ROW = 300
PANEL = make_panel(
    make_closes(sessions=320, assets=4),
    groups={
        "SECTOR": ("Energy", "Energy", "Banks", "Banks"),
        "CURRENCY": ("AUD", "USD", "AUD", "USD"),
    },
)
DAY = str(PANEL.session[ROW].astype("datetime64[D]"))


def targets(*weights, refused=None):
    """Return decisions on consecutive sessions from ROW on."""
    rows = ROW + np.arange(len(weights))
    return Targets(
        rows=rows,
        instants=PANEL.closes_at[rows, 0],
        weights=np.array(weights, np.float64),
        reasons={},
        refused={} if refused is None else {ROW: refused},
    )


def refusal(*chosen):
    return Refused(
        "singular_covariance: 10 observations, 50 assets", method="nco", chosen=np.array(chosen)
    )


def records(done):
    return done.diagnostics["fallbacks"]["records"]


THREE = (0.5, 0.3, 0.2, 0.0)


def test_by_default_what_is_allowed_is_held_and_the_rest_is_cash():
    done, notes = constrain(PANEL, targets(THREE), Constraints(max_weight=0.3))

    np.testing.assert_allclose(done.weights, [[0.3, 0.3, 0.3, 0.0]], atol=1e-12)
    assert notes == (f"{DAY}: max_weight 0.30 x 3 held = 0.90 < 1.00",)
    assert records(done) == [
        {
            "day": DAY,
            "asked": "limits",
            "used": "limits",
            "why": ["max_weight 0.30 x 3 held = 0.90 < 1.00"],
            "relaxed": [],
        }
    ]


def test_the_counter_tells_how_many_decisions_fell_back():
    limits = Constraints(max_weight=0.5)

    done, notes = constrain(PANEL, targets((0.6, 0, 0, 0), (0.4, 0.6, 0, 0), THREE), limits)

    assert done.diagnostics["fallbacks"]["summary"] == "fallback on 1 of 3 decisions"
    assert len(notes) == 1


def test_what_holds_leaves_no_record():
    done, notes = constrain(PANEL, targets(THREE), Constraints(max_weight=0.5))

    assert notes == ()
    assert done.diagnostics == {}


@pytest.mark.parametrize(
    ("limits", "weights", "relaxed"),
    [
        ({"max_weight": 0.3}, [1 / 3, 1 / 3, 1 / 3, 0], "max_weight 0.3 relaxed to 0.3333"),
        ({"min_weight": 0.4}, [1 / 3, 1 / 3, 1 / 3, 0], "min_weight 0.4 relaxed to 0.3333"),
        ({"group_cap": 0.4}, [0.3125, 0.1875, 0.5, 0], "group_cap 0.4 relaxed to 0.5"),
        (
            {"max_weight": 0.2, "max_positions": 2},
            [0.5, 0.5, 0, 0],
            "max_weight 0.2 relaxed to 0.5",
        ),
    ],
)
def test_a_limit_is_loosened_as_little_as_it_takes(limits, weights, relaxed):
    done, notes = constrain(PANEL, targets(THREE), Constraints(on_infeasible="RELAX", **limits))

    np.testing.assert_allclose(done.weights, [weights], atol=1e-9)
    assert records(done)[0]["relaxed"] == [relaxed]
    assert relaxed in notes[0]


def test_caps_by_two_groupings_hold_together():
    limits = Constraints(group_cap=0.5, group_caps=[{"by": "CURRENCY", "cap": 0.5}])

    done, notes = constrain(PANEL, targets((0.5, 0.1, 0.1, 0.3)), limits)

    assert notes == ()
    assert done.weights.sum() == pytest.approx(1.0, abs=1e-8)
    assert done.weights[0, :2].sum() <= 0.5 + 1e-9
    assert done.weights[0, [0, 2]].sum() <= 0.5 + 1e-9


def test_caps_by_two_groupings_that_leave_cash_are_told_and_loosened():
    tight = {"group_cap": 0.5, "group_caps": [{"by": "CURRENCY", "cap": 0.3}]}

    held, notes = constrain(PANEL, targets((0.5, 0.1, 0.1, 0.3)), Constraints(**tight))
    looser, _ = constrain(
        PANEL, targets((0.5, 0.1, 0.1, 0.3)), Constraints(on_infeasible="RELAX", **tight)
    )

    assert held.weights.sum() == pytest.approx(0.6, abs=1e-8)
    assert notes[0].endswith("caps by SECTOR 0.50, CURRENCY 0.30 leave room for 0.60 < 1.00")
    assert looser.weights.sum() == pytest.approx(1.0, abs=1e-8)
    assert records(looser)[0]["relaxed"] == ["cap by CURRENCY 0.3 relaxed to 0.5"]


def test_a_grouping_nobody_knows_is_refused():
    with pytest.raises(InvalidParameters, match="not grouped by MOON; choose one of SECTOR"):
        constrain(PANEL, targets(THREE), Constraints(group_caps=[{"by": "MOON", "cap": 0.5}]))


def test_several_limits_are_loosened_together():
    limits = Constraints(on_infeasible="RELAX", max_weight=0.2, group_cap=0.3)

    done, _ = constrain(PANEL, targets((0.4, 0.3, 0.2, 0.1)), limits)

    assert done.weights.sum() == pytest.approx(1.0, abs=1e-9)
    assert done.weights.max() == pytest.approx(0.25, abs=1e-9)
    assert records(done)[0]["relaxed"] == [
        "max_weight 0.2 relaxed to 0.25",
        "group_cap 0.3 relaxed to 0.5",
    ]


def test_the_tree_weighs_the_same_names_within_the_limits():
    limits = Constraints(on_infeasible="HRP", max_weight=0.3)

    done, _ = constrain(PANEL, targets(THREE), limits)

    np.testing.assert_allclose(done.weights, [[0.3, 0.3, 0.3, 0.0]], atol=1e-12)
    assert records(done)[0]["used"] == "hrp"


def test_what_was_held_stays_where_that_is_asked():
    limits = Constraints(on_infeasible="KEEP", max_weight=0.4)

    done, notes = constrain(PANEL, targets((0.4, 0.3, 0.3, 0), (0.5, 0.5, 0, 0)), limits)

    assert done.rows.tolist() == [ROW]
    assert records(done)[0]["used"] == "what was held"
    assert notes[0].endswith("; used what was held for limits")


def test_a_run_that_must_not_fall_back_ends_with_the_day_and_the_numbers():
    limits = Constraints(on_infeasible="FAIL", max_weight=0.3)

    with pytest.raises(Infeasible, match=rf"limits on {DAY}: max_weight 0.30 x 3 held = 0.90"):
        constrain(PANEL, targets(THREE), limits)


def test_minima_that_have_no_room_are_said_and_the_smallest_names_go():
    done, notes = constrain(PANEL, targets(THREE), Constraints(min_weight=0.4))

    np.testing.assert_allclose(done.weights, [[0.6, 0.4, 0.0, 0.0]], atol=1e-9)
    assert notes == (f"{DAY}: min_weight 0.40 x 3 held = 1.20 > 1.00",)
    assert done.reasons == {"below_min_weight": 1}


@pytest.mark.parametrize("policy", ["CASH", "RELAX"])
def test_a_method_without_an_answer_leaves_cash_and_says_so(policy):
    limits = Constraints(on_infeasible=policy)

    done, notes = constrain(PANEL, targets((0, 0, 0, 0), refused=refusal(0, 1)), limits)

    assert done.weights.tolist() == [[0, 0, 0, 0]]
    assert notes == (f"{DAY}: singular_covariance: 10 observations, 50 assets; used cash for nco",)
    assert records(done)[0]["asked"] == "nco"


def test_a_target_out_of_reach_is_loosened_to_what_is_attainable():
    """Within the run's own limits; both are told."""
    refused = Refused(
        "target return 14.0% > best attainable 11.2%",
        method="mean_variance",
        chosen=np.array([3, 1]),
        nearest=np.array([0.7, 0.3]),
        loosened="target return 14.0% relaxed to 11.2%",
    )
    asked = targets((0, 0, 0, 0), refused=refused)

    done, _ = constrain(PANEL, asked, Constraints(on_infeasible="RELAX"))
    capped, _ = constrain(PANEL, asked, Constraints(on_infeasible="RELAX", max_weight=0.4))

    assert done.weights.tolist() == [[0.0, 0.3, 0.0, 0.7]]
    assert capped.weights.tolist() == [[0.0, 0.5, 0.0, 0.5]]
    assert records(done)[0]["used"] == "mean_variance"
    assert records(done)[0]["relaxed"] == ["target return 14.0% relaxed to 11.2%"]
    assert records(capped)[0]["relaxed"] == [
        "target return 14.0% relaxed to 11.2%",
        "max_weight 0.4 relaxed to 0.5",
    ]


def test_a_method_without_an_answer_is_replaced_by_the_tree():
    limits = Constraints(on_infeasible="HRP")

    done, notes = constrain(PANEL, targets((0, 0, 0, 0), refused=refusal(0, 2)), limits)

    window = PANEL.window(ROW, 253, int(PANEL.closes_at[ROW, 0]))
    tree = hierarchical(window, np.array([0, 2]), lookback=252, linkage="ward")
    np.testing.assert_array_equal(done.weights[0, [0, 2]], tree.weights)
    assert done.weights[0, [1, 3]].tolist() == [0.0, 0.0]
    assert notes[0].endswith("; used hrp for nco")


@pytest.mark.parametrize("policy", ["KEEP", "FAIL"])
def test_a_method_without_an_answer_keeps_or_fails(policy):
    asked, limits = targets((0, 0, 0, 0), refused=refusal(0)), Constraints(on_infeasible=policy)

    if policy == "FAIL":
        with pytest.raises(Infeasible, match=r"nco on 2001.*singular_covariance: 10 observations"):
            constrain(PANEL, asked, limits)
    else:
        assert len(constrain(PANEL, asked, limits)[0].rows) == 0


def test_the_tree_sees_nothing_after_its_decision():
    limits = Constraints(on_infeasible="HRP")
    close = np.array(PANEL.close)
    close[ROW + 1 :] *= 3.0
    other = make_panel(close, groups=PANEL.groups)

    before, _ = constrain(PANEL, targets((0, 0, 0, 0), refused=refusal(0, 1, 2)), limits)
    after, _ = constrain(other, targets((0, 0, 0, 0), refused=refusal(0, 1, 2)), limits)

    assert before.weights.tobytes() == after.weights.tobytes()


def test_the_tree_sees_no_bar_before_it_is_known():
    """A bar that comes a session late is as good as absent."""
    known_at, close = np.array(PANEL.known_at), np.array(PANEL.close)
    known_at[ROW, 0] = PANEL.closes_at[ROW + 1, 0]
    close[ROW, 0] = np.nan
    asked = targets((0, 0, 0, 0), refused=refusal(0, 1, 2))
    limits = Constraints(on_infeasible="HRP")

    late, _ = constrain(make_panel(PANEL.close, known_at=known_at), asked, limits)
    absent, _ = constrain(make_panel(close), asked, limits)
    prompt, _ = constrain(PANEL, asked, limits)

    assert late.weights.tobytes() == absent.weights.tobytes()
    assert late.weights.tobytes() != prompt.weights.tobytes()


def test_short_legs_pass_beside_a_decision_that_was_refused():
    short = (0.6, -0.4, 0.0, 0.0)

    done, _ = constrain(PANEL, targets((0, 0, 0, 0), short, refused=refusal(0)), Constraints())

    assert done.weights.tolist() == [[0, 0, 0, 0], list(short)]


def test_caps_as_stored_are_no_other_limit():
    assert Constraints(group_caps=[]) == Constraints()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"on_infeasible": "HOPE"}, "on_infeasible was HOPE; choose one of CASH, RELAX, HRP"),
        ({"band_fill": "BURN"}, "band_fill was BURN; choose one of CASH, SPREAD"),
        ({"relative_band": 0.6}, "relative_band was 0.6; give a fraction from 0 to 0.5"),
        ({"min_trade": -1.0}, "min_trade was -1.0; give an amount, 0 or more"),
        ({"min_trade": np.inf}, "min_trade was inf; give an amount, 0 or more"),
        ({"max_weight": float("nan")}, "max_weight was nan"),
        (
            {"group_caps": [{"by": "SECTOR", "cap": 0.0}]},
            "the cap by SECTOR was 0.0; give a fraction up to 1",
        ),
    ],
)
def test_limits_that_mean_nothing_are_refused(limits, message):
    with pytest.raises(InvalidParameters, match=message):
        Constraints(**limits)


@pytest.mark.parametrize(
    "stored",
    [{}, {"group_caps": []}, {"group_by": "CURRENCY"}, {"on_infeasible": "KEEP"}],
)
@pytest.mark.parametrize("trim", [{}, {"max_turnover": 0.2, "no_trade_band": 0.01}])
def test_short_legs_pass_where_nothing_bounds_them(stored, trim):
    # Constraints that were stored come back from JSON, with a list for what is a tuple here.
    asked = targets([0.5, -0.5, 0.0, 0.0])

    kept, notes = constrain(PANEL, asked, Constraints(**stored, **trim))

    assert kept is asked
    assert notes == ()


@pytest.mark.parametrize(
    "bound",
    [
        {"min_weight": 0.1},
        {"max_weight": 0.9},
        {"max_positions": 3},
        {"group_cap": 0.8},
        {"group_caps": [{"by": "CURRENCY", "cap": 0.8}]},
    ],
)
def test_a_bound_does_not_know_short_legs_and_says_so(bound):
    with pytest.raises(InvalidParameters, match="do not know short positions"):
        constrain(PANEL, targets([0.5, -0.5, 0.0, 0.0]), Constraints(**bound))
