"""A Lambda function: role, log group, alias `live`, canary and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.alarms import Alerting, Watch, alarm
from components.canary import Canary, CanaryArgs
from components.permissions import Grant, policy, trust
from components.place import Place

LIVE = "live"
RUNTIME = "python3.13"
LAMBDA = "lambda.amazonaws.com"
# Near enough to the end that the next slow call would be cut off.
NEAR_TIMEOUT = 0.9


@dataclass(frozen=True, kw_only=True)
class Zip:
    path: str


@dataclass(frozen=True, kw_only=True)
class Image:
    uri: str  # by digest: a tag may come to mean something else


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    place: Place
    alerting: Alerting
    package: Zip | Image
    handler: str
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str]]
    grants: tuple[Grant, ...] = ()
    deployment: str = "CodeDeployDefault.LambdaAllAtOnce"
    reserved_concurrency: int | None = None
    provisioned_concurrency: int | None = None


class Function(pulumi.ComponentResource):
    """A function that is only ever called through its alias, and told apart by its role."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    alias_arn: pulumi.Output[str]
    alias_invoke_arn: pulumi.Output[str]
    role_name: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Function", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._full_name, self._tags = args.place.name(name), args.place.tags(name)
        logs = self._log_group(name)
        role, permissions = self._role(name, logs)
        function = self._function(name, role, logs, permissions)
        alias = self._alias(name, function)
        alarms = self._watch(name, alias)
        self._canary(name, function, alias, alarms)
        self.name, self.arn, self.role_name = function.name, function.arn, role.name
        self.alias_arn, self.alias_invoke_arn = alias.arn, alias.invoke_arn
        self.log_group_name = logs.name
        self.register_outputs(
            {
                "name": self.name,
                "arn": self.arn,
                "aliasArn": self.alias_arn,
                "aliasInvokeArn": self.alias_invoke_arn,
                "roleName": self.role_name,
                "logGroupName": self.log_group_name,
            }
        )

    def _log_group(self, name: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{self._full_name}",
            retention_in_days=self._args.place.log_retention_days,
            tags=self._tags,
            opts=self._child,
        )

    def _role(
        self, name: str, logs: aws.cloudwatch.LogGroup
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            name,
            name=self._full_name,
            assume_role_policy=trust(LAMBDA),
            permissions_boundary=self._args.place.boundary,
            tags=self._tags,
            opts=self._child,
        )
        grants = (*_telemetry(logs.arn), *self._args.grants)
        permissions = aws.iam.RolePolicy(
            name, name=name, role=role.name, policy=policy(grants), opts=self._child
        )
        return role, permissions

    def _function(
        self,
        name: str,
        role: aws.iam.Role,
        logs: aws.cloudwatch.LogGroup,
        permissions: aws.iam.RolePolicy,
    ) -> aws.lambda_.Function:
        args = self._args
        return aws.lambda_.Function(
            name,
            name=self._full_name,
            role=role.arn,
            architectures=["arm64"],
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            environment={"variables": args.environment},
            logging_config={"log_format": "JSON", "log_group": logs.name},
            tracing_config={"mode": "Active"},
            reserved_concurrent_executions=args.reserved_concurrency,
            publish=True,
            tags=self._tags,
            **_code(args),
            # Lambda refuses an event source that the role may not read yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )

    def _alias(self, name: str, function: aws.lambda_.Function) -> aws.lambda_.Alias:
        """Create `live`; from then on CodeDeploy alone moves it, so that a new version waits."""
        alias = aws.lambda_.Alias(
            name,
            name=LIVE,
            function_name=function.name,
            function_version=function.version,
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["functionVersion", "routingConfig"]
            ),
        )
        if self._args.provisioned_concurrency is not None:
            aws.lambda_.ProvisionedConcurrencyConfig(
                name,
                function_name=function.name,
                qualifier=alias.name,
                provisioned_concurrent_executions=self._args.provisioned_concurrency,
                opts=self._child,
            )
        return alias

    def _canary(
        self,
        name: str,
        function: aws.lambda_.Function,
        alias: aws.lambda_.Alias,
        alarms: list[aws.cloudwatch.MetricAlarm],
    ) -> None:
        Canary(
            name,
            CanaryArgs(
                place=self._args.place,
                function_name=self._full_name,
                function_arn=function.arn,
                alias_arn=alias.arn,
                alarm_names=tuple(alarm.name for alarm in alarms),
                deployment=self._args.deployment,
            ),
            opts=self._child,
        )

    def _watch(self, name: str, alias: aws.lambda_.Alias) -> list[aws.cloudwatch.MetricAlarm]:
        near_ms = NEAR_TIMEOUT * 1_000 * self._args.timeout_seconds
        watches = {
            "errors": (f"The {name} function failed.", "Errors", "Sum", 1),
            "duration": (f"The {name} function nearly timed out.", "Duration", "Maximum", near_ms),
            "throttles": (f"Calls of the {name} function were refused.", "Throttles", "Sum", 1),
        }
        return [
            alarm(
                f"{self._full_name}-{kind}",
                Watch(
                    what=what,
                    runbook=f"function-{kind}",
                    namespace="AWS/Lambda",
                    metric=metric,
                    dimensions={
                        "FunctionName": self._full_name,
                        "Resource": pulumi.Output.concat(self._full_name, ":", alias.name),
                    },
                    statistic=statistic,
                    bound=bound,
                ),
                self._args.alerting,
                self._tags,
                self._child,
            )
            for kind, (what, metric, statistic, bound) in watches.items()
        ]


def _code(args: FunctionArgs) -> dict[str, Any]:
    match args.package:
        case Zip(path=path):
            return {
                "package_type": "Zip",
                "runtime": RUNTIME,
                "handler": args.handler,
                "code": pulumi.FileArchive(path),
            }
        case Image(uri=uri):
            return {
                "package_type": "Image",
                "image_uri": uri,
                "image_config": {"commands": [args.handler]},
            }


def _telemetry(log_group_arn: pulumi.Input[str]) -> tuple[Grant, ...]:
    return (
        Grant(
            actions=("logs:CreateLogStream", "logs:PutLogEvents"),
            resources=(pulumi.Output.concat(log_group_arn, ":*"),),
        ),
        # X-Ray knows no resources: these two actions are granted on all or not at all.
        Grant(actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"), resources=("*",)),
    )
