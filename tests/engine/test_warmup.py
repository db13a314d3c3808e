import pytest

from engine.warmup import deciding_parameter, sessions_needed

TERMS = ((1, {"slow": 1}), (253, {}), (21, {"months": 21, "skip": 5}))


@pytest.mark.parametrize(
    ("parameters", "needed", "deciding"),
    [
        ({"slow": 200, "months": 3, "skip": 0}, 253, None),
        ({"slow": 400, "months": 3, "skip": 0}, 401, "slow"),
        ({"slow": 50, "months": 12, "skip": 60}, 573, "skip"),
        ({"slow": None, "months": None, "skip": 900}, 253, None),
        ({"slow": 300, "months": None, "skip": 900}, 301, "slow"),
    ],
)
def test_the_longest_term_is_the_warm_up(parameters, needed, deciding):
    assert sessions_needed(TERMS, parameters) == needed
    assert deciding_parameter(TERMS, parameters) == deciding


def test_no_term_asks_for_the_decision_s_session_alone():
    assert sessions_needed((), {}) == 1
    assert sessions_needed(((1, {}),), {"any": 5}) == 1


def test_a_floor_given_by_an_optional_parameter_counts_only_while_it_is_given():
    floor = ((1, {"window": 1}), (252, {"stop": 0}))

    assert sessions_needed(floor, {"window": 5, "stop": None}) == 6
    assert sessions_needed(floor, {"window": 5, "stop": 0.2}) == 252
    assert deciding_parameter(floor, {"window": 5, "stop": 0.2}) is None
