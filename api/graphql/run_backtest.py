"""The mutations of a backtest: ask for one, annotate one."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from api.errors import ClientError, InvalidInput
from api.graphql.backtests import BacktestType
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.jobs import JobType
from api.graphql.node import uuid_of
from api.graphql.run_terms import (
    ConstraintsInput,
    CostModelInput,
    constraints_of,
    costs_of,
    given_of,
)
from api.services.backtest_request import BacktestRequest
from api.services.backtests import Quotas, annotate_backtest, submit_backtest
from api.telemetry import Metric, meter
from models.backtest import Allocator, Currency, DecisionClock, FillPolicy, Rebalance


@strawberry.input(description="A backtest to run. Give either `universe` or `symbols`.")
class RunBacktestInput:
    strategy: str = strawberry.field(description="Key of the strategy, such as `momentum`.")
    parameters: JSON | None = strawberry.field(
        description="Its parameters, by the strategy's JSON Schema; defaults fill the rest."
    )
    universe: str | None = strawberry.field(description="Key of the universe to choose from.")
    symbols: list[str] | None = strawberry.field(description="Symbols to choose from instead.")
    start: date = strawberry.field(description="First day of the run.")
    end: date | None = strawberry.field(description="Last day; that of the last bar if left out.")
    initial_capital: Decimal | None = strawberry.field(
        default=Decimal(100000), description="Money it begins with, in its currency."
    )
    currency: Currency | None = strawberry.field(
        default=Currency.AUD, description="Currency of all its money."
    )
    benchmark: str | None = strawberry.field(
        description="Symbol to compare with; the universe's own if left out, ^GSPC for symbols."
    )
    rebalance: Rebalance | None = strawberry.field(
        description="How often it decides; the strategy's own if left out."
    )
    allocator: Allocator | None = strawberry.field(
        description="How the chosen assets share the money; the strategy's own if left out."
    )
    constraints: ConstraintsInput | None = strawberry.field(
        description="Bounds on weights and turnover."
    )
    costs: CostModelInput | None = strawberry.field(description="What trading costs.")
    known_at: datetime | None = strawberry.field(
        description="Stand at this instant: nothing that became known later is used."
    )
    overlay_vol_target: float | None = strawberry.field(
        description="Scale the weights to this annual volatility, by that of the run's own last "
        "half year, 0.02 to 0.4; what is taken off stays in cash."
    )
    fill: FillPolicy | None = strawberry.field(
        default=FillPolicy.NEXT_OPEN, description="Where orders are filled."
    )
    whole_shares: bool | None = strawberry.field(
        default=True, description="Whether orders are rounded to whole shares."
    )
    decision_clock: DecisionClock | None = strawberry.field(
        default=DecisionClock.US_CLOSE, description="At which market's close it decides."
    )
    idempotency_key: str | None = strawberry.field(
        description="The same key is the same request: sending it twice runs it once."
    )
    name: str | None = strawberry.field(description="A name to find it by.")


@strawberry.type(description="The backtest and its job, or what was wrong with the request.")
class RunBacktestPayload:
    backtest: BacktestType | None = strawberry.field(description="What will be or was computed.")
    job: JobType | None = strawberry.field(description="The job that computes it.")
    reused: bool = strawberry.field(
        description="Whether the same content was asked for before and nothing new was queued."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What the caller can put right; empty when all went well."
    )


@strawberry.input(description="Words to keep with a backtest. What is left out stays as it is.")
class AnnotateBacktestInput:
    id: strawberry.ID = strawberry.field(description="Id of the backtest.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="New name; null removes it."
    )
    notes: str | None = strawberry.field(
        default=strawberry.UNSET, description="New notes; null removes them."
    )


@strawberry.type(description="The annotated backtest, or what was wrong with the request.")
class AnnotateBacktestPayload:
    backtest: BacktestType | None = strawberry.field(description="The backtest as it now stands.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class BacktestMutation:
    @strawberry.mutation(
        description="Queue a backtest and return at once; the same content that was run before "
        "is returned instead."
    )
    async def run_backtest(
        self,
        info: Info,
        input: Annotated[RunBacktestInput, strawberry.argument(description="What to run.")],
    ) -> RunBacktestPayload:
        context = info.context
        try:
            async with context.savepoint() as session:
                submitted = await submit_backtest(
                    session,
                    owner_id=context.viewer_id,
                    request=backtest_request(input),
                    quotas=Quotas(
                        jobs_per_day=context.settings.jobs_per_day,
                        concurrent_jobs=context.settings.concurrent_jobs,
                    ),
                )
        except ClientError as error:
            return RunBacktestPayload(
                backtest=None, job=None, reused=False, user_errors=user_errors(error)
            )
        if submitted.reused:
            meter.add(Metric.REUSED_RUNS)
        else:
            context.job_ids.append(submitted.job.id)
        context.loaders.job_by_id.prime(submitted.job.id, submitted.job)
        return RunBacktestPayload(
            backtest=cast("BacktestType", submitted.backtest),
            job=cast("JobType", submitted.job),
            reused=submitted.reused,
            user_errors=[],
        )

    @strawberry.mutation(description="Name a backtest, or keep notes with it.")
    async def annotate_backtest(
        self,
        info: Info,
        input: Annotated[AnnotateBacktestInput, strawberry.argument(description="What to keep.")],
    ) -> AnnotateBacktestPayload:
        words = {"name": input.name, "notes": input.notes}
        given = {key: text for key, text in words.items() if text is not strawberry.UNSET}
        try:
            async with info.context.savepoint() as session:
                run = await annotate_backtest(
                    session,
                    backtest_id=uuid_of(input.id, "backtest"),
                    owner_id=info.context.viewer_id,
                    **given,
                )
        except ClientError as error:
            return AnnotateBacktestPayload(backtest=None, user_errors=user_errors(error))
        return AnnotateBacktestPayload(backtest=cast("BacktestType", run), user_errors=[])


def backtest_request(input: RunBacktestInput) -> BacktestRequest:
    """Read the input; null is the same as left out. Raises InvalidInput."""
    own = ("parameters", "symbols", "costs", "constraints")
    given = {name: value for name, value in given_of(input).items() if name not in own}
    return BacktestRequest(
        parameters=parameters_of(input.parameters),
        symbols=None if input.symbols is None else tuple(input.symbols),
        costs=costs_of(input.costs),
        constraints=constraints_of(input.constraints),
        **given,
    )


def parameters_of(parameters: Any) -> dict[str, Any]:
    """Return what was given as an object. Raises InvalidInput."""
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise InvalidInput(
            "parameters was no object; write one, such as {top_n: 5}",
            field=("input", "parameters"),
        )
    return parameters
