"""What no function may do: tried with its role's credentials, one by one."""

import pytest
from botocore.exceptions import ClientError

from tests.infra.cloud import build
from tests.infra.inside.inside import Inside

KEY = "results/8d1f2c7e-0000-4000-8000-000000000001/1/orders.csv"
PANEL = "panels/abc.parquet"
DENIED = {
    "query": [
        ("sqs:ReceiveMessage", "backtest"),
        ("sqs:DeleteMessage", "backtest"),
        ("sqs:PurgeQueue", "backtest"),
        ("sqs:SendMessage", "backtest-dead-letters"),
        ("sqs:SendMessage", "ingest-dead-letters"),
        ("sqs:ReceiveMessage", "ingest"),
        ("s3:PutObject", KEY),
        ("s3:DeleteObject", KEY),
        ("s3:GetObject", PANEL),
        ("s3:GetObject", "other/secret.csv"),
        ("secretsmanager:GetSecretValue", "worker"),
        ("secretsmanager:GetSecretValue", "migration"),
        ("secretsmanager:PutSecretValue", "edge"),
        ("secretsmanager:DeleteSecret", "database"),
    ],
    "backtest": [
        ("sqs:ReceiveMessage", "ingest"),
        ("sqs:ReceiveMessage", "backtest-dead-letters"),
        ("sqs:SendMessage", "backtest-dead-letters"),
        ("sqs:SendMessage", "ingest"),
        ("sqs:PurgeQueue", "backtest"),
        ("s3:DeleteObject", KEY),
        ("s3:DeleteObject", PANEL),
        ("s3:PutObject", "other/object"),
        ("s3:GetObject", "other/object"),
        ("s3:DeleteBucket", ""),
        ("secretsmanager:GetSecretValue", "database"),
        ("secretsmanager:GetSecretValue", "edge"),
        ("secretsmanager:GetSecretValue", "migration"),
    ],
    "ingest": [
        ("sqs:ReceiveMessage", "backtest"),
        ("sqs:DeleteMessage", "backtest"),
        ("s3:DeleteObject", KEY),
        ("s3:PutObject", "other/object"),
        ("secretsmanager:GetSecretValue", "edge"),
        ("secretsmanager:GetSecretValue", "migration"),
    ],
    "sweeper": [
        ("sqs:ReceiveMessage", "backtest"),
        ("sqs:DeleteMessage", "ingest"),
        ("s3:GetObject", KEY),
        ("s3:PutObject", KEY),
        ("s3:DeleteObject", PANEL),
        ("s3:ListBucket", "panels/"),
        ("secretsmanager:GetSecretValue", "edge"),
    ],
    "migrate": [
        ("sqs:SendMessage", "backtest"),
        ("s3:GetObject", KEY),
        ("s3:ListBucket", "results/"),
        ("secretsmanager:GetSecretValue", "worker"),
        ("secretsmanager:GetSecretValue", "edge"),
    ],
}
CASES = [(name, action, on) for name, tried in DENIED.items() for action, on in tried]


@pytest.fixture(scope="module")
async def roles(elsewhere):
    """The stack's roles, without its functions."""
    async with Inside.open(build("dev", endpoint=elsewhere), "postgresql://", None, None) as inside:
        for key in (KEY, PANEL, "other/object", "other/secret.csv"):
            await inside.operator["s3"].put_object(Bucket=inside.bucket, Key=key, Body=b"x")
        yield inside


def test_the_list_is_long_enough():
    assert len(CASES) == len(set(CASES)) >= 40


@pytest.mark.parametrize(("name", "action", "on"), CASES)
async def test_denied(name: str, action: str, on: str, roles: Inside):
    with pytest.raises(ClientError) as refused:
        await attempt(roles, name, action, on)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    # The operator may: what is refused is the role, not a request nobody could make.
    if action in HARMLESS:
        await attempt(roles, "operator", action, on)


HARMLESS = ("sqs:SendMessage", "s3:GetObject", "s3:PutObject", "s3:ListBucket")


async def attempt(inside: Inside, role: str, action: str, on: str) -> None:
    service, _, verb = action.partition(":")
    client = await inside.lent(service, role)
    match service:
        case "sqs":
            await on_queue(client, inside, verb, on)
        case "s3":
            await on_bucket(client, inside, verb, on)
        case "secretsmanager":
            await on_secret(client, inside, verb, on)


async def on_queue(sqs, inside: Inside, verb: str, name: str) -> None:
    url = inside.queue_url("backtest").replace("-backtest", f"-{name}")
    match verb:
        case "SendMessage":
            await sqs.send_message(QueueUrl=url, MessageBody="x")
        case "ReceiveMessage":
            await sqs.receive_message(QueueUrl=url)
        case "DeleteMessage":
            await sqs.delete_message(QueueUrl=url, ReceiptHandle="x")
        case "PurgeQueue":
            await sqs.purge_queue(QueueUrl=url)


async def on_bucket(s3, inside: Inside, verb: str, key: str) -> None:
    match verb:
        case "PutObject":
            await s3.put_object(Bucket=inside.bucket, Key=key, Body=b"x")
        case "GetObject":
            answer = await s3.get_object(Bucket=inside.bucket, Key=key)
            await answer["Body"].read()
        case "DeleteObject":
            await s3.delete_object(Bucket=inside.bucket, Key=key)
        case "ListBucket":
            await s3.list_objects_v2(Bucket=inside.bucket, Prefix=key)
        case "DeleteBucket":
            await s3.delete_bucket(Bucket=inside.bucket)


async def on_secret(secrets, inside: Inside, verb: str, name: str) -> None:
    secret = f"parakeet/{inside.stack.name}/{name}"
    match verb:
        case "GetSecretValue":
            await secrets.get_secret_value(SecretId=secret)
        case "PutSecretValue":
            await secrets.put_secret_value(SecretId=secret, SecretString="x")
        case "DeleteSecret":
            await secrets.delete_secret(SecretId=secret)


async def test_the_bucket_refuses_whoever_comes_without_tls(roles: Inside):
    """The policy the emulator is otherwise spared: here everybody comes without."""
    made = roles.stack.one("aws:s3/bucketPolicy:BucketPolicy", "lake")
    s3 = roles.operator["s3"]
    await s3.put_bucket_policy(Bucket=roles.bucket, Policy=made.inputs["policy"])
    try:
        with pytest.raises(ClientError) as refused:
            await s3.get_object(Bucket=roles.bucket, Key=KEY)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    finally:
        roles.guard(on=False)
        await s3.delete_bucket_policy(Bucket=roles.bucket)
        roles.guard(on=True)
