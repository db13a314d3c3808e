"""What the roles of a stack may do, as the cloud has them."""

from typing import Any

import pytest

from tests.infra.cloud import ACCOUNT, FUNCTIONS, REGION, BuiltStack

GRANTS = {
    "query": {
        "secretsmanager:GetSecretValue": ["secret/database", "secret/edge"],
        "sqs:SendMessage": ["queue/backtest"],
        "s3:GetObject": ["lake/results/*"],
        "s3:ListBucket": ["lake"],
    },
    "backtest": {
        "secretsmanager:GetSecretValue": ["secret/worker"],
        "s3:GetObject": ["lake/results/*", "lake/panels/*"],
        "s3:PutObject": ["lake/results/*", "lake/panels/*"],
        "s3:AbortMultipartUpload": ["lake/results/*", "lake/panels/*"],
        "s3:ListBucket": ["lake"],
        "sqs:ReceiveMessage": ["queue/backtest"],
        "sqs:DeleteMessage": ["queue/backtest"],
        "sqs:GetQueueAttributes": ["queue/backtest"],
        # A search that was claimed hands its parts out.
        "sqs:SendMessage": ["queue/backtest"],
    },
    "ingest": {
        "secretsmanager:GetSecretValue": ["secret/worker", "secret/tiingo"],
        "s3:GetObject": ["lake/results/*"],
        "s3:PutObject": ["lake/results/*"],
        "sqs:ReceiveMessage": ["queue/ingest"],
        "sqs:DeleteMessage": ["queue/ingest"],
        "sqs:GetQueueAttributes": ["queue/ingest"],
    },
    "sweeper": {
        "secretsmanager:GetSecretValue": ["secret/worker"],
        "sqs:SendMessage": ["queue/backtest", "queue/ingest"],
        "s3:DeleteObject": ["lake/results/*"],
        "s3:ListBucket": ["lake"],
    },
    "migrate": {"secretsmanager:GetSecretValue": ["secret/migration"]},
}
TELEMETRY = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_role_may_do_what_its_handler_does(stack: BuiltStack, ask: Any, function: str):
    name = f"parakeet-{stack.name}-{function}"
    found = ask("iam").get_role_policy(RoleName=name, PolicyName=function)["PolicyDocument"]

    granted: dict[str, list[str]] = {}
    for statement in found["Statement"]:
        for action in set(statement["Action"]) - TELEMETRY:
            resources = [short(stack, resource) for resource in statement["Resource"]]
            granted[action] = granted.get(action, []) + resources
    assert granted == GRANTS[function]


def short(stack: BuiltStack, arn: str) -> str:
    """Return the ARN without what all of the stack's have in common."""
    *_, kind, resource = arn.split(":", 5)[2:]
    if kind == "" and resource.startswith(f"parakeet-{stack.name}-lake"):
        return "lake" + resource.removeprefix(stack.outputs["bucketName"])
    if resource.startswith("secret:"):
        return "secret/" + resource.split("/")[-1].rpartition("-")[0]
    return "queue/" + resource.removeprefix(f"parakeet-{stack.name}-")


def test_schedule_may_do_its_one_thing(stack: BuiltStack, ask: Any):
    iam, prefix = ask("iam"), f"parakeet-{stack.name}"
    allowed = {}
    for name in ("asx-close", "us-close", "sweep"):
        role = f"{prefix}-{name}-schedule"
        found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        (statement,) = found["Statement"]
        allowed[name] = (
            statement["Action"],
            [arn.partition(prefix)[2] for arn in statement["Resource"]],
        )
        (trust,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT

    sends = ["sqs:SendMessage"], ["-ingest", "-ingest-dead-letters"]
    invokes = ["lambda:InvokeFunction"], ["-sweeper:live"]
    assert allowed == {"asx-close": sends, "us-close": sends, "sweep": invokes}


def test_codedeploy_may_read_the_alarms_it_waits_for(stack: BuiltStack, ask: Any):
    """AWS judges DescribeAlarms by `alarm:*`, whichever alarms the call names."""
    name = f"parakeet-{stack.name}-query-deploy"
    found = ask("iam").get_role_policy(RoleName=name, PolicyName="deploy")["PolicyDocument"]

    reads = [
        statement["Resource"]
        for statement in found["Statement"]
        if statement["Action"] == ["cloudwatch:DescribeAlarms"]
    ]
    assert reads == [[f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"]]


def test_no_role_can_be_given_more_than_the_stacks_boundary(stack: BuiltStack, ask: Any):
    roles = ask("iam").list_roles()["Roles"]
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/parakeet-{stack.name}-boundary"
    ours = [role["RoleName"] for role in roles if role["RoleName"].startswith("parakeet-")]

    found = {
        ask("iam").get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
        for name in ours
        if name.startswith(f"parakeet-{stack.name}-")
    }
    assert (found, len(ours) >= 13) == ({boundary}, True)
