"""The rules as Pulumi calls them, over what a preview or an update knows."""

from collections.abc import Callable, Mapping
from typing import Any

from policies import RULES
from policies.seen import UNKNOWN, Rule, Seen
from pulumi_policy import (
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError


def wrapped_rules() -> list[StackValidationPolicy]:
    return [
        StackValidationPolicy(
            name=rule.name, description=rule.description, validate=_validation(rule)
        )
        for rule in RULES
    ]


def _validation(rule: Rule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(stack: StackValidationArgs, report: ReportViolation) -> None:
        seen = [_seen(resource) for resource in stack.resources]
        for violation in rule.check(seen):
            report(str(violation), violation.resource.urn)

    return validate


def _seen(resource: PolicyResource) -> Seen:
    return Seen(
        type=resource.resource_type,
        name=resource.name,
        urn=resource.urn,
        properties=_known(resource.props),
    )


def _known(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(properties, key) for key in properties}


def _value(container: Any, key: Any) -> Any:
    """Return the value with UNKNOWN in the place of what a preview cannot tell."""
    try:
        value = container[key]
    except UnknownValueError:
        return UNKNOWN
    if isinstance(value, str):
        return value
    if hasattr(value, "keys"):
        return _known(value)
    if hasattr(value, "__getitem__"):
        return [_value(value, i) for i in range(len(value))]
    return value
