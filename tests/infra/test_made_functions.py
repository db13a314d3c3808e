"""The functions the cloud has for a stack: how they run, what starts them, how they change."""

import json
from typing import Any

import pytest

from tests.infra.cloud import ACCOUNT, FUNCTIONS, REGION, BuiltStack


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_runs_as_agreed(stack: BuiltStack, ask: Any, function: str):
    name = f"parakeet-{stack.name}-{function}"
    found = ask("lambda").get_function(FunctionName=name)
    made = found["Configuration"]

    assert made["Role"] == f"arn:aws:iam::{ACCOUNT}:role/{name}"
    assert made["Architectures"] == ["arm64"]
    assert made["TracingConfig"]["Mode"] == "Active"
    asked = stack.one("aws:lambda/function:Function", function).inputs["loggingConfig"]
    assert asked == {"logFormat": "JSON", "logGroup": f"/aws/lambda/{name}"}
    assert found["Tags"] == {
        "project": "potential-parakeet",
        "stack": stack.name,
        "component": function,
    }
    handler = f"api.lambdas.{function}.handler"
    if function == "query":
        assert (made["Runtime"], made["Handler"]) == ("python3.13", handler)
    else:
        assert found["Code"]["ImageUri"].endswith(f"@sha256:{'c' * 64}")
        assert made["ImageConfigResponse"]["ImageConfig"]["Command"] == [handler]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_alias_names_a_published_version(stack: BuiltStack, ask: Any, function: str):
    name = f"parakeet-{stack.name}-{function}"

    assert ask("lambda").get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "1"


@pytest.mark.parametrize(("worker", "batch"), [("backtest", 1), ("ingest", 10)])
def test_worker_takes_from_its_queue(stack: BuiltStack, ask: Any, worker: str, batch: int):
    name = f"parakeet-{stack.name}-{worker}"
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    (found,) = ask("lambda").list_event_source_mappings(EventSourceArn=source)[
        "EventSourceMappings"
    ]

    assert found["BatchSize"] == batch
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["FunctionArn"].startswith(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    mapping = stack.one("aws:lambda/eventSourceMapping:EventSourceMapping", worker)
    assert mapping.inputs["functionName"].endswith(f":function:{name}:live")
    assert mapping.inputs["scalingConfig"]["maximumConcurrency"] >= 2


def test_schedules_follow_the_exchanges(stack: BuiltStack, ask: Any):
    scheduler, group = ask("scheduler"), f"parakeet-{stack.name}"
    found = {
        name: scheduler.get_schedule(GroupName=group, Name=name)
        for name in ("asx-close", "us-close", "sweep")
    }

    assert {
        name: (made["ScheduleExpression"], made.get("ScheduleExpressionTimezone", "UTC"))
        for name, made in found.items()
    } == {
        "asx-close": ("cron(30 17 ? * MON-FRI *)", "Australia/Sydney"),
        "us-close": ("cron(0 18 ? * MON-FRI *)", "America/New_York"),
        "sweep": ("rate(1 minute)", "UTC"),
    }
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:parakeet-{stack.name}-ingest"
    assert found["us-close"]["Target"]["Arn"] == queue
    assert json.loads(found["us-close"]["Target"]["Input"]) == {
        "schemaVersion": 1,
        "schedule": "us-close",
        "time": "<aws.scheduler.scheduled-time>",
    }
    assert found["sweep"]["Target"]["Arn"].endswith(f":parakeet-{stack.name}-sweeper:live")
    assert {made["Target"]["RoleArn"].rpartition("/")[2] for made in found.values()} == {
        f"parakeet-{stack.name}-{name}-schedule" for name in found
    }


def test_canary_goes_back_on_its_functions_alarms(stack: BuiltStack, ask: Any):
    deploy, shifts = ask("codedeploy"), {}
    for function in FUNCTIONS:
        name = f"parakeet-{stack.name}-{function}"
        group = deploy.get_deployment_group(applicationName=name, deploymentGroupName=name)
        made = group["deploymentGroupInfo"]
        asked = stack.one("aws:codedeploy/deploymentGroup:DeploymentGroup", function).inputs
        assert set(asked["alarmConfiguration"]["alarms"]) == {
            f"{name}-{kind}" for kind in ("errors", "duration", "throttles")
        }
        assert made["autoRollbackConfiguration"]["enabled"] is True
        shifts[function] = made["deploymentConfigName"]

    assert shifts == {
        **dict.fromkeys(FUNCTIONS, "CodeDeployDefault.LambdaAllAtOnce"),
        "query": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    }


def test_production_is_warm_and_bounded(stack: BuiltStack):
    provisioned = stack.of("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    reserved = {
        made.name: made.inputs.get("reservedConcurrentExecutions")
        for made in stack.of("aws:lambda/function:Function")
    }

    alone = {"sweeper": 1, "migrate": 1} if stack.name != "dev" else {}
    busy = {"query": 200} if stack.name == "prod" else {}
    assert {name: count for name, count in reserved.items() if count} == alone | busy
    assert [
        (made.inputs["qualifier"], made.inputs["provisionedConcurrentExecutions"])
        for made in provisioned
    ] == ([("live", 2)] if stack.name == "prod" else [])
