"""The mutations of a backtest: ask for one, annotate one."""

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from api.errors import ClientError, InvalidInput
from api.graphql.backtests import BacktestType
from api.graphql.context import Info
from api.graphql.enums import BandFill, GroupBy, OnInfeasible
from api.graphql.errors import UserError, user_errors
from api.graphql.jobs import JobType
from api.graphql.node import uuid_of
from api.services.backtest_request import BacktestRequest, Constraints, Costs
from api.services.backtests import Quotas, annotate_backtest, submit_backtest
from api.telemetry import Metric, meter
from models.backtest import Allocator, Currency, DecisionClock, FillPolicy, Rebalance


@strawberry.input(description="What trading costs, in the run's currency.")
class CostModelInput:
    commission_flat: Decimal | None = strawberry.field(
        default=Decimal("3.00"), description="Commission of each order."
    )
    commission_bps: float | None = strawberry.field(
        default=0, description="Commission as basis points of the traded value."
    )
    minimum_commission: Decimal | None = strawberry.field(
        description="Least commission of an order; none if left out."
    )
    slippage_bps: float | None = strawberry.field(
        default=5, description="Slippage as basis points of the traded value."
    )
    impact_coefficient: float | None = strawberry.field(
        default=0, description="Market impact: this times volatility times root participation."
    )
    fx_spread_bps: float | None = strawberry.field(
        default=70, description="Spread of a currency conversion, whole, of the converted amount."
    )
    max_volume_share: float | None = strawberry.field(
        default=0.02, description="Largest share of a session's volume an order may take."
    )
    cash_rate: float | None = strawberry.field(
        default=0, description="Annual interest on cash, as a fraction."
    )


@strawberry.input(description="A cap on each group of a grouping.")
class GroupCapInput:
    by: GroupBy = strawberry.field(description="What a group is.")
    cap: float = strawberry.field(description="Largest weight of a group.")


@strawberry.input(description="Bounds on weights and turnover.")
class ConstraintsInput:
    min_weight: float | None = strawberry.field(
        default=0, description="Least weight of an asset that is held."
    )
    max_weight: float | None = strawberry.field(
        default=1, description="Largest weight of an asset."
    )
    max_turnover: float | None = strawberry.field(
        description="Largest one-way turnover of a rebalance; none if left out."
    )
    no_trade_band: float | None = strawberry.field(
        default=0, description="A weight this close to its target is left alone."
    )
    relative_band: float | None = strawberry.field(
        default=0,
        description="So is one as close as this share of its target, 0 to 0.5; the wider counts.",
    )
    band_fill: BandFill | None = strawberry.field(
        default=BandFill.CASH, description="What takes the weight that is left alone."
    )
    group_cap: float | None = strawberry.field(
        description="Largest weight of a group; none if left out."
    )
    group_by: GroupBy | None = strawberry.field(
        default=GroupBy.SECTOR, description="What a group is."
    )
    group_caps: list[GroupCapInput] | None = strawberry.field(
        description="Caps by other groupings too, all of which hold."
    )
    max_positions: int | None = strawberry.field(
        description="Most assets held at once; any number if left out."
    )
    on_infeasible: OnInfeasible | None = strawberry.field(
        default=OnInfeasible.CASH,
        description="What is held where limits cannot all hold; the result counts those decisions.",
    )


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
    given = {name: value for name, value in _given(input).items() if name not in own}
    return BacktestRequest(
        parameters=parameters_of(input.parameters),
        symbols=None if input.symbols is None else tuple(input.symbols),
        costs=costs_of(input.costs),
        constraints=constraints_of(input.constraints),
        **given,
    )


def _given(input: Any) -> dict[str, Any]:
    if input is None:
        return {}
    values = {field.name: getattr(input, field.name) for field in fields(input)}
    return {name: value for name, value in values.items() if value is not None}


def costs_of(input: CostModelInput | None) -> Costs:
    return Costs(**{name: float(value) for name, value in _given(input).items()})


def constraints_of(input: ConstraintsInput | None) -> Constraints:
    given = _given(input)
    positions = given.pop("max_positions", None)
    caps = tuple(
        {"by": each.by.value, "cap": float(each.cap)} for each in given.pop("group_caps", ())
    )
    values: dict[str, Any] = {
        name: value.value if isinstance(value, StrEnum) else float(value)
        for name, value in given.items()
    }
    return Constraints(**values, max_positions=positions, group_caps=caps)


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
