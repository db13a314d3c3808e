"""Every rule holds on every stack, and one changed thing is caught by the rule it breaks."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from policies import RULES, violations
from policies.seen import Seen

from tests.infra.cloud import BuiltStack
from tests.infra.seen import Change, changed, outputs, seen, without

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
API = "aws:apigatewayv2/api:Api"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUDGET = "aws:budgets/budget:Budget"
FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE = "aws:sqs/queue:Queue"
REPOSITORY = "aws:ecr/repository:Repository"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SCHEDULE = "aws:scheduler/schedule:Schedule"
SCRIPT = "cloudflare:index/workersScript:WorkersScript"
WORKER_SECRET = "parakeet/prod/worker"  # noqa: S105 a name


def test_stack_keeps_every_rule(stack: BuiltStack):
    assert [str(violation) for _, violation in violations(seen(stack))] == []


def test_each_rule_says_what_it_demands():
    described = [(rule.name, rule.description) for rule in RULES]

    assert len({name for name, _ in described}) == len(described)
    for name, description in described:
        assert re.fullmatch(r"[a-z][a-z-]+", name)
        assert re.fullmatch(r"[A-Z].+\.", description), name


def put(path: str, value: Any) -> Change:
    """Set what lies at the dotted path; numbers are positions in lists."""

    def change(properties: Any) -> None:
        *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
        for part in way:
            properties = properties[part]
        properties[last] = value

    return change


def drop(key: str) -> Change:
    return lambda properties: properties.pop(key)


def in_document(key: str, change: Change) -> Change:
    """Change what the JSON under the key says."""

    def rewrite(properties: dict[str, Any]) -> None:
        document = json.loads(properties[key])
        change(document)
        properties[key] = json.dumps(document)

    return rewrite


def granting(action: str, resource: str) -> Change:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    return in_document("policy", lambda document: document["Statement"].append(statement))


BUCKET_ARN = "arn:aws:s3:::parakeet-prod-lake-123456789012"
QUEUE_ARN = "arn:aws:sqs:ap-southeast-2:123456789012:parakeet-prod-backtest"
MUTANTS: list[tuple[str, str, str, Change]] = [
    ("no-wildcard-iam", ROLE_POLICY, "query", granting("*", QUEUE_ARN)),
    ("no-wildcard-iam", ROLE_POLICY, "query", granting("sqs:*", QUEUE_ARN)),
    ("no-wildcard-iam", ROLE_POLICY, "query", granting("s3:Get*", f"{BUCKET_ARN}/results/*")),
    ("no-wildcard-iam", ROLE_POLICY, "backtest", granting("s3:GetObject", "*")),
    ("no-wildcard-iam", ROLE_POLICY, "backtest", granting("s3:GetObject", f"{BUCKET_ARN}/*")),
    ("no-wildcard-iam", ROLE_POLICY, "ingest", granting("sqs:SendMessage", f"{QUEUE_ARN}*")),
    ("no-wildcard-iam", ROLE_POLICY, "migrate", granting("logs:PutLogEvents", "*")),
    (
        "no-wildcard-iam",
        ROLE_POLICY,
        "sweeper",
        in_document("policy", lambda found: found["Statement"][0].update(NotAction="s3:*")),
    ),
    ("no-managed-policies", ROLE, "query", put("managedPolicyArns", ["arn:aws:iam::aws:policy/X"])),
    (
        "one-service-per-role",
        ROLE,
        "query",
        in_document("assumeRolePolicy", put("Statement.0.Principal", "*")),
    ),
    (
        "one-service-per-role",
        ROLE,
        "query",
        in_document("assumeRolePolicy", put("Statement.0.Principal", {"AWS": "123456789012"})),
    ),
    (
        "one-role-per-function",
        FUNCTION,
        "query",
        put("role", "arn:aws:iam::123456789012:role/parakeet-prod-backtest"),
    ),
    ("no-public-bucket", BLOCK, "lake", put("blockPublicAcls", False)),
    ("no-public-bucket", BLOCK, "lake", put("blockPublicPolicy", False)),
    ("no-public-bucket", BLOCK, "lake", put("ignorePublicAcls", False)),
    ("no-public-bucket", BLOCK, "lake", put("restrictPublicBuckets", False)),
    ("no-public-bucket", "aws:s3/bucket:Bucket", "lake", put("acl", "public-read")),
    (
        "no-public-bucket",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "lake",
        put("rule.objectOwnership", "ObjectWriter"),
    ),
    (
        "tls-only-bucket",
        BUCKET_POLICY,
        "lake",
        in_document("policy", put("Statement.0.Effect", "Allow")),
    ),
    (
        "tls-only-bucket",
        BUCKET_POLICY,
        "lake",
        in_document("policy", put("Statement.0.Resource", [BUCKET_ARN])),
    ),
    ("encrypted-at-rest", BUCKET_ENCRYPTION, "lake", put("rules", [])),
    ("encrypted-at-rest", QUEUE, "backtest", put("sqsManagedSseEnabled", False)),
    ("encrypted-at-rest", QUEUE, "ingest-dead-letters", drop("sqsManagedSseEnabled")),
    ("encrypted-at-rest", "aws:sns/topic:Topic", "alerts", drop("kmsMasterKeyId")),
    ("encrypted-at-rest", REPOSITORY, "registry", drop("encryptionConfigurations")),
    (
        "versions-in-production",
        "aws:s3/bucketVersioning:BucketVersioning",
        "lake",
        put("versioningConfiguration.status", "Suspended"),
    ),
    ("nothing-current-expires", LIFECYCLE, "lake", put("rules.0.expiration", {"days": 365})),
    (
        "nothing-current-expires",
        LIFECYCLE,
        "lake",
        put("rules.0.abortIncompleteMultipartUpload", None),
    ),
    ("nothing-current-expires", LIFECYCLE, "lake", put("rules.0.transitions.1.days", 60)),
    (
        "recoverable-secrets",
        "aws:secretsmanager/secret:Secret",
        "migration",
        put("recoveryWindowInDays", 0),
    ),
    ("images-stay-what-they-were", REPOSITORY, "registry", put("imageTagMutability", "MUTABLE")),
    (
        "images-stay-what-they-were",
        REPOSITORY,
        "registry",
        put("imageScanningConfiguration.scanOnPush", False),
    ),
    ("dead-letters-for-every-queue", QUEUE, "backtest", drop("redrivePolicy")),
    (
        "dead-letters-for-every-queue",
        QUEUE,
        "backtest",
        in_document("redrivePolicy", put("maxReceiveCount", 1)),
    ),
    (
        "dead-letters-for-every-queue",
        QUEUE,
        "ingest",
        in_document("redrivePolicy", put("deadLetterTargetArn", QUEUE_ARN)),
    ),
    ("standard-queues", QUEUE, "backtest", put("fifoQueue", True)),
    ("visible-after-six-timeouts", QUEUE, "backtest", put("visibilityTimeoutSeconds", 5_399)),
    ("visible-after-six-timeouts", QUEUE, "ingest", drop("visibilityTimeoutSeconds")),
    ("partial-batches", MAPPING, "backtest", put("functionResponseTypes", [])),
    ("partial-batches", MAPPING, "ingest", drop("scalingConfig")),
    ("partial-batches", MAPPING, "ingest", put("batchSize", 11)),
    ("functions-as-agreed", FUNCTION, "query", put("architectures", ["x86_64"])),
    ("functions-as-agreed", FUNCTION, "query", put("tracingConfig.mode", "PassThrough")),
    ("functions-as-agreed", FUNCTION, "ingest", put("publish", False)),
    ("functions-as-agreed", FUNCTION, "ingest", put("imageUri", "1.dkr.ecr/worker:latest")),
    ("canary-for-every-function", GROUP, "query", put("alarmConfiguration.alarms", [])),
    ("canary-for-every-function", GROUP, "query", put("autoRollbackConfiguration.enabled", False)),
    ("canary-for-every-function", "aws:lambda/alias:Alias", "migrate", put("name", "next")),
    ("schedules-by-the-exchanges-clock", SCHEDULE, "asx-close", drop("scheduleExpressionTimezone")),
    ("schedules-by-the-exchanges-clock", SCHEDULE, "us-close", put("target.deadLetterConfig", {})),
    ("schedules-by-the-exchanges-clock", SCHEDULE, "sweep", put("target.retryPolicy", {})),
    ("logs-end", LOGS, "query", put("retentionInDays", 0)),
    ("logs-end", LOGS, "sweeper", put("name", "/aws/lambda/other")),
    ("logs-end", "aws:apigatewayv2/stage:Stage", "api", drop("accessLogSettings")),
    ("alarms-are-heard", ALARM, "parakeet-prod-api-5xx", put("alarmActions", [])),
    ("alarms-are-heard", ALARM, "parakeet-prod-api-5xx", put("actionsEnabled", False)),
    ("alarms-are-heard", ALARM, "parakeet-prod-api-5xx", put("alarmDescription", "It fails.")),
    ("alarms-are-heard", ALARM, "parakeet-prod-api-5xx", drop("treatMissingData")),
    ("queues-are-watched", ALARM, "parakeet-prod-ingest-dead-letters", put("threshold", 10)),
    ("functions-are-watched", ALARM, "parakeet-prod-ingest-duration", put("threshold", 300_000)),
    ("the-product-is-watched", ALARM, "parakeet-prod-api-latency", put("metricName", "Count")),
    (
        "the-product-is-watched",
        ALARM,
        "parakeet-prod-no-ingest",
        put("treatMissingData", "notBreaching"),
    ),
    ("the-product-is-watched", ALARM, "parakeet-prod-no-ingest", put("evaluationPeriods", 48)),
    ("money-is-watched", BUDGET, "observability", put("notifications.1.threshold", 95)),
    (
        "money-is-watched",
        BUDGET,
        "observability",
        put("notifications.2.subscriberSnsTopicArns", []),
    ),
    ("everything-is-tagged", QUEUE, "ingest", drop("tags")),
    ("closed-default-endpoint", API, "api", put("disableExecuteApiEndpoint", False)),
    (
        "closed-default-endpoint",
        "aws:apigatewayv2/domainName:DomainName",
        "api",
        put("domainNameConfiguration.securityPolicy", "TLS_1_0"),
    ),
    ("exact-origins", API, "api", put("corsConfiguration.allowOrigins", ["*"])),
    (
        "exact-origins",
        API,
        "api",
        put("corsConfiguration.allowOrigins", ["https://*.example.com"]),
    ),
    (
        "callers-are-checked",
        "aws:apigatewayv2/route:Route",
        "post-graphql",
        put("authorizationType", "NONE"),
    ),
    (
        "requests-are-bounded",
        "aws:apigatewayv2/stage:Stage",
        "api",
        drop("defaultRouteSettings"),
    ),
    ("requests-are-bounded", SCRIPT, "edge", put("bindings.7.simple.period", 30)),
    (
        "edge-by-its-host-only",
        "cloudflare:index/workersScriptSubdomain:WorkersScriptSubdomain",
        "edge",
        put("enabled", True),
    ),
    ("invoked-by-one-api", "aws:lambda/permission:Permission", "api", put("sourceArn", None)),
    ("invoked-by-one-api", "aws:lambda/permission:Permission", "api", drop("qualifier")),
    (
        "pages-point-at-the-project",
        "cloudflare:index/pagesDomain:PagesDomain",
        "site",
        put("projectName", "somebody-elses"),
    ),
    (
        "no-plaintext-secret",
        FUNCTION,
        "query",
        put("environment.variables.NOTE", "postgresql://owner:hunter2@db.example.com/main"),
    ),
    ("no-plaintext-secret", FUNCTION, "query", put("description", "AKIAIOSFODNN7EXAMPLE")),
    (
        "no-plaintext-secret",
        SCRIPT,
        "edge",
        put("bindings.0.text", '{"current": {"id": "k1", "key": "c2VjcmV0"}}'),
    ),
    ("no-plaintext-secret", SCRIPT, "edge", put("bindings.6.type", "plain_text")),
    (
        "secrets-by-name-only",
        FUNCTION,
        "backtest",
        put("environment.variables.PARAKEET_DATABASE_SECRET", "hunter2"),
    ),
    (
        "secrets-by-name-only",
        FUNCTION,
        "backtest",
        put("environment.variables.DATABASE_URL", "elsewhere"),
    ),
]


@pytest.mark.parametrize(
    ("rule", "kind", "name", "change"),
    MUTANTS,
    ids=[f"{rule}-{i}" for i, (rule, *_) in enumerate(MUTANTS)],
)
def test_changed_resource_is_caught(
    prod: BuiltStack, rule: str, kind: str, name: str, change: Change
):
    mutant = changed(seen(prod), kind, name, change)

    assert caught(mutant) == {rule}


MISSING: list[tuple[set[str], str, str]] = [
    ({"no-public-bucket"}, BLOCK, "lake"),
    ({"tls-only-bucket"}, BUCKET_POLICY, "lake"),
    ({"encrypted-at-rest"}, BUCKET_ENCRYPTION, "lake"),
    ({"versions-in-production"}, "aws:s3/bucketVersioning:BucketVersioning", "lake"),
    ({"nothing-current-expires"}, LIFECYCLE, "lake"),
    ({"images-stay-what-they-were"}, "aws:ecr/lifecyclePolicy:LifecyclePolicy", "registry"),
    ({"dead-letters-for-every-queue"}, QUEUE, "backtest-dead-letters"),
    ({"dead-letters-for-every-queue"}, "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "ingest"),
    ({"canary-for-every-function"}, GROUP, "backtest"),
    ({"logs-end"}, LOGS, "migrate"),
    ({"queues-are-watched"}, ALARM, "parakeet-prod-backtest-dead-letters"),
    ({"queues-are-watched"}, ALARM, "parakeet-prod-backtest-oldest-message"),
    ({"functions-are-watched"}, ALARM, "parakeet-prod-query-errors"),
    ({"functions-are-watched"}, ALARM, "parakeet-prod-query-duration"),
    ({"functions-are-watched"}, ALARM, "parakeet-prod-query-throttles"),
    ({"the-product-is-watched"}, ALARM, "parakeet-prod-api-5xx"),
    ({"the-product-is-watched"}, ALARM, "parakeet-prod-no-ingest"),
    ({"the-product-is-watched"}, ALARM, "parakeet-prod-stale-data"),
    ({"the-product-is-watched"}, ALARM, "parakeet-prod-oldest-queued-job"),
    ({"the-product-is-watched"}, ALARM, "parakeet-prod-oldest-running-job"),
]


@pytest.mark.parametrize(("rules", "kind", "name"), MISSING, ids=[name for *_, name in MISSING])
def test_missing_resource_is_caught(prod: BuiltStack, rules: set[str], kind: str, name: str):
    assert caught(without(seen(prod), kind, name)) == rules


ADDED: dict[str, Callable[[BuiltStack], Seen]] = {
    "no-managed-policies": lambda _: resource(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "parakeet-prod-query"}
    ),
    "no-plaintext-secret": lambda stack: outputs(
        stack, {"databaseUrl": "postgresql://owner:hunter2@db.example.com/main"}
    ),
}


@pytest.mark.parametrize("rule", ADDED)
def test_added_resource_is_caught(prod: BuiltStack, rule: str):
    assert caught([*seen(prod), ADDED[rule](prod)]) == {rule}


def test_every_rule_has_a_mutant():
    proven = {rule for rule, *_ in MUTANTS}

    assert {rule.name for rule in RULES} - proven == set()


def resource(kind: str, properties: dict[str, Any]) -> Seen:
    return Seen(type=kind, name="added", urn="urn:pulumi:prod::x::y::added", properties=properties)


def caught(resources: list[Seen]) -> set[str]:
    return {rule.name for rule, _ in violations(resources)}
