"""What the cloud watches of a stack, and whom it tells."""

import json
from typing import Any

from tests.infra.cloud import ACCOUNT, FUNCTIONS, REGION, BuiltStack


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
    assert len(alarms["MetricAlarms"]) == 26
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
