"""What a run will take, before anything is queued."""

from typing import Annotated

import strawberry

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.run_backtest import RunBacktestInput, backtest_request
from api.graphql.run_study import ParameterAxisInput, axis_of
from api.services.backtests import Quotas


@strawberry.type(description="What a run or a sweep would take.")
class Estimate:
    combinations: int = strawberry.field(
        description="Runs it comes to: 1, or the combinations of the axes that fit together. "
        "0 when refused."
    )
    compute_seconds: float = strawberry.field(
        description="Seconds a worker would compute, by the median of the viewer's past runs most "
        "like it; by a usual figure before the first."
    )
    cost_usd: float = strawberry.field(
        description="What those seconds cost on AWS Lambda, in US dollars; nothing is charged for "
        "a machine of one's own."
    )
    allowed: bool = strawberry.field(description="Whether it would be queued if asked for now.")
    measured_runs: int = strawberry.field(
        description="Past runs the estimate rests on; 0 where it is the usual figure."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What it would be refused for, the quota included."
    )


@strawberry.type
class EstimateQuery:
    @strawberry.field(
        description="What a backtest, or the grid of axes around it, would take: combinations, "
        "seconds, dollars. Nothing is queued."
    )
    async def estimate(
        self,
        info: Info,
        input: Annotated[RunBacktestInput, strawberry.argument(description="The run.")],
        axes: Annotated[
            list[ParameterAxisInput] | None,
            strawberry.argument(description="What is varied; a single run if left out."),
        ] = None,
    ) -> Estimate:
        from api.services.estimate import estimate

        settings = info.context.settings
        try:
            async with info.context.session() as session:
                found = await estimate(
                    session,
                    owner_id=info.context.viewer_id,
                    request=backtest_request(input),
                    axes=[axis_of(axis) for axis in axes or ()],
                    quotas=Quotas(
                        jobs_per_day=settings.jobs_per_day,
                        concurrent_jobs=settings.concurrent_jobs,
                    ),
                )
        except ClientError as error:
            return Estimate(
                combinations=0,
                compute_seconds=0.0,
                cost_usd=0.0,
                allowed=False,
                measured_runs=0,
                user_errors=user_errors(error),
            )
        return Estimate(
            combinations=found.combinations,
            compute_seconds=found.compute_seconds,
            cost_usd=found.cost_usd,
            allowed=found.refused is None,
            measured_runs=found.measured_runs,
            user_errors=[] if found.refused is None else user_errors(found.refused),
        )
