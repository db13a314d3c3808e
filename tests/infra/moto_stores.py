"""How buckets, queues and secrets are made in moto."""

from tests.infra.moto_cloud import Cloud, Inputs, Made, makes, pascal, tag_list


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
