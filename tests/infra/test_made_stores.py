"""What the cloud keeps for a stack: messages, objects, secrets, images."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.cloud import ACCOUNT, REGION, SECRETS, BuiltStack


def test_queue_hides_keeps_and_gives_up(stack: BuiltStack, ask: Any):
    sqs = ask("sqs")
    found = {}
    for name in ("backtest", "ingest"):
        url = sqs.get_queue_url(QueueName=f"parakeet-{stack.name}-{name}")["QueueUrl"]
        found[name] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert {name: found[name]["VisibilityTimeout"] for name in found} == {
        "backtest": "5400",
        "ingest": "1800",
    }
    for name, attributes in found.items():
        dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:parakeet-{stack.name}-{name}-dead-letters"
        assert json.loads(attributes["RedrivePolicy"]) == {
            "deadLetterTargetArn": dead,
            "maxReceiveCount": 5,
        }
        assert attributes["SqsManagedSseEnabled"] == "true"


def test_dead_letters_come_from_one_queue(stack: BuiltStack, ask: Any):
    sqs = ask("sqs")
    url = sqs.get_queue_url(QueueName=f"parakeet-{stack.name}-ingest-dead-letters")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert found["MessageRetentionPeriod"] == str(14 * 86_400)
    allow = stack.one("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "ingest").inputs
    assert allow["queueUrl"] == url
    assert json.loads(allow["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"arn:aws:sqs:{REGION}:{ACCOUNT}:parakeet-{stack.name}-ingest"],
    }


def test_bucket_is_closed_encrypted_and_ages(stack: BuiltStack, ask: Any):
    s3, bucket = ask("s3"), stack.outputs["bucketName"]

    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert len(block) == 4
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    owner = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert owner["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    ageing, *replaced = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [(move["Days"], move["StorageClass"]) for move in ageing["Transitions"]] == [
        (30, "STANDARD_IA"),
        (90, "GLACIER_IR"),
    ]
    assert ageing["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert len(replaced) == (1 if stack.name == "prod" else 0)


def test_only_production_keeps_versions(stack: BuiltStack, ask: Any):
    found = ask("s3").get_bucket_versioning(Bucket=stack.outputs["bucketName"])

    assert found.get("Status") == ("Enabled" if stack.name == "prod" else None)


def test_bucket_policy_refuses_what_comes_without_tls(stack: BuiltStack, ask: Any):
    """On a bucket of its own: moto is spoken to without TLS."""
    s3 = ask("s3")
    ours, bucket = stack.outputs["bucketName"], f"without-tls-{stack.name}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key="results/x", Body=b"x")
    (policy,) = stack.of("aws:s3/bucketPolicy:BucketPolicy")

    s3.put_bucket_policy(Bucket=bucket, Policy=policy.inputs["policy"].replace(ours, bucket))

    with pytest.raises(ClientError, match=r"Forbidden|AccessDenied|Access Denied"):
        s3.get_object(Bucket=bucket, Key="results/x")
    assert policy.inputs["bucket"] == ours


def test_secret_is_read_back(stack: BuiltStack, ask: Any):
    secrets = ask("secretsmanager")
    keys = {
        "database": "databaseUrl",
        "worker": "workerUrl",
        "migration": "migrationUrl",
        "edge": "edgeKeys",
        "tiingo": "tiingoKey",
    }

    for name, key in keys.items():
        found = secrets.get_secret_value(SecretId=f"parakeet/{stack.name}/{name}")
        assert found["SecretString"] == SECRETS[key]


def test_registry_keeps_what_was_pushed(stack: BuiltStack, ask: Any):
    ecr, name = ask("ecr"), f"parakeet-{stack.name}-worker"
    (found,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    policy = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    (pulls,) = policy["Statement"]

    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert pulls["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    functions = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:parakeet-{stack.name}-*"
    assert pulls["Condition"] == {"StringLike": {"aws:SourceArn": functions}}
