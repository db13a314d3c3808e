"""The grants of a role, one action on one resource each, and those no handler of ours needs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action that a role may do on one resource."""

    action: str
    resource: str
    statement: int

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


# Granted for what AWS does in our name, or for what no test can bring about here.
NEVER_EXERCISED = {
    "logs:CreateLogStream": "Lambda itself writes what a function prints, as its role",
    "logs:PutLogEvents": "Lambda itself writes what a function prints, as its role",
    "xray:PutTraceSegments": "Lambda's own daemon takes the segments and sends them, as the role",
    "xray:PutTelemetryRecords": "Lambda's own daemon reports about itself, as the role",
    "s3:AbortMultipartUpload": "only when a part of an object over 16 MiB cannot be stored",
}


def grants(policy: Policy) -> Iterator[Grant]:
    """Take a policy apart; one that denies, or speaks of all but something, is not ours."""
    for number, statement in enumerate(policy["Statement"]):
        if statement["Effect"] != "Allow" or {"NotAction", "NotResource"} & set(statement):
            raise ValueError(f"a statement is no plain permission: {json.dumps(statement)}")
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield Grant(action, resource, number)


def without(policy: Policy, grant: Grant) -> dict[str, Any]:
    """Return the policy with this one grant taken out, and every other left as it is."""
    kept = []
    for number, statement in enumerate(policy["Statement"]):
        if number != grant.statement:
            kept.append(statement)
            continue
        for action in listed(statement["Action"]):
            resources = [
                resource
                for resource in listed(statement["Resource"])
                if (action, resource) != (grant.action, grant.resource)
            ]
            if resources:
                kept.append({**statement, "Action": [action], "Resource": resources})
    return {**policy, "Statement": kept}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
