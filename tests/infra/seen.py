"""A built stack as the policies look at it, and copies of it with one thing changed."""

import copy
from collections.abc import Callable
from typing import Any

from policies.seen import Seen

from tests.infra.cloud import BuiltStack

Change = Callable[[dict[str, Any]], object]


def seen(stack: BuiltStack) -> list[Seen]:
    found = [
        Seen(
            type=made.type,
            name=made.name,
            urn=made.urn,
            properties=made.inputs | {"id": made.id, "arn": made.arn},
        )
        for made in stack.resources
    ]
    return [*found, outputs(stack, stack.outputs)]


def outputs(stack: BuiltStack, values: dict[str, Any]) -> Seen:
    """Return the stack's own resource, whose properties are what it exports."""
    kind, project = "pulumi:pulumi:Stack", "potential-parakeet"
    name = f"{project}-{stack.name}"
    urn = f"urn:pulumi:{stack.name}::{project}::{kind}::{name}"
    return Seen(type=kind, name=name, urn=urn, properties=values)


def changed(resources: list[Seen], kind: str, name: str, change: Change) -> list[Seen]:
    """Return the resources with the properties of exactly one of them changed."""
    (target,) = [found for found in resources if found.type == kind and found.name == name]
    properties = copy.deepcopy(dict(target.properties))
    change(properties)
    mutant = Seen(type=kind, name=name, urn=target.urn, properties=properties)
    return [mutant if found is target else found for found in resources]


def without(resources: list[Seen], kind: str, name: str) -> list[Seen]:
    left = [found for found in resources if (found.type, found.name) != (kind, name)]
    assert len(left) == len(resources) - 1
    return left
