"""The bucket of panels and results."""

import re
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.place import Place

BUCKET_NAME = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
INFREQUENT_AFTER_DAYS = 30
ARCHIVED_AFTER_DAYS = 90
ABORT_MULTIPART_AFTER_DAYS = 2
NONCURRENT_KEPT_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class DataLakeArgs:
    place: Place
    bucket_name: str

    def __post_init__(self) -> None:
        if not BUCKET_NAME.match(self.bucket_name):
            raise ValueError(
                f"the bucket's name was {self.bucket_name!r}: 3 to 63 lower-case letters, digits,"
                " dots and hyphens are allowed; shorten the stack's name"
            )


class DataLake(pulumi.ComponentResource):
    """A private, encrypted bucket that moves what has grown old to cheaper storage.

    Nothing current expires: a run of any age stays readable. Only what no reader can reach is
    removed: parts of uploads that never ended and, in production, replaced versions.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:DataLake", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            bucket=args.bucket_name,
            tags=args.place.tags("data-lake"),
            opts=pulumi.ResourceOptions(parent=self, protect=args.place.production),
        )
        self._close(name, bucket)
        self._age(name, bucket, versioned=args.place.production)
        self.name, self.arn = bucket.bucket, bucket.arn
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _close(self, name: str, bucket: aws.s3.Bucket) -> None:
        """Nothing public, nothing in plain, no connection without TLS."""
        private = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._child,
        )
        aws.s3.BucketPolicy(
            name,
            bucket=bucket.id,
            policy=pulumi.Output.json_dumps(tls_only(bucket.arn)),
            # Two changes of one bucket's policy at once conflict.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private]),
        )

    def _age(self, name: str, bucket: aws.s3.Bucket, *, versioned: bool) -> None:
        rules: list[dict[str, object]] = [
            {
                "id": "cheaper-with-age",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "transitions": [
                    {"days": INFREQUENT_AFTER_DAYS, "storage_class": "STANDARD_IA"},
                    {"days": ARCHIVED_AFTER_DAYS, "storage_class": "GLACIER_IR"},
                ],
                "abort_incomplete_multipart_upload": {
                    "days_after_initiation": ABORT_MULTIPART_AFTER_DAYS
                },
            }
        ]
        depends_on: list[pulumi.Resource] = []
        if versioned:
            rules.append(
                {
                    "id": "forget-replaced-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": NONCURRENT_KEPT_DAYS},
                }
            )
            depends_on.append(self._keep_versions(name, bucket))
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=rules,
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
        )

    def _keep_versions(self, name: str, bucket: aws.s3.Bucket) -> pulumi.Resource:
        versioning: pulumi.Resource = aws.s3.BucketVersioning(
            name,
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=self._child,
        )
        return versioning


def tls_only(bucket_arn: pulumi.Input[str]) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket_arn, pulumi.Output.concat(bucket_arn, "/*")],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
