"""Logs that end, alarms that somebody hears and knows what to do about."""

import re
from collections.abc import Iterator

from policies.seen import UNKNOWN, Resources, Seen, Violation, listed, of, violation

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RUNBOOK = re.compile(r"Runbook: https://\S+#[a-z0-9-]+$")
FUNCTION_METRICS = ("Errors", "Duration", "Throttles")
BUSINESS = {"OldestQueuedSeconds", "OldestRunningSeconds", "RowsWritten"}
API_METRICS = {"5xx", "Latency"}
BUDGET_PERCENTS = [80, 90, 100]
TAGS = {"project", "stack", "component"}
TAGGED = (
    "aws:s3/bucket:Bucket",
    "aws:sqs/queue:Queue",
    "aws:lambda/function:Function",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:iam/role:Role",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:secretsmanager/secret:Secret",
    "aws:sns/topic:Topic",
    "aws:kms/key:Key",
    "aws:ecr/repository:Repository",
    "aws:apigatewayv2/api:Api",
    "aws:apigatewayv2/stage:Stage",
    "aws:acm/certificate:Certificate",
    "aws:budgets/budget:Budget",
    "aws:scheduler/scheduleGroup:ScheduleGroup",
    "aws:codedeploy/application:Application",
)


def logs_end(resources: Resources) -> Iterator[Violation]:
    """Keep logs for a stated time, and let no function make a group that has none."""
    groups = of(resources, "aws:cloudwatch/logGroup:LogGroup")
    for group in groups:
        if not group.get("retentionInDays"):
            yield violation(group, "keeps its events for ever")
    names = {group.get("name") for group in groups}
    for function in of(resources, "aws:lambda/function:Function"):
        if f"/aws/lambda/{function.get('name')}" not in names:
            yield violation(function, "its log group is not the stack's")
    for stage in of(resources, "aws:apigatewayv2/stage:Stage"):
        if not (stage.get("accessLogSettings") or {}).get("destinationArn"):
            yield violation(stage, "keeps no access log")


def alarms_are_heard(resources: Resources) -> Iterator[Violation]:
    """Send every alarm to somebody, with the address of the page that says what to do."""
    for alarm in of(resources, ALARM):
        if not listed(alarm.get("alarmActions")) or alarm.get("actionsEnabled") is False:
            yield violation(alarm, "tells nobody")
        if not RUNBOOK.search(str(alarm.get("alarmDescription"))):
            yield violation(alarm, "names no runbook: end with Runbook: <url>#<kind>")
        if alarm.get("treatMissingData") not in ("breaching", "notBreaching", "ignore"):
            yield violation(alarm, "does not say what silence means")


def queues_are_watched(resources: Resources) -> Iterator[Violation]:
    """Sound at the first dead letter, and when a message waits too long."""
    watched = _watched(resources, "QueueName")
    for queue in of(resources, "aws:sqs/queue:Queue"):
        name = str(queue.get("name"))
        dead = name.endswith("-dead-letters")
        metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"
        bounds = watched.get((metric, name), [])
        if not bounds or (dead and bounds != [1]):
            yield violation(queue, f"no alarm on its {metric}")


def functions_are_watched(resources: Resources) -> Iterator[Violation]:
    """Sound on each function's errors, throttles and time near its timeout."""
    watched = _watched(resources, "FunctionName")
    for function in of(resources, "aws:lambda/function:Function"):
        for metric in FUNCTION_METRICS:
            bounds = watched.get((metric, str(function.get("name"))), [])
            timeout_ms = 1_000 * int(function.get("timeout") or 3)
            if not bounds or (metric == "Duration" and min(bounds) >= timeout_ms):
                yield violation(function, f"no alarm on its {metric}")


def the_product_is_watched(resources: Resources) -> Iterator[Violation]:
    """Sound when the API fails or is slow, when jobs grow old, and when no data comes."""
    alarms = of(resources, ALARM)
    for api in of(resources, "aws:apigatewayv2/api:Api"):
        found = {alarm.get("metricName") for alarm in alarms}
        for metric in sorted((API_METRICS | BUSINESS) - found):
            yield violation(api, f"no alarm on {metric}")
        if not any(_hears_silence(alarm) for alarm in alarms):
            yield violation(api, "no alarm when no ingest succeeds for 26 hours")


def _hears_silence(alarm: Seen) -> bool:
    """Whether the alarm sounds after 26 hours without an ingest, also when nothing is told."""
    queries = [query.get("metric") or {} for query in alarm.get("metricQueries") or ()]
    counted = [query for query in queries if query.get("metricName") == "JobsSucceeded"]
    hours = [int(query["period"]) * int(alarm.get("evaluationPeriods")) for query in counted]
    return hours == [26 * 3_600] and alarm.get("treatMissingData") == "breaching"


def money_is_watched(resources: Resources) -> Iterator[Violation]:
    """Tell of the budget at 80, 90 and 100 percent."""
    for budget in of(resources, "aws:budgets/budget:Budget"):
        told = sorted(
            notification["threshold"]
            for notification in budget.get("notifications") or ()
            if notification.get("subscriberSnsTopicArns")
        )
        if told != BUDGET_PERCENTS:
            yield violation(budget, f"tells at {told} percent, expected {BUDGET_PERCENTS}")


def everything_is_tagged(resources: Resources) -> Iterator[Violation]:
    """Tag with project, stack and component what can be tagged."""
    for resource in resources:
        if resource.type in TAGGED and not TAGS.issubset(resource.get("tags") or {}):
            yield violation(resource, f"lacks one of the tags {', '.join(sorted(TAGS))}")


def _watched(resources: Resources, dimension: str) -> dict[tuple[str, str], list[float]]:
    """Return the bounds of alarms by metric and by what they watch."""
    watched: dict[tuple[str, str], list[float]] = {}
    for alarm in of(resources, ALARM):
        value = (alarm.get("dimensions") or {}).get(dimension)
        if value not in (None, UNKNOWN):
            key = (str(alarm.get("metricName")), str(value))
            watched.setdefault(key, []).append(alarm.get("threshold"))
    return watched
