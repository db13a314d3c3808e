"""What is watched of the whole: the work that should happen, the money, and one page of it all."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarms import BELOW, Alerting, Watch, alarm
from components.dashboard import DashboardParts, body
from components.place import Place

HOUR, DAY = 3_600, 86_400
INGEST_WITHIN_HOURS = 26
# An Easter goes by without a session: longer without a new row, and a source is broken.
FRESH_WITHIN_DAYS = 5
BUDGET_PERCENTS = (80, 90, 100)
CONSOLE = "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    place: Place
    alerting: Alerting
    metrics: str  # namespace of the functions' own metrics
    dashboard: DashboardParts
    ingest_service: pulumi.Input[str]
    sweeper_service: pulumi.Input[str]
    worker_service: pulumi.Input[str]
    oldest_queued_seconds: int
    oldest_running_seconds: int
    monthly_budget_usd: int
    email: str


class Observability(pulumi.ComponentResource):
    """Dashboard, budget, and the alarms that belong to no single part."""

    dashboard_url: pulumi.Output[str]

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Observability", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._tags = args.place.tags("observability")
        self._no_ingest()
        for kind, watch in self._watches().items():
            alarm(args.place.name(kind), watch, args.alerting, self._tags, self._child)
        self._budget(name)
        dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=f"parakeet-{args.place.stack}",
            dashboard_body=pulumi.Output.json_dumps(body(args.dashboard, args.metrics)),
            opts=self._child,
        )
        console = CONSOLE.format(region=args.place.region)
        self.dashboard_url = pulumi.Output.concat(
            console, "#dashboards/dashboard/", dashboard.dashboard_name
        )
        self.register_outputs({"dashboardUrl": self.dashboard_url})

    def _watches(self) -> dict[str, Watch]:
        args = self._args
        return {
            "stale-data": Watch(
                what=f"No price was written in {FRESH_WITHIN_DAYS} days.",
                runbook="stale-data",
                namespace=args.metrics,
                metric="RowsWritten",
                dimensions={"service": args.ingest_service},
                statistic="Sum",
                bound=1,
                below=True,
                period_seconds=DAY,
                periods=FRESH_WITHIN_DAYS,
                missing="breaching",
            ),
            "nondeterministic-run": Watch(
                what="A run came out otherwise when it was repeated.",
                runbook="nondeterministic-run",
                namespace=args.metrics,
                metric="NondeterministicRuns",
                dimensions={"service": args.worker_service},
                statistic="Sum",
                bound=1,
                period_seconds=300,
            ),
            "oldest-queued-job": self._oldest("Queued", args.oldest_queued_seconds),
            "oldest-running-job": self._oldest("Running", args.oldest_running_seconds),
        }

    def _oldest(self, state: str, seconds: int) -> Watch:
        """Watch what the sweeper tells each minute; its silence is as bad as an old job."""
        return Watch(
            what=f"The oldest {state.lower()} job is too old, or the sweeper is silent.",
            runbook=f"oldest-{state.lower()}-job",
            namespace=self._args.metrics,
            metric=f"Oldest{state}Seconds",
            dimensions={"service": self._args.sweeper_service},
            statistic="Maximum",
            bound=seconds,
            period_seconds=300,
            periods=3,
            missing="breaching",
        )

    def _no_ingest(self) -> None:
        """Count the ingests of each hour, and one for each hour of a weekend, without a close.

        The sweeper's own calls are the clock: they never pause while the stack works.
        """
        args = self._args
        name = args.place.name("no-ingest")
        what = f"No ingest succeeded in {INGEST_WITHIN_HOURS} hours of trading days."
        aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=args.alerting.describe(what, "no-ingest"),
            metric_queries=[
                self._metric("ingests", args.metrics, "JobsSucceeded", args.ingest_service),
                self._metric("sweeps", "AWS/Lambda", "Invocations", args.sweeper_service),
                {"id": "weekend", "expression": "IF(DAY(sweeps) > 5, 1, 0)"},
                {
                    "id": "seen",
                    "expression": "SUM([ingests, weekend])",
                    "label": "ingests, weekends excused",
                    "return_data": True,
                },
            ],
            comparison_operator=BELOW,
            threshold=1,
            evaluation_periods=INGEST_WITHIN_HOURS,
            treat_missing_data="breaching",
            alarm_actions=[args.alerting.topic_arn],
            ok_actions=[args.alerting.topic_arn],
            tags=self._tags,
            opts=self._child,
        )

    def _metric(
        self, key: str, namespace: str, metric: str, service: pulumi.Input[str]
    ) -> dict[str, object]:
        dimension = "FunctionName" if namespace == "AWS/Lambda" else "service"
        return {
            "id": key,
            "metric": {
                "namespace": namespace,
                "metric_name": metric,
                "dimensions": {dimension: service},
                "period": HOUR,
                "stat": "Sum",
            },
        }

    def _budget(self, name: str) -> None:
        args = self._args
        aws.budgets.Budget(
            name,
            name=f"parakeet-{args.place.stack}",
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_budget_usd),
            limit_unit="USD",
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": "ACTUAL",
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [args.alerting.topic_arn],
                    "subscriber_email_addresses": [args.email],
                }
                for percent in BUDGET_PERCENTS
            ],
            tags=self._tags,
            opts=self._child,
        )
