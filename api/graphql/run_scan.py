"""The mutation of a scan: ask for one."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from api.errors import ClientError, InvalidInput
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.jobs import JobType
from api.graphql.scans import ScanType

if TYPE_CHECKING:
    from api.services.scan_request import ScanRequest


@strawberry.input(description="A scan to do. Give either `universe` or `symbols`.")
class RunScanInput:
    scanner: str = strawberry.field(
        default="quallamaggie", description="Key of the scanner to ask."
    )
    universe: str | None = strawberry.field(description="Key of the universe whose members to ask.")
    symbols: list[str] | None = strawberry.field(description="Symbols to ask instead.")
    as_of: date | None = strawberry.field(
        description="The day whose close to stand at; that of the last bar if left out."
    )
    known_at: datetime | None = strawberry.field(
        description="Stand at this instant: nothing that became known later is used."
    )
    parameters: JSON | None = strawberry.field(
        description="Its parameters, by the scanner's JSON Schema; defaults fill the rest."
    )
    max_results: int | None = strawberry.field(
        default=50, description="At most so many hits are kept, best first: 1 to 500."
    )
    idempotency_key: str | None = strawberry.field(
        description="The same key is the same request: sending it twice scans once."
    )


@strawberry.type(description="The scan and its job, or what was wrong with the request.")
class RunScanPayload:
    scan: ScanType | None = strawberry.field(description="What will be or was found.")
    job: JobType | None = strawberry.field(description="The job that does it.")
    reused: bool = strawberry.field(
        description="Whether the same content was asked for before and nothing new was queued."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What the caller can put right; empty when all went well."
    )


@strawberry.type
class ScanMutation:
    @strawberry.mutation(
        description="Queue a scan and return at once; the same content that was scanned before is "
        "returned instead."
    )
    async def run_scan(
        self,
        info: Info,
        input: Annotated[RunScanInput, strawberry.argument(description="What to scan for.")],
    ) -> RunScanPayload:
        from api.services.backtests import Quotas
        from api.services.submit_scan import submit_scan

        context = info.context
        settings = context.settings
        quotas = Quotas(
            jobs_per_day=settings.jobs_per_day, concurrent_jobs=settings.concurrent_jobs
        )
        try:
            async with context.savepoint() as session:
                submitted = await submit_scan(
                    session, owner_id=context.viewer_id, request=_request(input), quotas=quotas
                )
        except ClientError as error:
            return RunScanPayload(scan=None, job=None, reused=False, user_errors=user_errors(error))
        if not submitted.reused:
            context.job_ids.append(submitted.job.id)
        context.loaders.job_by_id.prime(submitted.job.id, submitted.job)
        return RunScanPayload(
            scan=cast("ScanType", submitted.scan),
            job=cast("JobType", submitted.job),
            reused=submitted.reused,
            user_errors=[],
        )


def _request(input: RunScanInput) -> "ScanRequest":
    """Read the input; null is the same as left out. Raises InvalidInput."""
    from api.services.scan_request import USUAL_RESULTS, ScanRequest

    parameters: Any = {} if input.parameters is None else input.parameters
    if not isinstance(parameters, dict):
        raise InvalidInput(
            "parameters was no object; write one, such as {top_fraction: 0.2}",
            field=("input", "parameters"),
        )
    return ScanRequest(
        scanner=input.scanner,
        universe=input.universe,
        symbols=None if input.symbols is None else tuple(input.symbols),
        as_of=input.as_of,
        known_at=input.known_at,
        parameters=parameters,
        max_results=USUAL_RESULTS if input.max_results is None else input.max_results,
        idempotency_key=input.idempotency_key,
    )
