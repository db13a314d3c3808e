"""Plans: what to buy and sell to get from real holdings to target weights."""

from datetime import date as Day  # noqa: N812 - a field is of this type
from decimal import Decimal
from typing import Annotated, Any, cast

import strawberry
from strawberry.scalars import JSON

from api.errors import ClientError
from api.graphql.context import Info
from api.graphql.errors import UserError, user_errors
from api.graphql.expose import expose
from api.graphql.jobs import JobType
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.run_backtest import parameters_of
from api.graphql.run_terms import ConstraintsInput, CostModelInput, constraints_of, costs_of
from api.services.backtests import Quotas
from models.backtest import Allocator
from models.rebalance_plan import RebalancePlan
from models.trade import Side

Plan = strawberry.Parent[RebalancePlan]


@strawberry.type(description="What a plan does with one asset. Money is AUD to the cent.")
class RebalanceLine:
    symbol: str = strawberry.field(description="The asset.")
    currency: str = strawberry.field(description="Currency of its price.")
    held: Decimal = strawberry.field(description="Shares held, below 0 where short.")
    current_weight: float = strawberry.field(description="Its share of what the account is worth.")
    target_weight: float = strawberry.field(description="The share it should have.")
    side: Side | None = strawberry.field(description="Side of the order; null without one.")
    quantity: Decimal = strawberry.field(description="Whole shares to trade; 0 without an order.")
    estimated_price: Decimal = strawberry.field(
        description="Close of the last bar known, in the asset's own currency."
    )
    price_on: Day | None = strawberry.field(description="Day of that bar.")
    estimated_value: Decimal = strawberry.field(description="What the order comes to, in AUD.")
    estimated_cost: Decimal = strawberry.field(
        description="Commission, slippage and conversion of the order, in AUD."
    )
    skipped: str | None = strawberry.field(description="Why there is no order; null with one.")


@expose(
    RebalancePlan,
    "as_of",
    "decision_bar",
    "known_at",
    "equity",
    "cash_before",
    "cash_after",
    "total_costs",
    "turnover",
    "warnings",
    "created_at",
)
class RebalancePlanType(Node):
    @strawberry.field(description="Global id: `rebalance_plan_` and a UUID.")
    def id(root: Plan) -> strawberry.ID:
        return global_id("rebalance_plan", root.id)

    @strawberry.field(description="One for each asset held or wanted that has a price.")
    def lines(root: Plan) -> list[RebalanceLine]:
        return [_line(each) for each in root.lines]

    @strawberry.field(description="The orders for a broker, sales first, as a CSV file.")
    def csv(root: Plan) -> str:
        from api.services.plan_csv import broker_csv

        return broker_csv(root)


@strawberry.input(
    description="What to plan for. Give either `backtest`, a run that has succeeded, or "
    "`strategy` with `universe` or `symbols`, which decides anew."
)
class PlanRebalanceInput:
    backtest: strawberry.ID | None = strawberry.field(
        description="Id of a finished run: the weights of its last decision are taken."
    )
    strategy: str | None = strawberry.field(
        description="Key of a strategy: it decides as a run that began on that session would."
    )
    parameters: JSON | None = strawberry.field(description="The strategy's parameters.")
    universe: str | None = strawberry.field(description="Key of the universe to choose from.")
    symbols: list[str] | None = strawberry.field(description="Symbols to choose from instead.")
    as_of: Day | None = strawberry.field(
        description="Day whose holdings and prices count; today if left out."
    )
    capital: Decimal | None = strawberry.field(
        description="What holdings and cash are worth together, in AUD, instead of what the "
        "books come to."
    )
    allocator: Allocator | None = strawberry.field(
        description="How the chosen assets share the money; the strategy's own if left out."
    )
    constraints: ConstraintsInput | None = strawberry.field(
        description="Bounds on weights and turnover; those of the run if left out. Of a run only "
        "the bands and `maxTurnover` can be given anew."
    )
    costs: CostModelInput | None = strawberry.field(
        description="What trading costs, in AUD; as in the run if left out."
    )


@strawberry.type(description="The plan or the job that makes it, or what was wrong.")
class RebalancePlanPayload:
    plan: RebalancePlanType | None = strawberry.field(
        description="The plan; null while a job makes it, whose subject it becomes."
    )
    job: JobType | None = strawberry.field(description="The job; null for a finished run.")
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")


@strawberry.type
class PlanQuery:
    @strawberry.field(
        graphql_type=RebalancePlanType | None,
        description="One of the viewer's plans; null when there is none of that id.",
    )
    async def rebalance_plan(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the plan.")],
    ) -> RebalancePlan | None:
        plan_id = uuid_of(id, "rebalance_plan")
        return None if plan_id is None else await info.context.loaders.plan_by_id.load(plan_id)


@strawberry.type
class PlanMutation:
    @strawberry.mutation(
        description="Plan whole-share orders from real holdings to target weights, by the bars "
        "known now: at once from a finished run, by a job from a strategy."
    )
    async def plan_rebalance(
        self,
        info: Info,
        input: Annotated[PlanRebalanceInput, strawberry.argument(description="What to plan for.")],
    ) -> RebalancePlanPayload:
        from api.services.plan_rebalance import plan_rebalance

        context = info.context
        try:
            async with context.savepoint() as session:
                planned = await plan_rebalance(
                    session,
                    owner_id=context.viewer_id,
                    request=_request(input),
                    quotas=Quotas(
                        jobs_per_day=context.settings.jobs_per_day,
                        concurrent_jobs=context.settings.concurrent_jobs,
                    ),
                )
        except ClientError as error:
            return RebalancePlanPayload(plan=None, job=None, user_errors=user_errors(error))
        if planned.job is not None:
            context.job_ids.append(planned.job.id)
        return RebalancePlanPayload(
            plan=cast("RebalancePlanType | None", planned.plan),
            job=cast("JobType | None", planned.job),
            user_errors=[],
        )


def _request(input: PlanRebalanceInput) -> Any:
    """Read the input; null is the same as left out. Raises InvalidInput, NotFound."""
    from api.services.plan_request import UNKNOWN_RUN, PlanRequest

    run = None
    if input.backtest is not None:
        run = uuid_of(input.backtest, "backtest") or UNKNOWN_RUN
    return PlanRequest(
        backtest_id=run,
        strategy=input.strategy,
        parameters=None if input.parameters is None else parameters_of(input.parameters),
        universe=input.universe,
        symbols=None if input.symbols is None else tuple(input.symbols),
        as_of=input.as_of,
        capital=input.capital,
        allocator=input.allocator,
        constraints=None if input.constraints is None else constraints_of(input.constraints),
        costs=None if input.costs is None else costs_of(input.costs),
    )


def _line(kept: dict[str, Any]) -> RebalanceLine:
    side, day = kept["side"], kept["price_on"]
    return RebalanceLine(
        symbol=kept["symbol"],
        currency=kept["currency"],
        held=Decimal(kept["held"]),
        current_weight=float(kept["current_weight"]),
        target_weight=float(kept["target_weight"]),
        side=None if side is None else Side(side),
        quantity=Decimal(kept["quantity"]),
        estimated_price=Decimal(kept["price"]),
        price_on=None if day is None else Day.fromisoformat(day),
        estimated_value=Decimal(kept["value"]),
        estimated_cost=Decimal(kept["cost"]),
        skipped=kept["skipped"],
    )
