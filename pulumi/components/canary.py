"""CodeDeploy's part in a function: it moves the alias, and back when an alarm sounds."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.permissions import Grant, policy, trust
from components.place import Place

CODEDEPLOY = "codedeploy.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class CanaryArgs:
    place: Place
    function_name: str
    function_arn: pulumi.Input[str]
    alias_arn: pulumi.Input[str]
    alarm_names: tuple[pulumi.Input[str], ...]
    deployment: str


class Canary(pulumi.ComponentResource):
    """An application and a deployment group that carry the function's name."""

    application: pulumi.Output[str]
    group: pulumi.Output[str]

    def __init__(
        self, name: str, args: CanaryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Canary", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._tags = args.place.tags(name)
        application = aws.codedeploy.Application(
            name,
            name=args.function_name,
            compute_platform="Lambda",
            tags=self._tags,
            opts=self._child,
        )
        group = self._group(name, application, self._role(name))
        self.application, self.group = application.name, group.deployment_group_name
        self.register_outputs({"application": self.application, "group": self.group})

    def _role(self, name: str) -> aws.iam.Role:
        args = self._args
        role = aws.iam.Role(
            f"{name}-deploy",
            name=f"{args.function_name}-deploy",
            assume_role_policy=trust(CODEDEPLOY),
            permissions_boundary=args.place.boundary,
            tags=self._tags,
            opts=self._child,
        )
        grants = (
            Grant(
                actions=(
                    "lambda:GetAlias",
                    "lambda:UpdateAlias",
                    "lambda:GetProvisionedConcurrencyConfig",
                ),
                resources=(args.function_arn, args.alias_arn),
            ),
            # CloudWatch judges this call by all alarms, whichever the call names.
            Grant(
                actions=("cloudwatch:DescribeAlarms",),
                resources=(args.place.arn("cloudwatch", "alarm:*"),),
            ),
        )
        aws.iam.RolePolicy(
            f"{name}-deploy",
            name="deploy",
            role=role.name,
            policy=policy(grants),
            opts=self._child,
        )
        return role

    def _group(
        self, name: str, application: aws.codedeploy.Application, role: aws.iam.Role
    ) -> aws.codedeploy.DeploymentGroup:
        args = self._args
        return aws.codedeploy.DeploymentGroup(
            name,
            app_name=application.name,
            deployment_group_name=args.function_name,
            deployment_config_name=args.deployment,
            service_role_arn=role.arn,
            deployment_style={
                "deployment_option": "WITH_TRAFFIC_CONTROL",
                "deployment_type": "BLUE_GREEN",
            },
            alarm_configuration={"enabled": True, "alarms": args.alarm_names},
            auto_rollback_configuration={
                "enabled": True,
                "events": [
                    "DEPLOYMENT_FAILURE",
                    "DEPLOYMENT_STOP_ON_ALARM",
                    "DEPLOYMENT_STOP_ON_REQUEST",
                ],
            },
            tags=self._tags,
            opts=self._child,
        )
