"""The page an operator opens first, as CloudWatch reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

WIDTH, HEIGHT, COLUMNS = 8, 6, 24
Metric = list[object]


@dataclass(frozen=True, kw_only=True)
class DashboardParts:
    region: str
    api_id: pulumi.Input[str]
    functions: Sequence[pulumi.Input[str]]
    queues: Sequence[pulumi.Input[str]]
    services: Sequence[pulumi.Input[str]]


def body(parts: DashboardParts, namespace: str) -> dict[str, object]:
    """Return requests, functions, queues and what the product is for, three graphs in a row."""
    api: list[object] = ["ApiId", parts.api_id]
    graphs: list[tuple[str, str, list[Metric]]] = [
        ("Requests", "Sum", [["AWS/ApiGateway", "Count", *api]]),
        ("Server errors", "Sum", [["AWS/ApiGateway", "5xx", *api]]),
        ("Latency p95, ms", "p95", [["AWS/ApiGateway", "Latency", *api]]),
        *_functions(parts.functions),
        *_queues(parts.queues),
        *_business(parts.services, namespace),
    ]
    return {"widgets": [_widget(i, graph, parts.region) for i, graph in enumerate(graphs)]}


def _functions(names: Sequence[pulumi.Input[str]]) -> list[tuple[str, str, list[Metric]]]:
    return [
        (
            title,
            statistic,
            [["AWS/Lambda", metric, "FunctionName", name] for name in names],
        )
        for title, metric, statistic in (
            ("Function errors", "Errors", "Sum"),
            ("Function duration, ms", "Duration", "Maximum"),
            ("Function throttles", "Throttles", "Sum"),
        )
    ]


def _queues(names: Sequence[pulumi.Input[str]]) -> list[tuple[str, str, list[Metric]]]:
    return [
        (title, "Maximum", [["AWS/SQS", metric, "QueueName", name] for name in names])
        for title, metric in (
            ("Messages waiting", "ApproximateNumberOfMessagesVisible"),
            ("Oldest message, s", "ApproximateAgeOfOldestMessage"),
        )
    ]


def _business(
    services: Sequence[pulumi.Input[str]], namespace: str
) -> list[tuple[str, str, list[Metric]]]:
    return [
        (title, "Sum", [[namespace, metric, "service", service] for service in services])
        for title, metric in (
            ("Backtests", "Backtests"),
            ("Trials", "Trials"),
            ("Rows written", "RowsWritten"),
            ("Runs answered from store", "ReusedRuns"),
            ("Compute seconds", "ComputeSeconds"),
            ("Failed jobs", "JobsFailed"),
        )
    ]


def _widget(index: int, graph: tuple[str, str, list[Metric]], region: str) -> dict[str, object]:
    title, statistic, metrics = graph
    per_row = COLUMNS // WIDTH
    return {
        "type": "metric",
        "x": index % per_row * WIDTH,
        "y": index // per_row * HEIGHT,
        "width": WIDTH,
        "height": HEIGHT,
        "properties": {
            "title": title,
            "region": region,
            "stat": statistic,
            "period": 300,
            "metrics": metrics,
        },
    }
