"""moto's server with the gaps of its IAM closed that our policies would fall into.

1. A secret is looked up by its ARN; moto asks about `*`, which no named resource matches.
2. `SendMessageBatch` and `DeleteMessageBatch` ask for the permission of the single action, as in
   AWS; moto invents permissions that do not exist.
3. The condition on `s3:prefix` is judged; moto passes conditions without looking.
4. A missing object is "not found" only to those who may list the bucket; others are refused.

Run as `python -m tests.infra.inside.guarded_moto -H 127.0.0.1 -p PORT`.
"""

import fnmatch
from typing import Any
from urllib.parse import parse_qs, urlsplit

from moto.iam import access_control
from moto.iam.access_control import IAMPolicy, IAMRequestBase, PermissionResult
from moto.iam.policy_conditions import CONDITION_OPERATIONS
from moto.s3.models import s3_backends
from moto.secretsmanager.exceptions import SecretsManagerClientError
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.server import main

SAME_PERMISSION = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def secret_arn(self: SecretsManagerResponse) -> str:
    """Return the ARN of the secret a request is about, whether it names it or gives the ARN."""
    try:
        return str(self.backend.describe_secret(self._get_param("SecretId")).arn)
    except (SecretsManagerClientError, TypeError):
        return "*"


def string_like(expected: list[str] | str, actual: str) -> bool:
    patterns = [expected] if isinstance(expected, str) else expected
    return any(fnmatch.fnmatchcase(actual, pattern) for pattern in patterns)


def check_action_permitted(self: IAMRequestBase, resource: str) -> None:
    """Refuse what no statement of the caller's policies allows, conditions included."""
    action = SAME_PERMISSION.get(self._action, self._action)
    if action == "sts:GetCallerIdentity":
        return
    asked = parse_qs(urlsplit(self._path).query, keep_blank_values=True)
    allowed = is_allowed(self, action, resource, {"s3:prefix": asked.get("prefix", [""])[0]})
    if allowed and action == "s3:GetObject" and is_missing(self.account_id, resource):
        # Such a request has no prefix; a condition on it holds for no value.
        allowed = is_allowed(self, "s3:ListBucket", resource.partition("/")[0], {"s3:prefix": ""})
    if not allowed:
        self._raise_access_denied()


def is_allowed(asking: IAMRequestBase, action: str, resource: str, values: dict[str, str]) -> bool:
    results = [
        IAMPolicy(policy).is_action_permitted(action, resource, None, values)
        for policy in asking._access_key.collect_policies()
    ]
    return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


def is_missing(account_id: str, resource: str) -> bool:
    bucket_name, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
    bucket = s3_backends[account_id]["aws"].buckets.get(bucket_name)
    return bucket is None or key not in bucket.keys


def close_the_gaps() -> None:
    SecretsManagerResponse._determine_resource = secret_arn
    CONDITION_OPERATIONS["StringLike"] = string_like
    patched: Any = access_control.IAMRequestBase
    patched.check_action_permitted = check_action_permitted


if __name__ == "__main__":
    close_the_gaps()
    main()
