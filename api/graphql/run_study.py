"""The mutations of searches: ask for a sweep, ask for a walk-forward."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from api.errors import ClientError
from api.graphql.context import Context, Info
from api.graphql.errors import UserError, user_errors
from api.graphql.jobs import JobType
from api.graphql.run_backtest import RunBacktestInput, backtest_request
from api.graphql.sweeps import SweepType
from api.graphql.walk_forwards import WalkForwardType
from api.services.backtests import Quotas
from api.telemetry import Metric, meter
from models.study import SearchMethod, ValidationMethod

if TYPE_CHECKING:
    from api.services.axes import AxisRequest
    from api.services.submit_study import SubmittedStudy


@strawberry.input(
    description="What a search varies. A bare name is a parameter of the strategy; `costs.` and "
    "`constraints.` lead to their fields; `allocator` is the third kind. Give either `values` or a "
    "range."
)
class ParameterAxisInput:
    name: str = strawberry.field(description="Such as `lookback` or `costs.slippageBps`.")
    values: list[JSON] | None = strawberry.field(description="Values to try.")
    low: float | None = strawberry.field(description="Lowest value of a range.")
    high: float | None = strawberry.field(description="Highest value of a range.")
    step: float | None = strawberry.field(
        description="Step from one value to the next; a factor on a logarithmic axis. A range of "
        "whole numbers may leave it out, any other only where not all of it is tried."
    )
    log: bool | None = strawberry.field(
        default=False, description="Whether the range is logarithmic."
    )


@strawberry.input(description="A sweep to run: many trials around one backtest.")
class RunSweepInput:
    base: RunBacktestInput = strawberry.field(
        description="The backtest every trial begins from; its `name` becomes the sweep's."
    )
    axes: list[ParameterAxisInput] = strawberry.field(description="What is varied.")
    method: SearchMethod | None = strawberry.field(
        default=SearchMethod.GRID, description="How to search."
    )
    max_trials: int | None = strawberry.field(
        description="Most trials: 100 for RANDOM and BAYESIAN, all combinations of a GRID if left "
        "out. A grid that is larger is refused."
    )
    objective: str | None = strawberry.field(
        default="sharpe",
        description="Figure that makes a trial the better one: sharpe, sortino, calmar, cagr, "
        "totalReturn, maxDrawdown, returnOverCvar or deflatedSharpe.",
    )
    seed: int | None = strawberry.field(
        default=0, description="Seed of RANDOM and BAYESIAN: the same one tries the same."
    )
    idempotency_key: str | None = strawberry.field(
        description="The same key is the same request: sending it twice runs it once."
    )


@strawberry.type(description="The sweep and its job, or what was wrong with the request.")
class RunSweepPayload:
    sweep: SweepType | None = strawberry.field(description="What will be or was searched.")
    job: JobType | None = strawberry.field(description="The job that does it.")
    combinations: int = strawberry.field(
        description="Trials it makes at most: combinations that fit together. 0 when refused."
    )
    reused: bool = strawberry.field(
        description="Whether the same content was asked for before and nothing new was queued."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What the caller can put right; empty when all went well."
    )


@strawberry.input(description="A walk-forward or a cross-validation to run around one backtest.")
class RunWalkForwardInput:
    base: RunBacktestInput = strawberry.field(
        description="The backtest every candidate begins from; its `name` becomes the study's."
    )
    axes: list[ParameterAxisInput] = strawberry.field(description="What is chosen in each window.")
    train_sessions: int | None = strawberry.field(
        default=756, description="Sessions each choice is made on."
    )
    test_sessions: int | None = strawberry.field(
        default=126, description="Sessions each choice is judged by."
    )
    anchored: bool | None = strawberry.field(
        default=False, description="Whether every choice is made on all sessions from the first."
    )
    purge: int | None = strawberry.field(
        default=5, description="Sessions left out between a choice and its test."
    )
    objective: str | None = strawberry.field(
        default="sharpe", description="Figure that makes a candidate the better one, as in a sweep."
    )
    method: ValidationMethod | None = strawberry.field(
        default=ValidationMethod.WALK_FORWARD, description="How the sessions are parted."
    )
    step: int | None = strawberry.field(
        description="Sessions from one window to the next, at most a test's; a test's if left out."
    )
    embargo: float | None = strawberry.field(
        default=0.01,
        description="CPCV: share of all sessions left out of the train behind each test.",
    )
    groups: int | None = strawberry.field(
        default=6, description="CPCV: groups the sessions are cut into."
    )
    test_groups: int | None = strawberry.field(
        default=2, description="CPCV: groups that are tested at once."
    )
    idempotency_key: str | None = strawberry.field(
        description="The same key is the same request: sending it twice runs it once."
    )


@strawberry.type(description="The walk-forward and its job, or what was wrong with the request.")
class RunWalkForwardPayload:
    walk_forward: WalkForwardType | None = strawberry.field(description="What is or was done.")
    job: JobType | None = strawberry.field(description="The job that does it.")
    reused: bool = strawberry.field(
        description="Whether the same content was asked for before and nothing new was queued."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What the caller can put right; empty when all went well."
    )


@strawberry.type
class StudyMutation:
    @strawberry.mutation(
        description="Queue a sweep and return at once. The combinations are counted first: a "
        "search that is too large is refused before anything is written."
    )
    async def run_sweep(
        self,
        info: Info,
        input: Annotated[RunSweepInput, strawberry.argument(description="What to search.")],
    ) -> RunSweepPayload:
        from api.services.study_request import SweepRequest
        from api.services.submit_study import submit_sweep

        context = info.context
        try:
            request = SweepRequest(**_common(input), **_given(input, ("base", "axes")))
            async with context.savepoint() as session:
                submitted = await submit_sweep(
                    session,
                    owner_id=context.viewer_id,
                    request=request,
                    quotas=_quotas(context),
                )
        except ClientError as error:
            return RunSweepPayload(
                sweep=None, job=None, combinations=0, reused=False, user_errors=user_errors(error)
            )
        _tell(context, submitted)
        return RunSweepPayload(
            sweep=cast("SweepType", submitted.study),
            job=cast("JobType", submitted.job),
            combinations=submitted.study.combinations,
            reused=submitted.reused,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Queue a walk-forward, or a combinatorial cross-validation, and return at once."
    )
    async def run_walk_forward(
        self,
        info: Info,
        input: Annotated[RunWalkForwardInput, strawberry.argument(description="What to do.")],
    ) -> RunWalkForwardPayload:
        from api.services.study_request import WalkForwardRequest
        from api.services.submit_study import submit_walk_forward

        context = info.context
        try:
            request = WalkForwardRequest(**_common(input), **_given(input, ("base", "axes")))
            async with context.savepoint() as session:
                submitted = await submit_walk_forward(
                    session,
                    owner_id=context.viewer_id,
                    request=request,
                    quotas=_quotas(context),
                )
        except ClientError as error:
            return RunWalkForwardPayload(
                walk_forward=None, job=None, reused=False, user_errors=user_errors(error)
            )
        _tell(context, submitted)
        return RunWalkForwardPayload(
            walk_forward=cast("WalkForwardType", submitted.study),
            job=cast("JobType", submitted.job),
            reused=submitted.reused,
            user_errors=[],
        )


def _tell(context: Context, submitted: "SubmittedStudy[Any]") -> None:
    if submitted.reused:
        meter.add(Metric.REUSED_RUNS)
    else:
        context.job_ids.append(submitted.job.id)


def _quotas(context: Context) -> Quotas:
    settings = context.settings
    return Quotas(jobs_per_day=settings.jobs_per_day, concurrent_jobs=settings.concurrent_jobs)


def _common(input: RunSweepInput | RunWalkForwardInput) -> dict[str, Any]:
    """Read the base and the axes. Raises InvalidInput."""
    from api.services.study_request import of_the_base

    try:
        base = backtest_request(input.base)
    except ClientError as error:
        raise of_the_base(error) from None
    return {"base": base, "axes": tuple(axis_of(axis) for axis in input.axes)}


def axis_of(axis: ParameterAxisInput) -> "AxisRequest":
    from api.services.axes import AxisRequest

    return AxisRequest(
        name=axis.name,
        values=None if axis.values is None else tuple(axis.values),
        low=axis.low,
        high=axis.high,
        step=axis.step,
        log=bool(axis.log),
    )


def _given(input: Any, own: tuple[str, ...]) -> dict[str, Any]:
    """Return what was given; null is the same as left out."""
    values = {each.name: getattr(input, each.name) for each in fields(input)}
    return {name: value for name, value in values.items() if value is not None and name not in own}
