"""Who may do what: named actions on named things, for one service each."""

import re
from collections.abc import Iterator
from typing import Any

from policies.seen import Resources, Violation, listed, of, violation

POLICIES = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
ATTACHMENTS = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)
# X-Ray's writes know no resources; alarms are read by who may read them all.
RESOURCELESS = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "cloudwatch:DescribeAlarms",
}
# The streams of a log group, the objects under a prefix of a bucket.
NAMED = re.compile(r"^arn:aws:(logs:[^*]+:log-group:[^*]+:\*|s3:::[^*/]+/[^*/]+/\*|[^*?]+)$")


def no_wildcard_iam(resources: Resources) -> Iterator[Violation]:
    """Grant named actions on named resources; never a whole service, never everything."""
    for policy in (resource for kind in POLICIES for resource in of(resources, kind)):
        for statement in listed(policy.document("policy").get("Statement")):
            yield from (violation(policy, why) for why in _wildcards(statement))


def _wildcards(statement: dict[str, Any]) -> Iterator[str]:
    if {"NotAction", "NotResource"} & set(statement):
        yield "a statement about everything but something grants what nobody listed"
    actions = listed(statement.get("Action"))
    for action in actions:
        if "*" in action or "?" in action:
            yield f"the action {action} is a pattern: name each action"
    for arn in listed(statement.get("Resource")):
        if not NAMED.match(arn) and not RESOURCELESS.issuperset(actions):
            yield f"the resource {arn} is a pattern: name the resource, or a prefix of a bucket"


def no_managed_policies(resources: Resources) -> Iterator[Violation]:
    """Attach no policy that somebody else may widen."""
    for attachment in (resource for kind in ATTACHMENTS for resource in of(resources, kind)):
        yield violation(attachment, "write the actions into the role's own policy")
    for role in of(resources, "aws:iam/role:Role"):
        if role.get("managedPolicyArns"):
            yield violation(role, "write the actions into the role's own policy")


def one_service_per_role(resources: Resources) -> Iterator[Violation]:
    """Let a role be taken by one AWS service and nobody else."""
    for role in of(resources, "aws:iam/role:Role"):
        for statement in listed(role.document("assumeRolePolicy").get("Statement")):
            principal = statement.get("Principal")
            services = principal.get("Service") if isinstance(principal, dict) else None
            if not isinstance(services, str) or set(principal) != {"Service"}:
                yield violation(role, f"{principal} may take it: name one service")


def one_role_per_function(resources: Resources) -> Iterator[Violation]:
    """Give each function a role of its own."""
    taken: dict[str, str] = {}
    for function in of(resources, "aws:lambda/function:Function"):
        role = str(function.get("role"))
        if role in taken and not function.is_unknown("role"):
            yield violation(function, f"its role is that of {taken[role]} too")
        taken[role] = function.name
