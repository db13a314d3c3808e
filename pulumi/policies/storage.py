"""What is kept: closed, encrypted, never expired, recoverable."""

from collections.abc import Iterator

from policies.seen import Resources, Seen, Violation, listed, of, refers, violation

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 a type's name
LEAST_RECOVERY_DAYS = 7
# Any one of a type's properties encrypts it.
ENCRYPTING = {
    "aws:sqs/queue:Queue": ("sqsManagedSseEnabled", "kmsMasterKeyId"),
    "aws:sns/topic:Topic": ("kmsMasterKeyId",),
    "aws:ecr/repository:Repository": ("encryptionConfigurations",),
}


def no_public_bucket(resources: Resources) -> Iterator[Violation]:
    """Block public access four times over, and let nobody but the account own an object."""
    for bucket in of(resources, BUCKET):
        if not any(
            all(block.get(key) for key in BLOCKS) for block in _of(resources, BLOCK, bucket)
        ):
            yield violation(bucket, "public access is not blocked in all four ways")
        rules = [control.get("rule") for control in _of(resources, OWNERSHIP, bucket)]
        if not any(rule["objectOwnership"] == "BucketOwnerEnforced" for rule in rules):
            yield violation(bucket, "objects may belong to others: enforce the bucket's owner")
        if str(bucket.get("acl") or "private") != "private":
            yield violation(bucket, f"its ACL is {bucket.get('acl')}: leave it out")


def tls_only_bucket(resources: Resources) -> Iterator[Violation]:
    """Refuse every call of a bucket that comes without TLS."""
    for bucket in of(resources, BUCKET):
        if not any(_denies_plain(policy) for policy in _of(resources, POLICY, bucket)):
            yield violation(bucket, "its policy does not deny aws:SecureTransport = false")


def _denies_plain(policy: Seen) -> bool:
    if policy.is_unknown("policy"):
        return True
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Principal") == "*"
        and statement.get("Action") == "s3:*"
        and len(listed(statement.get("Resource"))) == 2
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in policy.document("policy")["Statement"]
    )


def encrypted_at_rest(resources: Resources) -> Iterator[Violation]:
    """Encrypt what is stored: buckets, queues, topics, images."""
    for bucket in of(resources, BUCKET):
        if not any(found.get("rules") for found in _of(resources, ENCRYPTION, bucket)):
            yield violation(bucket, "has no server-side encryption")
    for kind, keys in ENCRYPTING.items():
        for resource in of(resources, kind):
            if not any(resource.get(key) for key in keys):
                yield violation(resource, f"is not encrypted: set {' or '.join(keys)}")


def versions_in_production(resources: Resources) -> Iterator[Violation]:
    """Keep replaced objects of production for a while."""
    for bucket in of(resources, BUCKET):
        versioned = any(
            found.get("versioningConfiguration")["status"] == "Enabled"
            for found in _of(resources, VERSIONING, bucket)
        )
        if bucket.stack == "prod" and not versioned:
            yield violation(bucket, "is not versioned")


def nothing_current_expires(resources: Resources) -> Iterator[Violation]:
    """Move what is old to cheaper storage and abort uploads, but expire nothing current."""
    for bucket in of(resources, BUCKET):
        found = [rule for life in _of(resources, LIFECYCLE, bucket) for rule in life.get("rules")]
        if any(rule.get("expiration") for rule in found):
            yield violation(bucket, "a rule expires objects that results still point to")
        if not any(rule.get("abortIncompleteMultipartUpload") for rule in found):
            yield violation(bucket, "parts of uploads that never ended stay for ever")
        moves = [
            (move["days"], move["storageClass"])
            for rule in found
            for move in rule.get("transitions") or ()
        ]
        if moves != [(30, "STANDARD_IA"), (90, "GLACIER_IR")]:
            yield violation(bucket, f"objects move as {moves}, expected 30 and 90 days")


def recoverable_secrets(resources: Resources) -> Iterator[Violation]:
    """Keep a deleted secret for at least a week."""
    for secret in of(resources, SECRET):
        if (secret.get("recoveryWindowInDays") or 0) < LEAST_RECOVERY_DAYS:
            yield violation(secret, "would be gone at once when deleted")


def images_stay_what_they_were(resources: Resources) -> Iterator[Violation]:
    """Never move a tag, scan each image, and let old ones go."""
    lives = of(resources, "aws:ecr/lifecyclePolicy:LifecyclePolicy")
    for repository in of(resources, "aws:ecr/repository:Repository"):
        if repository.get("imageTagMutability") != "IMMUTABLE":
            yield violation(repository, "its tags may move")
        if not (repository.get("imageScanningConfiguration") or {}).get("scanOnPush"):
            yield violation(repository, "its images are not scanned")
        if not any(refers(life, "repository", repository) for life in lives):
            yield violation(repository, "its images are kept for ever")


def _of(resources: Resources, kind: str, bucket: Seen) -> Iterator[Seen]:
    return (found for found in of(resources, kind) if refers(found, "bucket", bucket))
