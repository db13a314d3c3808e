"""How functions, their roles, logs and deployments are made in moto."""

from pathlib import Path
from typing import Any

from tests.infra.moto_cloud import ACCOUNT, Cloud, Inputs, Made, makes, pascal, tag_list


@makes("aws:iam/role:Role")
def _role(cloud: Cloud, inputs: Inputs) -> Made:
    role = cloud.client("iam").create_role(
        RoleName=inputs["name"],
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        PermissionsBoundary=inputs["permissionsBoundary"],
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
