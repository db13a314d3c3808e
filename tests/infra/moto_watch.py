"""How alarms, topics, budgets, schedules and registries are made in moto."""

from typing import Any

from tests.infra.moto_cloud import ACCOUNT, Cloud, Inputs, Made, makes, pascal, tag_list

ALARM_NAMES = {"name": "AlarmName", "okActions": "OKActions"}
ALARM_SHAPES = {"dimensions", "metricQueries", "tags"}  # sent in another shape than Pulumi's


@makes("aws:cloudwatch/metricAlarm:MetricAlarm")
def _alarm(cloud: Cloud, inputs: Inputs) -> Made:
    plain = {key: value for key, value in inputs.items() if key not in ALARM_SHAPES}
    request = pascal({ALARM_NAMES.get(key, key): value for key, value in plain.items()})
    if queries := inputs.get("metricQueries"):
        request["Metrics"] = [_query(query) for query in queries]
    else:
        request["Dimensions"] = _dimensions(inputs)
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(**request, Tags=tag_list(inputs))
    (made,) = cloudwatch.describe_alarms(AlarmNames=[inputs["name"]])["MetricAlarms"]
    return inputs["name"], {"arn": made["AlarmArn"]}


def _dimensions(inputs: Inputs) -> list[dict[str, str]]:
    return [{"Name": key, "Value": value} for key, value in inputs["dimensions"].items()]


def _query(query: Inputs) -> dict[str, Any]:
    returned = {"Id": query["id"], "ReturnData": query.get("returnData", False)}
    if "expression" in query:
        return returned | {"Expression": query["expression"]}
    stat = query["metric"]
    metric = {
        "Namespace": stat["namespace"],
        "MetricName": stat["metricName"],
        "Dimensions": _dimensions(stat),
    }
    return returned | {
        "MetricStat": {"Metric": metric, "Period": stat["period"], "Stat": stat["stat"]}
    }


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


@makes("aws:cloudwatch/dashboard:Dashboard")
def _dashboard(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("cloudwatch").put_dashboard(
        DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"]
    )
    name = inputs["dashboardName"]
    return name, {"dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"}


@makes("aws:budgets/budget:Budget")
def _budget(cloud: Cloud, inputs: Inputs) -> Made:
    budgets = cloud.client("budgets")
    limit = {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]}
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": inputs["name"],
            "BudgetLimit": limit,
            "TimeUnit": inputs["timeUnit"],
            "BudgetType": inputs["budgetType"],
        },
    )
    for notification in inputs["notifications"]:
        _notify(budgets, inputs["name"], notification)
    return f"{ACCOUNT}:{inputs['name']}", {}


def _notify(budgets: Any, budget: str, inputs: Inputs) -> None:
    sns, email = inputs["subscriberSnsTopicArns"], inputs["subscriberEmailAddresses"]
    budgets.create_notification(
        AccountId=ACCOUNT,
        BudgetName=budget,
        Notification={
            "NotificationType": inputs["notificationType"],
            "ComparisonOperator": inputs["comparisonOperator"],
            "Threshold": inputs["threshold"],
            "ThresholdType": inputs["thresholdType"],
        },
        Subscribers=[
            *({"SubscriptionType": "SNS", "Address": address} for address in sns),
            *({"SubscriptionType": "EMAIL", "Address": address} for address in email),
        ],
    )


@makes("aws:scheduler/scheduleGroup:ScheduleGroup")
def _schedule_group(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("scheduler").create_schedule_group(
        Name=inputs["name"], Tags=tag_list(inputs)
    )
    return inputs["name"], {"arn": made["ScheduleGroupArn"]}


@makes("aws:scheduler/schedule:Schedule")
def _schedule(cloud: Cloud, inputs: Inputs) -> Made:
    zone = inputs.get("scheduleExpressionTimezone")
    made = cloud.client("scheduler").create_schedule(
        Name=inputs["name"],
        GroupName=inputs["groupName"],
        ScheduleExpression=inputs["scheduleExpression"],
        FlexibleTimeWindow=pascal(inputs["flexibleTimeWindow"]),
        Target=pascal(inputs["target"]),
        **({"ScheduleExpressionTimezone": zone} if zone else {}),
    )
    return f"{inputs['groupName']}/{inputs['name']}", {"arn": made["ScheduleArn"]}


@makes("aws:ecr/repository:Repository")
def _repository(cloud: Cloud, inputs: Inputs) -> Made:
    (encryption,) = inputs["encryptionConfigurations"]
    made = cloud.client("ecr").create_repository(
        repositoryName=inputs["name"],
        imageTagMutability=inputs["imageTagMutability"],
        imageScanningConfiguration=inputs["imageScanningConfiguration"],
        encryptionConfiguration=encryption,
        tags=tag_list(inputs),
    )["repository"]
    url, arn = made["repositoryUri"], made["repositoryArn"]
    return inputs["name"], {"arn": arn, "repositoryUrl": url}


@makes("aws:ecr/lifecyclePolicy:LifecyclePolicy")
def _image_lifecycle(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("ecr").put_lifecycle_policy(
        repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
    )
    return inputs["repository"], {}


@makes("aws:ecr/repositoryPolicy:RepositoryPolicy")
def _repository_policy(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("ecr").set_repository_policy(
        repositoryName=inputs["repository"], policyText=inputs["policy"]
    )
    return inputs["repository"], {}
