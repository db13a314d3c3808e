"""The mutation of an ingest: ask for prices."""

from datetime import date
from typing import Annotated, cast

import strawberry

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.enums import PriceSource
from api.graphql.errors import UserError, user_errors
from api.graphql.ingest_reports import IngestReportType
from api.graphql.jobs import JobType
from api.services.backtests import Quotas
from api.services.ingest_request import IngestRequest
from api.services.submit_ingest import submit_ingest


@strawberry.input(
    description="Prices to fetch. Give either `universe` or `symbols`; the sample needs neither."
)
class IngestPricesInput:
    universe: str | None = strawberry.field(description="Key of the universe whose members to ask.")
    symbols: list[str] | None = strawberry.field(description="Symbols to ask for instead.")
    start: date | None = strawberry.field(
        description="First day; that of the first bar there is if left out."
    )
    end: date | None = strawberry.field(
        description="Last day; that of the last closed session if left out."
    )
    source: PriceSource | None = strawberry.field(
        default=PriceSource.AUTO, description="Whom to ask."
    )
    force: bool | None = strawberry.field(
        default=False, description="Ask for all sessions again, those stored too."
    )
    idempotency_key: str | None = strawberry.field(
        description="The same key is the same request: sending it twice asks once."
    )


@strawberry.type(description="The ingest's job, or what was wrong with the request.")
class IngestPricesPayload:
    job: JobType | None = strawberry.field(description="The job that fetches.")
    report: IngestReportType | None = strawberry.field(
        description="What came of it; null until the job has ended."
    )
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class IngestMutation:
    @strawberry.mutation(
        description="Queue an ingest and return at once. Only sessions that are missing are asked "
        "for, and the last five again for late corrections."
    )
    async def ingest_prices(
        self,
        info: Info,
        input: Annotated[IngestPricesInput, strawberry.argument(description="What to fetch.")],
    ) -> IngestPricesPayload:
        context = info.context
        try:
            async with context.savepoint() as session:
                submitted = await submit_ingest(
                    session,
                    owner_id=context.viewer_id,
                    request=_request(input),
                    quotas=Quotas(
                        jobs_per_day=context.settings.jobs_per_day,
                        concurrent_jobs=context.settings.concurrent_jobs,
                    ),
                )
        except ClientError as error:
            return IngestPricesPayload(job=None, report=None, user_errors=user_errors(error))
        if not submitted.reused:
            context.job_ids.append(submitted.job.id)
        return IngestPricesPayload(
            job=cast("JobType", submitted.job),
            report=cast("IngestReportType | None", submitted.report),
            user_errors=[],
        )


def _request(input: IngestPricesInput) -> IngestRequest:
    return IngestRequest(
        universe=input.universe,
        symbols=None if input.symbols is None else tuple(input.symbols),
        start=input.start,
        end=input.end,
        source=(input.source or PriceSource.AUTO).value,
        force=bool(input.force),
        idempotency_key=input.idempotency_key,
    )
