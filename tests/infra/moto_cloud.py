"""Pulumi's mocks, whose every new AWS resource really is created in a moto server.

``MAKERS`` maps Pulumi's type to a function from inputs to (id, state). What moto lacks, or what
it would do instead of us, is in ``LACKING`` with the reason; the caller prints it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pulumi

ACCOUNT = "123456789012"
Made = tuple[str, dict[str, Any]]
Inputs = Mapping[str, Any]
Maker = Callable[["Cloud", Inputs], Made]

MAKERS: dict[str, Maker] = {}
LACKING = {
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        "moto has no provisioned concurrency"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        "moto is spoken to without TLS, so the policy would refuse every call of the tests;"
        " a test of its own puts it"
    ),
}


def makes(kind: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        MAKERS[kind] = maker
        return maker

    return register


class Cloud(pulumi.runtime.Mocks):
    """Creates in moto when it has an endpoint, otherwise answers plausible ids and ARNs."""

    def __init__(self, endpoint: str | None, region: str) -> None:
        self.endpoint, self.region = endpoint, region
        self.lacking: list[str] = []
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 moto looks at no signature
            )
        return self._clients[service]

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":  # noqa: S105
            arn = f"arn:aws:iam::{ACCOUNT}:user/tester"
            return {"accountId": ACCOUNT, "arn": arn, "id": ACCOUNT, "userId": "tester"}
        raise AssertionError(f"the program called {args.token}")

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = _plain(args.inputs)
        if not args.custom:
            return f"{args.name}-component", inputs
        if self.endpoint is None or args.typ.startswith("cloudflare:"):
            return self._plausible(args.typ, args.name, inputs)
        if args.typ in LACKING:
            self.lacking.append(f"{args.typ.split(':')[-1]} {args.name}: {LACKING[args.typ]}")
            return self._plausible(args.typ, args.name, inputs)
        made_id, state = MAKERS[args.typ](self, inputs)
        return made_id, inputs | state

    def _plausible(self, kind: str, name: str, inputs: Inputs) -> Made:
        service = kind.split("/", maxsplit=1)[0].removeprefix("aws:")
        physical = inputs.get("name") or name
        state = {
            "arn": f"arn:aws:{service}:{self.region}:{ACCOUNT}:{physical}",
            "name": physical,
            "url": f"https://{service}.{self.region}.amazonaws.com/{ACCOUNT}/{physical}",
            "version": "1",
        }
        return f"{name}-id", state | inputs


def _plain(value: Any) -> Any:
    """Open secrets and drop what was left out: boto refuses None."""
    if isinstance(value, pulumi.Output):
        raise TypeError("the monitor resolves outputs before it asks for a resource")
    if isinstance(value, dict):
        if "4dabf18193072939515e22adb298388d" in value:
            return _plain(value["value"])
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def pascal(value: Any) -> Any:
    """Return Pulumi's camelCase keys as AWS's: most APIs differ in the first letter only."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def tag_list(inputs: Inputs) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in inputs.get("tags", {}).items()]


@makes("aws:s3/bucket:Bucket")
def _bucket(cloud: Cloud, inputs: Inputs) -> Made:
    name, s3 = inputs["bucket"], cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(inputs)})
    return name, {"arn": f"arn:aws:s3:::{name}", "bucket": name}


@makes("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
def _public_access_block(cloud: Cloud, inputs: Inputs) -> Made:
    blocked = {key: value for key, value in pascal(inputs).items() if key != "Bucket"}
    cloud.client("s3").put_public_access_block(
        Bucket=inputs["bucket"], PublicAccessBlockConfiguration=blocked
    )
    return inputs["bucket"], {}


@makes("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
def _ownership(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("s3").put_bucket_ownership_controls(
        Bucket=inputs["bucket"], OwnershipControls={"Rules": [pascal(inputs["rule"])]}
    )
    return inputs["bucket"], {}


@makes("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
def _encryption(cloud: Cloud, inputs: Inputs) -> Made:
    (rule,) = inputs["rules"]
    algorithm = rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    cloud.client("s3").put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": [default]}
    )
    return inputs["bucket"], {}


@makes("aws:s3/bucketVersioning:BucketVersioning")
def _versioning(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("s3").put_bucket_versioning(
        Bucket=inputs["bucket"],
        VersioningConfiguration=pascal(inputs["versioningConfiguration"]),
    )
    return inputs["bucket"], {}


@makes("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
def _lifecycle(cloud: Cloud, inputs: Inputs) -> Made:
    rules = pascal(inputs["rules"])
    for rule in rules:
        rule["ID"] = rule.pop("Id")
    cloud.client("s3").put_bucket_lifecycle_configuration(
        Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": rules}
    )
    return inputs["bucket"], {}


QUEUE_ATTRIBUTES = {
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
}


@makes("aws:sqs/queue:Queue")
def _queue(cloud: Cloud, inputs: Inputs) -> Made:
    sqs = cloud.client("sqs")
    attributes = {name: str(inputs[key]) for key, name in QUEUE_ATTRIBUTES.items() if key in inputs}
    attributes["SqsManagedSseEnabled"] = str(inputs["sqsManagedSseEnabled"]).lower()
    url = sqs.create_queue(QueueName=inputs["name"], Attributes=attributes, tags=inputs["tags"])[
        "QueueUrl"
    ]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, {"url": url, "arn": found["Attributes"]["QueueArn"]}


@makes("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
def _redrive_allow(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=inputs["queueUrl"],
        Attributes={"RedriveAllowPolicy": inputs["redriveAllowPolicy"]},
    )
    return inputs["queueUrl"], {}


@makes("aws:iam/role:Role")
def _role(cloud: Cloud, inputs: Inputs) -> Made:
    role = cloud.client("iam").create_role(
        RoleName=inputs["name"],
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Tags=tag_list(inputs),
    )["Role"]
    return role["RoleName"], {"arn": role["Arn"], "name": role["RoleName"]}


@makes("aws:iam/rolePolicy:RolePolicy")
def _role_policy(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
    )
    return f"{inputs['role']}:{inputs['name']}", {}


@makes("aws:cloudwatch/logGroup:LogGroup")
def _log_group(cloud: Cloud, inputs: Inputs) -> Made:
    logs, name = cloud.client("logs"), inputs["name"]
    logs.create_log_group(logGroupName=name, tags=inputs["tags"])
    logs.put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
    return name, {"arn": f"arn:aws:logs:{cloud.region}:{ACCOUNT}:log-group:{name}"}


@makes("aws:lambda/function:Function")
def _function(cloud: Cloud, inputs: Inputs) -> Made:
    request = {
        "FunctionName": inputs["name"],
        "Role": inputs["role"],
        "PackageType": inputs["packageType"],
        "Architectures": inputs["architectures"],
        "MemorySize": inputs["memorySize"],
        "Timeout": inputs["timeout"],
        "Environment": pascal(inputs["environment"]) | inputs["environment"],
        "TracingConfig": pascal(inputs["tracingConfig"]),
        "LoggingConfig": pascal(inputs["loggingConfig"]),
        "Tags": inputs["tags"],
        "Publish": True,
    }
    request["Environment"] = {"Variables": inputs["environment"]["variables"]}
    made = cloud.client("lambda").create_function(**request, **_code(inputs))
    if reserved := inputs.get("reservedConcurrentExecutions"):
        cloud.client("lambda").put_function_concurrency(
            FunctionName=inputs["name"], ReservedConcurrentExecutions=reserved
        )
    arn = made["FunctionArn"].removesuffix(f":{made['Version']}")
    return inputs["name"], {"arn": arn, "version": made["Version"]}


def _code(inputs: Inputs) -> dict[str, Any]:
    if inputs["packageType"] == "Image":
        return {
            "Code": {"ImageUri": inputs["imageUri"]},
            "ImageConfig": {"Command": inputs["imageConfig"]["commands"]},
        }
    archive = Path(inputs["code"].path)
    return {
        "Code": {"ZipFile": archive.read_bytes()},
        "Runtime": inputs["runtime"],
        "Handler": inputs["handler"],
    }


@makes("aws:lambda/alias:Alias")
def _alias(cloud: Cloud, inputs: Inputs) -> Made:
    arn = cloud.client("lambda").create_alias(
        FunctionName=inputs["functionName"],
        Name=inputs["name"],
        FunctionVersion=inputs["functionVersion"],
    )["AliasArn"]
    invoke = f"arn:aws:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    return arn, {"arn": arn, "invokeArn": invoke}


@makes("aws:lambda/eventSourceMapping:EventSourceMapping")
def _mapping(cloud: Cloud, inputs: Inputs) -> Made:
    """Disabled, for moto would start it in Docker: the tests poll in its stead."""
    made = cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=inputs["eventSourceArn"],
        FunctionName=inputs["functionName"],
        Enabled=False,
        BatchSize=inputs["batchSize"],
        FunctionResponseTypes=inputs["functionResponseTypes"],
        ScalingConfig=pascal(inputs["scalingConfig"]),
    )
    return made["UUID"], {"uuid": made["UUID"], "arn": made.get("EventSourceMappingArn", "")}


@makes("aws:secretsmanager/secret:Secret")
def _secret(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("secretsmanager").create_secret(Name=inputs["name"], Tags=tag_list(inputs))
    return made["ARN"], {"arn": made["ARN"]}


@makes("aws:secretsmanager/secretVersion:SecretVersion")
def _secret_version(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("secretsmanager").put_secret_value(
        SecretId=inputs["secretId"], SecretString=inputs["secretString"]
    )
    return f"{made['ARN']}|{made['VersionId']}", {"arn": made["ARN"]}


@makes("aws:cloudwatch/metricAlarm:MetricAlarm")
def _alarm(cloud: Cloud, inputs: Inputs) -> Made:
    renamed = {"name": "alarmName", "alarmActions": "alarmActions", "okActions": "OKActions"}
    left = {"dimensions", "tags"}
    request = pascal({renamed.get(key, key): inputs[key] for key in inputs if key not in left})
    request["Dimensions"] = [
        {"Name": key, "Value": value} for key, value in inputs.get("dimensions", {}).items()
    ]
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(**request, Tags=tag_list(inputs))
    (made,) = cloudwatch.describe_alarms(AlarmNames=[inputs["name"]])["MetricAlarms"]
    return inputs["name"], {"arn": made["AlarmArn"]}


@makes("aws:kms/key:Key")
def _key(cloud: Cloud, inputs: Inputs) -> Made:
    kms = cloud.client("kms")
    made = kms.create_key(Description=inputs["description"], Policy=inputs["policy"])
    key = made["KeyMetadata"]
    if inputs["enableKeyRotation"]:
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return key["KeyId"], {"arn": key["Arn"], "keyId": key["KeyId"]}


@makes("aws:sns/topic:Topic")
def _topic(cloud: Cloud, inputs: Inputs) -> Made:
    arn = cloud.client("sns").create_topic(
        Name=inputs["name"],
        Attributes={"KmsMasterKeyId": inputs["kmsMasterKeyId"]},
        Tags=tag_list(inputs),
    )["TopicArn"]
    return arn, {"arn": arn}


@makes("aws:sns/topicPolicy:TopicPolicy")
def _topic_policy(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("sns").set_topic_attributes(
        TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"]
    )
    return inputs["arn"], {}


@makes("aws:sns/topicSubscription:TopicSubscription")
def _subscription(cloud: Cloud, inputs: Inputs) -> Made:
    arn = cloud.client("sns").subscribe(
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return arn, {"arn": arn}


@makes("aws:codedeploy/application:Application")
def _application(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("codedeploy").create_application(
        applicationName=inputs["name"], computePlatform=inputs["computePlatform"]
    )
    return made["applicationId"], {"applicationId": made["applicationId"]}


@makes("aws:codedeploy/deploymentGroup:DeploymentGroup")
def _deployment_group(cloud: Cloud, inputs: Inputs) -> Made:
    style, alarms = inputs["deploymentStyle"], inputs["alarmConfiguration"]
    made = cloud.client("codedeploy").create_deployment_group(
        applicationName=inputs["appName"],
        deploymentGroupName=inputs["deploymentGroupName"],
        deploymentConfigName=inputs["deploymentConfigName"],
        serviceRoleArn=inputs["serviceRoleArn"],
        deploymentStyle={
            "deploymentType": style["deploymentType"],
            "deploymentOption": style["deploymentOption"],
        },
        alarmConfiguration={
            "enabled": alarms["enabled"],
            "alarms": [{"name": name} for name in alarms["alarms"]],
        },
        autoRollbackConfiguration=inputs["autoRollbackConfiguration"],
    )
    return made["deploymentGroupId"], {"deploymentGroupId": made["deploymentGroupId"]}
