"""The role that deploys reaches what its stack is made of, and no other stack."""

import json
from fnmatch import fnmatchcase

import pytest

from tests.emulator import moto_server
from tests.infra.cloud import ACCOUNT, REGION, build
from tests.infra.moto_cloud import LACKING
from tests.operations.bootstrap import read, statements

# AWS names these itself: the role may use them all, by a list of actions.
UNNAMED = {"acm": "acm", "kms": "kms", "lambda:event-source-mapping": "lambda"}


@pytest.fixture(scope="module")
def prod():
    with moto_server() as url:
        return build("prod", url)


@pytest.fixture(scope="module")
def made(prod):
    """ARNs of prod as the emulator gave them."""
    return {
        resource.arn
        for resource in prod.resources
        if resource.type.startswith("aws:") and resource.arn and resource.type not in LACKING
    }


def unnamed(arn):
    _, _, service, _, _, name = arn.split(":", 5)
    return service in UNNAMED or f"{service}:{name.split(':')[0]}" in UNNAMED


def reach(stack):
    deploy = read(stack=stack, account=ACCOUNT, region=REGION)["Deploy"]
    named = {statement["Sid"]: statement for statement in statements(deploy)}
    return [*named["NamedResources"]["Resource"], named["FunctionRoles"]["Resource"]], named


def test_everything_of_the_stack_is_within_reach(made):
    patterns, named = reach("prod")
    beyond = {arn for arn in made if not any(fnmatchcase(arn, each) for each in patterns)}
    assert len(made - beyond) > 60
    assert {arn for arn in beyond if not unnamed(arn)} == set()
    services = {action.split(":")[0] for action in named["UnnamedResources"]["Action"]}
    assert {UNNAMED.get(arn.split(":")[2], "lambda") for arn in beyond} <= services


def test_nothing_of_it_is_within_reach_of_another_stacks_role(made):
    patterns, _ = reach("dev")
    assert not {arn for arn in made if any(fnmatchcase(arn, each) for each in patterns)}


def test_what_the_roles_are_given_lies_within_their_boundary(prod):
    """Else AWS would refuse them at run time what their own policies say."""
    found = read(stack="prod", account=ACCOUNT, region=REGION)["Boundary"]["Properties"]
    within = {
        (action, pattern)
        for statement in found["PolicyDocument"]["Statement"]
        for action in statement["Action"]
        for pattern in listed(statement["Resource"])
    }
    granted = {
        (action, arn)
        for policy in prod.of("aws:iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for action in statement["Action"]
        for arn in statement["Resource"]
    }
    assert len(granted) > 50
    assert {action for action, _ in granted} == {action for action, _ in within}
    assert not {
        (action, arn)
        for action, arn in granted
        if not any(action == a and fnmatchcase(arn, pattern) for a, pattern in within)
    }


def test_a_role_is_made_within_the_boundary_or_not_at_all():
    deploy = read(stack="prod", account=ACCOUNT, region=REGION)["Deploy"]
    makers = {"iam:CreateRole", "iam:PutRolePolicy"}
    (statement,) = (s for s in statements(deploy) if makers & set(listed(s["Action"])))

    assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": "Boundary"}}
    allowed = {action for s in statements(deploy) for action in listed(s["Action"])}
    beyond = ("Boundary", "iam:AttachRolePolicy", "iam:CreatePolicy", "iam:*")
    assert not [action for action in allowed if action.endswith(beyond)]


def listed(value):
    return value if isinstance(value, list) else [value]
