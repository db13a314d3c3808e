"""What came of an ingest: every symbol and every row accounted for."""

from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.expose import expose
from api.graphql.jobs import JobType
from api.graphql.node import Node, global_id
from models.ingest_report import IngestReport
from models.job import Job

Report = strawberry.Parent[IngestReport]


@strawberry.type(description="A symbol an ingest could not bring up to date.")
class IngestFailure:
    symbol: str = strawberry.field(description="The symbol.")
    kind: str = strawberry.field(description="Why, such as RATE_LIMITED or UNKNOWN_SYMBOL.")
    message: str = strawberry.field(description="What the provider said.")
    retryable: bool = strawberry.field(description="Whether another try can help.")
    attempts: int = strawberry.field(description="Times it was tried.")
    source: str | None = strawberry.field(description="Provider that was asked last.")


@expose(
    IngestReport,
    "source",
    "requested",
    "succeeded",
    "rows_read",
    "rows_written",
    "rows_unchanged",
    "rows_revised",
    "rows_quarantined",
    "requests_made",
    "requests_saved",
    "seconds",
    "created_at",
)
class IngestReportType(Node):
    @strawberry.field(description="Global id: `ingest_report_` and a UUID.")
    def id(root: Report) -> strawberry.ID:
        return global_id("ingest_report", root.id)

    @strawberry.field(graphql_type=JobType, description="The job it reports on.")
    async def job(root: Report, info: Info) -> Job | None:
        return await info.context.loaders.job_by_id.load(root.job_id)

    @strawberry.field(description="Universe asked for; null for a list of symbols.")
    def universe(root: Report) -> str | None:
        return root.universe_key

    @strawberry.field(description="Symbols that failed, and whether another try can help.")
    def failed(root: Report) -> list[IngestFailure]:
        return [_failure(each) for each in root.failures]

    @strawberry.field(description="Refused rows: reason code to number.")
    def quarantined_by_reason(root: Report) -> JSON:
        return cast("JSON", root.reasons)


def _failure(told: dict[str, Any]) -> IngestFailure:
    return IngestFailure(
        symbol=told["symbol"],
        kind=told["kind"],
        message=told["message"],
        retryable=told["retryable"],
        attempts=told["attempts"],
        source=told.get("source"),
    )
