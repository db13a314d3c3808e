"""One alarm, made beside what it watches and naming the page that says what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

AT_LEAST = "GreaterThanOrEqualToThreshold"
BELOW = "LessThanThreshold"
Missing = Literal["notBreaching", "breaching", "ignore"]


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """Where alarms go, and the page whose anchors are the kinds of alarm."""

    topic_arn: pulumi.Input[str]
    runbook_url: str

    def describe(self, what: str, runbook: str) -> str:
        return f"{what} Runbook: {self.runbook_url}#{runbook}"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A metric, the bound it must keep, and the runbook's anchor for when it does not."""

    what: str
    runbook: str
    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str  # Sum, Maximum, Average, or a percentile such as p95
    bound: float  # reached or passed, or with `below` fallen under
    period_seconds: int = 60
    periods: int = 1
    missing: Missing = "notBreaching"
    below: bool = False

    @property
    def is_percentile(self) -> bool:
        return self.statistic.startswith("p")


def alarm(
    name: str,
    watch: Watch,
    alerting: Alerting,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    """Create the alarm; it tells the topic when the bound is broken and when it holds again."""
    return aws.cloudwatch.MetricAlarm(
        name,
        name=name,
        alarm_description=alerting.describe(watch.what, watch.runbook),
        namespace=watch.namespace,
        metric_name=watch.metric,
        dimensions=watch.dimensions,
        statistic=None if watch.is_percentile else watch.statistic,
        extended_statistic=watch.statistic if watch.is_percentile else None,
        comparison_operator=BELOW if watch.below else AT_LEAST,
        threshold=watch.bound,
        period=watch.period_seconds,
        evaluation_periods=watch.periods,
        treat_missing_data=watch.missing,
        alarm_actions=[alerting.topic_arn],
        ok_actions=[alerting.topic_arn],
        tags=tags,
        opts=opts,
    )
