"""One stack: which components there are, and what each is given of the others."""

import pulumi
import pulumi_aws as aws
import stack
from components.alarms import Alerting
from components.alerts import Alerts, AlertsArgs
from components.data_lake import DataLake, DataLakeArgs
from components.place import Place
from components.secrets import Secrets, SecretsArgs
from components.work_queue import WorkQueue, WorkQueueArgs
from functions import Parts, make_functions

settings = stack.read()
stack.require_account(settings.aws_account_id, aws.get_caller_identity().account_id)
place = Place(
    stack=settings.stack,
    account_id=settings.aws_account_id,
    region=settings.region,
    log_retention_days=settings.log_retention_days,
)
if settings.worker_image is not None:
    alerts = Alerts("alerts", AlertsArgs(place=place, email=settings.alert_email))
    alerting = Alerting(topic_arn=alerts.topic_arn, runbook_url=settings.runbook_url)
    lake = DataLake(
        "lake",
        DataLakeArgs(place=place, bucket_name=place.name(f"lake-{place.account_id}")),
    )
    secrets = Secrets(
        "secrets",
        SecretsArgs(
            place=place,
            values={
                "database": stack.secret("databaseUrl", stack.require_pooled),
                "worker": stack.secret("workerUrl", stack.require_pooled),
                "migration": stack.secret("migrationUrl", stack.require_direct),
                "edge": stack.secret("edgeKeys", lambda _, value: value),
            },
        ),
    )
    backtests, ingests = (
        WorkQueue(
            name,
            WorkQueueArgs(
                place=place,
                alerting=alerting,
                timeout_seconds=timeout_seconds,
                oldest_message_seconds=1_800,
            ),
        )
        for name, timeout_seconds in (
            ("backtest", settings.backtest.timeout_seconds),
            ("ingest", settings.ingest.timeout_seconds),
        )
    )
    functions = make_functions(
        Parts(
            settings=settings,
            place=place,
            alerting=alerting,
            lake=lake,
            backtests=backtests,
            ingests=ingests,
            secrets=secrets,
        )
    )
    pulumi.export("backtestQueueName", backtests.name)
    pulumi.export("ingestQueueName", ingests.name)
    pulumi.export("bucketName", lake.name)
    pulumi.export("functionNames", functions.names)
