"""What a role may do, as statements about named resources."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

Condition = Mapping[str, Mapping[str, pulumi.Input[str] | Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Actions that succeed on these resources, and nowhere else."""

    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    condition: Condition | None = None


def policy(grants: Sequence[Grant]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": [_statement(grant) for grant in grants]}
    )


def trust(service: str, condition: Condition | None = None) -> str:
    """Let one AWS service take the role, optionally only on behalf of certain resources."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        **({"Condition": condition} if condition else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _statement(grant: Grant) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Action": list(grant.actions),
        "Resource": list(grant.resources),
    }
    if grant.condition is not None:
        statement["Condition"] = grant.condition
    return statement
