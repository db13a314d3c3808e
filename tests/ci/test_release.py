"""A deployment's steps, against answers that botocore checks by AWS's own service model."""

import io
import json
from contextlib import ExitStack

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

ORDER = ["migrate", "sweeper", "ingest", "backtest", "query"]


@pytest.fixture
def services(monkeypatch):
    """Clients of Lambda and CodeDeploy, each with what will be asked of it and answered."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody's")
    with ExitStack() as stubs:
        made = []
        for service in ("lambda", "codedeploy"):
            client = boto3.client(service, region_name="ap-southeast-2")
            made += [client, stubs.enter_context(Stubber(client))]
        yield made
        for stub in (made[1], made[3]):
            stub.assert_no_pending_responses()


def versions(stub, name, *numbers):
    found = [{"FunctionName": name, "Version": number} for number in ("$LATEST", *numbers)]
    stub.add_response("list_versions_by_function", {"Versions": found}, {"FunctionName": name})


def alias(stub, name, serving, *published):
    stub.add_response(
        "get_alias", {"FunctionVersion": serving}, {"FunctionName": name, "Name": "live"}
    )
    versions(stub, name, *published)


def deployment(stub, name, current, target, *statuses):
    properties = {
        "Name": name,
        "Alias": "live",
        "CurrentVersion": current,
        "TargetVersion": target,
    }
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}
    content = json.dumps({"version": 0.0, "Resources": [{"function": resource}]})
    stub.add_response(
        "create_deployment",
        {"deploymentId": "d-1"},
        {
            "applicationName": name,
            "deploymentGroupName": name,
            "revision": {
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": content},
            },
        },
    )
    for status in statuses:
        info = {"status": status, "errorInformation": {"code": "ALARM_ACTIVE"}}
        stub.add_response("get_deployment", {"deploymentInfo": info}, {"deploymentId": "d-1"})


def migrated(stub, answer):
    versions(stub, "parakeet-dev-migrate", "9", "10")
    answer["Payload"] = StreamingBody(io.BytesIO(answer["Payload"]), len(answer["Payload"]))
    asked = {"FunctionName": "parakeet-dev-migrate", "Qualifier": "10", "Payload": b"{}"}
    stub.add_response("invoke", answer, asked)


def test_the_image_that_serves_is_read_through_the_alias(services, release):
    functions, stub, _, _ = services
    uri = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/parakeet-dev-worker@sha256:0"
    asked = {"FunctionName": "parakeet-dev-backtest", "Qualifier": "live"}
    stub.add_response("get_function", {"Code": {"ImageUri": uri}}, asked)
    assert release.image(functions, "dev") == uri


def test_the_newest_version_migrates(services, release):
    functions, stub, _, _ = services
    migrated(stub, {"Payload": b'{"revision": "0009"}'})
    assert release.migrate(functions, "dev") == "0009"


@pytest.mark.parametrize(
    "answer",
    [
        {"Payload": b'{"errorType": "Unavailable"}', "FunctionError": "Unhandled"},
        {"Payload": b"null"},
        {"Payload": b"{}"},
    ],
)
def test_a_migration_that_did_not_end_fails_the_deployment(services, release, answer):
    functions, stub, _, _ = services
    migrated(stub, answer)
    with pytest.raises(SystemExit, match="parakeet-dev-migrate version 10 did not migrate"):
        release.migrate(functions, "dev")


def test_each_alias_moves_to_the_highest_number_and_the_query_function_is_last(services, release):
    functions, asked, deploy, started = services
    for function in ORDER:
        alias(asked, f"parakeet-dev-{function}", "9", "9", "10")
        name = f"parakeet-dev-{function}"
        deployment(started, name, "9", "10", "Created", "InProgress", "Succeeded")
    assert release.shift(functions, deploy, "dev", pause_seconds=0) == [
        f"parakeet-dev-{function}: version 10 serves, 9 before" for function in ORDER
    ]


def test_a_function_without_a_new_version_is_left_alone(services, release):
    functions, asked, deploy, _ = services
    for function in ORDER:
        alias(asked, f"parakeet-dev-{function}", "3", "2", "3")
    lines = release.shift(functions, deploy, "dev", pause_seconds=0)
    assert lines[-1] == "parakeet-dev-query: version 3 already serves"


@pytest.mark.parametrize("end", ["Failed", "Stopped"])
def test_an_alarm_that_moved_the_alias_back_fails_the_deployment(services, release, end):
    functions, asked, deploy, started = services
    alias(asked, "parakeet-dev-migrate", "1", "1", "2")
    deployment(started, "parakeet-dev-migrate", "1", "2", "InProgress", end)
    with pytest.raises(SystemExit, match=rf"d-1 {end}.*ALARM_ACTIVE"):
        release.shift(functions, deploy, "dev", pause_seconds=0)
