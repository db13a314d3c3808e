"""The rules as Pulumi calls them: over its protocol, in a process of their own."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from policies import RULES
from policies.seen import Seen
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from tests.infra.cloud import ROOT, BuiltStack
from tests.infra.seen import changed, seen

BUCKET = "aws:s3/bucket:Bucket"
QUEUE = "aws:sqs/queue:Queue"
# How Pulumi writes a string that a preview cannot know yet.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# Inputs that are the ids of other resources, which are not made yet.
REFERENCES = ("apiId", "authorizerId", "bucket", "queueUrl", "secretId")


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Any]:
    """Run the pack as `pulumi up --policy-pack pulumi/policy` does, and speak to it."""
    pack = subprocess.Popen(
        [sys.executable, "__main__.py"],
        cwd=ROOT / "pulumi" / "policy",
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert pack.stdout is not None
        port = int(pack.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        pack.kill()
        pack.wait()
        if pack.stdout is not None:
            pack.stdout.close()


def test_pack_has_every_rule_and_none_may_be_overlooked(analyzer: Any):
    told = analyzer.GetAnalyzerInfo(analyzer_pb2.google_dot_protobuf_dot_empty__pb2.Empty())

    levels = {policy.name: policy.enforcementLevel for policy in told.policies}
    assert levels == dict.fromkeys((rule.name for rule in RULES), analyzer_pb2.MANDATORY)


def test_stack_passes(analyzer: Any, prod: BuiltStack):
    assert diagnose(analyzer, seen(prod)) == set()


def test_broken_stack_is_stopped(analyzer: Any, prod: BuiltStack):
    short = lambda queue: queue.update(visibilityTimeoutSeconds=60)  # noqa: E731

    found = diagnose(analyzer, changed(seen(prod), QUEUE, "backtest", short))

    assert found == {"visible-after-six-timeouts"}


def test_preview_is_not_stopped_by_what_it_cannot_know(analyzer: Any, prod: BuiltStack):
    unknown = [as_previewed(resource) for resource in seen(prod)]

    assert diagnose(analyzer, unknown) == set()


def as_previewed(resource: Seen) -> Seen:
    """Return the resource without an id, and unknown what its inputs take from others."""
    known = {
        key: UNKNOWN if key in REFERENCES and resource.type != BUCKET else _previewed(value)
        for key, value in resource.properties.items()
        if key != "id"
    }
    return Seen(
        type=resource.type,
        name=resource.name,
        urn=resource.urn,
        properties=known | {"arn": UNKNOWN},
    )


def _previewed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _previewed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_previewed(item) for item in value]
    return UNKNOWN if isinstance(value, str) and "arn:aws:" in value else value


def diagnose(analyzer: Any, resources: list[Seen]) -> set[str]:
    request = analyzer_pb2.AnalyzeStackRequest(
        resources=[
            analyzer_pb2.AnalyzerResource(
                type=resource.type,
                name=resource.name,
                urn=resource.urn,
                properties=ParseDict(_jsonable(resource.properties), Struct()),
            )
            for resource in resources
        ]
    )
    return {found.policyName for found in analyzer.AnalyzeStack(request).diagnostics}


def _jsonable(properties: Any) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}
