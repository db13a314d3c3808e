"""Everything of a stack but its registry, in the order in which one part needs another."""

import pulumi
import stack
from components.alarms import Alerting
from components.alerts import Alerts, AlertsArgs
from components.dashboard import DashboardParts
from components.data_lake import DataLake, DataLakeArgs
from components.edge import Edge, EdgeArgs
from components.graphql_endpoint import GraphqlEndpoint, GraphqlEndpointArgs
from components.observability import Observability, ObservabilityArgs
from components.place import Place
from components.schedules import Schedules, SchedulesArgs
from components.secrets import Secrets, SecretsArgs
from components.site import Site, SiteArgs
from components.work_queue import WorkQueue, WorkQueueArgs
from environment import METRICS
from functions import Functions, Parts, make_functions
from stack import StackSettings

# A message that waits longer than two long jobs in a row, or than two ingests.
OLDEST_MESSAGE_FACTOR = 2


def deploy(settings: StackSettings, place: Place) -> None:
    """Make the parts and export what people and the next steps of a deployment ask for."""
    stack.require_files(settings)
    parts = _parts(settings, place)
    functions = make_functions(parts)
    Schedules(
        "schedules",
        SchedulesArgs(place=place, ingests=parts.ingests, sweeper=functions.sweeper),
    )
    endpoint = _endpoint(parts, functions)
    edge, site = _edge(parts, endpoint), _site(parts)
    observability = _observability(parts, functions, endpoint)
    outputs: dict[str, object] = {
        "apiUrl": edge.url,
        "clientUrl": site.url,
        "pagesProject": site.project,
        "originUrl": endpoint.url,
        "backtestQueueName": parts.backtests.name,
        "ingestQueueName": parts.ingests.name,
        "bucketName": parts.lake.name,
        "dashboardUrl": observability.dashboard_url,
        "functionNames": functions.names,
    }
    for key, value in outputs.items():
        pulumi.export(key, value)


def _parts(settings: StackSettings, place: Place) -> Parts:
    alerts = Alerts("alerts", AlertsArgs(place=place, email=settings.alert_email))
    alerting = Alerting(topic_arn=alerts.topic_arn, runbook_url=settings.runbook_url)
    bucket_name = place.name(f"lake-{place.account_id}")
    return Parts(
        settings=settings,
        place=place,
        alerting=alerting,
        lake=DataLake("lake", DataLakeArgs(place=place, bucket_name=bucket_name)),
        backtests=_queue("backtest", settings.backtest.timeout_seconds, place, alerting),
        ingests=_queue("ingest", settings.ingest.timeout_seconds, place, alerting),
        secrets=Secrets("secrets", SecretsArgs(place=place, values=_secrets())),
    )


def _queue(name: str, timeout_seconds: int, place: Place, alerting: Alerting) -> WorkQueue:
    return WorkQueue(
        name,
        WorkQueueArgs(
            place=place,
            alerting=alerting,
            timeout_seconds=timeout_seconds,
            oldest_message_seconds=OLDEST_MESSAGE_FACTOR * timeout_seconds,
        ),
    )


def _secrets() -> dict[str, pulumi.Output[str]]:
    tiingo = stack.optional_secret("tiingoKey", stack.require_token)
    return {
        **({} if tiingo is None else {"tiingo": tiingo}),
        "database": stack.secret("databaseUrl", stack.require_pooled),
        "worker": stack.secret("workerUrl", stack.require_pooled),
        "migration": stack.secret("migrationUrl", stack.require_direct),
        "edge": stack.secret("edgeKeys", stack.require_edge_keys),
    }


def _endpoint(parts: Parts, functions: Functions) -> GraphqlEndpoint:
    settings = parts.settings
    return GraphqlEndpoint(
        "api",
        GraphqlEndpointArgs(
            place=parts.place,
            alerting=parts.alerting,
            function=functions.query,
            domain=settings.origin_domain,
            zone_id=settings.cloudflare_zone_id,
            origins=(settings.client_origin,),
            token_issuer=settings.token_issuer,
            token_audience=settings.token_audience,
        ),
    )


def _observability(parts: Parts, functions: Functions, endpoint: GraphqlEndpoint) -> Observability:
    settings = parts.settings
    names = functions.names
    return Observability(
        "observability",
        ObservabilityArgs(
            place=parts.place,
            alerting=parts.alerting,
            metrics=METRICS,
            dashboard=DashboardParts(
                region=parts.place.region,
                api_id=endpoint.api_id,
                functions=tuple(names.values()),
                queues=(parts.backtests.name, parts.ingests.name),
                services=(names["query"], names["backtest"], names["ingest"]),
            ),
            ingest_service=names["ingest"],
            sweeper_service=names["sweeper"],
            worker_service=names["backtest"],
            oldest_queued_seconds=OLDEST_MESSAGE_FACTOR * settings.backtest.timeout_seconds,
            oldest_running_seconds=OLDEST_MESSAGE_FACTOR * settings.backtest.timeout_seconds,
            monthly_budget_usd=settings.monthly_budget_usd,
            email=settings.alert_email,
        ),
    )


def _edge(parts: Parts, endpoint: GraphqlEndpoint) -> Edge:
    settings = parts.settings
    return Edge(
        "edge",
        EdgeArgs(
            place=parts.place,
            account_id=settings.cloudflare_account_id,
            zone_id=settings.cloudflare_zone_id,
            domain=settings.api_domain,
            script=stack.artefact(settings.edge_script).read_text(),
            origin_url=endpoint.url,
            allowed_origins=(settings.client_origin,),
            token_issuer=settings.token_issuer,
            token_audience=settings.token_audience,
            jwks_url=settings.jwks_url,
            keys=stack.secret("edgeKeys", stack.require_edge_keys),
            subject_limit=settings.subject_rate_limit,
            address_limit=settings.address_rate_limit,
            limit_period_seconds=settings.rate_limit_period_seconds,
        ),
    )


def _site(parts: Parts) -> Site:
    settings = parts.settings
    return Site(
        "site",
        SiteArgs(
            place=parts.place,
            account_id=settings.cloudflare_account_id,
            zone_id=settings.cloudflare_zone_id,
            domain=settings.client_domain,
        ),
    )
