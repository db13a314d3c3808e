"""The five functions, and what each may do: what its handler calls, on what it calls it on."""

from dataclasses import dataclass

import pulumi
from components.alarms import Alerting
from components.data_lake import DataLake
from components.function import Function, FunctionArgs, Image, Zip
from components.permissions import Grant
from components.place import Place
from components.secrets import Secrets
from components.work_queue import WorkQueue
from components.worker import Worker, WorkerArgs
from environment import DATABASE_SECRETS, Surroundings, environment
from stack import FunctionSize, StackSettings

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the functions are given."""

    settings: StackSettings
    place: Place
    alerting: Alerting
    lake: DataLake
    backtests: WorkQueue
    ingests: WorkQueue
    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class Functions:
    query: Function
    backtest: Function
    ingest: Function
    sweeper: Function
    migrate: Function

    @property
    def names(self) -> dict[str, pulumi.Output[str]]:
        return {name: function.name for name, function in vars(self).items()}


def make_functions(parts: Parts) -> Functions:
    settings = parts.settings
    return Functions(
        query=Function("query", _query(parts)),
        backtest=Worker(
            "backtest",
            WorkerArgs(
                function=_args(parts, "backtest", settings.backtest, _backtesting(parts)),
                queue=parts.backtests,
                batch_size=1,
                maximum_concurrency=settings.backtest.maximum_concurrency,
            ),
        ).function,
        ingest=Worker(
            "ingest",
            WorkerArgs(
                function=_args(parts, "ingest", settings.ingest, _ingesting(parts)),
                queue=parts.ingests,
                batch_size=10,
                maximum_concurrency=settings.ingest.maximum_concurrency,
            ),
        ).function,
        sweeper=Function("sweeper", _args(parts, "sweeper", settings.sweeper, _sweeping(parts))),
        migrate=Function("migrate", _args(parts, "migrate", settings.migrate, ())),
    )


def _query(parts: Parts) -> FunctionArgs:
    size = parts.settings.query
    grants = (
        Grant(actions=("sqs:SendMessage",), resources=(parts.backtests.arn,)),
        _objects(parts, ("s3:GetObject",), "results/*"),
        _sees_absence(parts),
        Grant(actions=("secretsmanager:GetSecretValue",), resources=(parts.secrets.arns["edge"],)),
    )
    return _args(
        parts,
        "query",
        size,
        grants,
        package=Zip(path=parts.settings.query_zip),
        deployment=CANARY,
        provisioned=size.provisioned_concurrency,
    )


def _args(
    parts: Parts,
    name: str,
    size: FunctionSize,
    grants: tuple[Grant, ...],
    *,
    package: Zip | None = None,
    deployment: str = "CodeDeployDefault.LambdaAllAtOnce",
    provisioned: int | None = None,
) -> FunctionArgs:
    secret = Grant(
        actions=("secretsmanager:GetSecretValue",),
        resources=(parts.secrets.arns[DATABASE_SECRETS[name]],),
    )
    return FunctionArgs(
        place=parts.place,
        alerting=parts.alerting,
        package=package or Image(uri=str(parts.settings.worker_image)),
        handler=f"api.lambdas.{name}.handler",
        memory_mb=size.memory_mb,
        timeout_seconds=size.timeout_seconds,
        environment=environment(name, _around(parts), timeout_seconds=size.timeout_seconds),
        grants=(secret, *grants),
        deployment=deployment,
        reserved_concurrency=size.reserved_concurrency,
        provisioned_concurrency=provisioned,
    )


def _around(parts: Parts) -> Surroundings:
    return Surroundings(
        place=parts.place,
        backtest_queue_url=parts.backtests.url,
        ingest_queue_url=parts.ingests.url,
        bucket=parts.lake.name,
        secret_names=parts.secrets.names,
        token_issuer=parts.settings.token_issuer,
        token_audience=parts.settings.token_audience,
        jwks_url=parts.settings.jwks_url,
    )


def _backtesting(parts: Parts) -> tuple[Grant, ...]:
    """Read and keep panels, store results; an upload in parts that fails is given up.

    A search sends its parts, and its last part sends for the end.
    """
    actions = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
    return (
        _objects(parts, actions, "results/*", "panels/*"),
        _sees_absence(parts),
        Grant(actions=("sqs:SendMessage",), resources=(parts.backtests.arn,)),
    )


def _ingesting(parts: Parts) -> tuple[Grant, ...]:
    """Store reports, compare with what is there when a reply was lost, and know Tiingo's key."""
    reports = _objects(parts, ("s3:GetObject", "s3:PutObject"), "results/*")
    if "tiingo" not in parts.secrets.arns:
        return (reports,)
    key = parts.secrets.arns["tiingo"]
    return (reports, Grant(actions=("secretsmanager:GetSecretValue",), resources=(key,)))


def _sweeping(parts: Parts) -> tuple[Grant, ...]:
    """Send again what was not taken, and remove results that no job points to."""
    return (
        Grant(actions=("sqs:SendMessage",), resources=(parts.backtests.arn, parts.ingests.arn)),
        _objects(parts, ("s3:DeleteObject",), "results/*"),
        Grant(
            actions=("s3:ListBucket",),
            resources=(parts.lake.arn,),
            condition={"StringLike": {"s3:prefix": ["results/*"]}},
        ),
    )


def _sees_absence(parts: Parts) -> Grant:
    """Let an object that is not there be told from one that must not be read.

    To a role that may not list, S3 answers 403 for both. The call names no prefix, so the grant
    cannot carry a condition on one.
    """
    return Grant(actions=("s3:ListBucket",), resources=(parts.lake.arn,))


def _objects(parts: Parts, actions: tuple[str, ...], *keys: str) -> Grant:
    arn = parts.lake.arn
    return Grant(
        actions=actions, resources=tuple(pulumi.Output.concat(arn, "/", key) for key in keys)
    )
