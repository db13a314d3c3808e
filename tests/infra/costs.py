"""The cost sheet of the stacks as they are built: ``python -m tests.infra.costs``."""

import sys

import costs

from tests.infra.cloud import BuiltStack, build

LAMBDA = "aws:lambda/function:Function"
RATES = {"rate(1 minute)": 1}


def shape_of(stack: BuiltStack) -> costs.Shape:
    """Read what the bill depends on from the resources themselves."""
    return costs.Shape(
        memory_mb={made.name: made.inputs["memorySize"] for made in stack.of(LAMBDA)},
        provisioned=sum(
            made.inputs["provisionedConcurrentExecutions"]
            for made in stack.of(
                "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
            )
        ),
        polled_queues=len(stack.of("aws:lambda/eventSourceMapping:EventSourceMapping")),
        schedules_per_minute=sum(
            RATES.get(made.inputs["scheduleExpression"], 0)
            for made in stack.of("aws:scheduler/schedule:Schedule")
        ),
        alarm_metrics=alarm_metrics(stack),
        secrets=len(stack.of("aws:secretsmanager/secret:Secret")),
        dashboards=len(stack.of("aws:cloudwatch/dashboard:Dashboard")),
        keys=len(stack.of("aws:kms/key:Key")),
        retention_days=max(
            made.inputs["retentionInDays"] for made in stack.of("aws:cloudwatch/logGroup:LogGroup")
        ),
    )


def alarm_metrics(stack: BuiltStack) -> int:
    """An alarm is charged by the metrics it reads."""
    alarms = stack.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    read = (
        sum("metric" in query for query in alarm.inputs.get("metricQueries") or [{"metric": 1}])
        for alarm in alarms
    )
    return sum(read)


def written() -> str:
    book = costs.Book(costs.PRICES.read_text())
    return costs.sheet(shape_of(build("prod")), shape_of(build("dev")), book)


if __name__ == "__main__":
    sys.stdout.write(written())
