"""What the cloud says it has, once a stack was made in it."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.infra.cloud import ACCOUNT, REGION, SECRETS, BuiltStack

FUNCTIONS = ("query", "backtest", "ingest", "sweeper", "migrate")


@pytest.fixture
def ask(stack: BuiltStack) -> Any:
    """Return a function that makes a client of the cloud the stack lies in."""

    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, endpoint_url=stack.endpoint, **keys)

    return client


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


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_runs_as_agreed(stack: BuiltStack, ask: Any, function: str):
    name = f"parakeet-{stack.name}-{function}"
    found = ask("lambda").get_function(FunctionName=name)
    made = found["Configuration"]

    assert made["Role"] == f"arn:aws:iam::{ACCOUNT}:role/{name}"
    assert made["Architectures"] == ["arm64"]
    assert made["TracingConfig"]["Mode"] == "Active"
    asked = stack.one("aws:lambda/function:Function", function).inputs["loggingConfig"]
    assert asked == {"logFormat": "JSON", "logGroup": f"/aws/lambda/{name}"}
    assert found["Tags"] == {
        "project": "potential-parakeet",
        "stack": stack.name,
        "component": function,
    }
    handler = f"api.lambdas.{function}.handler"
    if function == "query":
        assert (made["Runtime"], made["Handler"]) == ("python3.13", handler)
    else:
        assert found["Code"]["ImageUri"].endswith(f"@sha256:{'c' * 64}")
        assert made["ImageConfigResponse"]["ImageConfig"]["Command"] == [handler]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_alias_names_a_published_version(stack: BuiltStack, ask: Any, function: str):
    name = f"parakeet-{stack.name}-{function}"

    assert ask("lambda").get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "1"


@pytest.mark.parametrize(("worker", "batch"), [("backtest", 1), ("ingest", 10)])
def test_worker_takes_from_its_queue(stack: BuiltStack, ask: Any, worker: str, batch: int):
    name = f"parakeet-{stack.name}-{worker}"
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    (found,) = ask("lambda").list_event_source_mappings(EventSourceArn=source)[
        "EventSourceMappings"
    ]

    assert found["BatchSize"] == batch
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["FunctionArn"].startswith(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    mapping = stack.one("aws:lambda/eventSourceMapping:EventSourceMapping", worker)
    assert mapping.inputs["functionName"].endswith(f":function:{name}:live")
    assert mapping.inputs["scalingConfig"]["maximumConcurrency"] >= 2


GRANTS = {
    "query": {
        "secretsmanager:GetSecretValue": ["secret/database", "secret/edge"],
        "sqs:SendMessage": ["queue/backtest"],
        "s3:GetObject": ["lake/results/*"],
        "s3:ListBucket": ["lake"],
    },
    "backtest": {
        "secretsmanager:GetSecretValue": ["secret/worker"],
        "s3:GetObject": ["lake/results/*", "lake/panels/*"],
        "s3:PutObject": ["lake/results/*", "lake/panels/*"],
        "s3:AbortMultipartUpload": ["lake/results/*", "lake/panels/*"],
        "s3:ListBucket": ["lake"],
        "sqs:ReceiveMessage": ["queue/backtest"],
        "sqs:DeleteMessage": ["queue/backtest"],
        "sqs:GetQueueAttributes": ["queue/backtest"],
    },
    "ingest": {
        "secretsmanager:GetSecretValue": ["secret/worker"],
        "s3:GetObject": ["lake/results/*"],
        "s3:PutObject": ["lake/results/*"],
        "sqs:ReceiveMessage": ["queue/ingest"],
        "sqs:DeleteMessage": ["queue/ingest"],
        "sqs:GetQueueAttributes": ["queue/ingest"],
    },
    "sweeper": {
        "secretsmanager:GetSecretValue": ["secret/worker"],
        "sqs:SendMessage": ["queue/backtest", "queue/ingest"],
        "s3:DeleteObject": ["lake/results/*"],
        "s3:ListBucket": ["lake"],
    },
    "migrate": {"secretsmanager:GetSecretValue": ["secret/migration"]},
}
TELEMETRY = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_role_may_do_what_its_handler_does(stack: BuiltStack, ask: Any, function: str):
    name = f"parakeet-{stack.name}-{function}"
    found = ask("iam").get_role_policy(RoleName=name, PolicyName=function)["PolicyDocument"]

    granted: dict[str, list[str]] = {}
    for statement in found["Statement"]:
        for action in set(statement["Action"]) - TELEMETRY:
            resources = [short(stack, resource) for resource in statement["Resource"]]
            granted[action] = granted.get(action, []) + resources
    assert granted == GRANTS[function]


def short(stack: BuiltStack, arn: str) -> str:
    """Return the ARN without what all of the stack's have in common."""
    *_, kind, resource = arn.split(":", 5)[2:]
    if kind == "" and resource.startswith(f"parakeet-{stack.name}-lake"):
        return "lake" + resource.removeprefix(stack.outputs["bucketName"])
    if resource.startswith("secret:"):
        return "secret/" + resource.split("/")[-1].rpartition("-")[0]
    return "queue/" + resource.removeprefix(f"parakeet-{stack.name}-")


def test_schedules_follow_the_exchanges(stack: BuiltStack, ask: Any):
    scheduler, group = ask("scheduler"), f"parakeet-{stack.name}"
    found = {
        name: scheduler.get_schedule(GroupName=group, Name=name)
        for name in ("asx-close", "us-close", "sweep")
    }

    assert {
        name: (made["ScheduleExpression"], made.get("ScheduleExpressionTimezone", "UTC"))
        for name, made in found.items()
    } == {
        "asx-close": ("cron(30 17 ? * MON-FRI *)", "Australia/Sydney"),
        "us-close": ("cron(0 18 ? * MON-FRI *)", "America/New_York"),
        "sweep": ("rate(1 minute)", "UTC"),
    }
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:parakeet-{stack.name}-ingest"
    assert found["us-close"]["Target"]["Arn"] == queue
    assert json.loads(found["us-close"]["Target"]["Input"]) == {
        "schemaVersion": 1,
        "schedule": "us-close",
        "time": "<aws.scheduler.scheduled-time>",
    }
    assert found["sweep"]["Target"]["Arn"].endswith(f":parakeet-{stack.name}-sweeper:live")
    assert {made["Target"]["RoleArn"].rpartition("/")[2] for made in found.values()} == {
        f"parakeet-{stack.name}-{name}-schedule" for name in found
    }


def test_schedule_may_do_its_one_thing(stack: BuiltStack, ask: Any):
    iam, prefix = ask("iam"), f"parakeet-{stack.name}"
    allowed = {}
    for name in ("asx-close", "us-close", "sweep"):
        role = f"{prefix}-{name}-schedule"
        found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        (statement,) = found["Statement"]
        allowed[name] = (
            statement["Action"],
            [arn.partition(prefix)[2] for arn in statement["Resource"]],
        )
        (trust,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT

    sends = ["sqs:SendMessage"], ["-ingest", "-ingest-dead-letters"]
    invokes = ["lambda:InvokeFunction"], ["-sweeper:live"]
    assert allowed == {"asx-close": sends, "us-close": sends, "sweep": invokes}


def test_api_has_three_routes_and_one_of_them_is_open(stack: BuiltStack, ask: Any):
    gateway = ask("apigatewayv2")
    (api,) = (
        found
        for found in gateway.get_apis()["Items"]
        if found["Name"] == f"parakeet-{stack.name}-api"
    )
    routes = gateway.get_routes(ApiId=api["ApiId"])["Items"]

    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "POST /graphql": "JWT",
        "GET /downloads/{proxy+}": "JWT",
        "GET /healthz": "NONE",
    }
    assert api["DisableExecuteApiEndpoint"] is True
    stage = gateway.get_stage(ApiId=api["ApiId"], StageName="$default")
    limits = stage["RouteSettings"]["GET /healthz"]
    assert (limits["ThrottlingBurstLimit"], limits["ThrottlingRateLimit"]) == (10, 5)
    assert api["CorsConfiguration"]["AllowOrigins"] == [f"https://app.{stack.name}.example.com"]
    guards = {route["AuthorizerId"] for route in routes if route["AuthorizationType"] == "JWT"}
    (guard,) = guards
    authorizer = gateway.get_authorizer(ApiId=api["ApiId"], AuthorizerId=guard)
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://login.example.com/",
        "Audience": ["parakeet"],
    }
    (integration,) = gateway.get_integrations(ApiId=api["ApiId"])["Items"]
    alias = f":function:parakeet-{stack.name}-query:live/invocations"
    assert integration["IntegrationUri"].endswith(alias)
    assert integration["PayloadFormatVersion"] == "2.0"


def test_api_answers_under_its_own_name_with_a_proven_certificate(stack: BuiltStack, ask: Any):
    host = f"origin.{stack.name}.example.com"
    domain = ask("apigatewayv2").get_domain_name(DomainName=host)
    (given,) = domain["DomainNameConfigurations"]
    certificate = ask("acm").describe_certificate(CertificateArn=given["CertificateArn"])
    (option,) = certificate["Certificate"]["DomainValidationOptions"]
    records = {made.name: made.inputs for made in stack.of("cloudflare:index/dnsRecord:DnsRecord")}

    assert given["SecurityPolicy"] == "TLS_1_2"
    assert certificate["Certificate"]["DomainName"] == host
    proof = records["api-proof"]
    assert f"{proof['name']}." == option["ResourceRecord"]["Name"]
    assert proof["content"] == option["ResourceRecord"]["Value"].rstrip(".")
    assert (records["api-origin"]["name"], records["api-origin"]["proxied"]) == (host, False)


def test_secret_is_read_back(stack: BuiltStack, ask: Any):
    secrets = ask("secretsmanager")
    keys = {
        "database": "databaseUrl",
        "worker": "workerUrl",
        "migration": "migrationUrl",
        "edge": "edgeKeys",
    }

    for name, key in keys.items():
        found = secrets.get_secret_value(SecretId=f"parakeet/{stack.name}/{name}")
        assert found["SecretString"] == SECRETS[key]


def test_logs_end(stack: BuiltStack, ask: Any):
    days = {"dev": 14, "staging": 30, "prod": 90}[stack.name]
    groups = ask("logs").describe_log_groups()["logGroups"]
    ours = {
        group["logGroupName"]: group["retentionInDays"]
        for group in groups
        if f"/parakeet-{stack.name}-" in group["logGroupName"]
    }

    assert ours == dict.fromkeys(
        [
            f"/aws/apigateway/parakeet-{stack.name}-api",
            *(f"/aws/lambda/parakeet-{stack.name}-{function}" for function in FUNCTIONS),
        ],
        days,
    )


def test_canary_goes_back_on_its_functions_alarms(stack: BuiltStack, ask: Any):
    deploy, shifts = ask("codedeploy"), {}
    for function in FUNCTIONS:
        name = f"parakeet-{stack.name}-{function}"
        group = deploy.get_deployment_group(applicationName=name, deploymentGroupName=name)
        made = group["deploymentGroupInfo"]
        asked = stack.one("aws:codedeploy/deploymentGroup:DeploymentGroup", function).inputs
        assert set(asked["alarmConfiguration"]["alarms"]) == {
            f"{name}-{kind}" for kind in ("errors", "duration", "throttles")
        }
        assert made["autoRollbackConfiguration"]["enabled"] is True
        shifts[function] = made["deploymentConfigName"]

    assert shifts == {
        **dict.fromkeys(FUNCTIONS, "CodeDeployDefault.LambdaAllAtOnce"),
        "query": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    }


def test_codedeploy_may_read_the_alarms_it_waits_for(stack: BuiltStack, ask: Any):
    """AWS judges DescribeAlarms by `alarm:*`, whichever alarms the call names."""
    name = f"parakeet-{stack.name}-query-deploy"
    found = ask("iam").get_role_policy(RoleName=name, PolicyName="deploy")["PolicyDocument"]

    reads = [
        statement["Resource"]
        for statement in found["Statement"]
        if statement["Action"] == ["cloudwatch:DescribeAlarms"]
    ]
    assert reads == [[f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"]]


def test_no_role_can_be_given_more_than_the_stacks_boundary(stack: BuiltStack, ask: Any):
    roles = ask("iam").list_roles()["Roles"]
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/parakeet-{stack.name}-boundary"
    ours = [role["RoleName"] for role in roles if role["RoleName"].startswith("parakeet-")]

    found = {
        ask("iam").get_role(RoleName=name)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
        for name in ours
        if name.startswith(f"parakeet-{stack.name}-")
    }
    assert (found, len(ours) >= 13) == ({boundary}, True)


def test_silence_about_ingests_sounds_on_trading_days(stack: BuiltStack, ask: Any):
    name = f"parakeet-{stack.name}-no-ingest"
    (found,) = ask("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    queries = {query["Id"]: query for query in found["Metrics"]}

    assert queries["seen"]["Expression"] == "SUM([ingests, weekend])"
    assert queries["weekend"]["Expression"] == "IF(DAY(sweeps) > 5, 1, 0)"
    stat = queries["ingests"]["MetricStat"]
    assert (stat["Metric"]["Namespace"], stat["Metric"]["MetricName"]) == (
        "PotentialParakeet",
        "JobsSucceeded",
    )
    assert stat["Metric"]["Dimensions"] == [
        {"Name": "service", "Value": f"parakeet-{stack.name}-ingest"}
    ]
    assert found["EvaluationPeriods"] * stat["Period"] == 26 * 3_600
    assert (found["ComparisonOperator"], found["Threshold"]) == ("LessThanThreshold", 1)
    assert found["TreatMissingData"] == "breaching"


def test_alarms_and_budget_reach_an_operator(stack: BuiltStack, ask: Any):
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:parakeet-{stack.name}-alerts"
    alarms = ask("cloudwatch").describe_alarms(AlarmNamePrefix=f"parakeet-{stack.name}-")
    subscriptions = ask("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    told = ask("budgets").describe_notifications_for_budget(
        AccountId=ACCOUNT, BudgetName=f"parakeet-{stack.name}"
    )["Notifications"]

    assert {action for alarm in alarms["MetricAlarms"] for action in alarm["AlarmActions"]} == {
        topic
    }
    assert len(alarms["MetricAlarms"]) == 25
    assert [(found["Protocol"], found["Endpoint"]) for found in subscriptions] == [
        ("email", "operator@example.com")
    ]
    assert sorted(found["Threshold"] for found in told) == [80, 90, 100]


def test_dashboard_shows_what_the_stack_has(stack: BuiltStack, ask: Any):
    found = ask("cloudwatch").get_dashboard(DashboardName=f"parakeet-{stack.name}")
    widgets = json.loads(found["DashboardBody"])["widgets"]
    titles = [widget["properties"]["title"] for widget in widgets]

    assert titles[:4] == ["Requests", "Server errors", "Latency p95, ms", "Function errors"]
    assert len(set(titles)) == len(titles) == 14
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)


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


def test_edge_is_told_where_and_whom_to_trust(stack: BuiltStack):
    script = stack.one("cloudflare:index/workersScript:WorkersScript", "edge").inputs
    bindings = {bound["name"]: bound for bound in script["bindings"]}
    host = f"{stack.name}.example.com"

    assert {name: bound["text"] for name, bound in bindings.items() if "text" in bound} == {
        "ORIGIN": f"https://origin.{host}",
        "TOKEN_ISSUER": "https://login.example.com/",
        "TOKEN_AUDIENCE": "parakeet",
        "JWKS_URL": "https://login.example.com/.well-known/jwks.json",
        "ALLOWED_ORIGINS": f'["https://app.{host}"]',
        "EDGE_KEYS": SECRETS["edgeKeys"],
        "LIMIT_SECONDS": "60",
    }
    assert bindings["EDGE_KEYS"]["type"] == "secret_text"
    assert {name: bound["simple"] for name, bound in bindings.items() if "simple" in bound} == {
        "SUBJECT_LIMIT": {"limit": 300, "period": 60},
        "ADDRESS_LIMIT": {"limit": 60, "period": 60},
    }
    route = stack.one("cloudflare:index/workersRoute:WorkersRoute", "edge").inputs
    assert (route["pattern"], route["script"]) == (f"api.{host}/*", f"parakeet-{stack.name}-edge")
    record = stack.one("cloudflare:index/dnsRecord:DnsRecord", "edge").inputs
    assert (record["name"], record["proxied"]) == (f"api.{host}", True)


def test_production_is_warm_and_bounded(stack: BuiltStack):
    provisioned = stack.of("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    reserved = {
        made.name: made.inputs.get("reservedConcurrentExecutions")
        for made in stack.of("aws:lambda/function:Function")
    }

    alone = {"sweeper": 1, "migrate": 1} if stack.name != "dev" else {}
    busy = {"query": 200} if stack.name == "prod" else {}
    assert {name: count for name, count in reserved.items() if count} == alone | busy
    assert [
        (made.inputs["qualifier"], made.inputs["provisionedConcurrentExecutions"])
        for made in provisioned
    ] == ([("live", 2)] if stack.name == "prod" else [])
