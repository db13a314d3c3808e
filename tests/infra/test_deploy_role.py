"""The role that deploys reaches what its stack is made of, and no other stack."""

from fnmatch import fnmatchcase

import pytest

from tests.emulator import moto_server
from tests.infra.cloud import ACCOUNT, REGION, build
from tests.infra.moto_cloud import LACKING
from tests.operations.bootstrap import read, statements

# AWS names these itself: the role may use them all, by a list of actions.
UNNAMED = {"acm": "acm", "kms": "kms", "lambda:event-source-mapping": "lambda"}


@pytest.fixture(scope="module")
def made():
    """ARNs of prod as the emulator gave them."""
    with moto_server() as url:
        stack = build("prod", url)
    return {
        resource.arn
        for resource in stack.resources
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
