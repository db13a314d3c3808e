import pytest

from tests.infra.inside.grants import Grant, grants, without

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["a:Get", "a:Put"], "Resource": ["one", "two"]},
        {"Effect": "Allow", "Action": "b:Send", "Resource": "queue", "Condition": {"C": {}}},
    ],
}


def test_a_policy_falls_apart_into_single_grants():
    assert [str(grant) for grant in grants(POLICY)] == [
        "a:Get on one",
        "a:Get on two",
        "a:Put on one",
        "a:Put on two",
        "b:Send on queue",
    ]


@pytest.mark.parametrize("taken", list(grants(POLICY)), ids=str)
def test_exactly_one_grant_is_taken_out(taken):
    left = without(POLICY, taken)

    before = {(grant.action, grant.resource) for grant in grants(POLICY)}
    after = {(grant.action, grant.resource) for grant in grants(left)}
    assert before - after == {(taken.action, taken.resource)}
    assert after <= before


def test_a_condition_stays_with_what_it_is_about():
    left = without(POLICY, Grant("a:Get", "one", 0))

    assert [each.get("Condition") for each in left["Statement"]] == [None, None, {"C": {}}]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "a", "Resource": "b"},
        {"Effect": "Allow", "NotAction": "a", "Resource": "b"},
        {"Effect": "Allow", "Action": "a", "NotResource": "b"},
    ],
)
def test_what_is_no_plain_permission_is_refused(statement):
    with pytest.raises(ValueError, match="no plain permission"):
        list(grants({"Statement": [statement]}))
